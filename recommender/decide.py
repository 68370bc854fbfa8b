"""Running a policy inside its budget, with the urgency rule behind it."""

import logging
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import TimeoutError as TooSlow
from dataclasses import dataclass
from typing import Any

from django.conf import settings

from recommender.bandit.choose import Choice, choose, seeded
from recommender.bandit.features import vectorise
from recommender.bandit.policies.base import Policy
from recommender.featurise import Row
from recommender.registry import RULE, active, policies

log = logging.getLogger(__name__)

# A policy that hangs keeps its thread; the rule answers meanwhile, also when all of these hang.
_threads = ThreadPoolExecutor(max_workers=4, thread_name_prefix="policy")


@dataclass(frozen=True)
class Ruling:
    """A choice and the policy that made it; `failed` and `because` tell of one that could not."""

    choice: Choice
    policy: Policy
    failed: str = ""
    because: str = ""


def decide(rows: list[Row], state: bytes | None, *, seed: int) -> Ruling:
    """Has the active policy choose among `rows`, from the user's `state` (None: a newcomer's).

    A policy that raises or takes longer than POLICY_BUDGET_MS is passed over for the urgency rule.
    """
    wanted = active()
    budget = settings.POLICY_BUDGET_MS / 1000
    try:
        future = _threads.submit(_run, wanted, rows, state, seed)
        try:
            choice, policy = future.result(timeout=budget)
        except TooSlow:
            future.cancel()
            raise
        return Ruling(choice, policy)
    except TooSlow:
        because = f"took longer than {settings.POLICY_BUDGET_MS} ms"
    except Exception as error:
        because = f"{type(error).__name__}: {error}"[:200]
        log.exception("policy %s", wanted.id)
    log.warning("policy %s was passed over for the urgency rule: %s", wanted.id, because)
    choice, policy = _run(type(policies.get(RULE)), rows, None, seed)
    return Ruling(choice, policy, failed=wanted.id, because=because)


def _run(cls: type[Policy], rows: list[Row], state: Any, seed: int) -> tuple[Choice, Policy]:
    policy = cls.load(bytes(state)) if state else cls.fresh()
    X = vectorise(rows, cls.feature_set)
    return choose(policy, X, seeded(seed)), policy
