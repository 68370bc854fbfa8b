"""Writing a decision down: what was chosen, all it was made from, its link in the chain."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import connection

from recommender.chain import FIRST, digest_of, link
from recommender.contenders import Contender
from recommender.decide import Ruling
from recommender.featurise import alike
from recommender.live import Live
from recommender.models import Decision, Score

ARM = 40


@dataclass(frozen=True)
class Made:
    """A decision that is made and not yet written. `through`: how far the policy's state had come.

    `eligible` are the candidates it was made over, `mixed` why it was these.
    """

    decision: Decision
    eligible: Sequence[Contender]
    mixed: dict[str, Any]
    ruling: Ruling
    who: Live
    through: int
    seed: int
    latency_us: int


def write_down(made: Made, *, after: Mapping[str, Any] | None, old: Decision | None) -> None:
    """Two statements, inside atomic(). `after` is the last link of the user's chain, `old` the open
    decision that gives way, as it is closed.

    Raises IntegrityError when another decision is open or continues the chain already.
    """
    insert(made.decision, old)
    score = _score(made)
    score.position = after["position"] + 1 if after else 1
    score.digest = digest_of({**vars(made.decision), **vars(score)})
    score.hash = link(after["hash"] if after else FIRST, score.digest)
    score.save(force_insert=True)


def _score(made: Made) -> Score:
    ruling, choice, policy = made.ruling, made.ruling.choice, made.ruling.policy
    chosen = None if ruling.silent else made.eligible[choice.index]
    ids: list[str | None] = [str(one.id) for one in made.eligible]
    models: list[str | None] = [one.model for one in made.eligible]
    prompts: list[str | None] = [one.prompt_version for one in made.eligible]
    if ruling.count > len(made.eligible):  # silence, which nobody wrote
        for column in (ids, models, prompts):
            column.append(None)
    return Score(
        decision=made.decision,
        user_id=made.decision.user_id,
        chosen=choice.index,
        candidates=ids,
        features=ruling.columns,
        scores=choice.scores.tolist(),
        propensities=choice.pmf.tolist(),
        written={"model": alike(models), "prompt_version": alike(prompts)},
        mixed=made.mixed,
        feature_set=policy.feature_set.version,
        policy=policy.id,
        policy_version=policy.version,
        prior_version=policy.prior_version,
        state_count=policy.count,
        through=made.through,
        seed=made.seed,
        experiment=made.who.experiment,
        arm=made.who.arm[:ARM],  # an arm's name must not be what keeps a tip from being served
        fell_back_from=ruling.failed,
        fell_back_because=ruling.because,
        model=chosen.model if chosen else "",
        prompt_version=chosen.prompt_version if chosen else "",
        latency_us=made.latency_us,
    )


def insert(decision: Decision, old: Decision | None) -> None:
    """The new decision's row, and in the same statement the end of the old one, unless somebody
    closed it meanwhile. Both databases take the rows of an INSERT one after the other, so that the
    old one is not open any more when the new one is.
    """
    rows = [decision] if old is None else [old, decision]
    fields = Decision._meta.concrete_fields
    names = ", ".join(connection.ops.quote_name(str(f.column)) for f in fields)
    marks = ", ".join(["(" + ", ".join(["%s"] * len(fields)) + ")"] * len(rows))
    values = [
        f.get_db_prep_save(getattr(row, f.attname), connection) for row in rows for f in fields
    ]
    table = connection.ops.quote_name(Decision._meta.db_table)
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {table} ({names}) VALUES {marks} "  # noqa: S608 - no value in it
            "ON CONFLICT (id) DO UPDATE SET status = excluded.status, "
            f"closed_at = excluded.closed_at WHERE {table}.status = %s",
            [*values, Decision.Status.OPEN],
        )
    decision._state.adding = False
