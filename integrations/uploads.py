"""Large files that the user hands over: kept on disk while they wait, read by a worker, removed.

An upload under way is a row that a worker claims. One whose worker was killed is taken up again; one
that kills its workers is given up.
"""

import logging
import time
from datetime import datetime, timedelta
from pathlib import Path

from django.db import IntegrityError, transaction

from accounts import consents
from accounts.models import Consent, User
from integrations.connect import keep
from integrations.formats.facts import BadFormat, HealthPull
from integrations.ingest_health import ingest_health
from integrations.models import Connection, Upload
from integrations.source import AcceptsExport, sources
from integrations.upload_files import discard, left_behind, path_of, remove
from oo.lib.claim import one_by_one
from oo.lib.jobs import wake

LEASE = timedelta(minutes=3)  # lengthened while its file is read
AT_ONCE = 1  # the other workers go on with what doesn't take minutes
ATTEMPTS = 3
WAIT = timedelta(minutes=1)

NO_CONSENT = "Without your consent oO does not read health data. Tick the box if you agree."
LOST = "The file was lost before it was read. Choose it again, please."
TRIED = "oO tried three times to read this file and could not. Nothing of it was taken."
NOT_ALLOWED = "You took your consent back, so this file was not read."

log = logging.getLogger(__name__)


class StillReading(Exception):
    """An earlier file of this source is still on its way."""


def take_in(user: User, source: AcceptsExport, arrived: Path, *, now: datetime) -> Upload:
    """Has a file read that arrived with its user's consent. Raises StillReading; then it is gone."""
    from integrations.jobs import read_uploads

    upload = Upload(user=user, source=source.id, size=arrived.stat().st_size, created_at=now)
    try:
        with transaction.atomic():
            # In this order: it waits for the end of the file before, which may take the consent back.
            upload.save(force_insert=True)
            consents.give(user, Consent.Document(source.consent), now=now)
            arrived.rename(path_of(upload.pk))
            wake(read_uploads)
    except IntegrityError:
        remove(arrived)
        raise StillReading from None
    return upload


def read_waiting(*, now: datetime, limit: int) -> int:
    """Reads up to `limit` uploads, never many at the same time. Returns how many were taken."""
    under_way = Upload.objects.filter(state=Upload.State.READING, claimed_until__gt=now)
    if under_way.count() >= AT_ONCE:
        return 0
    taken = 0
    waiting = Upload.objects.filter(state__in=Upload.UNDER_WAY, user__is_active=True)
    for upload in one_by_one(waiting.order_by("created_at"), now=now, lease=LEASE, limit=limit):
        taken += 1
        _attempt(upload, now)
    return taken


def stop_reading(user: User, source: AcceptsExport, *, now: datetime) -> bool:
    """The user's file is not read after all. False when there is none, or it was read already."""
    with transaction.atomic():
        stopped = discard(
            Upload.objects.filter(user=user, source=source.id, state__in=Upload.UNDER_WAY)
        )
        _end_unused_consent(user.pk, source, now)
    return stopped > 0


def sweep_uploads(*, now: datetime) -> int:
    """Removes what a crash has left on disk. Returns how many files."""
    count = 0
    for path in left_behind(now=now):
        log.warning("removing a file of no upload")
        remove(path)
        count += 1
    return count


def _attempt(upload: Upload, now: datetime) -> None:
    path = path_of(upload.pk)
    if upload.attempts >= ATTEMPTS:
        _finish(upload, path, Upload.State.REFUSED, TRIED, now)
        return
    mine = Upload.objects.filter(pk=upload.pk, claim_token=upload.claim_token)
    mine.update(state=Upload.State.READING, progress=0, attempts=upload.attempts + 1)
    try:
        pull = _read(upload, path, now)
        _keep_what_it_says(upload, pull, now)
        remove(path)
    except BadFormat as error:
        _finish(upload, path, Upload.State.REFUSED, str(error), now)
    except FileNotFoundError:
        _finish(upload, path, Upload.State.REFUSED, LOST, now)
    except Upload.DoesNotExist:
        _remove_unless_taken_over(upload, path)
    except Exception as error:
        # Not its traceback: that could quote the file.
        log.error("upload %s: %s", upload.pk, type(error).__name__)
        mine.update(state=Upload.State.WAITING, claim_token=None, claimed_until=now + WAIT)


