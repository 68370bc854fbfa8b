"""What the recommender holds about a person."""

import base64
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Model

from accounts.privacy import PersonalData, impersonal, register
from recommender.bandit.envelope import StateError
from recommender.bandit.ridge import RidgePolicy
from recommender.ledger import alone_with
from recommender.models import Decision, Feedback, PolicyState, Reward, Score, ShadowScore
from recommender.registry import policies


class Decisions(PersonalData):
    id = "decisions"
    floor = 4
    models = (
        "recommender.Decision", "recommender.Score", "recommender.Feedback",
        "recommender.Reward", "recommender.PolicyState", "recommender.ShadowScore",
    )  # fmt: skip

    def export(self, user_id: int) -> dict[str, Any]:
        decisions = Decision.objects.filter(user_id=user_id).order_by("created_at")
        decisions = decisions.select_related("score", "feedback")
        rewards = Reward.objects.filter(user_id=user_id).order_by("position")
        unseen = ShadowScore.objects.filter(decision__user=user_id).order_by("decided_at", "pk")
        return {
            "decisions": [
                {
                    **_told(one),
                    "made_from": _told(getattr(one, "score", None)),
                    "answer": _told(getattr(one, "feedback", None)),
                }
                for one in decisions.iterator(chunk_size=200)
            ],
            "rewards": [_told(one) for one in rewards.iterator(chunk_size=500)],
            "learned": [
                {**_told(one), "sums": _sums(one)}
                for one in PolicyState.objects.filter(user_id=user_id).order_by("policy")
            ],
            "unseen": [_told(one) for one in unseen.iterator(chunk_size=500)],
        }

    def forget(self, user_id: int) -> int:
        with alone_with([user_id]):  # a shadow or a lesson under way comes first, and goes too
            return self._forget(user_id)

    def _forget(self, user_id: int) -> int:
        gone = 0
        for rows in (
            PolicyState.objects.filter(user_id=user_id),
            ShadowScore.objects.filter(decision__user=user_id),
            Reward.objects.filter(user_id=user_id),
            Feedback.objects.filter(user_id=user_id),
            Score.objects.filter(user_id=user_id),
            Decision.objects.filter(user_id=user_id),
        ):
            gone += rows.delete()[0]
        return gone


def _told(row: Model | None) -> dict[str, Any]:
    """Every column of a row, as JSON, but for whose it is. Nothing of a row that is not there."""
    if row is None:
        return {}
    fields = [field for field in row._meta.concrete_fields if field.name != "user"]
    return {field.name: _plain(field.value_from_object(row)) for field in fields}


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, UUID):
        return str(value)
    if isinstance(value, bytes | memoryview):
        return base64.b64encode(bytes(value)).decode()
    return value


def _sums(row: PolicyState) -> dict[str, Any]:
    """The numbers in what was learned, as far as the policy that learned them is still here."""
    cls = type(policies.get(row.policy)) if row.policy in policies else None
    if cls is None or not issubclass(cls, RidgePolicy) or cls.version != row.version:
        return {}
    try:
        sums = cls.load(bytes(row.state)).sums
    except StateError:
        return {}
    return {"gram": sums.gram.tolist(), "moment": sums.moment.tolist(), "square": sums.square}


register(Decisions())
impersonal("recommender.SimRun", "simulations: nobody in them is real")
impersonal("recommender.SimEvent", "decisions of simulated people")
impersonal(
    "recommender.PolicyPrior",
    "an average over those who agreed, blurred so that it gives none away",
)
impersonal("recommender.PolicyDeployment", "which policy was live, when and why")
impersonal("recommender.PolicyExperiment", "names of policies and their shares")
impersonal("recommender.PolicyShadow", "which policies decide unseen")
impersonal("recommender.PolicyRun", "sums over many people")
impersonal("recommender.Orders", "which policy serves")
