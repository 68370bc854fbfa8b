"""What a person says of themselves is obeyed, what they have forgotten stays forgotten."""

from dataclasses import replace
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.utils import timezone

from accounts import consents, preferences
from accounts.models import Preference
from accounts.preferences import BadPreference
from agents import beliefs
from agents import refresh as refreshing
from agents.asking import asking
from agents.gather import gather, seen_by
from agents.infer import infer
from agents.library.base import HealthFact, Inputs, TaskFact
from agents.models import AgentOutput, Belief
from agents.refresh import refresh
from agents.registry import agents
from agents.writing.plain import write
from oo.events.deliver import deliver
from tests.agents.pasts import finish, give_health, with_a_past
from tests.agents.test_beliefs import browser_of
from tests.people import NOW, Item, person

pytestmark = pytest.mark.django_db

ZONE = ZoneInfo("Europe/Berlin")
AT = datetime(2026, 11, 18, 11, 0, tzinfo=ZONE)


def life(**given) -> Inputs:
    wants = {key.name: key.default for key in preferences.declared()}
    said = given.pop("says", {})
    return Inputs(
        user_id=1, now=AT, zone=ZONE, preferences={**wants, **said}, said=frozenset(said), **given
    )


def done(*hours: float, days=26, skip=()) -> tuple[datetime, ...]:
    midnight = AT.replace(hour=0, minute=0)
    return tuple(
        sorted(
            midnight - timedelta(days=day) + timedelta(hours=hour)
            for day in range(1, days + 1)
            if day not in skip
            for hour in hours
        )
    )


def told(agent_id, inputs):
    return agents.get(agent_id).compute(inputs)


def offered(inputs, agent_id) -> list:
    drafts = write(inputs, {agent_id: told(agent_id, inputs)})
    return [one for one in drafts if one.kind == "task"]


def insights(inputs) -> dict[str, str]:
    snippets = {agent.id: one for agent in agents if (one := agent.compute(inputs))}
    return {one.key: one.content for one in write(inputs, snippets) if one.kind == "insight"}


# --- corrections change something -----------------------------------------------------------------


def at_nine() -> tuple[datetime, ...]:
    return tuple(sorted(done(9.2, 9.4) + done(15, days=9)))


def test_who_says_another_hour_is_their_best_is_told_of_no_other():
    of = life(done_at=at_nine())
    assert "insight:best-hour" in insights(of)
    corrected = life(done_at=of.done_at, says={"preferred_hour": 20})
    snippet = told("time-of-day", corrected)
    assert snippet.facts["preferred_hour"] is None
    assert "9:00" not in snippet.text
    assert not {"insight:best-hour", "insight:best-part"} & set(insights(corrected))
    evening = replace(corrected, now=AT.replace(hour=20))
    assert told("time-of-day", evening).facts["peak"] is True


def test_who_says_the_counted_hour_is_told_of_it_still():
    of = life(done_at=at_nine(), says={"preferred_hour": 9})
    assert "insight:best-hour" in insights(of)


@pytest.mark.parametrize(
    ("key", "insight"), [("daily_cycle", "best-part"), ("weekly_cycle", "best-weekday")]
)
def test_who_says_there_is_no_rhythm_is_told_of_none(key, insight):
    midnight = AT.replace(hour=0)
    mondays = [midnight - timedelta(days=2 + 7 * week) for week in range(4)]
    moments = tuple(
        sorted(m + timedelta(hours=h, minutes=5) for m in mondays for h in range(8, 18))
    )
    of = life(done_at=done(9.2, 9.4) if key == "daily_cycle" else moments)
    assert f"insight:{insight}" in insights(of)
    said = replace(of, preferences={**of.preferences, key: 0.2}, said=frozenset({key}))
    assert f"insight:{insight}" not in insights(said)


