"""What the page of policies says of each that is installed."""

from dataclasses import dataclass

from recommender import live
from recommender.models import (
    PolicyDeployment,
    PolicyPrior,
    PolicyRun,
    PolicyShadow,
)
from recommender.registry import RULE, policies


@dataclass(frozen=True)
class Standing:
    """One policy as it stands. `does` is what it does here, in a word or two; "" for nothing."""

    id: str
    version: str
    features: str
    does: str
    tone: str
    since: PolicyDeployment | None
    shadow: PolicyShadow | None
    prior: str
    evaluated: PolicyRun | None
    gate: PolicyRun | None


def policies_standing() -> list[Standing]:
    """Every installed policy, the live one first, then those in use."""
    live.refresh()
    standing, serving = live.standing(), live.serving()
    deployed = PolicyDeployment.objects.filter(ended_at=None).first()
    shadows = {row.policy: row for row in PolicyShadow.objects.all()}
    current = dict(PolicyPrior.objects.filter(current=True).values_list("policy", "version"))
    evaluated, gates = _newest(PolicyRun.Kind.EVALUATE), _newest(PolicyRun.Kind.GATE)
    found = []
    for policy in policies:
        cls, row = type(policy), shadows.get(policy.id)
        does, tone = "", ""
        if cls is standing:
            does, tone = "live", "ok"
        elif cls in serving:
            does, tone = "in the experiment", "ok"
        elif row and row.running:
            does, tone = "in the shadow", "shadow"
        elif cls.id == RULE:
            does, tone = "stands in", ""
        prior = live.prior_in_use(cls)
        found.append(
            Standing(
                id=cls.id,
                version=cls.version,
                features=f"{cls.feature_set.version}, {cls.feature_set.width}",
                does=does,
                tone=tone,
                since=deployed if deployed and cls is standing else None,
                shadow=row,
                prior=current.get(cls.id)
                or (prior.version if prior else cls.fresh().prior_version),
                evaluated=evaluated.get(cls.id),
                gate=gates.get(cls.id),
            )
        )
    order = ("live", "in the experiment", "in the shadow", "stands in", "")
    return sorted(found, key=lambda one: order.index(one.does))


def _newest(kind: str) -> dict[str, PolicyRun]:
    runs = PolicyRun.objects.filter(kind=kind, policy__in=policies.ids())
    newest = runs.order_by("-created_at")[:200]
    found: dict[str, PolicyRun] = {}
    for run in newest:
        found.setdefault(run.policy, run)
    return found
