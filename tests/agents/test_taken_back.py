"""What goes when a consent or a source is taken back: at once, whole, also while something is written."""

from datetime import datetime, timedelta

import pytest
from celery.exceptions import SoftTimeLimitExceeded
from django.utils import timezone

from accounts import consents, preferences
from accounts.models import Preference
from agents import refresh as refreshing
from agents.active import active_users
from agents.beliefs import beliefs_of
from agents.gather import histories
from agents.infer import _first_day, infer
from agents.library.base import HealthFact
from agents.llm import callog
from agents.models import AgentOutput, Belief, Candidate, LlmCall
from agents.refresh import refresh
from agents.registry import agents
from agents.withdraw import take_back
from agents.writing.advices import ADVICES
from integrations.disconnect import disconnect
from integrations.models import CalendarEvent, Connection, HealthDay
from oo.events.deliver import deliver
from tests.agents.pasts import finish, give_health, with_a_past
from tests.agents.test_beliefs import browser_of
from tests.people import NOW, Item, person

pytestmark = pytest.mark.django_db


def told(now: datetime = NOW) -> None:
    while deliver(now=now):
        pass


def who_slept_long():
    ada = with_a_past()
    give_health(ada)
    HealthDay.objects.filter(day=NOW.date()).update(value=600)
    infer([ada.user.pk], now=NOW)
    refresh([ada.user.pk], now=NOW)
    told()
    return ada


def of_health():
    return Candidate.objects.filter(claims__has_key="energy.sleep_minutes")


def test_what_was_kept_for_looking_into_a_problem_goes_with_the_consent_to_health(settings):
    settings.LLM_LOG_TEXT_HOURS = 24
    ada = who_slept_long()
    call = LlmCall(user=ada.user, alias="tip-generator", at=NOW, outcome="ok")
    callog.write(call, said=["Last night had 10 h of sleep"])
    assert "sleep" in LlmCall.objects.get(pk=call.pk).text
    consents.change(ada.user, {"health": False}, now=NOW)
    call.refresh_from_db()
    assert (call.text, call.text_until) == ("", None)


# --- a consent --------------------------------------------------------------------------------------


def test_a_consent_withdrawn_while_a_pool_is_rewritten_leaves_nothing_of_health_in_it(monkeypatch):
    ada = who_slept_long()
    assert of_health().exists()
    of_health().delete()  # so that it has to be written
    truly, did = refreshing._consult, []

    def consult(*args):
        said = truly(*args)
        if not did:
            did.append(consents.change(ada.user, {"health": False}, now=NOW))
            told()
        return said

    monkeypatch.setattr(refreshing, "_consult", consult)
    refresh([ada.user.pk], now=NOW)
    assert did
    assert not of_health().exists()
    assert not AgentOutput.objects.filter(agent="energy").exists()
    assert Candidate.objects.filter(kind="advice", retired_at=None).exists()


def test_an_advice_for_who_slept_little_goes_with_the_consent(monkeypatch):
    ada = who_slept_long()
    HealthDay.objects.filter(day=NOW.date()).update(value=200)
    monkeypatch.setattr("agents.writing.plain.ADVICES_AT_ONCE", 1000)
    refresh([ada.user.pk], now=NOW)
    of_low = Candidate.objects.filter(key__in=[a.key for a in ADVICES if a.moment.energy == "low"])
    assert of_low.filter(retired_at=None).exists()
    consents.change(ada.user, {"health": False}, now=NOW)
    told()
    assert not of_low.exists()
    assert Candidate.objects.filter(kind="advice", retired_at=None).exists()


def test_the_pool_is_rewritten_in_one_breath_with_what_agents_said(monkeypatch):
    ada = who_slept_long()
    AgentOutput.objects.all().delete()

    def cut(*args, **kwargs):
        raise OSError("the database is gone")

    monkeypatch.setattr(refreshing, "rewrite", cut)
    assert refresh([ada.user.pk], now=NOW).users == 0
    assert not AgentOutput.objects.exists()


def test_tips_go_with_what_they_rest_on_also_long_after_that_went():
    ada = who_slept_long()
    Candidate.objects.update(retired_at=NOW)
    AgentOutput.objects.filter(agent="energy").delete()
    Belief.objects.filter(agent="energy").delete()
    take_back([ada.user.pk], ["energy"])
    assert not of_health().exists()
    assert Candidate.objects.exists()


# --- a source ---------------------------------------------------------------------------------------


def test_nothing_is_believed_or_said_of_what_came_from_a_source_that_was_disconnected():
    ada = with_a_past()
    infer([ada.user.pk], now=NOW)
    refresh([ada.user.pk], now=NOW)
    told()
    assert Candidate.objects.exclude(claims={}).exists()
    Candidate.objects.exclude(claims={}).update(retired_at=NOW)
    disconnect(ada.connection, now=NOW)
    told()
    assert not Candidate.objects.exclude(claims={}).exists()
    refresh([ada.user.pk], now=NOW + timedelta(minutes=1))
    assert not Belief.objects.filter(why="").exists()
    assert not Preference.objects.exists()
    assert not [one for one in beliefs_of(ada.user, now=NOW) if one.state == "believed"]
    assert not any("9:00" in one.text for one in AgentOutput.objects.all())
    assert not Candidate.objects.exclude(claims={}).exists()


