"""The chain of decisions: whole, each made again bit for bit, and loud about anything else."""

import json
from datetime import timedelta

import numpy as np
import pytest
from django.core.management import CommandError, call_command
from django.db import connection, transaction
from django.db.models import F
from django.db.utils import IntegrityError

from recommender import replay
from recommender.bandit.policies.epsilon_greedy import EpsilonGreedy
from recommender.chain import digest_of, link
from recommender.models import Decision, Reward, Score
from recommender.react import expire, prune_unanswered
from recommender.replay import CannotReplay, Verified, What, as_it_was, verify_user
from tests.people import NOW, Person, person
from tests.recommender.lives import REACTIONS, live_on, seen, things

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def served_by_a_policy_that_never_keeps_silent(settings):
    settings.ACTIVE_POLICY = "egreedy-v1"


@pytest.fixture(params=["egreedy-v1", "linucb", "urgency", "random"])
def policy(request, settings) -> str:
    settings.ACTIVE_POLICY = request.param
    return request.param


@pytest.fixture
def ada() -> Person:
    ada = person("ada@example.com", *things())
    live_on(ada, *REACTIONS)
    seen(ada, now=NOW + timedelta(minutes=30))
    return ada


def found(someone: Person, **options) -> list[What]:
    return [d.what for d in verify_user(someone.user.pk, verified=Verified(), **options)]


def verify(*arguments: str, code: int = 0) -> str:
    from io import StringIO

    out = StringIO()
    try:
        call_command("decisions", "verify", *arguments, stdout=out)
        ended = 0
    except SystemExit as end:
        ended = end.code
    assert ended == code, out.getvalue()
    return out.getvalue()


def test_every_decision_is_made_again_bit_for_bit(policy):
    ada = person("ada@example.com", *things())
    live_on(ada, *REACTIONS)
    verified = Verified()
    assert list(verify_user(ada.user.pk, verified=verified)) == []
    assert (verified.decisions, verified.replayed) == (8, 8)
    assert "8 decisions of 1 people" in verify("--all")


def test_each_hash_follows_from_the_one_before(ada):
    previous = ""
    for number, score in enumerate(Score.objects.order_by("position"), start=1):
        assert score.position == number
        assert score.hash == link(previous, score.digest)
        previous = score.hash
    assert number == 9
    assert replay.head(ada.user.pk) == (9, previous)


def test_the_states_that_decisions_were_made_from_grow_with_the_ledger(ada):
    through = Score.objects.order_by("position").values_list("through", "state_count")
    assert list(through) == [(n, n) for n in range(9)]
    score = Score.objects.get(position=9)
    made, choice = as_it_was(score)
    assert made.count == 8
    assert choice.pmf.tolist() == score.propensities


TAMPERINGS = {
    "the chosen one": {"chosen": F("chosen") + 1},
    "the seed": {"seed": F("seed") + 1},
    "how far the state had come": {"through": F("through") - 1},
    "who decided": {"prior_version": "another"},
    "the latency": {"latency_us": F("latency_us") + 1},
    "the prompt": {"prompt_version": "another"},
}


@pytest.mark.parametrize("tampering", TAMPERINGS)
def test_a_changed_payload_is_found(ada, tampering):
    Score.objects.filter(position=5).update(**TAMPERINGS[tampering])
    assert What.TAMPERED in found(ada)
    assert "(no. 5)" in verify("--email", "ada@example.com", code=1)


@pytest.mark.parametrize("column", ["features", "scores", "propensities", "candidates", "written"])
def test_a_changed_column_is_found_be_it_in_the_last_bit(ada, column):
    score = Score.objects.get(position=5)
    values = getattr(score, column)
    if column == "features":
        values["task_age_days"][0] = float(np.nextafter(values["task_age_days"][0], 400))
    elif column == "written":
        values["model"] = "another"
    elif column == "candidates":
        values[0], values[1] = values[1], values[0]
    else:
        values[0] = float(np.nextafter(values[0], 1))
    Score.objects.filter(position=5).update(**{column: values})
    assert found(ada)[0] == What.TAMPERED


@pytest.mark.parametrize(
    "change", [{"kind": "advice"}, {"propensity": 0.5}, {"expires_at": NOW}, {"created_at": NOW}]
)
def test_what_stands_in_the_decisions_own_row_is_covered_too(ada, change):
    Decision.objects.filter(score__position=5).update(**change)
    assert What.TAMPERED in found(ada)


def test_what_happens_to_a_decision_afterwards_is_no_tampering(ada):
    Decision.objects.update(status="expired", closed_at=NOW, candidate=None)
    assert found(ada) == []


def test_a_payload_hashed_anew_breaks_the_chain(ada):
    Score.objects.filter(position=5).update(latency_us=1)
    row = Score.objects.filter(position=5).values(*replay.COLUMNS).get()
    digest = digest_of(replay.as_hashed(row))
    Score.objects.filter(position=5).update(digest=digest)
    assert found(ada) == [What.BROKEN]
    before = Score.objects.get(position=4).hash
    Score.objects.filter(position=5).update(hash=link(before, digest))
    assert found(ada) == [What.BROKEN]
    assert "(no. 6)" in verify("--all", code=1)


def test_a_forged_reward_is_found_by_the_decisions_made_after_it(ada):
    Reward.objects.filter(position=3).update(reward=-1.0)
    assert What.DIFFERS in found(ada)


