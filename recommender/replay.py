"""Making logged decisions again: bit for bit, from the two ledgers alone.

A decision names the policy and its version, the prior, the seed, and how far in the ledger of
rewards the policy's state had come. So its state is folded anew, its columns become vectors again,
and scores, distribution and draw must come out as they were written.

Bit for bit holds on the kind of machine that made the decision. Scores are matrix products, whose
last bits depend on the processor and on the kernel that its linear algebra picks for it: what differs
by no more than that is told apart as "last bits", and is no fault of the log.

What there was to choose from is made again too, from the facts of mixing (recommender.mix), where a
decision has some.
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

import numpy as np
from django.db.models import Exists, OuterRef, QuerySet, Subquery

from recommender.bandit.choose import Choice, choose, seeded
from recommender.bandit.features import vectorise_columns
from recommender.bandit.policies.base import Policy
from recommender.bandit.prior import Prior
from recommender.bandit.priors import shipped
from recommender.chain import EMPTY, FIRST, STAYS, digest_of, link
from recommender.learn import InForce, fold, read
from recommender.live import read as read_prior
from recommender.mix import NoRule, narrowed_again
from recommender.models import Decision, Feedback, PolicyPrior, Reward, Score
from recommender.registry import policies

# As far as sums of the same numbers in another order, or another processor's logarithm, may differ.
LAST_BITS = 1e-9
CHUNK = 200

_OF_SCORE = [name for name in STAYS if name != "kind"]
COLUMNS = (
    *_OF_SCORE, *EMPTY, "user_id", "digest", "hash", "payload_digest", "pruned_at", "decision_id",
    "decision__kind", "decision__propensity", "decision__created_at", "decision__expires_at",
)  # fmt: skip
# What the decision's own row says again, or says of the present.
_BESIDE = (
    "decision__user_id", "decision__policy", "decision__policy_version", "decision__candidate_id",
    "decision__status",
)  # fmt: skip
_PRUNABLE = (Decision.Status.EXPIRED, Decision.Status.UNTRUE)


class What(StrEnum):
    """What can be wrong with a decision. The last two are no fault of the log."""

    TAMPERED = "tampered with"
    BROKEN = "broken chain"
    MISSING = "missing"
    DIFFERS = "differs"
    NOT_INSTALLED = "cannot be replayed"
    LAST_BITS = "last bits"

    @property
    def serious(self) -> bool:
        return self not in (What.NOT_INSTALLED, What.LAST_BITS)


@dataclass(frozen=True)
class Deviation:
    user_id: int
    decision_id: UUID | None
    what: What
    says: str


class CannotReplay(Exception):
    """What made this decision is not here any more. The message says what."""


@dataclass
class Verified:
    """How many decisions were looked at, and what was found."""

    decisions: int = 0
    replayed: int = 0
    pruned: int = 0


def as_it_was(score: Score) -> tuple[Policy, Choice]:
    """The policy that made a decision, as it was then, and the choice made again.

    Raises CannotReplay when the policy's version or the prior is not here, or retention has emptied
    the decision.
    """
    if score.pruned_at is not None:
        raise CannotReplay("it was pruned")
    names = {name: getattr(score, name) for name in (*_OF_SCORE, *EMPTY, "user_id")}
    return _made_again(names, States(score.user_id))


class States:
    """What policies knew of one user, at places in the ledger that are asked for in order."""

    def __init__(self, user_id: int) -> None:
        self.user_id = user_id
        self._held: dict[str, tuple[Policy, int, InForce]] = {}

    def at(self, cls: type[Policy], through: int) -> bytes:
        """The state of a policy that holds the rewards 1 to `through`."""
        policy, held, known = self._held.get(cls.id, (cls.fresh(), 0, {}))
        if held > through:  # forgotten by a reset, or another device's older decision
            policy, held, known = cls.fresh(), 0, {}
        rows = Reward.objects.filter(user=self.user_id, position__gt=held, position__lte=through)
        if through > held:
            policy = fold(policy, list(read(rows)), known)
        self._held[cls.id] = policy, through, known
        return policy.state()


def verify_user(
    user_id: int, *, since: datetime | None = None, verified: Verified
) -> Iterator[Deviation]:
    """Everything that is wrong with a user's decisions; nothing when all is well.

    `since` leaves out what was decided before, and takes the chain up to there on trust.
    """
    yield from _gaps(user_id)
    states = States(user_id)
    rows = Score.objects.filter(user=user_id).order_by("position")
    expected, previous = 1, FIRST
    if since is not None:
        before = rows.filter(decision__created_at__lt=since).values("position", "hash").last()
        if before is not None:
            expected, previous = before["position"] + 1, before["hash"]
            rows = rows.filter(position__gte=expected)
    rows = rows.annotate(
        answered=Exists(Feedback.objects.filter(decision=OuterRef("decision_id"))),
        learned=Exists(Reward.objects.filter(decision=OuterRef("decision_id"))),
    )
    columns = (*COLUMNS, *_BESIDE, "answered", "learned")
    for row in rows.values(*columns).iterator(chunk_size=CHUNK):
        verified.decisions += 1
        decision_id, position = row["decision_id"], row["position"]

        def found(what: What, says: str, of: UUID = decision_id, at: int = position) -> Deviation:
            return Deviation(user_id, of, what, f"decision {of} (no. {at}): {says}")

        whole = position == expected
        if not whole:
            yield found(What.MISSING, f"no. {expected} to {position - 1} before it are missing")
        pruned = row["pruned_at"] is not None
        emptied = row["payload_digest"] if pruned else None
        if digest_of(as_hashed(row), emptied) != row["digest"]:
            yield found(What.TAMPERED, "it is not what was hashed when it was made")
        for says in _at_odds(row):
            yield found(What.TAMPERED, says)
        if whole and link(previous, row["digest"]) != row["hash"]:
            yield found(What.BROKEN, "its hash does not follow from the one before it")
        expected, previous = position + 1, row["hash"]
        if pruned:
            verified.pruned += 1
            continue
        otherwise = _otherwise_mixed(row)
        if otherwise is not None:
            yield found(*otherwise)
        try:
            _, choice = _made_again(row, states)
        except CannotReplay as why:
            yield found(What.NOT_INSTALLED, str(why))
            continue
        except Exception as error:
            yield found(What.DIFFERS, f"could not be made again: {type(error).__name__}: {error}")
            continue
        verified.replayed += 1
        wrong = _compared(row, choice)
        if wrong is not None:
            yield found(*wrong)


def head(user_id: int) -> tuple[int, str] | None:
    """Number and hash of a user's last decision: kept elsewhere, it tells of rows cut off the end."""
    for _, position, hash_ in heads([user_id]):
        return position, hash_
    return None


