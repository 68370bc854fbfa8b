"""What the agents floor holds about a person."""

from typing import Any

from accounts.privacy import PersonalData, register
from agents.models import AgentOutput, Belief, Candidate, LlmCall, TaskCluster, Writing
from oo.lib.encrypted import CannotDecrypt


class AgentsData(PersonalData):
    id = "agents"
    floor = 3
    models = (
        "agents.AgentOutput", "agents.Belief", "agents.Candidate", "agents.LlmCall",
        "agents.TaskCluster", "agents.Writing",
    )  # fmt: skip

    def export(self, user_id: int) -> dict[str, Any]:
        return {
            "outputs": list(
                AgentOutput.objects.filter(user_id=user_id).values("agent", "text", "facts")
            ),
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
            "candidates": list(
                Candidate.objects.filter(user_id=user_id).values("kind", "key", "content")
            ),
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


def _text(call: LlmCall) -> str:
    """What was said, where that was kept and can be opened."""
    try:
        return call.text if call.text_until else ""
    except CannotDecrypt:
        return ""


register(AgentsData())
