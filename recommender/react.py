"""A reaction: the first one counts, is written with its consequences, and settles into a reward."""

import uuid
from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, Max, OuterRef, Q

from accounts.models import User
from accounts.zones import zone_of
from agents.models import Candidate
from agents.pool import rest
from integrations.commands import completion_asked, request_completion, request_postponement
from oo.events.catalogue import RewardSettled, TipFeedback
from oo.events.publish import publish
from recommender.answers import COMPLETE, NOT_TODAY, completes, meant, takes, way
from recommender.bandit.reward import SILENCE_KEPT, Reaction, reward
from recommender.chain import EMPTY, payload_digest
from recommender.ledger import Line, alone_with, append, counts_late
from recommender.models import Decision, Feedback, Reward, Score

# An advice followed today is not news tomorrow, and what is known now will be for a while.
RESTS = {Candidate.Kind.ADVICE: timedelta(days=3), Candidate.Kind.INSIGHT: timedelta(days=7)}
# An answer that comes later than this after a tip ran out is learned from and does nothing else: the
# task may have come round again since.
STILL_MEANT = timedelta(days=1)
PRUNED_AT_ONCE = 200
SETTLED = Reward.Why.SETTLED
UNSETTLED_SILENCE = Q(kind=Decision.SILENCE, status=Decision.Status.EXPIRED)


class NoSuchTip(Exception):
    """There is no such tip, or it is someone else's."""


@dataclass(frozen=True)
class Answer:
    """What became of a reaction: `first` is the one that counts, and `says` is for the user."""

    counted: bool
    first: str
    says: str


def react(
    user: User,
    tip_id: uuid.UUID,
    reaction: str,
    *,
    dwell_ms: int | None,
    now: datetime,
) -> Answer:
    """Takes the user's reaction: done, complete, snooze, not_today or dismiss, and to silence: show
    (recommender.answers). Of two devices the first counts, and saying it again changes nothing;
    save that who said “got it” to a reminder may still say that its task is done.
    Raises NoSuchTip, and ValueError for another word, or one that its kind does not take.

    `dwell_ms` is how long the tip was visible, and None when the device can't tell: then the time
    since it was chosen stands for it, which is also the most that is believed.
    """
    word, reaction = str(reaction), meant(reaction)
    mine = Decision.objects.filter(pk=tip_id, user=user).select_related("candidate__task")
    with transaction.atomic():
        # Locked against retention, which may be at it: see prune_unanswered.
        decision = mine.select_for_update(of=("self",), no_key=True).first()
        if decision is None:
            raise NoSuchTip
        if not takes(decision.kind, word):
            raise ValueError(f"{word} is no answer to {decision.kind}")
        said = way(decision.kind, reaction).says
        if _is_overtaken_silence(decision):
            # Whoever asks for a tip from an older page asks it of the silence they would have now.
            open_one = Decision.objects.select_for_update(no_key=True).filter(
                user=user, kind=Decision.SILENCE, status=Decision.Status.OPEN
            )
            decision = open_one.first()
            if decision is None:
                return Answer(False, "", said)
            tip_id = decision.pk
        # A tip that ran out may still be answered: the phone was offline, the reaction is real.
        answerable = (Decision.Status.OPEN, Decision.Status.EXPIRED, Decision.Status.KEPT)
        # Unless what came of it is known already: its task was completed elsewhere.
        if decision.status == Decision.Status.EXPIRED and counts_late(user.pk, tip_id):
            return _already(decision, word, now)
        # Nothing could be learned from what retention has emptied.
        if not Decision.objects.filter(
            pk=tip_id, status__in=answerable, score__pruned_at=None
        ).update(status=Decision.Status.ANSWERED, closed_at=now):
            return _already(decision, word, now)
        elapsed_ms = max(0, int((now - decision.created_at).total_seconds() * 1000))
        dwell_ms = elapsed_ms if dwell_ms is None else min(dwell_ms, elapsed_ms)
        Feedback.objects.create(
            decision=decision, user=user, reaction=reaction, dwell_ms=dwell_ms, created_at=now
        )
        if decision.candidate is not None and now - decision.expires_at < STILL_MEANT:
            if word == NOT_TODAY and _put_off(decision.candidate, user, now):
                said = "Tomorrow, then."
            elif _follow(decision.candidate, reaction, completes(decision.kind, word), now):
                said = "Done."
        publish(
            TipFeedback(
                user_id=user.pk,
                decision_id=str(tip_id),
                reaction=reaction.value,
                dwell_ms=dwell_ms,
            ),
            now=now,
        )
    return Answer(True, reaction, said)


