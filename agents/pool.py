"""A user's pool of candidates: rewritten, rested, retired, pruned."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db.models import Q

from agents.models import Candidate, Writing
from agents.prompts import prompt
from agents.writing.draft import TipCandidate
from agents.writing.written import Written, overlay
from integrations.models import Task
from oo.lib import prune as pruning

KEEP_RETIRED = timedelta(days=30)
AT_ONCE = timedelta(hours=1)  # no two refreshes that run at once are further apart
# What a draft says. A rewritten candidate keeps its identity, its rest and when it was made.
SAID = (
    "kind", "content", "source", "model", "prompt_version", "confidence", "topic", "cluster",
    "claims", "task_id", "event_id",
)  # fmt: skip
REWRITTEN = (
    "kind", "content", "source", "model", "prompt_version", "confidence", "topic", "cluster",
    "claims", "task", "event", "expires_at", "retired_at",
)  # fmt: skip


def rewrite(
    user_id: int, drafts: Sequence[TipCandidate], known: Sequence[Candidate], *, now: datetime
) -> None:
    """The pool, which is `known`, becomes these drafts: only what differs is written.

    What is not among the drafts is retired, unless it was made a little after `now`: then whoever
    made it knew more. Long after it, the clock was wrong.
    """
    before = {candidate.key: candidate for candidate in known}
    # Someone who does not want to hear of a task does not want its reminder either.
    resting: dict[int, datetime] = {}
    for candidate in known:
        if candidate.task_id is not None and candidate.resting_until is not None:
            longest = resting.get(candidate.task_id, candidate.resting_until)
            resting[candidate.task_id] = max(longest, candidate.resting_until)
    rows = [
        Candidate(
            user_id=user_id,
            key=draft.key,
            created_at=now,
            expires_at=draft.expires_at,
            resting_until=resting.get(draft.task_id) if draft.task_id is not None else None,
            **{name: getattr(draft, name) for name in SAID},
        )
        for draft in drafts
        if _differs(before.get(draft.key), draft, now)
    ]
    gone = [candidate.pk for candidate in _gone(drafts, known, now)]
    if gone:
        Candidate.objects.filter(pk__in=gone).update(retired_at=now)
    if rows:
        Candidate.objects.bulk_create(
            rows,
            update_conflicts=True,
            unique_fields=["user", "key"],
            update_fields=REWRITTEN,
            batch_size=500,
        )


def differ(drafts: Sequence[TipCandidate], known: Sequence[Candidate], *, now: datetime) -> bool:
    """Whether anything has to be written for the pool, which is `known`, to become these drafts."""
    before = {candidate.key: candidate for candidate in known}
    return bool(_gone(drafts, known, now)) or any(
        _differs(before.get(draft.key), draft, now) for draft in drafts
    )


def _gone(
    drafts: Sequence[TipCandidate], known: Sequence[Candidate], now: datetime
) -> list[Candidate]:
    drafted = {draft.key for draft in drafts}
    return [
        candidate
        for candidate in known
        if candidate.key not in drafted
        and candidate.retired_at is None
        and not now < candidate.created_at <= now + AT_ONCE
    ]


def overlaid(
    drafts: Sequence[TipCandidate], writing: Writing | None, *, now: datetime
) -> Sequence[TipCandidate]:
    """The drafts, with what a model wrote in their place where it still holds. What was written with
    a prompt that is not in use any more doesn't.
    """
    if writing is None or not writing.tips or writing.prompt_version != prompt().version:
        return drafts
    return overlay(
        drafts,
        [Written.of(kept) for kept in writing.tips],
        model=writing.model,
        prompt_version=writing.prompt_version,
        now=now,
    )


def _differs(before: Candidate | None, draft: TipCandidate, now: datetime) -> bool:
    """Whether a candidate has to be written: it says something else, or is half-way to its end."""
    if before is None or before.retired_at is not None:
        return True
    if any(getattr(before, name) != getattr(draft, name) for name in SAID):
        return True
    if draft.expires_at < before.expires_at:
        return True
    return before.expires_at - now < (draft.expires_at - now) / 2


def rest(candidate: Candidate, *, until: datetime) -> None:
    """The user has answered: neither this one nor another about its task comes before `until`.

    A rest is only ever made longer.
    """
    same = Candidate.objects.filter(pk=candidate.pk)
    if candidate.task_id is not None:
        same = Candidate.objects.filter(task_id=candidate.task_id)
    same.filter(Q(resting_until=None) | Q(resting_until__lt=until)).update(resting_until=until)


def retire_closed(user_id: int, *, now: datetime) -> int:
    """Retires the candidates whose task is done or gone, at once. Returns how many."""
    gone = Task.objects.filter(user_id=user_id, closed_at__isnull=False)
    return Candidate.objects.filter(user_id=user_id, retired_at=None, task__in=gone).update(
        retired_at=now
    )


def retire_about(task_id: int, *, now: datetime) -> int:
    """Retires the candidates about the occurrence of a task that was just completed, unless they
    were made since. Returns how many.
    """
    task = Task.objects.filter(pk=task_id).values_list("closed_at", "done_at").first()
    at = task and (task[0] or task[1])
    if not at:
        return 0
    old = Candidate.objects.filter(task_id=task_id, retired_at=None, created_at__lte=at)
    return old.update(retired_at=now)


def prune(*, now: datetime) -> int:
    """Deletes candidates that were retired or ran out long ago and rest no more."""
    old = now - KEEP_RETIRED
    return pruning.prune(
        Candidate.objects.filter(
            Q(retired_at__lt=old) | Q(expires_at__lt=old),
            Q(resting_until=None) | Q(resting_until__lt=now),
        )
    )
