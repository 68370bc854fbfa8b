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


def ask(user: User, *, now: datetime) -> Erasure:
    """Starts the forgetting of a person; from here on they can't act. Idempotent.

    Their row becomes an empty shell at once; the rows of every floor follow in `resume`.
    """
    with transaction.atomic():
        erasure, _ = Erasure.objects.get_or_create(
            user_id=user.pk, defaults={"asked_at": now, "due_at": now}
        )
        # A new unusable password changes the session hash: every session of theirs is over now.
        user.set_unusable_password()
        user.is_active = False
        user.role = User.Role.USER
        user.deleted_at = user.deleted_at or now
        user.email, user.time_zone, user.last_login = None, "UTC", None
        user.save()
    return erasure


def hurry(erasure_id: int, *, now: datetime) -> bool:
    """Makes an erasure due at once, instead of when it would next be tried. False when finished."""
    waiting = Erasure.objects.filter(pk=erasure_id, finished_at__isnull=True)
    return bool(waiting.update(due_at=now))


def due(now: datetime, limit: int = 20) -> list[int]:
    """Erasures to start or to take up again."""
    waiting = Erasure.objects.filter(finished_at__isnull=True, due_at__lte=now).order_by("due_at")
    return list(waiting.values_list("pk", flat=True)[:limit])


def resume(erasure_id: int, *, now: datetime) -> bool:
    """Takes an erasure as far as it will go; True when it is finished.

    Each holder's step is recorded in the transaction that did it, so a crash repeats nothing but an
    idempotent `let_go`. A holder that can't let go yet doesn't keep the others waiting.
    """
    # The lease: whoever moves due_at works on it.
    mine = Erasure.objects.filter(pk=erasure_id, finished_at__isnull=True, due_at__lte=now)
    if not mine.update(due_at=now + LEASE):
        return False
    erasure = Erasure.objects.get(pk=erasure_id)
    troubles = [trouble for holder in holders() if (trouble := _one(erasure, holder, now))]
    if troubles:
        erasure.attempts += 1
        erasure.error = "; ".join(troubles)[:300]
        erasure.due_at = now + timedelta(minutes=2**erasure.attempts)
        erasure.save(update_fields=["attempts", "error", "due_at"])
        return False
    Erasure.objects.filter(pk=erasure_id).update(finished_at=now, error="")
    return True


def _one(erasure: Erasure, holder: PersonalData, now: datetime) -> str:
    """One holder's share. Returns what went wrong, or nothing."""
    step = erasure.progress.setdefault(holder.id, {})
    if "forgot" in step:
        return ""
    if "let_go" not in step:
        try:
            holder.let_go(erasure.user_id)
            step["let_go"] = now.isoformat()
        except Exception as error:
            log.warning("erasure %s: %s can't let go: %s", erasure, holder.id, error)
            if erasure.attempts + 1 < OUTSIDE_ATTEMPTS:
                return f"{holder.id}: {type(error).__name__}"
            step["let_go"] = "not confirmed"
    try:
        with transaction.atomic():
            step["forgot"] = holder.forget(erasure.user_id)
            Erasure.objects.filter(pk=erasure.pk).update(progress=erasure.progress)
    except Exception as error:
        step.pop("forgot", None)
        log.exception("erasure %s: %s", erasure, holder.id)
        return f"{holder.id}: {type(error).__name__}"
    return ""