def _is_overtaken_silence(decision: Decision) -> bool:
    return (decision.kind, decision.status) == (Decision.SILENCE, Decision.Status.UNTRUE)


def _already(decision: Decision, word: str, now: datetime) -> Answer:
    reaction = meant(word)
    feedback = Feedback.objects.filter(decision_id=decision.pk).first()
    if feedback is None:
        return Answer(False, "", "This one settled itself meanwhile.")
    before = way(decision.kind, feedback.reaction)
    if feedback.reaction == reaction:
        done = word == COMPLETE and _completed_after(decision, feedback, now)
        return Answer(False, feedback.reaction, "Done." if done else before.says)
    return Answer(
        False, feedback.reaction, f"You already said “{before.spoken}” on another device."
    )


def _completed_after(decision: Decision, feedback: Feedback, now: datetime) -> bool:
    """Completes the task of a tip that had its good answer before. It belongs to that answer, as if
    said with it: whoever takes that back takes back both.
    """
    task = decision.candidate.task if decision.candidate else None
    if task is None or now - decision.expires_at >= STILL_MEANT:
        return False
    return request_completion(task.pk, now=feedback.created_at) or completion_asked(
        task.pk, asked=feedback.created_at
    )


def _follow(candidate: Candidate, reaction: Reaction, done: bool, now: datetime) -> bool:
    """What the reaction does to the candidate, and to the task it is about if that is `done`.
    Whether its source is told so.
    """
    told = done and candidate.task_id is not None and request_completion(candidate.task_id, now=now)
    if not told:
        until = rests_until(candidate, reaction, now)
        if done and candidate.task_id is not None:
            until = rests_as_done(candidate.task_id, until)  # its source can't be told
        rest(candidate, until=until)
    return told


def _put_off(candidate: Candidate, user: User, now: datetime) -> bool:
    """Has the candidate's task put off to tomorrow where it is listed, if that can be."""
    day = tomorrow(user, now)
    if candidate.task_id is None or not request_postponement(candidate.task_id, to=day, now=now):
        return False
    rest(candidate, until=begins(day, user))
    return True


def tomorrow(user: User, now: datetime) -> date:
    return now.astimezone(zone_of(user.time_zone)).date() + timedelta(days=1)


def begins(day: date, user: User) -> datetime:
    """When a day begins where the user is."""
    return datetime.combine(day, time(), zone_of(user.time_zone)).astimezone(UTC)


def rests_until(candidate: Candidate, reaction: Reaction, said: datetime) -> datetime:
    """Until when a candidate rests that was answered at `said`."""
    if reaction == Reaction.SNOOZE:
        return said + timedelta(minutes=settings.SNOOZE_MINUTES)
    if reaction == Reaction.DISMISS:
        return said + timedelta(days=settings.DISMISS_DAYS)
    rests = RESTS.get(Candidate.Kind(candidate.kind))
    return said + rests if rests else candidate.expires_at


def rests_as_done(task_id: int, until: datetime) -> datetime:
    """Until when a task rests, at least `until`, that is done and can't be completed in its source."""
    about = Candidate.objects.filter(task=task_id, retired_at=None)
    return max(until, about.aggregate(last=Max("expires_at"))["last"] or until)