def test_whether_it_is_more_lately_is_for_the_user_to_say():
    more = tuple(sorted((*done(9, 15), *done(10, 11, 12, days=7))))
    assert "insight:more-lately" in insights(life(done_at=more))
    steady = life(done_at=more, says={"engagement_trend": "steady"})
    assert "insight:more-lately" not in insights(steady)
    assert told("momentum", steady).facts["trend"] == "steady"
    assert "more than before" not in told("momentum", steady).text
    fewer = life(done_at=done(9, 10, 11, 12, skip=(1, 2, 3)), says={"engagement_trend": "more"})
    assert "insight:more-lately" not in insights(fewer)


def test_a_task_later_than_they_give_things_is_asked_about_and_one_within_it_offered():
    late = TaskFact(1, 1, AT - timedelta(days=30), due_on=AT.date() - timedelta(days=8))

    def content(days):
        of = life(tasks=(late,), says={"lateness_tolerance_days": days})
        return offered(of, "overdue-task")[0].content

    assert content(7) == "Still on your mind? {title}"
    assert content(8) == "Would now be a good time? {title}"


def test_a_date_in_a_list_where_dates_give_way_is_not_held_against_its_task():
    late = TaskFact(
        1, 1, AT - timedelta(days=30), due_on=AT.date() - timedelta(days=1), project="p"
    )
    of = life(tasks=(late,), says={"project_realness": {"p": 0.2}})
    (one,) = offered(of, "overdue-task")
    assert (one.content, one.confidence) == ("{title}", 0.6)


def test_tasks_of_the_lists_they_work_on_most_have_a_place_before_others():
    tasks = tuple(
        TaskFact(n, 1, AT - timedelta(days=n), project="mine" if n > 90 else "other")
        for n in range(1, 101)
    )
    of = life(tasks=tasks, says={"preferred_areas": ["mine"]})
    with_it = {one.task_id for one in offered(of, "focus-area")}
    without = {one.task_id for one in write(life(tasks=tasks), {})}
    assert with_it >= set(range(91, 101))
    assert not without & set(range(91, 101))


@pytest.mark.parametrize("key", ["tz", "sleep_link"])
def test_what_a_word_would_not_change_can_be_forgotten_and_not_said(key):
    ada = with_a_past()
    value = {"tz": "Asia/Tokyo", "sleep_link": 0.5}[key]
    with pytest.raises(BadPreference):
        preferences.say(ada.user, key, value, now=NOW)
    with pytest.raises(BadPreference):
        beliefs.keep(ada.user, key, value, now=NOW)
    browser = browser_of(ada)
    answer = browser.patch(
        "/api/profile/prefs/agents", {key: value}, content_type="application/json"
    )
    assert answer.status_code == 400
    assert not Preference.objects.filter(key=key, source="user").exists()
    assert asking(preferences.key_of(key), value) is None
    preferences.infer(ada.user, key, value, confidence=0.9, now=NOW)
    beliefs.forget(ada.user, key, now=NOW)
    assert Preference.objects.get(key=key).value is None


def test_a_word_of_before_on_what_can_not_be_said_any_more_does_not_count():
    ada = person()
    Preference.objects.create(
        user=ada.user, key="tz", source="user", value="Asia/Tokyo", confidence=1, updated_at=NOW
    )
    assert preferences.of(ada.user)["tz"] is None
    assert {one.key.name: one.source for one in preferences.held(ada.user)}["tz"] == "default"


def test_every_belief_that_can_be_said_changes_what_an_agent_says_or_what_is_offered():
    """Of those that need no more of a life than these facts."""
    nights = tuple(
        HealthFact(AT.date() - timedelta(days=n), measure, value + n)
        for n in range(14)
        for measure, value in (("sleep", 420), ("steps", 7000))
    )
    tasks = tuple(
        TaskFact(n, 1, AT - timedelta(days=n), due_on=date(2026, 11, 16), project="p")
        for n in range(1, 4)
    )
    of = life(done_at=done(9.2, 9.4, 15, skip=(4, 9, 15)), health=nights, tasks=tasks)
    other = {
        "preferred_hour": 20, "quiet_start": 10, "quiet_end": 11, "peak_hours": [11],
        "engagement_trend": "more", "baseline_completions_per_day": 3.0,
        "completions_per_day_stdev": 2.0, "lookback_days": 14, "weekly_cycle": 0.9,
        "daily_cycle": 0.1, "preferred_areas": ["p"], "project_realness": {"p": 0.1},
        "lateness_tolerance_days": 1, "usual_sleep_minutes": 480, "usual_steps": 6000,
    }  # fmt: skip
    names = {p.name for agent in agents for p in agent.manifest.params if p.sayable}
    assert names - other.keys() == {"free_window_minutes"}

    def all_of(inputs):
        return [agent.compute(inputs) for agent in agents]

    for name, value in other.items():
        wants = {**of.preferences, name: value}
        if name == "quiet_end":
            continue  # only together with its beginning
        if name == "quiet_start":
            wants["quiet_end"] = 12
        said = replace(of, preferences=wants, said=frozenset({name}))
        assert all_of(said) != all_of(of), name


