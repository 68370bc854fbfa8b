"""A health export on its way: seen, read once, named when it is refused, and gone in every case."""

import io
import itertools
import os
import stat
import time
import uuid
from datetime import timedelta
from functools import partial
from pathlib import Path
from threading import Event

import pytest
from django.conf import settings as django_settings
from django.contrib.messages import get_messages
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from accounts import consents
from accounts.models import Consent, User
from integrations import uploads
from integrations.disconnect import disconnect
from integrations.doors import uploads as doors
from integrations.formats import apple_health_child
from integrations.formats.facts import BadFormat
from integrations.models import Connection, HealthDay, Upload
from integrations.personal_data import HandedOver
from integrations.retention import prune_past
from integrations.source import sources
from integrations.upload_files import new_file, path_of
from integrations.uploads import (
    AT_ONCE,
    LEASE,
    NO_CONSENT,
    TRIED,
    read_waiting,
    stop_reading,
    take_in,
)
from oo.events.models import Record
from tests.integrations.at_once import at_once
from tests.integrations.health_exports import RESTING, STEPS, asleep, document, record
from tests.integrations.samples.apple_health import DAYS, FILE, TITLES
from tests.people import NOW, person

pytestmark = pytest.mark.django_db(transaction=True)

DOOR = "/connect/apple_health/export/"
WALK = record(STEPS, "17 12:00", "17 12:10", 7)


@pytest.fixture(autouse=True)
def folder(settings, tmp_path) -> Path:
    settings.UPLOAD_DIR = tmp_path / "uploads"
    return settings.UPLOAD_DIR


@pytest.fixture
def ada() -> User:
    return person("ada@example.com").user


@pytest.fixture
def browser(ada: User) -> Client:
    client = Client(headers={"host": django_settings.PUBLIC_URL.split("//")[1]})
    client.force_login(ada)
    return client


def hand_over(user: User, data: bytes, now=NOW) -> Upload:
    path, file = new_file()
    with file:
        file.write(data)
    return take_in(user, sources.get("apple_health"), path, now=now)  # type: ignore[arg-type]


def taken(user: User, data: bytes, now=NOW) -> Upload:
    upload = hand_over(user, data, now)
    assert read_waiting(now=now, limit=5) == 1
    upload.refresh_from_db()
    return upload


def post(browser: Client, data: bytes = FILE, **fields: str):
    file = SimpleUploadedFile("my export.zip", data)
    return browser.post(DOOR, {"consent": "yes", "file": file, **fields})


def said(reply) -> str:
    return " ".join(str(message) for message in get_messages(reply.wsgi_request))


def values(user: User) -> dict[str, float]:
    found = HealthDay.objects.filter(user=user).order_by("day")
    return {f"{row.day:%d} {row.measure}": row.value for row in found}


def left_on_disk(folder: Path) -> list[Path]:
    return list(folder.iterdir()) if folder.exists() else []


# ------------------------------------------------------------------------------------------------
# The way in


def test_a_file_that_is_handed_over_becomes_days_an_event_and_nothing_else(browser, ada, folder):
    assert post(browser)["Location"] == DOOR
    (waiting,) = left_on_disk(folder)
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert stat.S_IMODE(waiting.stat().st_mode) == 0o600
    assert browser.get(f"{DOOR}state/").json()["state"] == "waiting"
    assert b"is read in a moment" in browser.get(DOOR).content
    assert read_waiting(now=NOW, limit=5) == 1
    assert browser.get(f"{DOOR}state/").json()["state"] == "done"
    assert values(ada) == {f"17 {measure}": value for measure, value in DAYS.items()}
    assert left_on_disk(folder) == []
    sampled = Record.objects.get(subject="signals.health.sampled")
    connection = Connection.objects.get(source="apple_health")
    assert sampled.payload == {
        "connection_id": str(connection.pk), "added": 4, "changed": 0, "gone": 0,
    }  # fmt: skip
    rows = repr([*HealthDay.objects.values(), *Upload.objects.values(), *Record.objects.values()])
    assert not any(word in rows for word in (*TITLES, "my export", "1990"))


def test_the_page_shows_how_far_it_is_without_scripts_too(browser, ada):
    upload = hand_over(ada, FILE)
    Upload.objects.filter(pk=upload.pk).update(state="reading", progress=41)
    page = browser.get(DOOR).content.decode()
    assert '<noscript><meta http-equiv="refresh"' in page
    assert 'value="41"' in page
    assert browser.get(f"{DOOR}state/").json() == {"state": "reading", "progress": 41, "reason": ""}


