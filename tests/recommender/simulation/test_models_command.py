"""manage.py models: models write for simulated people, and what the gate lets through is judged."""

from datetime import UTC, datetime

import pytest
from django.core.management import CommandError, call_command

from accounts.models import User
from agents.llm import gateway
from agents.llm.config import behind, model_of
from agents.models import LlmCall, Writing
from recommender.authors import PLAIN, compare, moments
from recommender.simulation.judges import RuleJudge

pytestmark = pytest.mark.django_db

SMALL = ("--people", "2", "--moments", "2")
NOW = datetime(2026, 1, 1, tzinfo=UTC)


class StandIn:
    def __init__(self, sandbox):
        self.control = sandbox.control
        self.url = f"{sandbox.url}/llm"

    def is_(self, mood, **more):
        self.control.post("/llm", json={"mood": mood, **more}).raise_for_status()

    @property
    def asked(self):
        return [one["body"] for one in self.control.get("/llm").json()["asked"]]


@pytest.fixture
def llm(sandbox, settings, monkeypatch):
    found = StandIn(sandbox)
    settings.OLLAMA_URL = found.url
    monkeypatch.setattr(gateway, "WAIT_SECONDS", 0.0)
    found.is_("good")
    return found


def said(capsys, *words):
    call_command("models", *words)
    return capsys.readouterr().out


def row(told, author):
    (line,) = [line for line in told.splitlines() if line.startswith(f"| {author} |")]
    return [cell.strip() for cell in line.strip("|").split("|")]


def test_our_own_writing_and_a_model_stand_in_one_table(llm, capsys):
    told = said(capsys, *SMALL, "--show", "3")
    plain, model = row(told, PLAIN), row(told, "tip-generator")
    assert plain[1] == model[1] == "4"
    assert int(plain[3]) > 0
    assert int(model[3]) > 0
    assert float(model[6]) > 0, "tokens"
    for cells in (plain, model):
        assert "±" in cells[-1]
        assert "±" in cells[-2]
    assert "{title}" not in told


def test_those_it_is_written_for_are_made_up_and_nobody_is_kept(llm, capsys):
    said(capsys, *SMALL)
    assert not User.objects.exists()
    assert not Writing.objects.exists()
    assert set(LlmCall.objects.values_list("user", "outcome")) == {(None, "ok")}


def test_the_same_seed_makes_the_same_moments_and_another_makes_others():
    one, same, other = (moments(2, 2, seed=seed) for seed in (0, 0, 1))
    told = [[moment.told(remote=False).data() for moment in some] for some in (one, same, other)]
    assert told[0] == told[1]
    assert told[0] != told[2]
    assert len(set(told[0])) == len(told[0])


def test_a_tip_is_judged_as_its_reader_would_see_it():
    moment = moments(1, 1, seed=0)[0]
    key, about = next(iter(moment.tips.items()))
    tip = moment.as_read(key, "task", "Perhaps now: {title}")
    assert tip.text == f"Perhaps now: {about.text}"
    assert (tip.days_to_due, tip.priority) == (about.days_to_due, about.priority)
    assert moment.as_read("advice:x", "advice", "Drink a glass of water.").kind == "advice"


def test_a_remote_model_is_shown_no_title_of_made_up_people_either():
    for moment in moments(2, 2, seed=0):
        near, far = (moment.told(remote=remote).data() for remote in (False, True))
        assert any(title in near for title in moment.material.titles.values())
        assert not any(title in far for title in moment.material.titles.values())


def test_a_model_is_told_what_one_may_be_told_where_it_runs(settings, monkeypatch):
    settings.OLLAMA_URL, settings.LLM_CLOUD_URL = "http://localhost:9", "https://models.example/v1"
    briefs = []
    monkeypatch.setattr("recommender.authors.ask", lambda told, *a, **k: briefs.append(told.remote))
    some = moments(1, 1, seed=0)
    list(compare(["ollama:small", "cloud:large"], some, judge=None, clock=lambda: NOW))
    assert briefs == [False, True]


def test_of_a_hostile_model_nothing_is_let_through(llm, capsys):
    llm.is_("hostile")
    told = said(capsys, *SMALL)
    cells = row(told, "tip-generator")
    assert cells[2:6] == ["4", "0", "0", "0"]
    assert "refused 4" in told
    assert len(llm.asked) == 4 * 3, "two clarifications each"


def test_a_model_that_does_not_answer_is_given_up_and_does_not_cost_the_one_in_use(llm, capsys):
    llm.is_("500")
    told = said(capsys, "--people", "3", "--moments", "2", "--models", "ollama:gpt-4o-mini")
    assert "given up after 3" in told
    llm.is_("good")
    messages = [{"role": "user", "content": "A tip, please."}]
    for _ in range(2):
        assert gateway.complete("tip-generator", messages, now=NOW).text


def test_several_models_are_asked_by_their_names_and_none_stays(llm, capsys):
    told = said(capsys, *SMALL, "--models", "ollama:gpt-4o-mini", "tip-generator")
    assert row(told, "ollama:gpt-4o-mini")[1] == row(told, "tip-generator")[1] == "4"
    assert {one["model"] for one in llm.asked} == {"gpt-4o-mini", "tip-generator"}
    assert model_of("tip-generator").name == "tip-generator"


def test_a_model_may_judge(llm, capsys):
    told = said(capsys, "--people", "1", "--moments", "1", "--judge", "llm")
    assert row(told, PLAIN)[-2].startswith("+0.00")
    assert {one["model"] for one in llm.asked} == {"tip-generator", "judge"}


def test_without_a_judge_there_is_no_verdict(llm, capsys):
    assert row(said(capsys, *SMALL, "--judge", "none"), "tip-generator")[-2:] == ["", ""]


def test_a_better_text_does_not_move_the_rule_which_reads_none():
    some = moments(1, 2, seed=0)
    (plain,) = compare([], some, judge=RuleJudge(), clock=lambda: NOW)
    assert (
        plain.verdicts
        == next(iter(compare([], some, judge=RuleJudge(), clock=lambda: NOW))).verdicts
    )
    assert plain.accepted == sum(plain.texts.values())


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ((), "There is no model 'tip-generator'"),
        (("--models", "off"), "There is no model 'off'"),
        (("--judge", "llm"), "There is no model"),
    ],
)
def test_where_there_is_no_model_it_is_said_how_to_get_one(words, says):
    with pytest.raises(CommandError, match=says):
        call_command("models", *words)


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("--people", "0"), "--people is at least 1"),
        (("--moments", "0"), "--moments is at least 1"),
        (("--tips", "0"), "--tips is at least 1"),
        (("--seed", "-1"), "A seed is 0 or more"),
    ],
)
def test_what_makes_no_sense_is_refused(llm, words, says):
    with pytest.raises(CommandError, match=says):
        call_command("models", *words)
    assert llm.asked == []


def test_a_model_in_a_cloud_is_asked_only_where_the_operator_lets_it_be(settings):
    settings.LLM_CLOUD_URL = "https://models.example/v1"
    with pytest.raises(CommandError, match="LLM_REMOTE_ALLOWED is off"):
        call_command("models", "--models", "cloud:large")


def test_another_model_is_behind_an_alias_only_meanwhile(settings):
    settings.OLLAMA_URL = "http://localhost:9"
    with behind("tip-generator", "ollama:small"):
        assert model_of("tip-generator").name == "small"
        assert model_of("judge").name == "judge"
        assert model_of("tip-generator").circuit != "tip-generator"
    assert model_of("tip-generator").circuit == "tip-generator"
