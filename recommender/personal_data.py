"""What the recommender holds about a person."""

from typing import Any

from accounts.privacy import PersonalData, impersonal, register
from recommender.models import Decision, Feedback, PolicyState, Reward, Score, ShadowScore


class Decisions(PersonalData):
    id = "decisions"
    floor = 4
    models = (
        "recommender.Decision", "recommender.Score", "recommender.Feedback",
        "recommender.Reward", "recommender.PolicyState", "recommender.ShadowScore",
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
                    "propensities": d.score.propensities,
                    "position": d.score.position,
                    "hash": d.score.hash,
                    "pruned": d.score.pruned_at.isoformat() if d.score.pruned_at else None,
                    "reaction": d.feedback.reaction if hasattr(d, "feedback") else None,
                    "reward": d.feedback.reward if hasattr(d, "feedback") else None,
                }
                for d in rows.order_by("created_at").iterator(chunk_size=200)
            ],
            "rewards": [
                {
                    "position": r.position,
                    "decision": str(r.decision_id) if r.decision_id else None,
                    "reward": r.reward,
                    "why": r.why,
                    "at": r.at.isoformat(),
                }
                for r in Reward.objects.filter(user_id=user_id)
                .order_by("position")
                .iterator(chunk_size=500)
            ],
            "learned": list(
                PolicyState.objects.filter(user_id=user_id).values("policy", "version", "count")
            ),
            "unseen": [
                {"decision": str(decision), "policy": policy, "distribution": pmf}
                for decision, policy, pmf in ShadowScore.objects.filter(decision__user=user_id)
                .order_by("decided_at")
                .values_list("decision_id", "policy", "pmf")
                .iterator(chunk_size=500)
            ],
        }

    def forget(self, user_id: int) -> int:
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
