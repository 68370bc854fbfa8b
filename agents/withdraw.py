"""What an agent said and believed of someone goes when the ground for it goes."""

from collections.abc import Collection, Iterable
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet

from accounts import consents
from accounts.models import Preference, User
from agents.grounds import Grounds, grounds_of
from agents.llm import callog
from agents.models import AgentOutput, Belief, Candidate
from agents.registry import agents, keys_by_consent
from agents.unwrite import unwrite


def end_what_it_allowed(user: User, document: str, now: datetime) -> None:
    """What agents said and believed by a consent goes, while it is being taken back; and the user's own
    word on that, which may be no more than a belief that they confirmed.
    """
    needing = [agent.id for agent in agents if document in agent.manifest.consents]
    if not needing:
        return
    with transaction.atomic():
        stands(user.pk, now=now)
        take_back([user.pk], needing)
        _take_back_what_was_written([user.pk], needing)
        callog.drop_texts(user.pk)
        _words_of(user.pk, document).delete()


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
            for document, at in consents.taken_back(user_id).items():
                _words_of(user_id, document).filter(updated_at__lte=at).delete()


def say_afresh(user_id: int, *, now: datetime) -> None:
    """All that was said of a user goes, and is said anew of what is left: for when a source is gone."""
    with transaction.atomic():
        if stands(user_id, now=now) is not None:
            AgentOutput.objects.filter(user_id=user_id).delete()
            _take_back_what_was_written([user_id], [agent.id for agent in agents])


def _words_of(user_id: int, document: str) -> QuerySet[Preference]:
    """The user's own word on what only agents with this consent may know of."""
    said = Preference.objects.filter(user_id=user_id, source=Preference.Source.USER)
    return said.filter(key__in=keys_by_consent(document))


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
    if outputs or beliefs or _tips_resting_on(ids, agent_ids):
        _take_back_what_was_written(ids, agent_ids)


def _take_back_what_was_written(user_ids: list[int], agent_ids: Collection[str]) -> None:
    """Tips that rest on what these agents said go too, and what a model wrote from it."""
    unwrite(user_ids)
    Candidate.objects.filter(pk__in=_tips_resting_on(user_ids, agent_ids)).delete()


def _tips_resting_on(user_ids: list[int], agent_ids: Collection[str]) -> list[UUID]:
    """Also those that were retired, or written by someone who did not know yet that they may not."""
    resting = Candidate.objects.filter(user_id__in=user_ids).exclude(claims={})
    return [
        pk
        for pk, claims in resting.values_list("pk", "claims")
        if any(fact.partition(".")[0] in agent_ids for fact in claims)
    ]


def drop_inferred(user_ids: Iterable[int], keys: Collection[str]) -> None:
    """The users' inferred values of these keys go; the defaults hold, or their own word."""
    if not keys:
        return
    inferred = Preference.objects.filter(
        source=Preference.Source.INFERRED, user_id__in=list(user_ids), key__in=keys
    )
    inferred.filter(forgotten_at=None).delete()
    inferred.exclude(value=None).update(value=None, confidence=0)
