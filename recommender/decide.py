"""Running a policy inside its budget, with the urgency rule behind it."""

import logging
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import TimeoutError as TooSlow
from dataclasses import dataclass

from django.conf import settings

from recommender.bandit.choose import Choice, choose, seeded
from recommender.bandit.features import vectorise_columns
from recommender.bandit.policies.base import Policy
from recommender.featurise import Columns, Row, pack
from recommender.live import Live
from recommender.registry import RULE, policies

log = logging.getLogger(__name__)

# A policy that hangs keeps its thread; the rule answers meanwhile, also when all of these hang.
_threads = ThreadPoolExecutor(max_workers=4, thread_name_prefix="policy")


@dataclass(frozen=True)
class Ruling:
    """A choice, the policy that made it, and the columns of `count` actions that it was made from.

    `failed` and `because` tell of a policy that could not; `silent` that the choice is silence.
    """

    choice: Choice
    policy: Policy
    columns: Columns
    count: int
    silent: bool = False
    failed: str = ""
    because: str = ""


def decide(
    rows: Sequence[Row],
    who: Live,
    state: bytes | None,
    *,
    seed: int,
    silence: Row | None = None,
) -> Ruling:
    """Has the policy of `who` choose among `rows`, from the user's `state` (None: a newcomer's).

    Where `silence` is given and the policy can tell it, it is the last of the actions. A policy that
    raises or takes longer than POLICY_BUDGET_MS is passed over for the urgency rule.
    """
    wanted = who.policy
    offered = silence if wanted.feature_set.silence else None
    actions = [*rows, offered] if offered else list(rows)
    columns = pack(actions)
    try:
        future = _threads.submit(_run, who, columns, len(actions), state, seed)
        try:
            choice, policy = future.result(timeout=settings.POLICY_BUDGET_MS / 1000)
        except TooSlow:
            future.cancel()
            raise
        silent = offered is not None and choice.index == len(rows)
        return Ruling(choice, policy, columns, len(actions), silent)
    except TooSlow:
        because = f"took longer than {settings.POLICY_BUDGET_MS} ms"
    except Exception as error:
        because = f"{type(error).__name__}: {error}"[:200]
        log.exception("policy %s", wanted.id)
    log.warning("policy %s was passed over for the urgency rule: %s", wanted.id, because)
    columns = pack(rows)
    rule = Live(type(policies.get(RULE)), None)
    choice, policy = _run(rule, columns, len(rows), None, seed)
    return Ruling(choice, policy, columns, len(rows), failed=wanted.id, because=because)


def _run(
    who: Live, columns: Columns, count: int, state: bytes | None, seed: int
) -> tuple[Choice, Policy]:
    policy = who.load(state)
    X = vectorise_columns(columns, count, who.policy.feature_set)
    return choose(policy, X, seeded(seed)), policy
