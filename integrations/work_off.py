"""Working off what was posted: each delivery takes effect once, in the order of its coming."""

import logging
import uuid
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from django.conf import settings
from django.db import models, transaction
from redis.exceptions import RedisError

from integrations import snapshot
from integrations.formats.facts import BadFormat, Closed, SeenTask, TaskPull
from integrations.ingest import ingest_tasks, move_to_zone
from integrations.jobs import work_off_deliveries
from integrations.models import Connection, Delivery, Task
from integrations.source import TakesPosts, posting_sources, sources
from oo.events.catalogue import WebhookReceived
from oo.events.publish import publish
from oo.lib.cache import require_cache
from oo.lib.claim import claim
from oo.lib.encrypted import fingerprints
from oo.lib.jobs import wake

log = logging.getLogger(__name__)

LEASE = timedelta(minutes=2)
AT_ONCE = 100
ATTEMPTS = 8  # with the waits below, about a day
LONGEST_WAIT = timedelta(hours=6)
KEPT = 20  # bodies of one endpoint, for playing again
KEPT_BYTES = 200_000


class NothingToReplay(Exception):
    """The body is no longer kept, or the delivery never took effect."""


def work_off(*, now: datetime, limit: int = 20, only: uuid.UUID | None = None) -> int:
    """Works off what waits at up to `limit` endpoints, or at one. Returns at how many it was.

    Without a cache nothing is worked off: the words would be lost. It all waits.
    """
    try:
        require_cache()
    except RedisError as error:
        log.warning("deliveries wait for Redis: %s", error)
        return 0
    waiting = Delivery.objects.filter(
        source__in=posting_sources(), outcome=Delivery.Outcome.WAITING, due_at__lte=now
    )
    if only is not None:
        waiting = waiting.filter(connection=only)
    count = 0
    while count < limit:
        claimed = claim(waiting.order_by("due_at"), now=now, lease=LEASE, limit=1)
        if not claimed:
            break
        count += 1
        try:
            _work_off_endpoint(claimed[0], now)
        except RedisError as error:
            log.warning("deliveries wait for Redis: %s", error)
            break
    return count


def replay(delivery_pk: int, endpoint: Connection, *, now: datetime) -> None:
    """Has a delivery take effect once more. Raises NothingToReplay."""
    kept = snapshot.read(snapshot.posted(endpoint.pk)) or {}
    body = kept.get(str(delivery_pk))
    if body is None:
        raise NothingToReplay
    over = (Delivery.Outcome.DONE, Delivery.Outcome.FAILED)
    with transaction.atomic():
        row = Delivery.objects.filter(pk=delivery_pk, connection=endpoint, outcome__in=over)
        if not row.update(
            outcome=Delivery.Outcome.WAITING, reason="", body=body, due_at=now, attempts=0,
            finished_at=None, claim_token=None, claimed_until=None,
        ):  # fmt: skip
            raise NothingToReplay
        wake(work_off_deliveries, str(endpoint.pk))


def _work_off_endpoint(first: Delivery, now: datetime) -> None:
    """All that waits at one endpoint, together; when that fails, one after the other."""
    pk = first.connection_id
    assert pk is not None, "it is the endpoint that says whose it is"
    try:
        while _together(pk, now, limit=AT_ONCE) == AT_ONCE:
            pass
    except Connection.DoesNotExist:
        return  # closed meanwhile, and they went with it
    except RedisError:
        raise
    except Exception:
        log.exception("deliveries of %s together; they are taken one by one", pk)
        _one_by_one(pk, now)


def _one_by_one(endpoint_id: uuid.UUID, now: datetime) -> None:
    due = _waiting(endpoint_id, now).values_list("pk", flat=True)[:AT_ONCE]
    for pk in list(due):
        try:
            _together(endpoint_id, now, limit=1, only=pk)
        except Connection.DoesNotExist:
            return
        except RedisError:
            raise
        except Exception as error:
            log.exception("delivery %s", pk)
            _push_away(pk, error, now)


def _waiting(endpoint_id: uuid.UUID, now: datetime) -> "models.QuerySet[Delivery]":
    # Whoever holds the claim on one of them, the endpoint's lock decides.
    return Delivery.objects.filter(
        connection=endpoint_id, outcome=Delivery.Outcome.WAITING, due_at__lte=now
    ).order_by("received_at", "pk")