def _read(upload: Upload, path: Path, now: datetime) -> HealthPull:
    source = sources.get(upload.source) if upload.source in sources else None
    if not isinstance(source, AcceptsExport):
        raise BadFormat("This kind of file is no longer read here.")
    began = said = time.monotonic()

    def tell(percent: int) -> None:
        nonlocal said
        at = time.monotonic()
        if at - said >= 1:
            said = at
            until = now + timedelta(seconds=at - began) + LEASE
            mine = Upload.objects.filter(pk=upload.pk, claim_token=upload.claim_token)
            if not mine.update(progress=percent, claimed_until=until):
                raise Upload.DoesNotExist

    with path.open("rb") as file:
        return source.read(file, tell=tell, now=now)


def _keep_what_it_says(upload: Upload, pull: HealthPull, now: datetime) -> None:
    """Rows, event and outcome in one transaction. Raises BadFormat, Upload.DoesNotExist."""
    theirs = Connection.objects.filter(user=upload.user_id, source=upload.source)
    source = sources.get(upload.source)
    assert isinstance(source, AcceptsExport)
    with transaction.atomic():
        # First the connection, as a disconnect does: two that lock crosswise wait for each other.
        theirs.select_for_update().first()
        row = (
            Upload.objects.select_for_update(of=("self",))
            .select_related("user")
            .get(pk=upload.pk, claim_token=upload.claim_token, user__is_active=True)
        )
        if not consents.stands(row.user_id, Consent.Document(source.consent)):
            raise BadFormat(NOT_ALLOWED)
        connected = {"status": Connection.Status.CONNECTED, "synced_at": now}
        connection = keep(row.user, source.id, connected, now)
        counts = ingest_health(connection, pull, now=now)
        _settle(row, Upload.State.DONE, _says(pull, sum(counts)), now)


def _says(pull: HealthPull, changes: int) -> str:
    days = len({seen.day for seen in pull.days})
    if not days:
        said = "The file is fine, and has no sleep, steps, mindful minutes or resting heart rate."
    elif changes:
        said = f"{days} {'day' if days == 1 else 'days'} read."
    else:
        said = f"{days} {'day' if days == 1 else 'days'} read; all of it was known."
    return " ".join([said, *(f"Left out: {why}" for why in pull.refused)])


def _finish(upload: Upload, path: Path, state: Upload.State, reason: str, now: datetime) -> None:
    mine = Upload.objects.filter(pk=upload.pk, claim_token=upload.claim_token)
    with transaction.atomic():
        if row := mine.select_for_update().first():
            _settle(row, state, reason, now)
            source = sources.get(row.source) if row.source in sources else None
            if isinstance(source, AcceptsExport):
                _end_unused_consent(row.user_id, source, now)
    _remove_unless_taken_over(upload, path)


def _remove_unless_taken_over(upload: Upload, path: Path) -> None:
    """The file of an upload that has ended, was forgotten, or whose user left. One whose lease ran
    out is another worker's to read.
    """
    waiting = Upload.objects.filter(
        pk=upload.pk, state__in=Upload.UNDER_WAY, user__is_active=True
    ).exclude(claim_token=upload.claim_token)
    if not waiting.exists():
        remove(path)


def _end_unused_consent(user_id: int, source: AcceptsExport, now: datetime) -> None:
    """Without a connection there is nothing to disconnect, by which the user could take it back."""
    if not Connection.objects.filter(user=user_id, source=source.id).exists():
        consents.withdraw(user_id, Consent.Document(source.consent), now=now)


def _settle(row: Upload, state: Upload.State, reason: str, now: datetime) -> None:
    row.state = state
    row.reason = reason[:600]
    row.progress = 100 if state == Upload.State.DONE else row.progress
    row.finished_at = now
    row.claim_token = row.claimed_until = None
    row.save(
        update_fields=[
            "state", "reason", "progress", "finished_at", "claim_token", "claimed_until"
        ]
    )  # fmt: skip


def latest(user_id: int, source_id: str) -> Upload | None:
    """The last file that a user handed over to a source, whatever became of it."""
    return Upload.objects.filter(user=user_id, source=source_id).order_by("-created_at").first()
