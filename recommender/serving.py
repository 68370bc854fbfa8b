"""The request path: from candidates to the one tip. No model, no network, a handful of queries."""

import logging
import time
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import numpy as np
from django.conf import settings
from django.db import IntegrityError, transaction

from accounts.models import User
from accounts.zones import zone_of
from agents.models import Candidate
from integrations import snapshot
from oo.events.catalogue import TipServed
from oo.events.publish import publish
from oo.lib.jobs import wake_soon
from recommender.answers import COMPLETED, POSTPONED, way
from recommender.contenders import TITLE, Contender, contenders
from recommender.decide import decide
from recommender.featurise import moment_of, rows_of, silent_row
from recommender.jobs import LEARN_SECONDS, learn_user
from recommender.live import Live, live
from recommender.mix import mix, wanted
from recommender.models import Decision
from recommender.moment import awaits_its_pool, is_first_read
from recommender.quiet import quiet_until
from recommender.record import Made, write_down
from recommender.seat import seat
from recommender.tips import Look as Look
from recommender.tips import Silence as Silence
from recommender.tips import Tip as Tip
from recommender.tips import told

log = logging.getLogger(__name__)

INSIGHT = Candidate.Kind.INSIGHT


class NotYet(Exception):
    """The first thing to say should come from the list that was just connected."""


def serve_tip(user: User, *, now: datetime, rng: np.random.Generator) -> Tip | None:
    """The tip this user sees now: the open one while it holds, else a newly chosen one.

    None is an answer too: nothing is worth saying, or now is no moment to say it.
    """
    return look(user, now=now, rng=rng).tip


def look(user: User, *, now: datetime, rng: np.random.Generator) -> Look:
    """The open decision while it holds, else a new one, but none within the hours that the user
    wants quiet, and none while the list they have just connected is read. For a caller that has the
    user, one query for a reload and five for something new, also when something old has to be closed
    first; and one more for who has just connected.
    """
    seen: Mapping[str, Any] = {}
    for _ in range(3):
        who = live(user.pk, now=now)
        seen = seat(user, who.policy.id, now=now)
        ordered = live(user.pk, seen, now=now)
        if ordered.policy is not who.policy:
            seen = seat(user, ordered.policy.id, now=now)
        shown = _still_holds(seen, now)
        if shown:
            return _look(shown, seen)
        until = quiet_until(seen["quiet"] or [], now.astimezone(zone_of(user.time_zone)))
        if until:
            return _look(None, seen, until)
        if is_first_read(seen["sources"] or [], now=now):
            return _look(None, seen, reading=True)
        try:
            return _look(_choose(user, seen, ordered, now=now, rng=rng), seen)
        except NotYet:
            return _look(None, seen, reading=True)
        except IntegrityError:
            log.info("user %s: another device was quicker, showing what it was given", user.pk)
    log.error("user %s: no seat after three tries", user.pk)
    return _look(None, seen)


def _look(
    shown: Tip | Silence | None,
    seen: Mapping[str, Any],
    until: datetime | None = None,
    *,
    reading: bool = False,
) -> Look:
    said = seen["said"]
    if said is not None:
        completed = said["completed"] and said["kind"] != Candidate.Kind.TASK
        label = way(said["kind"], said["reaction"]).label
        if completed or said["postponed"]:
            label = COMPLETED if completed else POSTPONED
        said = {**said, "id": str(UUID(said["id"])), "label": label}
    return Look(shown, seen["sources"] or [], said, until, reading)


def still_holds(user_id: int, decision_id: UUID, *, now: datetime) -> bool:
    """Whether a decision that is on somebody's screen is still what they would be shown. One query.

    Words that can't be had just now are no reason to take them from the screen.
    """
    mine = Decision.objects.filter(
        pk=decision_id, user=user_id, status=Decision.Status.OPEN, expires_at__gt=now
    )
    silent = mine.filter(kind=Decision.SILENCE)
    true = mine.filter(candidate__isnull=False, candidate__task__closed_at=None)
    return (silent | true).exclude(kind=INSIGHT, candidate__retired_at__isnull=False).exists()


def _still_holds(seen: Mapping[str, Any], now: datetime) -> Tip | Silence | None:
    """The open decision, or None when there is none, it ran out, its task is closed, its text can't
    be had, or it was silence and there is something new to say.
    """
    if seen["open__id"] is None or seen["open__expires_at"] <= now:
        return None
    if seen["open__kind"] == Decision.SILENCE:
        if wanted(seen["balance"] or []).intersection(seen["news"] or []):
            return None
        return Silence(str(seen["open__id"]), seen["open__expires_at"])
    content = seen["open__candidate__content"]
    if _is_untrue(seen):
        return None
    words: str | None = ""
    if TITLE in content:
        kind = "task" if seen["open__candidate__task__connection_id"] else "event"
        connection_id = seen[f"open__candidate__{kind}__connection_id"]
        texts = snapshot.read(connection_id) or {}
        words = texts.get(f"{kind}:{seen[f'open__candidate__{kind}__external_id']}")
    if words is None:
        return None
    return told(
        seen["open__id"], seen["open__kind"], content, words,
        seen["open__created_at"], seen["open__expires_at"],
        seen["open__candidate__task__connection__source"],
    )  # fmt: skip


