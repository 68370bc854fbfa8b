"""Beat's timetable in the console: paused, resumed, run, paced and added to; all of it logged."""

import re
from datetime import UTC, datetime, timedelta
from unittest.mock import patch

import pytest
from django.core.management import call_command
from django_celery_beat.models import CrontabSchedule, IntervalSchedule, PeriodicTask, PeriodicTasks

from adminconsole.admin.timetable import said
from adminconsole.models import AdminAction
from adminconsole.timetable import OURS, CantRun, catch_up, periodic_jobs
from oo.schedule import TIMETABLE
from tests.console.test_operations import choose, press
from tests.console.test_operations import said as told

pytestmark = pytest.mark.django_db


@pytest.fixture
def heartbeat() -> PeriodicTask:
    call_command("sync_timetable", verbosity=0)
    return PeriodicTask.objects.get(name="oO: heartbeat")


def test_entries_are_marked_as_the_command_marks_them(heartbeat):
    assert PeriodicTask.objects.filter(name__startswith=OURS).count() == len(TIMETABLE)


def test_an_entry_is_paused_and_resumed_and_beat_hears_of_it(heartbeat, console):
    before = PeriodicTasks.last_change()
    press(console, "django_celery_beat.periodictask", heartbeat.pk, "pause_entry")
    heartbeat.refresh_from_db()
    assert not heartbeat.enabled
    assert PeriodicTasks.last_change() > before
    reply = press(console, "django_celery_beat.periodictask", heartbeat.pk, "pause_entry")
    assert "Was paused already" in told(reply)
    press(console, "django_celery_beat.periodictask", heartbeat.pk, "resume_entry")
    heartbeat.refresh_from_db()
    assert heartbeat.enabled
    actions = AdminAction.objects.order_by("pk").values_list("action", "subject")
    assert list(actions) == [(name, "oO: heartbeat") for name in ("Pause", "Pause", "Resume")]
    call_command("sync_timetable", verbosity=0)


def test_a_paused_entry_stays_paused_when_the_timetable_is_written_again(heartbeat, console):
    pks = list(PeriodicTask.objects.values_list("pk", flat=True))
    choose(console, "django_celery_beat.periodictask", pks, "pause_entry")
    call_command("sync_timetable", verbosity=0)
    assert not PeriodicTask.objects.filter(name__startswith=OURS, enabled=True).exists()


def test_a_job_is_handed_to_a_worker_out_of_turn(heartbeat, console):
    with patch("adminconsole.jobs.beat.apply_async") as send:
        reply = press(console, "django_celery_beat.periodictask", heartbeat.pk, "run_entry")
    assert "Handed to a worker" in told(reply)
    assert send.call_args.kwargs["expires"] == heartbeat.expire_seconds
    assert AdminAction.objects.get().outcome == "Handed to a worker."


def test_a_job_that_can_not_be_handed_over_is_told(heartbeat, console, redis_server):
    redis_server.kill()
    reply = press(console, "django_celery_beat.periodictask", heartbeat.pk, "run_entry")
    assert "The broker can't be reached" in told(reply)
    PeriodicTask.objects.filter(pk=heartbeat.pk).update(task="no.such.job")
    reply = press(console, "django_celery_beat.periodictask", heartbeat.pk, "run_entry")
    assert "There is no job called no.such.job" in told(reply)


def form(entry: PeriodicTask, **changes: object) -> dict[str, object]:
    fields = {
        "name": entry.name, "description": entry.description, "task": entry.task,
        "enabled": "on", "interval": entry.interval_id or "", "expire_seconds": 60,
    }  # fmt: skip
    return {name: value for name, value in {**fields, **changes}.items() if value is not None}


def test_an_entry_is_given_another_pace_and_the_log_says_from_what(heartbeat, console):
    slow = IntervalSchedule.objects.create(every=5, period="minutes")
    address = f"/admin/django_celery_beat/periodictask/{heartbeat.pk}/change/"
    reply = console.post(address, form(heartbeat, interval=slow.pk, name="renamed"))
    assert reply.status_code == 302, reply.context["adminform"].form.errors
    heartbeat.refresh_from_db()
    assert heartbeat.interval == slow
    assert heartbeat.name == "oO: heartbeat"  # those of the house keep their names and jobs
    row = AdminAction.objects.get()
    assert row.action == "Change timetable entry"
    assert "every 5 minutes" in row.outcome


def test_an_entry_without_a_time_or_with_two_is_refused(heartbeat, console):
    address = f"/admin/django_celery_beat/periodictask/{heartbeat.pk}/change/"
    assert console.post(address, form(heartbeat, interval="")).status_code == 200
    crontab = CrontabSchedule.objects.create(hour="4")
    assert console.post(address, form(heartbeat, crontab=crontab.pk)).status_code == 200
    assert not AdminAction.objects.exists()


def test_ops_add_and_remove_entries_of_their_own_and_only_those(heartbeat, console):
    add = "/admin/django_celery_beat/periodictask/add/"
    entry = form(heartbeat, name="more often", task="integrations.jobs.sync_sweep")
    assert console.post(add, entry).status_code == 302
    more = PeriodicTask.objects.get(name="more often")
    assert more.task == "integrations.jobs.sync_sweep"
    base = "/admin/django_celery_beat/periodictask"
    assert console.post(f"{base}/{heartbeat.pk}/delete/", {"post": "yes"}).status_code == 403
    assert console.post(f"{base}/{more.pk}/delete/", {"post": "yes"}).status_code == 302
    assert not PeriodicTask.objects.filter(pk=more.pk).exists()
    actions = AdminAction.objects.order_by("pk").values_list("action", "subject")
    assert list(actions) == [
        ("Add timetable entry", "more often"),
        ("Delete timetable entry", "more often"),
    ]
    assert console.post(add, form(heartbeat, name="x", task="os.system")).status_code == 200