def test_progress_is_told_while_it_is_read(ada, monkeypatch):
    seen = []
    upload = hand_over(ada, document(*[asleep("17 00:00", "17 07:00")] * 40_000))

    times = itertools.count(0, 1.1)
    monkeypatch.setattr(uploads.time, "monotonic", lambda: next(times))
    row = Upload.objects.filter(pk=upload.pk).values_list("progress", "claimed_until")
    kind = type(sources.get("apple_health"))
    before = kind.read

    def reading(self, file: io.BufferedReader, *, tell, now):
        def watched(percent: int) -> None:
            tell(percent)
            seen.append(row.get())

        return before(self, file, tell=watched, now=now)

    monkeypatch.setattr(kind, "read", reading)
    read_waiting(now=NOW, limit=1)
    percents = [progress for progress, _ in seen]
    assert percents == sorted(percents)
    assert 0 < percents[len(percents) // 2] < 100
    assert seen[-1][1] > NOW + LEASE, "the lease grows with the reading"


def test_consent_is_asked_for_each_file_and_not_ticked_beforehand(browser, ada, folder):
    page = browser.get(DOOR).content.decode()
    (box,) = [line for line in page.split("<") if 'name="consent"' in line]
    assert "checked" not in box
    assert "required" in box
    reply = browser.post(DOOR, {"file": SimpleUploadedFile("export.zip", FILE)})
    assert NO_CONSENT in said(reply)
    assert left_on_disk(folder) == []
    assert not Upload.objects.exists()
    assert not consents.stands(ada.pk, Consent.Document.HEALTH)
    post(browser)
    assert consents.stands(ada.pk, Consent.Document.HEALTH)


def test_signing_in_is_no_consent_to_this(ada):
    from accounts.sign_in import note_sign_in

    note_sign_in(ada, time_zone="Europe/Berlin", now=NOW)
    assert not consents.stands(ada.pk, Consent.Document.HEALTH)


def test_without_a_file_it_says_what_to_do(browser, folder):
    assert "Choose a file" in said(browser.post(DOOR, {"consent": "yes"}))
    assert left_on_disk(folder) == []


def test_of_two_files_in_one_form_the_first_counts(browser, ada, folder):
    two = [SimpleUploadedFile("a.zip", FILE), SimpleUploadedFile("b.zip", FILE)]
    browser.post(DOOR, {"consent": "yes", "file": two})
    assert len(left_on_disk(folder)) == 1
    assert read_waiting(now=NOW, limit=5) == 1
    assert len(values(ada)) == 4


def test_a_second_file_waits_for_the_first(browser, folder):
    post(browser)
    assert "still being read" in said(post(browser))
    assert Upload.objects.count() == 1
    assert len(left_on_disk(folder)) == 1


def test_a_form_of_another_site_is_refused_and_leaves_no_file(ada, folder):
    browser = Client(enforce_csrf_checks=True, headers={"host": "localhost"})
    browser.force_login(ada)
    assert post(browser).status_code == 403
    assert left_on_disk(folder) == []
    token = browser.get(DOOR).context["csrf_token"]
    assert post(browser, csrfmiddlewaretoken=str(token)).status_code == 302


def test_strangers_can_hand_over_nothing(folder):
    for path in (DOOR, f"{DOOR}state/"):
        assert Client().get(path)["Location"].startswith("/welcome/")
    assert post(Client())["Location"].startswith("/welcome/")
    assert left_on_disk(folder) == []


def test_others_see_and_stop_nothing_of_mine(browser, ada):
    hand_over(ada, FILE)
    eve = Client(headers={"host": django_settings.PUBLIC_URL.split("//")[1]})
    eve.force_login(User.objects.create_user("eve@example.com"))
    assert eve.get(f"{DOOR}state/").json()["state"] == "none"
    eve.post(f"{DOOR}stop/")
    assert Upload.objects.get().state == "waiting"


def test_a_file_that_is_too_large_is_refused_before_it_is_taken(browser, settings, folder):
    settings.LARGE_FORMS = {DOOR: 1000}
    assert post(browser, b"x" * 300_000).status_code == 413
    assert left_on_disk(folder) == []


def test_only_what_is_handed_over_so_has_this_page(browser):
    for source in ("todoist", "ical", "nowhere"):
        assert browser.get(f"/connect/{source}/export/").status_code == 404
    assert browser.post("/connect/apple_health/file/").status_code == 404


def test_a_second_export_is_refused_before_it_is_on_disk(browser, folder, monkeypatch):
    post(browser)
    written = []
    monkeypatch.setattr(doors, "new_file", lambda: written.append(1))
    reply = post(browser, b"x" * 3_000_000)
    assert reply["Location"] == DOOR
    assert "still being read" in said(reply)
    assert written == []
    assert len(left_on_disk(folder)) == 1


# ------------------------------------------------------------------------------------------------
# The same again, newer, older, bad


def test_the_same_export_again_changes_nothing_and_tells_nobody(ada):
    taken(ada, FILE)
    before = list(HealthDay.objects.order_by("pk").values())
    again = taken(ada, FILE)
    assert again.state == "done"
    assert "all of it was known" in again.reason
    assert list(HealthDay.objects.order_by("pk").values()) == before
    assert Record.objects.filter(subject="signals.health.sampled").count() == 1


def test_a_newer_export_changes_only_what_changed(ada):
    resting = record(RESTING, "16 00:00", "16 21:00", 58)
    taken(ada, document(WALK, resting, asleep("16 00:00", "16 07:00")))
    kept = HealthDay.objects.get(measure="resting").pk
    more = record(STEPS, "17 18:00", "17 18:10", 13)
    made_on = '<ExportDate value="2026-11-19 09:00:00 +0100"/>'
    taken(ada, document(WALK, more, resting, made_on=made_on), NOW + timedelta(days=1))
    assert values(ada) == {"16 resting": 58, "17 steps": 20}
    assert HealthDay.objects.get(measure="resting").pk == kept
    last = Record.objects.filter(subject="signals.health.sampled").latest("pk").payload
    assert {name: last[name] for name in ("added", "changed", "gone")} == {
        "added": 0, "changed": 1, "gone": 1,
    }  # fmt: skip


def test_an_older_export_is_refused_and_puts_nothing_back(ada):
    taken(ada, document(WALK))
    old = '<ExportDate value="2026-11-10 09:00:00 +0100"/>'
    refused = taken(ada, document(made_on=old))
    assert refused.state == "refused"
    assert "18 November 2026" in refused.reason
    assert values(ada) == {"17 steps": 7}


@pytest.mark.parametrize("data", [b"", b"no zip", FILE[:-40], document(WALK)[:-20]])
def test_a_refused_file_is_named_with_its_reason_and_loses_nothing(browser, ada, folder, data):
    taken(ada, document(WALK))
    refused = taken(ada, data, NOW + timedelta(seconds=1))
    assert refused.state == "refused"
    assert refused.reason.endswith(".")
    assert refused.reason[:40] in browser.get(DOOR).content.decode()
    assert browser.get(f"{DOOR}state/").json()["reason"] == refused.reason
    assert values(ada) == {"17 steps": 7}
    assert left_on_disk(folder) == []


def test_what_was_left_out_is_said(ada):
    done = taken(ada, document(WALK, record(STEPS, "17 12:00", "17 12:10", "five")))
    assert (
        done.reason == "1 day read. Left out: 1 entry without a time or a value that makes sense."
    )


# ------------------------------------------------------------------------------------------------
# Accidents


def test_a_killed_workers_file_is_taken_up_again(ada, folder):
    upload = hand_over(ada, FILE)
    gone = {"state": "reading", "claim_token": uuid.uuid4(), "claimed_until": NOW + LEASE}
    Upload.objects.filter(pk=upload.pk).update(**gone, attempts=1)
    assert read_waiting(now=NOW, limit=1) == 0, "somebody may be at it"
    assert read_waiting(now=NOW + LEASE, limit=1) == 1
    upload.refresh_from_db()
    assert upload.state == "done"
    assert left_on_disk(folder) == []


def test_a_file_that_kills_its_workers_is_given_up_and_named(ada, folder):
    upload = hand_over(ada, FILE)
    Upload.objects.filter(pk=upload.pk).update(attempts=3)
    read_waiting(now=NOW, limit=1)
    upload.refresh_from_db()
    assert (upload.state, upload.reason) == ("refused", TRIED)
    assert left_on_disk(folder) == []


def test_a_fault_of_ours_is_tried_again_later(ada, folder, monkeypatch):
    upload = hand_over(ada, FILE)

    def fall(*_args: object, **_more: object) -> None:
        raise RuntimeError("a fault")

    with monkeypatch.context() as patch:
        patch.setattr(uploads, "ingest_health", fall)
        read_waiting(now=NOW, limit=1)
    upload.refresh_from_db()
    assert upload.state == "waiting"
    assert not HealthDay.objects.exists()
    assert not Connection.objects.filter(source="apple_health").exists()
    assert read_waiting(now=NOW, limit=1) == 0
    assert read_waiting(now=NOW + timedelta(minutes=2), limit=1) == 1
    assert values(ada)
    assert left_on_disk(folder) == []


def test_a_file_that_was_lost_is_asked_for_again(ada):
    upload = hand_over(ada, FILE)
    path_of(upload.pk).unlink()
    read_waiting(now=NOW, limit=1)
    upload.refresh_from_db()
    assert upload.state == "refused"
    assert "Choose it again" in upload.reason


def test_what_a_crash_left_on_disk_is_swept_and_what_arrives_is_not(ada, folder):
    upload = hand_over(ada, FILE)
    arriving, file = new_file()
    crashed, other = new_file()
    file.close()
    other.close()
    long_ago = NOW.timestamp() - 7200
    for path in (crashed, path_of(upload.pk)):
        os.utime(path, (long_ago, long_ago))
    os.utime(arriving, (NOW.timestamp(), NOW.timestamp()))
    assert uploads.sweep_uploads(now=NOW) == 1
    assert sorted(left_on_disk(folder)) == sorted([arriving, path_of(upload.pk)])


def test_few_are_read_at_the_same_time(ada):
    first = hand_over(ada, FILE)
    mine = {"state": "reading", "claim_token": uuid.uuid4(), "claimed_until": NOW + LEASE}
    Upload.objects.filter(pk=first.pk).update(**mine)
    hand_over(person("eve@example.com").user, FILE)
    assert AT_ONCE == 1
    assert read_waiting(now=NOW, limit=1) == 0


def test_who_lost_the_lease_leaves_the_file_to_who_took_it_over(ada, folder, monkeypatch):
    upload = hand_over(ada, FILE)
    kind = type(sources.get("apple_health"))
    before = kind.read

    def overtaken(self, file: io.BufferedReader, **more: object):
        Upload.objects.filter(pk=upload.pk).update(
            claim_token=uuid.uuid4(), claimed_until=NOW + LEASE
        )
        return before(self, file, **more)

    def overtaken_and_refused(self, file: io.BufferedReader, **more: object):
        overtaken(self, file, **more)
        raise BadFormat("It took too long.")

    for number, reading in enumerate((overtaken, overtaken_and_refused)):
        with monkeypatch.context() as patch:
            patch.setattr(kind, "read", reading)
            assert read_waiting(now=NOW + number * 2 * LEASE, limit=1) == 1
        assert left_on_disk(folder) == [path_of(upload.pk)]
    assert read_waiting(now=NOW + 4 * LEASE, limit=1) == 1
    upload.refresh_from_db()
    assert upload.state == "done"
    assert left_on_disk(folder) == []


def test_the_reader_shows_that_it_lives_while_the_percentage_stays(monkeypatch, capsys):
    times = itertools.count(0, 6.0)
    monkeypatch.setattr(apple_health_child.time, "monotonic", lambda: next(times))
    assert len(list(apple_health_child.counted([b"x"] * 4, 1_000_000))) == 4
    assert capsys.readouterr().out.splitlines() == ['{"progress": 0}'] * 4


# ------------------------------------------------------------------------------------------------
# Going


def test_stopping_too_late_says_so_and_how_to_erase_it(browser, ada):
    taken(ada, FILE)
    reply = browser.post(f"{DOOR}stop/")
    assert "disconnect Apple Health in your settings" in said(reply)
    assert "nothing of it was taken" not in said(reply)
    assert HealthDay.objects.count() == 4
    assert consents.stands(ada.pk, Consent.Document.HEALTH)
    taken(ada, b"no zip", NOW + timedelta(minutes=1))
    assert "the file had been refused" in said(browser.post(f"{DOOR}stop/"))


def test_stopping_in_time_says_so(browser, ada, folder):
    hand_over(ada, FILE)
    assert "nothing of it was taken" in said(browser.post(f"{DOOR}stop/"))
    assert left_on_disk(folder) == []
    assert "no file to stop" in said(browser.post(f"{DOOR}stop/"))


@pytest.mark.postgres
def test_a_stop_that_meets_the_end_of_the_reading_forgets_no_outcome(ada, monkeypatch):
    hand_over(ada, FILE)
    locked, before = Event(), uploads.ingest_health

    def ingest(*args, **more):
        locked.set()
        time.sleep(0.5)
        return before(*args, **more)

    def stop() -> bool:
        locked.wait(10)
        return stop_reading(ada, sources.get("apple_health"), now=NOW)

    monkeypatch.setattr(uploads, "ingest_health", ingest)
    assert at_once(lambda: read_waiting(now=NOW, limit=1), stop) == [1, False]
    assert Upload.objects.get().state == "done"
    assert consents.stands(ada.pk, Consent.Document.HEALTH)


@pytest.mark.postgres
def test_a_disconnect_waits_for_the_end_of_the_reading_and_not_for_ever(ada, monkeypatch):
    taken(ada, FILE)
    connection = Connection.objects.get(source="apple_health")
    hand_over(ada, FILE)
    locked, before = Event(), consents.stands

    def stands(*args) -> bool:
        locked.set()
        time.sleep(0.5)
        return before(*args)

    def cut() -> None:
        locked.wait(10)
        disconnect(connection, now=NOW)

    monkeypatch.setattr(uploads.consents, "stands", stands)
    read = partial(read_waiting, now=NOW, limit=1)
    assert at_once(read, cut) == [1, None]
    monkeypatch.undo()
    assert not Upload.objects.exists()
    assert not HealthDay.objects.exists()
    assert not consents.stands(ada.pk, Consent.Document.HEALTH)


def test_the_consent_ends_with_a_first_file_that_is_refused(browser, ada):
    refused = taken(ada, b"no zip")
    assert refused.state == "refused"
    assert not consents.stands(ada.pk, Consent.Document.HEALTH)
    assert "consent has ended" in browser.get(DOOR).content.decode()
    taken(ada, FILE, NOW + timedelta(minutes=1))
    taken(ada, b"no zip", NOW + timedelta(minutes=2))
    assert consents.stands(ada.pk, Consent.Document.HEALTH), "there is a connection to cut"


def test_after_disconnecting_nothing_is_left_and_the_consent_has_ended(ada, folder):
    taken(ada, FILE)
    hand_over(ada, FILE)
    disconnect(Connection.objects.get(source="apple_health"), now=NOW)
    assert not HealthDay.objects.exists()
    assert not Upload.objects.exists()
    assert left_on_disk(folder) == []
    assert not consents.stands(ada.pk, Consent.Document.HEALTH)
    row = Consent.objects.get(document="health")
    assert (row.given_at, row.withdrawn_at) == (NOW, NOW)
    taken(ada, FILE, NOW + timedelta(days=1))
    assert consents.stands(ada.pk, Consent.Document.HEALTH)


@pytest.mark.parametrize("how", ["stopped", "disconnected", "forgotten", "left", "withdrawn"])
def test_what_ends_while_it_is_read_takes_nothing_in(browser, ada, folder, monkeypatch, how):
    if how == "disconnected":
        taken(ada, document(WALK))
    kind = type(sources.get("apple_health"))
    before = kind.read

    def reading(self, file: io.BufferedReader, **more: object):
        pull = before(self, file, **more)
        if how == "stopped":
            browser.post(f"{DOOR}stop/")
        elif how == "disconnected":
            disconnect(Connection.objects.get(source="apple_health"), now=NOW)
        elif how == "forgotten":
            HandedOver().forget(ada.pk)
        elif how == "left":
            User.objects.filter(pk=ada.pk).update(is_active=False)
        else:
            consents.withdraw(ada.pk, Consent.Document.HEALTH, now=NOW)
        return pull

    hand_over(ada, FILE)
    monkeypatch.setattr(kind, "read", reading)
    assert read_waiting(now=NOW, limit=1) == 1
    assert not HealthDay.objects.exists()
    assert not Connection.objects.filter(source="apple_health").exists()
    assert left_on_disk(folder) == []


def test_what_is_held_is_exported_and_forgotten(ada, folder):
    taken(ada, FILE)
    hand_over(ada, FILE)
    exported = HandedOver().export(ada.pk)
    assert {one["measure"]: one["value"] for one in exported["health"]} == DAYS
    assert {one["state"] for one in exported["uploads"]} == {"done", "waiting"}
    assert HandedOver().forget(ada.pk) == 6
    assert HandedOver().export(ada.pk) == {"health": [], "uploads": []}
    assert left_on_disk(folder) == []


def test_days_and_uploads_long_past_are_dropped(ada, settings):
    taken(ada, FILE)
    prune_past(now=NOW + timedelta(days=30), older_than=timedelta(days=90))
    assert HealthDay.objects.count() == 4
    later = NOW + timedelta(days=settings.HEALTH_DAYS + 3)
    prune_past(now=later, older_than=timedelta(days=90))
    assert not HealthDay.objects.exists()
    assert not Upload.objects.exists()


def test_a_source_that_is_no_longer_there_refuses(ada):
    upload = hand_over(ada, FILE)
    with sources.replaced_by("integrations.sources.todoist.Todoist"):
        read_waiting(now=NOW, limit=1)
    upload.refresh_from_db()
    assert upload.state == "refused"
