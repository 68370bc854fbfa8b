import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from bench.policies import __main__ as door
from bench.policies import results, tables
from bench.policies.peers import PLAIN, Text, vw_arguments
from bench.policies.players import ACTIVE, RULE, our_policies
from bench.policies.results import Player, Setting, code_of, play, score
from recommender.bandit.features import vectorise
from recommender.simulation.entrants import LinUCBAlone
from recommender.simulation.linear import Alike

pytestmark = pytest.mark.once
PAGE = Path("docs/policies-measured.md")


@pytest.fixture(autouse=True)
def filed(tmp_path, monkeypatch):
    monkeypatch.setattr(results, "FOLDER", tmp_path / "filed")
    return tmp_path / "filed"


def test_the_world_on_the_page_can_be_played(tmp_path, monkeypatch, capsys):
    example = PAGE.read_text().split("<!-- example -->\n```python\n")[1].split("```")[0]
    (tmp_path / "spiteful.py").write_text(example)
    monkeypatch.syspath_prepend(str(tmp_path))
    words = [
        "--world",
        "spiteful:Spiteful",
        "--people",
        "6",
        "--decisions",
        "25",
        "--seeds",
        "2",
        "--only",
    ]
    monkeypatch.setattr(sys, "argv", ["bench.policies", *words, "urgency", "linucb"])
    door.main()
    text = capsys.readouterr().out
    rows = [line.split(" | ") for line in text.splitlines() if "±" in line]
    assert {each[0].strip("| ") for each in rows} == {"urgency", "linucb"}
    # People who want the contrary of the rule: it does worse than chance, and who learns does not.
    scores = {each[0].strip("| "): float(each[2].split(" ±")[0]) for each in rows}
    assert scores["urgency"] < -0.3
    assert scores["linucb"] > scores["urgency"] + 0.2


def test_a_table_goes_into_its_place_on_the_page(tmp_path, monkeypatch):
    page = tmp_path / "page.md"
    page.write_text("a\n<!-- x -->\nold\n<!-- /x -->\nb\n<!-- y -->\n<!-- /y -->\n")
    monkeypatch.setattr(door, "PAGE", page)
    door.show("x", ["| 1 |", "| 2 |"], write=True)
    expected = "a\n<!-- x -->\n| 1 |\n| 2 |\n<!-- /x -->\nb\n<!-- y -->\n<!-- /y -->\n"
    assert page.read_text() == expected


def test_every_table_has_its_place_on_the_page():
    text = PAGE.read_text()
    for key in [*(table.key for table in tables.TABLES), "speed", "open-bandit"]:
        assert text.count(f"<!-- {key} -->") == text.count(f"<!-- /{key} -->") == 1


def test_what_was_played_is_filed_under_all_that_decides_it(filed):
    made = []

    def make(world, seed):
        made.append(seed)
        return LinUCBAlone()

    setting = Setting("alike", Alike, people=6, decisions=12)
    first = play(Player("a", "1", make), setting, 1)
    again = play(Player("a", "1", make), setting, 1)
    assert made == [1]
    np.testing.assert_allclose(first.everyone, again.everyone, atol=1e-6)
    play(Player("a", "2", make), setting, 1)
    play(Player("a", "1", make), setting, 2)
    play(Player("a", "1", make), Setting("alike", Alike, people=5, decisions=12), 1)
    assert made == [1, 1, 2, 1]


def test_a_policy_is_played_again_when_code_that_it_uses_changes(monkeypatch):
    names = ("hierarchical", "linucb")
    before = [code_of(f"recommender.bandit.policies.{name}") for name in names]
    read = Path.read_bytes
    monkeypatch.setattr(Path, "read_bytes", lambda path: read(path) + path.name.encode()
                        if path.name == "sampling.py" else read(path))  # fmt: skip
    after = [code_of(f"recommender.bandit.policies.{name}") for name in names]
    assert before[0] != after[0]
    assert before[1] == after[1]


def test_whoever_plays_is_played_again_when_a_turn_is_told_otherwise(monkeypatch):
    before = code_of("recommender.bandit.policies.linucb")
    read = Path.read_bytes
    monkeypatch.setattr(Path, "read_bytes", lambda path: read(path) + b" "
                        if path.name == "turn.py" else read(path))  # fmt: skip
    assert code_of("recommender.bandit.policies.linucb") != before


def test_scores_are_shares_of_what_can_be_had():
    worth, oracle, random = np.array([[0.5, 0.0], [1.0, 1.0], [0.0, 0.0]])
    assert score(np.stack((worth, oracle, random))) == 0.25
    assert score(np.stack((worth, oracle, random)), 0, 1) == 0.5
    assert score(np.stack((oracle, oracle, random))) == 1.0
    assert score(np.stack((random, oracle, random))) == 0.0


def test_the_least_lead_is_found_at_its_prefix():
    def made(values):
        curve = np.stack((np.array(values, float), np.ones(len(values)), np.zeros(len(values))))
        return results.Curves(curve, curve)

    ahead = [1.0] * 4 + [0.0] * 6 + [1.0] * 20
    text = tables.least_lead([made(ahead)], [made([0.5] * 30)])
    assert text == "-0.100 at 10"


def test_ours_are_found_and_others_are_not_needed():
    assert {ACTIVE, RULE, "linucb"} <= set(our_policies())
    code = (
        "import sys, bench.policies.__main__;"
        "print([m for m in ('vowpalwabbit', 'mabwiser', 'contextualbandits', 'obp', 'django')"
        " if m in sys.modules])"
    )
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert told.stdout.strip() == "[]"


def test_lines_for_vowpal_wabbit():
    rows = [
        {"is_tip": 1.0, "is_overdue": 1.0, "priority": 4.0, "task_age_days": 0.0, "hour_cos": 0.5},
        {"is_tip": 0.0, "is_silence": 1.0, "task_age_days": 0.0, "hour_cos": 0.5},
    ]
    shared, tip, silence = Text().lines(vectorise(rows, PLAIN), 7)
    assert shared == "shared |c hour_cos:0.5 |u p7"
    assert tip == "|a is_tip:1 is_overdue:1 priority:1"
    assert silence == "|a is_silence:1"
    settings = {"explorer": "bag 5", "cb_type": "mtr", "learning_rate": 0.5, "interactions": ["ac"]}
    words = vw_arguments(settings)
    assert "--bag 5" in words
    assert "--interactions ac" in words
    assert "--learning_rate 0.5" in words
