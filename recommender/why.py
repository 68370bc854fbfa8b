"""Why this, now: a decision explained to its user, by the scorer that made it, run again."""

import logging
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

import numpy as np

from accounts.models import User
from accounts.zones import zone_of
from agents.models import Candidate
from integrations import snapshot
from recommender.bandit.choose import Choice
from recommender.bandit.why import Why, why
from recommender.bandit.why_mixing import Mixing
from recommender.bandit.why_words import Sentence, Telling, sentences
from recommender.contenders import TITLE
from recommender.models import Decision, Score
from recommender.react import NoSuchTip
from recommender.replay import LAST_BITS, CannotReplay, as_it_was

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Explained:
    """What can be said of a decision. `why` is None when it can't be made again, and that is said."""

    said: tuple[Sentence, ...]
    why: Why | None = None

    @property
    def text(self) -> str:
        return " ".join(sentence.text for sentence in self.said)


GONE = Explained((Sentence("This can’t be explained any more: what chose it is gone."),))

WordsOf = Callable[[str], str | None]
"""A candidate's words by its id, None where they can't be had."""


def why_this(user: User, decision_id: uuid.UUID, *, now: datetime) -> Explained:
    """Explains one of the user's own decisions, in their own words. Raises NoSuchTip."""
    decision = Decision.objects.filter(pk=decision_id, user=user).select_related("user").first()
    if decision is None:
        raise NoSuchTip
    return explained(decision, now=now, words_of=lambda id_: _words(user.pk, id_))


def explained(decision: Decision, *, now: datetime, words_of: WordsOf | None = None) -> Explained:
    """Explains a decision; without `words_of` in nobody's words, for those who operate oO.

    GONE when the policy, its version, its prior, or what it decided from is gone.
    """
    score = Score.objects.filter(pk=decision.pk).first()
    if score is None:
        return GONE
    try:
        policy, choice = as_it_was(score)
    except CannotReplay:
        return GONE
    except (LookupError, ValueError):  # `manage.py decisions verify` says more of such a one
        log.exception("decision %s can't be made again", decision.pk)
        return GONE
    if not _the_same(choice, score):
        return GONE
    count = len(score.scores)
    newcomer = type(policy).fresh(getattr(policy, "prior", None))
    found = why(policy, newcomer, score.features, count, score.chosen, seed=score.seed)
    zone = zone_of(decision.user.time_zone)
    telling = Telling(
        columns=score.features,
        count=count,
        chosen=score.chosen,
        answers=policy.count,
        today=decision.created_at.astimezone(zone).date() == now.astimezone(zone).date(),
        words_of=lambda index: words_of(score.candidates[index]) if words_of else None,
        mixing=Mixing.of(score.mixed),
    )
    return Explained(tuple(sentences(found, telling)), found)


def _the_same(choice: Choice, score: Score) -> bool:
    """Whether the scorer, run again, says what it said then."""
    made, kept = (choice.scores, choice.pmf), (score.scores, score.propensities)
    return choice.index == score.chosen and all(
        now.shape == np.shape(then) and np.allclose(now, then, rtol=0, atol=LAST_BITS)
        for now, then in zip(made, kept, strict=True)
    )


def _words(user_id: int, candidate_id: str) -> str | None:
    """A candidate's words as they are now: the user's own where it has them, else its text."""
    row = (
        Candidate.objects.filter(pk=candidate_id, user_id=user_id)
        .values_list(
            "content", "task__connection_id", "task__external_id",
            "event__connection_id", "event__external_id",
        )
        .first()
    )  # fmt: skip
    if row is None:
        return None
    content, task_of, task, event_of, event = row
    if TITLE not in content:
        return content
    key, connection_id = (f"task:{task}", task_of) if task_of else (f"event:{event}", event_of)
    return (snapshot.read(connection_id) or {}).get(key)