def heads(user_ids: Collection[int] | None = None) -> Iterator[tuple[int, int, str]]:
    """User, number and hash of the last decision of each of these users, or of everyone: one query."""
    newest = Score.objects.filter(user=OuterRef("user")).order_by("-position")
    rows: QuerySet[Score] = Score.objects.filter(position=Subquery(newest.values("position")[:1]))
    if user_ids is not None:
        rows = rows.filter(user__in=user_ids)
    ends = rows.order_by("user_id").values_list("user_id", "position", "hash")
    yield from ends.iterator(chunk_size=2_000)


def as_hashed(row: Mapping[str, Any]) -> dict[str, Any]:
    """A row of COLUMNS by the names that the digest is made of."""
    mapped = {name.removeprefix("decision__"): row[name] for name in COLUMNS}
    return {**mapped, "id": row["decision_id"]}


def _at_odds(row: Mapping[str, Any]) -> Iterator[str]:
    """Where what was shown, to whom, and what is left of it, do not agree with what is hashed."""
    if row["decision__user_id"] != row["user_id"]:
        yield f"its decision is user {row['decision__user_id']}'s"
    if (row["decision__policy"], row["decision__policy_version"]) != (
        row["policy"], row["policy_version"],
    ):  # fmt: skip
        yield "its decision names another policy"
    shown, candidates = row["decision__candidate_id"], row["candidates"]
    chosen = candidates[row["chosen"]] if row["chosen"] < len(candidates) else None
    if shown is not None and str(shown) != chosen:  # None: the candidate is gone, or it was silence
        yield "another candidate was shown than was chosen"
    if row["pruned_at"] is None:
        return
    if any(row[name] != empty for name, empty in EMPTY.items()):
        yield "it is marked as pruned and is not empty"
    if row["answered"] or row["learned"] or row["decision__status"] not in _PRUNABLE:
        yield "it is marked as pruned and was answered or learned from"