# --- a word that is the default is a word ------------------------------------------------------------


def test_a_word_that_equals_the_default_counts_as_any_other():
    nights = tuple(HealthFact(AT.date() - timedelta(days=n), "sleep", 420) for n in range(14))
    of = life(health=nights, done_at=done(9, 10, skip=(4, 9, 15)))
    assert told("energy", of).facts["usual_sleep_minutes"] == 420
    said = life(
        health=nights, done_at=of.done_at,
        says={"usual_sleep_minutes": 480, "baseline_completions_per_day": 3.0},
    )  # fmt: skip
    assert told("energy", said).facts["usual_sleep_minutes"] == 480
    assert told("momentum", of).facts["usual_per_day"] != 3.0
    assert told("momentum", said).facts["usual_per_day"] == 3.0


def test_whose_word_it_is_reaches_the_agents():
    ada = person()
    preferences.infer(ada.user, "quiet_end", 8, confidence=0.9, now=NOW)
    preferences.say(ada.user, "lookback_days", 28, now=NOW)
    preferences.forget(ada.user, "preferred_hour", now=NOW)
    inputs = gather([ada.user.pk], now=NOW)[ada.user.pk].inputs
    assert inputs.said == {"lookback_days"}
    assert inputs.forgotten == {"preferred_hour": NOW}


# --- what is forgotten ------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["preferred_hour", "peak_hours", "daily_cycle"])
def test_an_hour_that_was_forgotten_is_told_by_no_other_count(name):
    known = life(done_at=at_nine())
    assert {"insight:best-hour", "insight:best-part"} & set(insights(known))
    of = replace(known, forgotten={name: AT - timedelta(hours=1)})
    assert "9:00" not in told("time-of-day", of).text
    assert told("time-of-day", of).facts["preferred_hour"] is None
    assert not {"insight:best-hour", "insight:best-part"} & set(insights(of))


def test_what_came_since_counts_again():
    of = life(done_at=done(9.2, 9.4, 15), forgotten={"preferred_hour": AT - timedelta(days=20)})
    snippet = told("time-of-day", of)
    assert snippet.facts["preferred_hour"] == 9
    assert snippet.facts["done"] == sum(at > AT - timedelta(days=20) for at in of.done_at)
    assert "28 days" not in snippet.text


def test_a_pace_that_was_forgotten_is_counted_from_the_days_since():
    of = life(
        done_at=done(9, 10, skip=(4, 9, 15)), forgotten={"engagement_trend": AT - timedelta(days=3)}
    )
    assert told("momentum", of) is None
    too_few_since = {"engagement_trend": AT - timedelta(days=16)}
    assert told("momentum", life(done_at=done(9, skip=(4,)), forgotten=too_few_since)) is None
    long_ago = life(done_at=of.done_at, forgotten={"engagement_trend": AT - timedelta(days=20)})
    assert told("momentum", long_ago).facts["before_days"] == 12


def test_nights_from_before_they_were_forgotten_are_not_what_is_usual():
    nights = tuple(HealthFact(AT.date() - timedelta(days=n), "sleep", 420) for n in range(14))
    of = life(health=nights, forgotten={"usual_sleep_minutes": AT - timedelta(days=2)})
    assert told("energy", of) is None


TOGETHER = [
    {"preferred_hour", "peak_hours", "daily_cycle"},
    {"quiet_start", "quiet_end", "tz"},
    {"engagement_trend", "baseline_completions_per_day", "completions_per_day_stdev"},
]


