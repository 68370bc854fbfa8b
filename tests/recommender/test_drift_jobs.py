"""Drift: looked at daily, an alarm when it is seen twice, and what the jobs of all this do by themselves."""

from datetime import timedelta

import pytest
from django.utils import timezone

from recommender import drift, jobs, live
from recommender.checks import LOOKED_BACK_DAYS
from recommender.health import drift as on_the_health_page
from recommender.models import PolicyRun, PolicyShadow
from recommender.react import prune_unanswered
from tests.people import NOW
from tests.recommender.history import lived, people, urgent

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def served_by_a_policy_that_never_keeps_silent(settings):
    settings.ACTIVE_POLICY = "egreedy-v1"


@pytest.fixture(autouse=True)
def forgetful(settings):
    settings.ACTIVE_POLICY = "egreedy-v1"
    live._known = live.Known()


def weeks(worth_of_week, *, count: int = 30, to: int = 7, answered: float = 1.0):
    """Seven weeks of decisions, ten a week and person, the last ending at NOW."""
    users = people(count)
    for week in range(to):
        ends = NOW - timedelta(days=7 * (to - 1 - week))
        lived(
            users, 10, worth=worth_of_week(week), ends=ends, days=7, seed=week + 1,
            answered=answered,
        )  # fmt: skip


def test_a_change_that_is_seen_in_two_weeks_is_an_alarm_and_one_week_is_none():
    weeks(lambda week: lambda row: urgent(row) - (0.6 if week >= 5 else 0.0))
    calm = drift.look(now=NOW - timedelta(days=13))
    assert calm.verdict == "passed"
    first = drift.look(now=NOW - timedelta(days=6))
    flagged = [one["name"] for one in first.numbers["look"]["shifts"] if one["flagged"]]
    assert "reward" in flagged
    assert (first.verdict, first.numbers["alarms"]) == ("passed", [])
    assert "no alarm yet" in first.says
    second = drift.look(now=NOW + timedelta(days=1))
    assert second.verdict == "alarm"
    assert "reward" in second.numbers["alarms"]
    found = on_the_health_page(NOW + timedelta(days=2))
    assert found.state == "warn"
    assert "reward" in found.says


def test_lives_that_stay_the_same_raise_none():
    weeks(lambda week: urgent)
    for day in range(-6, 2):
        run = drift.look(now=NOW + timedelta(days=day))
        assert run.verdict == "passed", run.says
    assert on_the_health_page(NOW + timedelta(days=2)).state == "ok"


def test_with_more_decisions_than_are_read_weekdays_are_not_found_to_have_changed(monkeypatch):
    """600 a week, so all of the week looked at: the newest 850 before it are a week and three days."""
    monkeypatch.setattr(drift, "MOST", 850)
    weeks(lambda week: lambda row: urgent(row) - 0.3 * row["is_weekend"], count=60)
    for day in range(-6, 2):
        run = drift.look(now=NOW + timedelta(days=day))
        shifts = {one["name"]: one for one in run.numbers["look"]["shifts"]}
        flagged = [name for name, one in shifts.items() if one["flagged"]]
        assert run.verdict == "passed", run.says
        assert not flagged, (day, flagged)


@pytest.mark.parametrize("days", [12, 20, 29])
def test_that_unanswered_decisions_are_not_kept_as_long_is_no_drift(settings, days):
    """Only the answered are left of what is older: looked at with the rest, rewards have fallen."""
    settings.EVENT_RETENTION_DAYS = days
    weeks(lambda week: lambda row: 0.6, answered=0.5)
    assert prune_unanswered(now=NOW, older_than=timedelta(days=days))
    run = drift.look(now=NOW)
    if days == 12:
        assert run.verdict == "too little"
        assert run.says == "too little data: days in EVENT_RETENTION_DAYS: 16 needed, 12 there"
        return
    assert run.verdict == "passed"
    assert run.says == "No change seen."


def test_it_looks_at_whole_weeks_of_what_is_kept(settings):
    for days, looked_at in ((90, 28), (37, 28), (36, 21), (17, 7)):
        settings.EVENT_RETENTION_DAYS = days
        at = NOW.replace(hour=23)
        middle = at.replace(hour=0, minute=0, second=0, microsecond=0) - timedelta(days=8)
        assert drift._reference(middle, at) == timedelta(days=looked_at), days
    assert timedelta(days=LOOKED_BACK_DAYS - 2) == drift.RECENT + drift.REFERENCE


def test_with_too_few_people_it_says_so():
    run = drift.look(now=NOW)
    assert run.verdict == "too little"
    assert on_the_health_page(NOW).state == "ok"


def test_looking_twice_at_one_day_counts_once():
    weeks(lambda week: lambda row: urgent(row) - (0.6 if week >= 6 else 0.0))
    for hours in range(3):
        run = drift.look(now=NOW + timedelta(days=1, hours=hours))
    assert "no alarm yet" in run.says


def test_the_jobs_run_on_an_empty_installation_and_on_a_lived_in_one(settings):
    """Each is what beat sends, with nothing told."""
    every = (
        jobs.estimate_priors, jobs.sweep_shadows, jobs.evaluate_policies, jobs.guard_promotion,
        jobs.adapt_experiment, jobs.look_for_drift, jobs.send_runs,
    )  # fmt: skip
    settings.SHADOW_POLICIES = ["linucb"]
    for job in every:
        job()
    assert PolicyShadow.objects.get().policy == "linucb"
    now = timezone.now()
    PolicyShadow.objects.update(begins=now - timedelta(days=30), swept_to=now - timedelta(days=30))
    lived(people(6), 10, ends=now - timedelta(days=2))
    for job in every:
        job()
    kinds = set(PolicyRun.objects.values_list("kind", flat=True))
    assert {"evaluate", "drift"} <= kinds