def test_who_has_no_source_left_is_visited_until_nothing_is_believed_of_them():
    ada = with_a_past()
    infer([ada.user.pk], now=NOW)
    Connection.objects.all().delete()  # and whoever was to hear of it did not
    assert list(active_users(now=NOW, size=10)) == [[ada.user.pk]]
    infer([ada.user.pk], now=NOW)
    assert list(active_users(now=NOW, size=10)) == []


# --- time that is up --------------------------------------------------------------------------------


@pytest.fixture
def slow():
    """The first parameter of time-of-day, which raises what the test puts here."""
    param, raises = agents.get("time-of-day").manifest.params[0], []
    truly = param.infer

    def infer_slowly(history):
        if raises:
            raise raises.pop()
        return truly(history)

    object.__setattr__(param, "infer", infer_slowly)
    yield raises
    object.__setattr__(param, "infer", truly)


def test_a_worker_whose_time_is_up_stops_and_believes_nothing_less(slow):
    ada = with_a_past()
    infer([ada.user.pk], now=NOW)
    finish(ada, days=2, hours=(7,), name="new")
    slow.append(SoftTimeLimitExceeded())
    with pytest.raises(SoftTimeLimitExceeded):
        infer([ada.user.pk], now=NOW)
    assert Belief.objects.get(key="preferred_hour").why == ""
    assert preferences.of(ada.user)["preferred_hour"] == 9


def test_a_worker_whose_time_is_up_keeps_no_error_of_an_agent(monkeypatch):
    ada = with_a_past()
    AgentOutput.objects.all().delete()

    def endless(self, inputs):
        raise SoftTimeLimitExceeded

    monkeypatch.setattr(type(agents.get("time-of-day")), "compute", endless)
    with pytest.raises(SoftTimeLimitExceeded):
        refresh([ada.user.pk], now=NOW)
    assert not AgentOutput.objects.exists()


def test_what_failed_is_tried_again_the_next_night(slow):
    ada = with_a_past()
    slow.append(RuntimeError("sour"))
    infer([ada.user.pk], now=NOW)
    assert Belief.objects.get(key="preferred_hour").why == "failed"
    infer([ada.user.pk], now=NOW + timedelta(hours=1))
    assert Belief.objects.get(key="preferred_hour").why == ""


def test_asking_to_infer_says_when_it_failed(monkeypatch):
    ada = with_a_past(now=timezone.now())
    monkeypatch.setattr("agents.infer._write", lambda *args: 1 / 0)
    reply = browser_of(ada).post("/api/agents/time-of-day/infer")
    assert reply.status_code == 503
    assert reply["Content-Type"] == "application/problem+json"


# --- clocks -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("days", [0, 1, 6, 7, 13, 60, 90, 1000])
def test_the_past_begins_in_the_past(settings, days):
    settings.EVENT_RETENTION_DAYS = days
    for day in range(7):
        assert _first_day(NOW + timedelta(days=day)) < NOW + timedelta(days=day - 6)


def test_nothing_in_a_history_is_later_than_now():
    ada = with_a_past()
    health = give_health(ada)
    HealthDay.objects.create(
        user=ada.user, connection=health, day=NOW.date() + timedelta(days=1), measure="sleep",
        value=1,
    )  # fmt: skip
    for hours in (-2, 2):
        CalendarEvent.objects.create(
            user=ada.user, connection=ada.connection, external_id=f"e{hours}", text_hash="",
            starts_at=NOW + timedelta(hours=hours), ends_at=NOW + timedelta(hours=hours + 1),
        )  # fmt: skip
    past = histories([ada.user.pk], now=NOW, since=NOW - timedelta(days=90))[ada.user.pk].history
    assert len(past.events) == 1
    assert max(past.health, key=lambda one: one.day) == HealthFact(NOW.date(), "sleep", 420)


def test_candidates_of_a_clock_that_was_a_day_ahead_are_retired():
    ada = person("ada@example.com", Item("Thing"))
    ahead = NOW + timedelta(days=1)
    ada.refreshed(ahead)
    made = Candidate.objects.filter(created_at=ahead)
    assert made.filter(retired_at=None).exists()
    drafted = set(Candidate.objects.filter(retired_at=None).values_list("key", flat=True))
    ada.refreshed(NOW + timedelta(minutes=5))
    still = {one.key for one in made.filter(retired_at=None)}
    assert still < drafted
    assert not any(key.startswith("advice:") and key not in _offered(ada) for key in still)


def _offered(ada) -> set[str]:
    from agents.gather import gather
    from agents.writing.plain import write

    inputs = gather([ada.user.pk], now=NOW + timedelta(minutes=5))[ada.user.pk].inputs
    return {one.key for one in write(inputs, {})}


# --- the export -------------------------------------------------------------------------------------


def test_the_export_tells_what_tips_rest_on_and_since_when():
    from agents.personal_data import AgentsData

    ada = who_slept_long()
    told_all = AgentsData().export(ada.user.pk)
    (one,) = (one for one in told_all["candidates"] if one["key"] == "insight:last-night")
    assert one["claims"]["energy.sleep_minutes"] == 600
    assert {"topic", "created_at", "expires_at", "retired_at", "resting_until"} <= one.keys()
    assert {"confidence", "why", "computed_at"} <= told_all["outputs"][0].keys()