def _together(endpoint_id: uuid.UUID, now: datetime, *, limit: int, only: int | None = None) -> int:
    """Rows, words, events and outcomes in one transaction. Returns how many deliveries it was."""
    with transaction.atomic():
        endpoint = (
            Connection.objects.select_for_update(of=("self",), no_key=True)
            .select_related("user")
            .get(pk=endpoint_id)
        )
        rows = _waiting(endpoint_id, now)
        if only is not None:
            rows = rows.filter(pk=only)
        deliveries = list(rows.defer(None)[:limit])
        if not deliveries:
            return 0
        if endpoint.zone != endpoint.user.time_zone:
            move_to_zone(endpoint, endpoint.user.time_zone, now=now)
        pulls, refused = _understood(deliveries, endpoint, now)
        pulls = _named_by_us(pulls, endpoint)
        for pull in _folded(pulls.values()):
            ingest_tasks(endpoint, pull, told_before=set(), now=now)
        for delivery in deliveries:
            why = refused.get(delivery.pk, "")
            Delivery.objects.filter(pk=delivery.pk).update(
                outcome=Delivery.Outcome.REFUSED if why else Delivery.Outcome.DONE,
                reason=why, body="", finished_at=now, claim_token=None, claimed_until=None,
            )  # fmt: skip
        Connection.objects.filter(pk=endpoint_id).update(synced_at=now, failures=0, trouble="")
        publish(
            *(
                WebhookReceived(
                    user_id=endpoint.user_id,
                    connection_id=str(endpoint.pk),
                    tasks=len(pull.open) + len(pull.closed),
                )
                for pull in pulls.values()
            ),
            now=now,
        )
        _keep_bodies(endpoint, [one for one in deliveries if one.pk in pulls])
        require_cache()  # or the words just written are lost: then all of it is done again
    return len(deliveries)


def _understood(
    deliveries: Sequence[Delivery], endpoint: Connection, now: datetime
) -> tuple[dict[int, TaskPull], dict[int, str]]:
    """What each says, and why some say nothing: a schema may have changed since they came."""
    source = sources.get(endpoint.source)
    assert isinstance(source, TakesPosts)
    pulls: dict[int, TaskPull] = {}
    refused: dict[int, str] = {}
    for delivery in deliveries:
        try:
            pulls[delivery.pk] = source.understand(delivery.body.encode(), now=delivery.received_at)
        except BadFormat as error:
            refused[delivery.pk] = str(error)[:300]
    return pulls, refused


def _named_by_us(pulls: dict[int, TaskPull], endpoint: Connection) -> dict[int, TaskPull]:
    """The same, with our names for the tasks: a sender's ids may be words, and rows hold no words.

    A task that came under an older key keeps the name it has.
    """
    theirs = {one.external_id for pull in pulls.values() for one in pull.open}
    theirs |= {one.external_id for pull in pulls.values() for one in pull.closed}
    ours = {id: fingerprints(id) for id in theirs}
    older = {name: id for id, names in ours.items() for name in names[1:]}
    names = {id: found[0] for id, found in ours.items()}
    if older:
        here = Task.objects.filter(connection=endpoint, external_id__in=older)
        for name in here.order_by("added_at", "pk").values_list("external_id", flat=True):
            names[older[name]] = name
    return {
        pk: replace(
            pull,
            open=[replace(one, external_id=names[one.external_id]) for one in pull.open],
            closed=[replace(one, external_id=names[one.external_id]) for one in pull.closed],
        )
        for pk, pull in pulls.items()
    }


def _folded(pulls: Iterable[TaskPull]) -> list[TaskPull]:
    """As few pulls as have the same effect: the last word on a task counts, but one that is closed
    and one that comes anew are two, whichever is first.
    """
    folded: list[tuple[dict[str, SeenTask], dict[str, Closed]]] = [({}, {})]
    for pull in pulls:
        opened, closed = folded[-1]
        anew = any(task.external_id in closed for task in pull.open)
        if anew or any(one.external_id in opened for one in pull.closed):
            opened, closed = {}, {}
            folded.append((opened, closed))
        opened |= {task.external_id: task for task in pull.open}
        for one in pull.closed:
            closed.setdefault(one.external_id, one)
    return [
        TaskPull(open=list(opened.values()), closed=list(closed.values()), complete=False)
        for opened, closed in folded
        if opened or closed
    ]


def _keep_bodies(endpoint: Connection, deliveries: Sequence[Delivery]) -> None:
    """Sealed, beside the snapshot and with an end, so that the last can be played again."""
    kept = snapshot.read(snapshot.posted(endpoint.pk)) or {}
    kept |= {str(one.pk): one.body for one in deliveries}
    room, newest = KEPT_BYTES, {}
    for key, body in sorted(kept.items(), key=lambda item: int(item[0]), reverse=True)[:KEPT]:
        room -= len(body)
        if room >= 0:
            newest[key] = body
    lasts = timedelta(hours=settings.SNAPSHOT_HOURS)
    snapshot.write(snapshot.posted(endpoint.pk), newest, lasts=lasts)


def _push_away(pk: int, error: Exception, now: datetime) -> None:
    row = Delivery.objects.filter(pk=pk, outcome=Delivery.Outcome.WAITING)
    attempts = (row.values_list("attempts", flat=True).first() or 0) + 1
    wait = min(timedelta(minutes=2 ** min(attempts, 10)), LONGEST_WAIT)
    fields: dict[str, object] = {
        "attempts": attempts, "due_at": now + wait, "claim_token": None, "claimed_until": None,
        "reason": f"oO could not take it in ({type(error).__name__}), and tries again.",
    }  # fmt: skip
    if attempts >= ATTEMPTS:
        fields |= {
            "outcome": Delivery.Outcome.FAILED, "finished_at": now, "body": "",
            "reason": f"oO could not take it in ({type(error).__name__}). Send it again later.",
        }  # fmt: skip
    row.update(**fields)
