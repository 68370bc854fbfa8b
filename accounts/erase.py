"""Deleting an account: one click, resumable after a crash, provable by its receipt."""

import logging
from datetime import datetime, timedelta

from django.db import transaction

from accounts.models import Erasure, User
from accounts.privacy import PersonalData, holders

log = logging.getLogger(__name__)

# How often the outside world is asked to let go before the rest is done without its answer.
OUTSIDE_ATTEMPTS = 6
LEASE = timedelta(minutes=5)
LONGEST_WAIT = timedelta(hours=1)
# What was under way when the person left may still write. Longer than any request or job lives.
SECOND_LOOK = timedelta(minutes=5)


def ask(user: User, *, now: datetime) -> Erasure:
    """Starts the forgetting of a person; from here on they can't act. Idempotent.

    Their row becomes an empty shell at once; the rows of every floor follow in `resume`.
    """
    with transaction.atomic():
        erasure, _ = Erasure.objects.get_or_create(
            user_id=user.pk, defaults={"asked_at": now, "due_at": now}
        )
        # A new unusable password changes the session hash: every session of theirs is over now.
        User.objects.filter(pk=user.pk).empty(now)
    return erasure


def hurry(erasure_id: int, *, now: datetime) -> bool:
    """Makes an erasure due at once, instead of when it would next be tried. False when finished."""
    waiting = Erasure.objects.filter(pk=erasure_id, finished_at__isnull=True)
    return bool(waiting.update(due_at=now))


def due(now: datetime, limit: int = 20) -> list[int]:
    """Erasures to start, to take up again, or to look at once more."""
    waiting = Erasure.objects.filter(checked_at__isnull=True, due_at__lte=now).order_by("due_at")
    return list(waiting.values_list("pk", flat=True)[:limit])


def resume(erasure_id: int, *, now: datetime) -> bool:
    """Takes an erasure as far as it will go; True when everything is gone.

    Each holder's step is recorded in the transaction that did it, so a crash repeats nothing but an
    idempotent `let_go`. A holder that can't let go yet doesn't keep the others waiting. A finished
    erasure is done once more later, for what requests and jobs wrote that were under way.
    """
    # The lease: whoever moves due_at works on it.
    mine = Erasure.objects.filter(pk=erasure_id, checked_at__isnull=True, due_at__lte=now)
    if not mine.update(due_at=now + LEASE):
        return False
    erasure = Erasure.objects.get(pk=erasure_id)
    troubles = [trouble for holder in holders() if (trouble := _one(erasure, holder, now))]
    if troubles:
        erasure.attempts += 1
        erasure.error = "; ".join(troubles)[:300]
        erasure.due_at = now + min(timedelta(minutes=2 ** min(erasure.attempts, 9)), LONGEST_WAIT)
        erasure.save(update_fields=["attempts", "error", "due_at"])
        return False
    if erasure.finished_at is None:
        done = {"finished_at": now, "due_at": now + SECOND_LOOK, "attempts": 0, "error": ""}
    else:
        done = {"checked_at": now, "error": ""}
    Erasure.objects.filter(pk=erasure_id).update(**done)
    return True


def _one(erasure: Erasure, holder: PersonalData, now: datetime) -> str:
    """One holder's share, also when it was done before: something may have come since.

    Returns what went wrong, or nothing.
    """
    step = erasure.progress.setdefault(holder.id, {})
    try:
        holder.let_go(erasure.user_id)
        step.setdefault("let_go", now.isoformat())
    except Exception as error:
        log.warning("erasure %s: %s can't let go: %s", erasure, holder.id, type(error).__name__)
        if erasure.attempts + 1 < OUTSIDE_ATTEMPTS:
            return f"{holder.id}: {type(error).__name__}"
        step["let_go"] = "not confirmed"
    before = dict(step)
    try:
        with transaction.atomic():
            step["forgot"] = step.get("forgot", 0) + holder.forget(erasure.user_id)
            Erasure.objects.filter(pk=erasure.pk).update(progress=erasure.progress)
    except Exception as error:
        erasure.progress[holder.id] = before
        log.exception("erasure %s: %s", erasure, holder.id)
        return f"{holder.id}: {type(error).__name__}"
    return ""