@pytest.mark.parametrize("together", TOGETHER)
def test_whichever_of_one_count_is_forgotten_no_other_still_tells_of_it(together):
    ada = with_a_past()
    finish(ada, hours=(9.1,), days=5, name="busy")  # a day is not like another
    for name in sorted(together):
        Preference.objects.all().delete()
        infer([ada.user.pk], now=NOW, again=True)
        told = set(Belief.objects.filter(why="").values_list("key", flat=True))
        assert together <= told, told
        beliefs.forget(ada.user, name, now=NOW)
        infer([ada.user.pk], now=NOW + timedelta(hours=14), again=True)
        left = set(Belief.objects.filter(why="").values_list("key", flat=True))
        assert left == told - together
        assert set(preferences.forgotten([ada.user.pk])[ada.user.pk]) == together


def test_where_another_agent_tells_of_one_count_its_word_is_forgotten_too_on_the_page():
    ada = with_a_past()
    infer([ada.user.pk], now=NOW)
    said = {one.key: one.sentence for one in beliefs.beliefs_of(ada.user, now=NOW)}
    assert (
        "between 9:00 and 10:00 than in any other hour: 120 of 200 things" in said["preferred_hour"]
    )
    assert "120 of 200 things" in said["peak_hours"]
    beliefs.forget(ada.user, "preferred_hour", now=NOW)
    left = " ".join(one.sentence for one in beliefs.beliefs_of(ada.user, now=NOW))
    assert "120 of 200" not in left
    assert "much of what you finish" not in left


def test_what_is_told_with_it_by_an_agent_that_is_not_installed_keeps_nothing_from_being_forgotten(
    settings,
):
    ada = with_a_past()
    infer([ada.user.pk], now=NOW)
    here = [path for path in settings.AGENTS if "recent_patterns" not in path]
    with agents.replaced_by(*here):
        beliefs.forget(ada.user, "preferred_hour", now=NOW)
    assert set(preferences.forgotten([ada.user.pk])[ada.user.pk]) == {
        "preferred_hour", "peak_hours",
    }  # fmt: skip


def test_quiet_hours_are_forgotten_whole():
    someone = person()
    finish(someone, hours=(8, 10, 12, 14, 16, 18, 20), days=40)
    infer([someone.user.pk], now=NOW)
    assert Belief.objects.filter(key__in=("quiet_start", "quiet_end", "tz"), why="").count() == 3
    beliefs.forget(someone.user, "quiet_start", now=NOW)
    infer([someone.user.pk], now=NOW + timedelta(hours=14))
    left = Belief.objects.filter(key__in=("quiet_start", "quiet_end", "tz"))
    assert [one.evidence for one in left] == [{}, {}, {}]


# --- health ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("way", ["the profile", "a worker"])
def test_a_confirmed_belief_on_health_goes_with_the_consent(way):
    ada = with_a_past()
    give_health(ada)
    infer([ada.user.pk], now=NOW)
    beliefs.keep(ada.user, "usual_sleep_minutes", 423, now=NOW)
    beliefs.keep(ada.user, "preferred_hour", 9, now=NOW)
    if way == "the profile":
        consents.change(ada.user, {"health": False}, now=NOW)
    else:
        consents.withdraw(ada.user.pk, "health", now=NOW)
        while deliver(now=NOW):
            pass
    assert list(Preference.objects.filter(source="user").values_list("key", flat=True)) == [
        "preferred_hour"
    ]


def test_what_is_usual_of_health_is_seen_only_by_agents_that_ask_for_the_consent():
    ada = with_a_past()
    give_health(ada)
    infer([ada.user.pk], now=NOW)
    beliefs.keep(ada.user, "usual_steps", 9000, now=NOW)
    inputs = gather([ada.user.pk], now=NOW)[ada.user.pk].inputs
    for agent in agents:
        seen = seen_by(agent, inputs)
        asks = "health" in agent.manifest.consents
        assert ("usual_sleep_minutes" in seen.preferences) == ("usual_steps" in seen.said) == asks