def prior_named(cls: type[Policy], version: str) -> Prior | None:
    """The prior that a decision says it started from; None for the policy's own.

    Raises CannotReplay when it is nowhere to be found.
    """
    if cls.fresh().prior_version == version:
        return None
    kept = PolicyPrior.objects.filter(policy=cls.id, version=version)
    payloads = list(kept.values_list("payload", flat=True))
    payloads += [one.payload for one in shipped(cls.id) if one.version == version]
    for payload in payloads:
        prior = read_prior(cls, version, bytes(payload))
        if prior is not None:
            return prior
    raise CannotReplay(f"prior {version} of {cls.id} is not here")


def _made_again(row: Mapping[str, Any], states: States) -> tuple[Policy, Choice]:
    id_, version = row["policy"], row["policy_version"]
    if id_ not in policies or policies.get(id_).version != version:
        raise CannotReplay(f"version {version} of {id_} is not installed")
    cls = type(policies.get(id_))
    if cls.feature_set.version != row["feature_set"]:
        raise CannotReplay(f"{id_} does not use the features {row['feature_set']} any more")
    prior = prior_named(cls, row["prior_version"])
    policy = cls.load(states.at(cls, row["through"]), prior)
    if policy.count != row["state_count"]:
        raise LookupError(f"the state holds {policy.count} rewards, it held {row['state_count']}")
    X = vectorise_columns(row["features"], len(row["candidates"]), cls.feature_set)
    return policy, choose(policy, X, seeded(row["seed"]))


def _otherwise_mixed(row: Mapping[str, Any]) -> tuple[What, str] | None:
    """What is wrong with what there was to choose from, by the facts that were kept of it."""
    if not row["mixed"]:
        return None
    try:
        if narrowed_again(row["mixed"], [id_ for id_ in row["candidates"] if id_ is not None]):
            return None
    except NoRule as why:
        return What.NOT_INSTALLED, str(why)
    except Exception as error:
        says = f"what there was to choose from can't be told: {type(error).__name__}: {error}"
        return What.DIFFERS, says
    return What.DIFFERS, "made again, there is something else to choose from"


def _compared(row: Mapping[str, Any], choice: Choice) -> tuple[What, str] | None:
    scores, pmf = np.array(row["scores"]), np.array(row["propensities"])
    same = choice.index == row["chosen"] and choice.propensity == row["decision__propensity"]
    if same and np.array_equal(choice.scores, scores) and np.array_equal(choice.pmf, pmf):
        return None
    if scores.shape != choice.scores.shape or pmf.shape != choice.pmf.shape:
        return What.DIFFERS, "it is of another number of actions"
    drawn = abs(choice.propensity - row["decision__propensity"])
    off = max(np.abs(choice.scores - scores).max(), np.abs(choice.pmf - pmf).max(), drawn)
    if choice.index == row["chosen"] and off <= LAST_BITS:
        return What.LAST_BITS, f"the same up to {off:.1g}, as on another processor"
    if choice.index != row["chosen"]:
        return What.DIFFERS, f"made again, action {choice.index} is chosen, not {row['chosen']}"
    return What.DIFFERS, f"made again, scores or probabilities differ by up to {off:.3g}"


def _gaps(user_id: int) -> Iterator[Deviation]:
    """Decisions without their score, and rows missing from the ledger of rewards."""
    for decision in Decision.objects.filter(user=user_id, score=None).values_list("pk", flat=True):
        says = f"decision {decision}: what it was made from is missing"
        yield Deviation(user_id, decision, What.MISSING, says)
    places = Reward.objects.filter(user=user_id).order_by("position")
    expected = 1
    for position in places.values_list("position", flat=True).iterator(chunk_size=2000):
        if position != expected:
            says = f"rewards no. {expected} to {position - 1} are missing"
            yield Deviation(user_id, None, What.MISSING, says)
        expected = position + 1