def _closed_as(seen: Mapping[str, Any], now: datetime) -> str:
    """What becomes of the open decision. One that ran out, or whose words can't be had just now,
    may still be answered.
    """
    if seen["open__expires_at"] <= now:
        return Decision.Status.EXPIRED
    if seen["open__kind"] == Decision.SILENCE:
        return Decision.Status.UNTRUE
    return Decision.Status.UNTRUE if _is_untrue(seen) else Decision.Status.EXPIRED


def _is_untrue(seen: Mapping[str, Any]) -> bool:
    """Whether the open tip holds no longer. Without content its candidate went with its connection;
    an insight is retired when its numbers are others. What else is retired made way, and stays.
    """
    return bool(
        seen["open__candidate__content"] is None
        or seen["open__candidate__task__closed_at"]
        or (seen["open__kind"] == INSIGHT and seen["open__candidate__retired_at"])
    )


def _choose(
    user: User, seen: Mapping[str, Any], who: Live, *, now: datetime, rng: np.random.Generator
) -> Tip | Silence | None:
    """A new decision over the candidates that can be shown. Raises IntegrityError when there is an
    open one already, and NotYet while what there is leaves out a list that was just connected.
    """
    state, through = seen["learned__state"], seen["learned__through"]
    count = seen["learned__count"] or 0
    if state is None or seen["learned__version"] != who.policy.version:
        # A newcomer, or someone whom this policy, or this version of it, has yet to get to know.
        wake_soon(learn_user, user.pk, seconds=LEARN_SECONDS)
        state, through, count = None, 0, 0
    started = time.perf_counter()
    worded = contenders(user, now=now)
    about_tasks = any(one.task_id is not None for one, _ in worded)
    if awaits_its_pool(user, seen["sources"] or [], about_tasks, now=now):
        raise NotYet
    old = _old(user, seen, now)
    mixed = mix([one for one, _ in worded], _lately(seen, old), seen["balance"] or [], now=now)
    worded = [worded[index] for index in mixed.eligible]
    if not worded:
        if old is not None:
            Decision.objects.filter(pk=old.pk, status=Decision.Status.OPEN).update(
                status=old.status, closed_at=now
            )
        return None
    eligible = [one for one, _ in worded]
    moment = moment_of(now.astimezone(zone_of(user.time_zone)), seen["meeting"])
    seed = int(rng.integers(2**63 - 1))
    # Who has hardly answered yet came to see a tip; what suits them better is not known.
    may_be_silent = count >= settings.SILENCE_AFTER and not _was_broken(seen["last"])
    silence = silent_row(moment) if may_be_silent else None
    ruling = decide(rows_of(eligible, moment), who, state, seed=seed, silence=silence)
    if ruling.failed:
        wake_soon(learn_user, user.pk, seconds=LEARN_SECONDS)  # mends a state that has rotted
    chosen: Contender | None = None
    if not ruling.silent:
        chosen, words = worded[ruling.choice.index]
    ends = now + timedelta(minutes=settings.SILENCE_MINUTES)
    if chosen is not None:
        ends = min(now + timedelta(hours=settings.TIP_HOURS), chosen.expires_at)
    decision = Decision(
        user=user,
        candidate_id=chosen and chosen.id,
        kind=chosen.kind if chosen else Decision.SILENCE,
        policy=ruling.policy.id,
        policy_version=ruling.policy.version,
        propensity=ruling.choice.propensity,
        created_at=now,
        expires_at=ends,
    )
    made = Made(
        decision=decision,
        eligible=eligible,
        mixed=mixed.facts,
        ruling=ruling,
        who=who,
        through=0 if ruling.failed else through,
        seed=seed,
        latency_us=int((time.perf_counter() - started) * 1e6),
    )
    with transaction.atomic():
        write_down(made, after=seen["last"], old=old)
        publish(
            TipServed(
                user_id=user.pk,
                decision_id=str(decision.pk),
                kind=decision.kind,
                policy=decision.policy,
            ),
            now=now,
        )
    if chosen is None:
        return Silence(str(decision.pk), decision.expires_at)
    return told(
        decision.pk, decision.kind, chosen.content, words, now, decision.expires_at,
        chosen.task_source,
    )  # fmt: skip


def _was_broken(last: Mapping[str, Any] | None) -> bool:
    """Whether the last decision was silence and the user asked for a tip instead."""
    return last is not None and (last["kind"], last["status"]) == (
        Decision.SILENCE, Decision.Status.ANSWERED,
    )  # fmt: skip


def _lately(seen: Mapping[str, Any], old: Decision | None) -> list[Mapping[str, Any]]:
    """The tips that were shown lately, without the one that is just found to be untrue."""
    shown = seen["lately"] or []
    if old is None or old.status != Decision.Status.UNTRUE:
        return shown
    return [row for row in shown if UUID(row["id"]) != old.pk]


def _old(user: User, seen: Mapping[str, Any], now: datetime) -> Decision | None:
    """The open decision as it is to be closed."""
    if seen["open__id"] is None:
        return None
    columns = ("id", "kind", "policy", "policy_version", "propensity", "created_at", "expires_at")
    return Decision(
        user=user,
        status=_closed_as(seen, now),
        closed_at=now,
        **{name: seen[f"open__{name}"] for name in columns},
    )
