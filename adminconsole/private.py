"""What is not for operators: what agents know by a consent of its own, such as that to health."""

from typing import Any

from django.db.models import Exists, OuterRef, QuerySet

from agents.models import AgentOutput, Candidate
from agents.registry import agents
from agents.writing.advices import ADVICES
from agents.writing.draft import MODEL
from agents.writing.insights import INSIGHTS

PRIVATE = "theirs alone"


def is_private(agent_id: str) -> bool:
    """Whether what this agent knows was given by a consent of its own. Of one that left, who knows."""
    return agent_id not in agents or bool(agents.get(agent_id).manifest.consents)


def with_ground(rows: "QuerySet[Candidate]") -> "QuerySet[Candidate]":
    """Candidates with what `tells_private` asks of each: whether a private agent spoke of their user."""
    open_ = [agent.id for agent in agents if not is_private(agent.id)]
    spoke = AgentOutput.objects.filter(user=OuterRef("user")).exclude(agent__in=open_)
    return rows.annotate(of_private=Exists(spoke.exclude(text="")))


def tells_private(candidate: Candidate) -> bool:
    """Whether a candidate says, or lets one guess, what a private agent knows. Of rows of
    `with_ground`.

    Insights rest on claims and have topics of their own; some advices fit only who is short of
    energy. A model's words may come from all it was told, so those are private wherever it could
    have been told.
    """
    if any(is_private(claim.partition(".")[0]) for claim in candidate.claims):
        return True
    of_private = {one.topic for one in INSIGHTS if is_private(one.agent)}
    if candidate.kind == Candidate.Kind.INSIGHT and candidate.topic in of_private:
        return True
    if candidate.key in {one.key for one in ADVICES if one.moment.energy == "low"}:
        return True
    return candidate.model != MODEL and bool(getattr(candidate, "of_private", True))


def shown_of_key(key: str, value: Any) -> Any:
    """A preference's value, unless a private agent infers it."""
    private = {p.name for a in agents if is_private(a.id) for p in a.manifest.params}
    return PRIVATE if key in private else value
