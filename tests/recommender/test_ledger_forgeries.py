"""What somebody with the database in their hands might try, and how the log of decisions tells."""

from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import call_command

from agents.models import Candidate
from recommender import replay
from recommender.chain import EMPTY, FIRST, digest_of, link, payload_digest
from recommender.models import Decision, Score
from recommender.react import expire, prune_unanswered
from recommender.replay import Verified, What, verify_user
from tests.people import NOW, Person, person
from tests.recommender.lives import REACTIONS, live_on, seen, things

pytestmark = pytest.mark.django_db

LATER = NOW + timedelta(days=91)


@pytest.fixture(autouse=True)
def served_by_a_policy_that_never_keeps_silent(settings):
    settings.ACTIVE_POLICY = "egreedy-v1"


@pytest.fixture
def ada() -> Person:
    ada = person("ada@example.com", *things())
    live_on(ada, *REACTIONS)
    return ada


@pytest.fixture
def pruned(ada) -> Score:
    """The last decision, which nobody answered."""
    seen(ada, now=NOW + timedelta(minutes=30))
    expire(now=LATER)
    assert prune_unanswered(now=LATER, older_than=timedelta(days=90)) == 1
    assert found(ada) == []
    return Score.objects.exclude(pruned_at=None).get()


def found(someone: Person) -> list[What]:
    return [d.what for d in verify_user(someone.user.pk, verified=Verified())]


def hashed_anew(someone: Person) -> None:
    """What a forger does who knows how the chain is made."""
    previous = FIRST
    rows = Score.objects.filter(user=someone.user).order_by("position")
    for row in rows.values(*replay.COLUMNS):
        digest = digest_of(replay.as_hashed(row))
        previous = link(previous, digest)
        Score.objects.filter(pk=row["decision_id"]).update(digest=digest, hash=previous)


def test_a_mark_of_being_pruned_hides_nothing(ada, tmp_path):
    out = StringIO()
    call_command("decisions", "head", "--all", stdout=out)
    heads = tmp_path / "heads"
    heads.write_text(out.getvalue())
    Score.objects.update(pruned_at=NOW, propensities=[1.0], chosen=0, policy="random")
    Decision.objects.update(propensity=1.0, kind="insight")
    with pytest.raises(SystemExit):
        call_command("decisions", "verify", "--all", "--heads", str(heads), stdout=out)
    assert " 0 wrong" not in out.getvalue()
    assert set(found(ada)) == {What.TAMPERED}


@pytest.mark.parametrize("column", EMPTY)
def test_what_is_marked_as_pruned_has_to_be_empty(ada, pruned, column):
    Score.objects.filter(pk=pruned.pk).update(**{column: [1.0]})
    assert found(ada) == [What.TAMPERED]


def emptied(score: Score) -> None:
    """As retention does, and by somebody who had no business to."""
    row = Score.objects.filter(pk=score.pk)
    row.update(payload_digest=payload_digest(vars(score)), pruned_at=LATER, **EMPTY)
    Decision.objects.filter(pk=score.pk).update(candidate=None)


def test_what_was_answered_or_learned_from_is_never_pruned(ada):
    score = Score.objects.get(position=8)
    emptied(score)
    assert found(ada) == [What.TAMPERED]
    decision = Decision.objects.filter(pk=score.pk)
    decision.update(status="expired")
    (learned,) = score.decision.rewards.all()
    score.decision.rewards.all().delete()
    assert found(ada) == [What.TAMPERED], "answered"
    score.decision.feedback.delete()
    assert found(ada) == [], "nobody can tell it from one that was not"
    learned.save()
    assert found(ada) == [What.TAMPERED], "learned from"
    learned.delete()
    decision.update(status="kept")
    assert found(ada) == [What.TAMPERED], "settled"


@pytest.mark.parametrize(
    "change",
    [
        {"chosen": 999},
        {"policy_version": "9"},
        {"prior_version": "another"},
        {"seed": 1},
        {"through": 99},
        {"arm": "another"},
        {"model": "another"},
        {"payload_digest": "0" * 64},
    ],
)
def test_what_stays_of_a_pruned_decision_is_verified(ada, pruned, change):
    Score.objects.filter(pk=pruned.pk).update(**change)
    assert found(ada)[0] == What.TAMPERED


@pytest.mark.parametrize("change", [{"propensity": 1.0}, {"kind": "insight"}, {"created_at": NOW}])
def test_so_is_what_stays_in_the_decisions_own_row(ada, pruned, change):
    Decision.objects.filter(pk=pruned.pk).update(**change)
    assert found(ada) == [What.TAMPERED]


def test_a_pruned_decision_shows_nothing_any_more(ada, pruned):
    Decision.objects.filter(pk=pruned.pk).update(candidate=Candidate.objects.first())
    assert found(ada) == [What.TAMPERED]


def test_what_was_shown_is_what_was_chosen(ada):
    decision = Decision.objects.get(score__position=5)
    decision.candidate = Candidate.objects.exclude(pk=decision.candidate_id).first()
    decision.save()
    assert found(ada) == [What.TAMPERED]
    decision.candidate = None  # it went with its connection
    decision.save()
    assert found(ada) == []


@pytest.mark.parametrize("column", ["policy", "policy_version"])
def test_a_decision_names_the_policy_that_made_it(ada, column):
    Decision.objects.filter(score__position=5).update(**{column: "another"})
    assert found(ada) == [What.TAMPERED]


def test_a_decision_is_of_the_user_whose_chain_it_is_in(ada):
    eve = person("eve@example.com")
    Decision.objects.filter(score__position=5).update(user=eve.user)
    assert found(ada) == [What.TAMPERED]


def test_a_propensity_that_the_whole_chain_was_hashed_with_is_not_what_comes_out(ada):
    decision = Decision.objects.get(score__position=8)
    decision.propensity /= 2
    decision.save()
    hashed_anew(ada)
    assert found(ada) == [What.DIFFERS]
