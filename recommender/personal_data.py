"""What the recommender holds about a person."""

from typing import Any

from accounts.privacy import PersonalData, register
from recommender.models import Decision, Feedback, PolicyState, Score


class Decisions(PersonalData):
    id = "decisions"
    floor = 4
    models = (
        "recommender.Decision", "recommender.Score", "recommender.Feedback",
        "recommender.PolicyState",
    )  # fmt: skip

    def export(self, user_id: int) -> dict[str, Any]:
        rows = Decision.objects.filter(user_id=user_id).select_related("score", "feedback")
        return {
            "decisions": [
                {
                    "id": str(d.pk),
                    "at": d.created_at.isoformat(),
                    "kind": d.kind,
                    "policy": d.policy,
                    "propensity": d.propensity,
                    "features": d.score.features,
                    "scores": d.score.scores,
                    "reaction": d.feedback.reaction if hasattr(d, "feedback") else None,
                    "reward": d.feedback.reward if hasattr(d, "feedback") else None,
                }
                for d in rows.order_by("created_at").iterator(chunk_size=200)
            ],
            "learned": list(
                PolicyState.objects.filter(user_id=user_id).values("policy", "version", "count")
            ),
        }

    def forget(self, user_id: int) -> int:
        gone = 0
        for rows in (
            PolicyState.objects.filter(user_id=user_id),
            Feedback.objects.filter(user_id=user_id),
            Score.objects.filter(decision__user_id=user_id),
            Decision.objects.filter(user_id=user_id),
        ):
            gone += rows.delete()[0]
        return gone


register(Decisions())