def test_a_missing_row_is_found_in_either_ledger(ada):
    Score.objects.filter(position=4).delete()
    missing = list(verify_user(ada.user.pk, verified=Verified()))
    # And those that were made from what it taught can't be made again.
    assert [one.what for one in missing[:3]] == [What.MISSING, What.MISSING, What.DIFFERS]
    assert "(no. 5)" in missing[2].says
    assert "no. 4 to 4 before it are missing" in missing[1].says
    Reward.objects.filter(position=2).delete()
    assert "rewards no. 2 to 2 are missing" in verify("--all", code=1)


def test_a_row_cut_off_the_end_is_found_with_a_head_that_was_kept(ada, tmp_path):
    from io import StringIO

    out = StringIO()
    call_command("decisions", "head", "--all", stdout=out)
    kept = tmp_path / "heads"
    kept.write_text(out.getvalue())
    assert json.loads(out.getvalue())["position"] == 9
    verify("--all", "--heads", str(kept))
    Decision.objects.filter(score__position=9).delete()
    verify("--all")
    assert "no. 9 is missing" in verify("--all", "--heads", str(kept), code=1)


def test_a_policy_that_is_not_installed_any_more_is_told_as_such(ada):
    Score.objects.filter(position=5).update(policy_version="0")
    Score.objects.filter(position=6).update(policy="gone")
    says = verify("--all", code=1)
    assert "1 cannot be replayed: version 0 of egreedy-v1 is not installed" in says
    assert "1 cannot be replayed: version" in says.split("egreedy-v1 is")[1]
    with pytest.raises(CannotReplay, match="version 0 of egreedy-v1"):
        as_it_was(Score.objects.get(position=5))


def test_an_upgrade_leaves_the_chain_whole_and_says_what_cannot_be_replayed(ada, monkeypatch):
    monkeypatch.setattr(EpsilonGreedy, "version", "99")
    assert set(found(ada)) == {What.NOT_INSTALLED}
    assert "9 cannot be replayed" in verify("--all")
    verify("--all", "--strict", code=1)


def test_last_bits_that_differ_are_told_apart_from_a_forgery(ada, monkeypatch):
    first = EpsilonGreedy.scores
    monkeypatch.setattr(EpsilonGreedy, "scores", lambda self, X: first(self, X) * (1 + 2e-16))
    assert set(found(ada)) <= {What.LAST_BITS}
    assert "the same up to" in verify("--all")


def test_pruning_leaves_a_chain_that_still_verifies(ada):
    late = NOW + timedelta(days=1)
    expire(now=late)
    ada.refreshed(late)
    seen(ada, now=late)
    after = NOW + timedelta(days=91, minutes=1)
    assert prune_unanswered(now=after, older_than=timedelta(days=90)) == 1
    verified = Verified()
    assert list(verify_user(ada.user.pk, verified=verified)) == []
    assert (verified.decisions, verified.pruned, verified.replayed) == (10, 1, 9)
    assert "1 pruned" in verify("--all")
    Score.objects.exclude(pruned_at=None).update(digest="0" * 64)
    assert found(ada) == [What.TAMPERED, What.BROKEN]


def test_since_takes_what_came_before_on_trust(ada):
    Score.objects.filter(position=2).update(latency_us=1)
    assert found(ada) == [What.TAMPERED]
    assert found(ada, since=NOW + timedelta(minutes=3)) == []
    verify("--all", "--since", "2026-11-18T10:03")
    with pytest.raises(CommandError, match="since"):
        verify("--all", "--since", "yesterday")


def test_a_decision_can_be_shown_and_an_unknown_one_is_said_to_be(ada):
    from io import StringIO

    out = StringIO()
    score = Score.objects.get(position=5)
    call_command("decisions", "show", str(score.pk), stdout=out)
    assert json.loads(out.getvalue())["hash"] == score.hash
    for wrong in ("nonsense", str(ada.connection.pk)):
        with pytest.raises(CommandError):
            call_command("decisions", "show", wrong)
    with pytest.raises(CommandError, match="no such user"):
        verify("--email", "nobody@example.com")


def test_two_cannot_continue_one_chain(ada):
    last = Score.objects.select_related("decision").get(position=9)
    fork = Decision.objects.create(
        user=ada.user, kind="task", status="expired", policy="x", policy_version="1",
        propensity=1, created_at=NOW, expires_at=NOW,
    )  # fmt: skip
    last.pk = fork.pk
    with pytest.raises(IntegrityError), transaction.atomic():
        last.save(force_insert=True)


def test_numbers_are_hashed_as_they_come_back_from_either_database(ada):
    """jsonb keeps decimals: no negative zero, and 1e22 comes back as a whole number."""
    score = Score.objects.get(position=5)
    row = Score.objects.filter(position=5).values(*replay.COLUMNS).get()
    strange = [-0.0, 1e22, 5e-324, 0.1 + 0.2, 1.0, -1e-17]
    before = digest_of({**replay.as_hashed(row), "scores": strange})
    score.scores = strange
    score.save()
    after = digest_of(
        replay.as_hashed(Score.objects.filter(position=5).values(*replay.COLUMNS).get())
    )
    assert before == after, connection.vendor


def test_each_decision_says_who_wrote_every_candidate(ada):
    from agents.models import Candidate

    # Half of the tasks, since mixing may leave nothing but tasks to choose from.
    some = list(Candidate.objects.filter(kind="task").order_by("pk").values_list("pk", flat=True))
    Candidate.objects.filter(pk__in=some[::2]).update(model="a model", prompt_version="tasks-3")
    seen(ada, now=NOW + timedelta(hours=5))
    score = Score.objects.latest("position")
    chosen = dict(zip(score.candidates, score.written["model"], strict=True))
    candidates = Candidate.objects.in_bulk(score.candidates)
    assert all(candidates[key].model == chosen[str(key)] for key in candidates)
    assert set(score.written["prompt_version"]) > {"tasks-3"}
