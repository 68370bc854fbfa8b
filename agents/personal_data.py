"""What the agents floor holds about a person."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from accounts.privacy import PersonalData, register
from agents.models import AgentOutput, Belief, Candidate, LlmCall, TaskCluster, Writing
from oo.lib.encrypted import CannotDecrypt

OF_AN_OUTPUT = ("agent", "text", "facts", "confidence", "why", "error", "computed_at", "expires_at")
OF_A_CANDIDATE = (
    "kind", "key", "content", "topic", "claims", "confidence", "created_at", "expires_at",
    "resting_until", "retired_at",
)  # fmt: skip


class AgentsData(PersonalData):
    id = "agents"
    floor = 3
    models = (
        "agents.AgentOutput", "agents.Belief", "agents.Candidate", "agents.LlmCall",
        "agents.TaskCluster", "agents.Writing",
    )  # fmt: skip

    def export(self, user_id: int) -> dict[str, Any]:
        return {
            "outputs": _rows(AgentOutput.objects.filter(user_id=user_id).values(*OF_AN_OUTPUT)),
            "beliefs": [
                {
                    "agent": one.agent,
                    "about": one.key,
                    "value": one.value,
                    "confidence": one.confidence,
                    "evidence": one.evidence,
                    "from_so_much": one.history,
                    "instead_of_knowing": one.why,
                    "inferred_at": one.inferred_at.isoformat(),
                }
                for one in Belief.objects.filter(user_id=user_id).order_by("key")
            ],
            "candidates": _rows(Candidate.objects.filter(user_id=user_id).values(*OF_A_CANDIDATE)),
            "tasks_alike": list(
                TaskCluster.objects.filter(task__user_id=user_id).values(
                    "task_id", "cluster", "twin_id"
                )
            ),
            "written_by_a_model": list(
                Writing.objects.filter(user_id=user_id).values("model", "tips", "outcome")
            ),
            "models_asked": [
                {
                    "at": call.at.isoformat(),
                    "for": call.alias,
                    "model": call.model,
                    "in_a_cloud": call.remote,
                    "tokens": call.tokens_in + call.tokens_out,
                    "cost": str(call.cost),
                    "outcome": call.outcome,
                    "text": _text(call),
                }
                for call in LlmCall.objects.filter(user_id=user_id).defer("text").order_by("at")
            ],
        }

    def forget(self, user_id: int) -> int:
        return (
            Candidate.objects.filter(user_id=user_id).delete()[0]
            + AgentOutput.objects.filter(user_id=user_id).delete()[0]
            + Belief.objects.filter(user_id=user_id).delete()[0]
            + Writing.objects.filter(user_id=user_id).delete()[0]
            + LlmCall.objects.filter(user_id=user_id).delete()[0]
            + TaskCluster.objects.filter(task__user_id=user_id).delete()[0]
        )


def _rows(found: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """As JSON takes them."""
    return [
        {key: one.isoformat() if isinstance(one, datetime) else one for key, one in row.items()}
        for row in found
    ]


def _text(call: LlmCall) -> str:
    """What was said, where that was kept and can be opened."""
    try:
        return call.text if call.text_until else ""
    except CannotDecrypt:
        return ""


register(AgentsData())