def test_only_jobs_that_need_nothing_told_can_be_put_on_the_timetable(db):
    jobs = periodic_jobs()
    assert {entry.job for entry in TIMETABLE} <= set(jobs)
    assert "recommender.jobs.learn_user" not in jobs
    assert "adminconsole.jobs.operate" not in jobs


def test_a_schedule_in_use_is_neither_changed_nor_removed(heartbeat, console):
    base = f"/admin/django_celery_beat/intervalschedule/{heartbeat.interval_id}"
    assert console.post(f"{base}/delete/", {"post": "yes"}).status_code == 403
    assert console.post(f"{base}/change/", {"every": 1, "period": "days"}).status_code == 403
    unused = IntervalSchedule.objects.create(every=77, period="days")
    base = f"/admin/django_celery_beat/intervalschedule/{unused.pk}"
    assert console.post(f"{base}/delete/", {"post": "yes"}).status_code == 302
    assert PeriodicTask.objects.filter(pk=heartbeat.pk).exists()


@pytest.mark.parametrize(
    ("every", "period", "words"),
    [
        (15, "seconds", "every 15 seconds"),
        (60, "seconds", "every minute"),
        (600, "seconds", "every 10 minutes"),
        (7200, "seconds", "every 2 hours"),
        (86_400, "seconds", "every day"),
        (2, "days", "every 2 days"),
    ],
)
def test_a_pace_is_said_as_people_say_it(every, period, words):
    assert said(IntervalSchedule(every=every, period=period)) == words


NIGHTLY = {f"{OURS}{entry.name}" for entry in TIMETABLE if entry.at}


def test_writing_the_timetable_again_touches_nothing_that_is_the_same(heartbeat):
    long_ago = datetime(2026, 1, 1, tzinfo=UTC)
    PeriodicTask.objects.update(date_changed=long_ago)
    PeriodicTask.objects.filter(pk=heartbeat.pk).update(description="As it was.")
    call_command("sync_timetable", verbosity=0)
    touched = PeriodicTask.objects.exclude(date_changed=long_ago)
    assert [entry.name for entry in touched] == ["oO: heartbeat"]
    assert touched[0].description != "As it was."


def test_what_runs_once_a_day_runs_at_night_each_at_its_own_time(heartbeat):
    assert all(bool(entry.at) == (entry.every_seconds == 86_400) for entry in TIMETABLE)
    times = [entry.at for entry in TIMETABLE if entry.at]
    assert len(set(times)) == len(times)
    assert all("02:00" <= at < "05:00" for at in times)
    timed = PeriodicTask.objects.filter(crontab__isnull=False)
    assert {entry.name for entry in timed} == NIGHTLY
    assert all(entry.interval is None for entry in timed)
    infer = timed.get(name="oO: infer").crontab
    assert f"{int(infer.hour):02}:{int(infer.minute):02}" in times
    assert str(infer.timezone) == "UTC"


def test_what_never_ran_runs_soon_after_the_start_and_then_at_its_time(heartbeat):
    # What beat itself goes by is the real clock.
    now = datetime.now(UTC)
    with patch("adminconsole.timetable.run_now") as run:
        assert set(catch_up(now=now)) == NIGHTLY
        assert catch_up(now=now) == []
    assert {call.args[0].name for call in run.call_args_list} == NIGHTLY


def test_what_was_missed_while_the_machine_was_off_is_caught_up_on_unless_it_is_paused(heartbeat):
    now = datetime.now(UTC)
    ours = PeriodicTask.objects.filter(name__in=NIGHTLY)
    ours.update(last_run_at=now)
    ours.filter(name="oO: drift").update(last_run_at=now - timedelta(days=2))
    ours.filter(name="oO: turn").update(last_run_at=now - timedelta(days=2), enabled=False)
    with patch("adminconsole.timetable.run_now") as run:
        assert catch_up(now=now) == ["oO: drift"]
    assert run.call_count == 1


def test_what_can_not_be_handed_over_is_still_missed(heartbeat):
    now = datetime.now(UTC)
    with patch("adminconsole.timetable.run_now", side_effect=CantRun("no broker")):
        assert catch_up(now=now) == []
    assert not PeriodicTask.objects.filter(last_run_at__isnull=False).exists()


def test_how_often_an_entry_was_sent_goes_with_when_it_was_sent_last(heartbeat, console):
    now = datetime.now(UTC)
    with patch("adminconsole.timetable.run_now"):
        catch_up(now=now)
    for entry in PeriodicTask.objects.all():
        assert bool(entry.total_run_count) is bool(entry.last_run_at), entry.name
    page = console.get("/admin/django_celery_beat/periodictask/").content.decode()
    times = re.findall(r"<td[^>]*field-times[^>]*>\s*([^<\s]*)", page) or re.findall(
        r'data-label="Times sent"[^>]*>\s*([^<\s]*)', page
    )
    assert set(times) == {"1", "–"}