# --- the doors --------------------------------------------------------------------------------------


def test_the_pool_goes_by_a_preference_when_the_door_answers():
    ada = with_a_past()
    now = timezone.now()
    ada.connection.synced_at = now
    ada.connection.save()
    finish(ada, hours=(9.2, 9.4), days=27, now=now, name="now")
    refresh([ada.user.pk], now=now)
    browser = browser_of(ada)
    answer = browser.patch(
        "/api/profile/prefs/agents", {"lookback_days": 14}, content_type="application/json"
    )
    assert answer.status_code == 200
    assert AgentOutput.objects.get(agent="recent-patterns").facts["days"] == 14


def test_the_pool_goes_by_a_situation_when_the_door_answers(monkeypatch):
    ada = person("ada@example.com", Item("Thing"))
    refreshed = []
    monkeypatch.setattr("agents.handlers.refresh", lambda ids, *, now: refreshed.append(ids))
    week = {"day": ["mon", "tue"], "begins": "09:00", "ends": "17:00"}
    browser_of(ada).post("/situations/", {"do": "make", "name": "work", **week})
    browser_of(ada).patch("/api/profile/contexts", {"work": None}, content_type="application/json")
    assert refreshed == [[ada.user.pk]] * 2


def test_a_past_too_short_to_infer_from_is_warned_of(settings):
    settings.EVENT_RETENTION_DAYS = 30
    from agents.checks import there_is_a_past_to_infer_from

    assert [one.id for one in there_is_a_past_to_infer_from(None)] == ["agents.W005"]
    settings.EVENT_RETENTION_DAYS = 60
    assert there_is_a_past_to_infer_from(None) == []


def test_the_page_offers_to_forget_what_can_not_be_said():
    someone = person()
    finish(someone, hours=(8, 10, 12, 14, 16, 18, 20), days=40)
    infer([someone.user.pk], now=NOW)
    page = browser_of(someone).get("/beliefs/").content.decode()
    part = page.split('id="tz"')[1].split("</section>")[0]
    assert 'value="forget"' in part
    assert 'value="keep"' not in part
    assert "Change" not in part


def test_a_word_said_while_a_pool_is_rewritten_is_not_overwritten_by_what_was_known_before(
    monkeypatch,
):
    ada = with_a_past()
    infer([ada.user.pk], now=NOW)
    refresh([ada.user.pk], now=NOW)
    counted = AgentOutput.objects.get(agent="time-of-day").facts["preferred_hour"]
    word, later = (counted + 5) % 24, NOW + timedelta(hours=1)
    truly, did = refreshing._consult, []

    def consult(*args):
        said = truly(*args)
        if not did:
            did.append(preferences.say(ada.user, "preferred_hour", word, now=later))
            preferences.changed(ada.user.pk, now=later)
        return said

    monkeypatch.setattr(refreshing, "_consult", consult)
    refresh([ada.user.pk], now=later)
    assert did
    assert AgentOutput.objects.get(agent="time-of-day").facts["preferred_hour"] is None


def test_what_is_inferred_while_a_pool_is_rewritten_costs_nobody_their_refresh(monkeypatch):
    ada = with_a_past()
    truly, did = refreshing._consult, []

    def consult(*args):
        said = truly(*args)
        if not did:
            did.append(infer([ada.user.pk], now=NOW))
        return said

    AgentOutput.objects.all().delete()
    monkeypatch.setattr(refreshing, "_consult", consult)
    refresh([ada.user.pk], now=NOW)
    assert did
    assert Preference.objects.filter(source="inferred").exists()
    assert AgentOutput.objects.filter(agent="time-of-day").exists()


def test_who_moves_to_another_zone_of_the_same_hour_is_counted_anew_at_once():
    ada = with_a_past()
    refresh([ada.user.pk], now=NOW)
    before = AgentOutput.objects.get(agent="recent-patterns").inputs_hash
    type(ada.user).objects.filter(pk=ada.user.pk).update(time_zone="Africa/Lagos")
    refresh([ada.user.pk], now=NOW)
    assert AgentOutput.objects.get(agent="recent-patterns").inputs_hash != before
