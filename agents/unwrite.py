"""What a model wrote goes when the ground for it goes. A pool without it is as code writes it."""

from collections.abc import Iterable
from datetime import datetime

from django.db import transaction

from accounts import consents
from accounts.models import Consent, User
from agents.models import Candidate, Writing
from agents.writing.draft import MODEL, PROMPT_VERSION


def end_what_a_cloud_wrote(user: User, document: str, now: datetime) -> None:
    """The user takes back that a model in a cloud may be asked for them."""
    if document == Consent.Document.REMOTE_MODEL:
        with transaction.atomic():
            # Who writes down an answer has this lock too (agents.withdraw.stands).
            list(User.objects.select_for_update(no_key=True).filter(pk=user.pk).values_list("pk"))
            unwrite([user.pk])


consents.when_taken_back(end_what_a_cloud_wrote)


def unwrite(user_ids: Iterable[int]) -> None:
    """Deletes what a model wrote for these users. What rests keeps its rest, without the sentence."""
    ids = list(user_ids)
    Writing.objects.filter(user_id__in=ids).delete()
    theirs = Candidate.objects.filter(user_id__in=ids).exclude(model=MODEL)
    theirs.filter(resting_until=None).delete()
    theirs.exclude(task=None).update(content="{title}", model=MODEL, prompt_version=PROMPT_VERSION)
    theirs.delete()
