"""The rows of this floor, by what they are about."""

from recommender.models.decisions import Decision, Feedback, Reward, Score
from recommender.models.policies import (
    Orders,
    PolicyDeployment,
    PolicyExperiment,
    PolicyPrior,
    PolicyRun,
    PolicyShadow,
    PolicyState,
    ShadowScore,
)
from recommender.models.simulation import SimEvent, SimRun

__all__ = [
    "Decision",
    "Feedback",
    "Orders",
    "PolicyDeployment",
    "PolicyExperiment",
    "PolicyPrior",
    "PolicyRun",
    "PolicyShadow",
    "PolicyState",
    "Reward",
    "Score",
    "ShadowScore",
    "SimEvent",
    "SimRun",
]
