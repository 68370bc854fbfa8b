"""What an agent said and believed of someone goes when the ground for it goes."""

from collections.abc import Collection, Iterable
from datetime import datetime

from django.db import transaction

from accounts import consents
from accounts.models import Preference, User
from agents.grounds import Grounds, grounds_of
from agents.models import AgentOutput, Belief, Candidate, Writing
from agents.registry import agents


def end_what_it_allowed(user: User, document: str, now: datetime) -> None:
    """What agents said and believed by a consent goes, while it is being taken back."""
    needing = [agent.id for agent in agents if document in agent.manifest.consents]
    with transaction.atomic():
        stands(user.pk, now=now)
        take_back([user.pk], needing)


consents.when_taken_back(end_what_it_allowed)


def stands(user_id: int, *, now: datetime) -> Grounds | None:
    """What a user allows at this moment, alone with them until the transaction ends; None if they left.

    Who writes what an agent says asks this first, and so does who withdraws it: whichever of the two
    comes second knows of the first. Call it inside atomic().
    """
    still = User.objects.select_for_update(no_key=True).filter(pk=user_id, is_active=True)
    if not still.values_list("pk").first():
        return None
    return grounds_of([user_id], now=now)[user_id]


def withdraw_unfounded(user_id: int, *, now: datetime) -> None:
    """Takes back all that agents said and believed of a user which they do not allow any more."""
    with transaction.atomic():
        grounds = stands(user_id, now=now)
        if grounds is not None:
            take_back([user_id], unfounded(grounds))


def unfounded(grounds: Grounds) -> list[str]:
    """The agents, by id, that may not know of someone who gives this much."""
    return [agent.id for agent in agents if not grounds.allow(agent.manifest)]


def take_back(user_ids: Iterable[int], agent_ids: Collection[str]) -> None:
    """Deletes what these agents said of these users, and what they believed of them.

    That someone had a belief forgotten stays known: it must not come back from the same past.
    """
    ids = list(user_ids)
    if not agent_ids:
        return
    outputs = AgentOutput.objects.filter(user_id__in=ids, agent__in=agent_ids).delete()[0]
    keys = [
        param.name for agent in agents if agent.id in agent_ids for param in agent.manifest.params
    ]
    drop_inferred(ids, keys)
    beliefs = Belief.objects.filter(user_id__in=ids, agent__in=agent_ids).delete()[0]
    if outputs or beliefs:
        _take_back_what_was_written(ids, agent_ids)


def _take_back_what_was_written(user_ids: list[int], agent_ids: Collection[str]) -> None:
    """Tips that rest on what these agents said go too, and what a model wrote from it."""
    Writing.objects.filter(user_id__in=user_ids).delete()
    resting = Candidate.objects.filter(user_id__in=user_ids).exclude(claims={})
    on_them = [
        pk
        for pk, claims in resting.values_list("pk", "claims")
        if any(fact.partition(".")[0] in agent_ids for fact in claims)
    ]
    Candidate.objects.filter(pk__in=on_them).delete()


def drop_inferred(user_ids: Iterable[int], keys: Collection[str]) -> None:
    """The users' inferred values of these keys go; the defaults hold, or their own word."""
    if not keys:
        return
    inferred = Preference.objects.filter(
        source=Preference.Source.INFERRED, user_id__in=list(user_ids), key__in=keys
    )
    inferred.filter(forgotten_at=None).delete()
    inferred.exclude(value=None).update(value=None, confidence=0)