def settle(*, now: datetime, limit: int = 200, only: Collection[int] | None = None) -> int:
    """Fixes the worth of reactions that have none yet, and of silences that ran out, and enters it
    in the ledger: each once. Returns how many it looked at. `only` are ids of users: all of theirs.
    """
    said = Feedback.objects.filter(reward=None)
    # Nothing can be learned from a silence that was emptied.
    whole = Score.objects.filter(decision=OuterRef("pk"), pruned_at=None)
    silent = Decision.objects.filter(Exists(whole), UNSETTLED_SILENCE)
    if only is not None:
        said, silent = said.filter(user__in=only), silent.filter(user__in=only)
        limit = said.count() + silent.count()
    feedback = dict(said.order_by("created_at").values_list("pk", "user_id")[:limit])
    kept = dict(silent.order_by("created_at").values_list("pk", "user_id")[: limit - len(feedback)])
    if not feedback and not kept:
        return 0
    with alone_with({*feedback.values(), *kept.values()}):
        worth = {
            one.pk: one
            for one in Feedback.objects.filter(pk__in=feedback, reward=None)
            .order_by("created_at")
            .select_related("decision")
        }
        for one in worth.values():
            one.reward = reward(one.reaction, one.dwell_ms / 1000, one.decision.kind)
            one.settled_at = now
        Feedback.objects.bulk_update(worth.values(), ["reward", "settled_at"], batch_size=500)
        # Whoever broke the silence meanwhile has answered it.
        still = set(silent.filter(pk__in=kept).select_for_update().values_list("pk", flat=True))
        Decision.objects.filter(pk__in=still).update(status=Decision.Status.KEPT)
        lines = [Line(one.user_id, one.pk, one.reward, SETTLED) for one in worth.values()]
        lines += [Line(user, pk, SILENCE_KEPT, SETTLED) for pk, user in kept.items() if pk in still]
        append(lines, now=now)
        publish(
            *(
                RewardSettled(
                    user_id=line.user_id,
                    decision_id=str(line.decision_id),
                    reward=line.reward or 0.0,
                )
                for line in lines
            ),
            now=now,
        )
    return len(feedback) + len(kept)


def close_untrue(user_id: int, *, now: datetime) -> int:
    """Takes back the open tip when its task is closed or its candidate gone. Returns how many."""
    opened = Decision.objects.filter(user_id=user_id, status=Decision.Status.OPEN)
    opened = opened.exclude(kind=Decision.SILENCE)  # which is about nothing that could be gone
    gone = opened.filter(candidate=None) | opened.filter(candidate__task__closed_at__isnull=False)
    return Decision.objects.filter(pk__in=gone.values("pk"), status=Decision.Status.OPEN).update(
        status=Decision.Status.UNTRUE, closed_at=now
    )


def prune_unanswered(*, now: datetime, older_than: timedelta) -> int:
    """Empties decisions that nobody answered and nothing was learned from. Returns how many.

    What was to choose from goes, and what was known of it. Their links in the chain of decisions
    stay, and the digest of what went, so that what came before and after, and what stays of them,
    can still be verified. A silence is first settled, however long that takes: it is learned from.
    """
    old = Decision.objects.filter(
        status__in=(Decision.Status.EXPIRED, Decision.Status.UNTRUE),
        created_at__lt=now - older_than,
        feedback__isnull=True,
        rewards__isnull=True,
        score__pruned_at=None,
        score__isnull=False,
    ).exclude(UNSETTLED_SILENCE)
    total = 0
    while found := dict(old.values_list("pk", "user_id")[:PRUNED_AT_ONCE]):
        # Nobody is to answer them, or learn from them, in the middle of it.
        with alone_with(set(found.values())):
            locked = Decision.objects.select_for_update(no_key=True).filter(pk__in=found)
            list(locked.order_by("pk").values_list("pk"))
            # Asked apart: a database that knows little of its tables yet would join all with all.
            total += _empty(list(old.filter(pk__in=found).values_list("pk", flat=True)), now)
    return total


def _empty(decisions: Collection[uuid.UUID], now: datetime) -> int:
    rows = list(Score.objects.filter(pk__in=decisions))
    for row in rows:
        row.payload_digest = payload_digest(vars(row))
        row.pruned_at = now
        for column, nothing in EMPTY.items():
            setattr(row, column, nothing)
    Score.objects.bulk_update(rows, ["payload_digest", "pruned_at", *EMPTY], batch_size=100)
    Decision.objects.filter(pk__in=[row.pk for row in rows]).update(candidate=None)
    return len(rows)


def expire(*, now: datetime) -> int:
    """Closes open tips whose time has run out. Returns how many."""
    return Decision.objects.filter(status=Decision.Status.OPEN, expires_at__lte=now).update(
        status=Decision.Status.EXPIRED, closed_at=now
    )
