"""What the agents floor holds about a person."""

from typing import Any

from accounts.privacy import PersonalData, register
from agents.models import AgentOutput, Candidate


class AgentsData(PersonalData):
    id = "agents"
    floor = 3
    models = ("agents.AgentOutput", "agents.Candidate")

    def export(self, user_id: int) -> dict[str, Any]:
        return {
            "outputs": list(
                AgentOutput.objects.filter(user_id=user_id).values("agent", "text", "facts")
            ),
            "candidates": list(
                Candidate.objects.filter(user_id=user_id).values("kind", "key", "content")
            ),
        }

    def forget(self, user_id: int) -> int:
        return (
            Candidate.objects.filter(user_id=user_id).delete()[0]
            + AgentOutput.objects.filter(user_id=user_id).delete()[0]
        )


register(AgentsData())
