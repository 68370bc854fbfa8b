"""What oO believes, as its user sees it and sets it right."""

import json
import re

import pytest
from django.test import Client
from django.utils import timezone
from jsonschema import Draft202012Validator

from accounts import preferences
from accounts.models import Preference
from agents.beliefs import beliefs_of
from agents.evidence import sureness
from agents.infer import infer
from agents.models import AgentOutput, Belief
from agents.refresh import refresh
from agents.registry import agents
from integrations.models import Connection
from tests.agents.pasts import BERLIN, finish, give_health, with_a_past
from tests.people import Person, person

pytestmark = pytest.mark.django_db


@pytest.fixture
def ada() -> Person:
    someone = with_a_past(now=timezone.now())
    Connection.objects.update(synced_at=timezone.now())
    infer([someone.user.pk], now=timezone.now())
    return someone


def browser_of(someone: Person) -> Client:
    browser = Client()
    browser.force_login(someone.user)
    return browser


def shown(someone: Person) -> dict:
    return {one.key: one for one in beliefs_of(someone.user, now=timezone.now())}


def say(someone: Person, key: str, **form) -> None:
    reply = browser_of(someone).post(f"/beliefs/{key}/", form)
    assert reply.status_code == 302
    assert reply["Location"] == f"/beliefs/#{key}"


def test_every_belief_is_a_sentence_with_its_evidence_and_how_sure_it_is(ada):
    page = browser_of(ada).get("/beliefs/").content.decode()
    one = shown(ada)["preferred_hour"]
    assert one.state == "believed"
    assert one.sentence in page
    assert re.fullmatch(
        r"From 200 things finished since \d+\s[A-Z][a-z]+(\s\d{4})?\. Only a guess so far\.",
        one.small,
    )
    assert one.small in page


def test_how_sure_it_is_is_said_in_words_and_grows_with_confidence():
    said = [sureness(confidence) for confidence in (0, 0.59, 0.6, 0.79, 0.8, 0.94, 0.95, 1)]
    assert said == sorted(said, key=said.index)
    assert [said.count(one) for one in dict.fromkeys(said)] == [2, 2, 2, 2]


def test_a_sentence_says_exactly_what_is_stored(ada):
    found = Belief.objects.filter(why="")
    assert found.count() >= 5
    params = {param.name: param for agent in agents for param in agent.manifest.params}
    for belief in found:
        one = shown(ada)[belief.key]
        assert one.value == belief.value == preferences.of(ada.user)[belief.key]
        assert one.sentence == params[belief.key].says(belief.value, belief.evidence)


def test_what_is_not_known_is_said_with_the_reason_and_not_guessed():
    someone = person(now=timezone.now())
    finish(someone, days=3, now=timezone.now())
    assert shown(someone)["preferred_hour"].small == "oO has not looked yet; it does so at night."
    infer([someone.user.pk], now=timezone.now())
    one = shown(someone)["preferred_hour"]
    assert (one.state, one.value) == ("unknown", None)
    assert one.small == "There is too little to go by so far."
    assert "Not known yet" in browser_of(someone).get("/beliefs/").content.decode()


def test_that_oo_has_not_looked_yet_is_said_once():
    someone = person(now=timezone.now())
    page = browser_of(someone).get("/beliefs/").content.decode()
    assert page.count("oO has not looked yet") == 1
    infer([someone.user.pk], now=timezone.now())
    assert "oO has not looked yet" not in browser_of(someone).get("/beliefs/").content.decode()


def test_quiet_hours_are_found_by_their_name():
    someone = person(now=timezone.now())
    page = browser_of(someone).get("/beliefs/").content.decode()
    assert "<p>Quiet hours begin</p>" in page
    assert "<p>Quiet hours end</p>" in page
    settings_page = browser_of(someone).get("/settings/").content.decode()
    assert 'href="/beliefs/#quiet_start">Quiet hours</a>' in settings_page


def test_that_s_right_keeps_what_was_seen_whatever_is_believed_later(ada):
    saw = shown(ada)["preferred_hour"]
    Belief.objects.filter(key="preferred_hour").update(value=4)
    Preference.objects.filter(key="preferred_hour").update(value=4)
    say(ada, "preferred_hour", do="keep", value=saw.json)
    assert preferences.of(ada.user)["preferred_hour"] == 9
    Belief.objects.filter(key="preferred_hour").update(value=9)
    one = shown(ada)["preferred_hour"]
    assert (one.state, one.small) == ("kept", "You confirmed this.")
    finish(ada, hours=(20, 20.3, 20.6), days=90, now=timezone.now(), name="more")
    infer([ada.user.pk], now=timezone.now())
    assert Belief.objects.get(key="preferred_hour").value == 20
    assert preferences.of(ada.user)["preferred_hour"] == 9


def test_a_correction_is_obeyed_at_once(ada):
    now = timezone.now().astimezone(BERLIN)
    say(ada, "quiet_end", do="change", value=str((now.hour + 2) % 24))
    say(ada, "quiet_start", do="change", value=str((now.hour + 1) % 24))
    assert AgentOutput.objects.get(agent="time-of-day").facts["quiet"] is False
    say(ada, "quiet_start", do="change", value=str(now.hour))
    assert AgentOutput.objects.get(agent="time-of-day").facts["quiet"] is True
    one = shown(ada)["quiet_start"]
    assert one.state == "said"
    assert one.small.startswith("You said so yourself.")
    assert one.sentence == f"Your quiet hours begin at {now.hour}:00."


@pytest.mark.parametrize(
    ("key", "sent", "meant"),
    [
        ("preferred_hour", ["23"], 23),
        ("peak_hours", ["15", "9", "9"], [9, 15]),
        ("peak_hours", [], []),
        ("engagement_trend", ["less"], "less"),
        ("lateness_tolerance_days", ["4"], 4),
        ("baseline_completions_per_day", ["2,5"], 2.5),
    ],
)
def test_each_kind_of_value_can_be_said_in_a_form(ada, key, sent, meant):
    before = shown(ada)[key]
    same = before.state == "believed" and before.value == meant  # by the weekday it may be
    say(ada, key, do="change", value=sent)
    assert preferences.of(ada.user)[key] == meant
    assert shown(ada)[key].state == ("kept" if same else "said")


def test_what_oo_would_say_stays_in_sight_beside_the_own_word(ada):
    believed = shown(ada)["preferred_hour"].sentence
    say(ada, "preferred_hour", do="change", value="23")
    one = shown(ada)["preferred_hour"]
    assert one.sentence == "Your best hour is between 23:00 and 0:00."
    assert one.small == f"You said so yourself. By counting alone, oO would say: {believed}"


@pytest.mark.parametrize(
    ("key", "sent"),
    [
        ("preferred_hour", "24"), ("preferred_hour", ""), ("preferred_hour", "nine"),
        ("preferred_hour", "9" * 5000), ("peak_hours", "9.5"), ("engagement_trend", "wild"),
        ("lateness_tolerance_days", "2.5"), ("lateness_tolerance_days", "-1"),
        ("baseline_completions_per_day", "nan"), ("baseline_completions_per_day", "1e999"),
        ("project_realness", "{}"), ("tz", "Europe/Berlin"), ("preferred_areas", "x"),
    ],
)  # fmt: skip
def test_what_does_not_fit_changes_nothing_and_is_told_calmly(ada, key, sent):
    before = preferences.of(ada.user)
    reply = browser_of(ada).post(f"/beliefs/{key}/", {"do": "change", "value": sent}, follow=True)
    assert preferences.of(ada.user) == before
    assert not Preference.objects.filter(source="user").exists()
    said = reply.content.decode()
    assert "That should be " in said or "That can’t be said here." in said


@pytest.mark.parametrize("value", ["", "{", "[" * 100_000, '"nine"', "null", "25", "NaN"])
def test_a_confirmation_of_what_was_never_shown_is_refused(ada, value):
    browser_of(ada).post("/beliefs/preferred_hour/", {"do": "keep", "value": value})
    assert not Preference.objects.filter(source="user").exists()


def test_what_is_forgotten_goes_and_does_not_come_back(ada):
    say(ada, "preferred_hour", do="forget")
    assert not Belief.objects.filter(key="preferred_hour").exists()
    assert Preference.objects.get(key="preferred_hour").value is None
    infer([ada.user.pk], now=timezone.now(), again=True)
    one = shown(ada)["preferred_hour"]
    assert one.state == "unknown"
    assert one.small.startswith("Forgotten. oO looks only at what came after ")
    assert shown(ada)["peak_hours"].state == "unknown"  # it told the same
    assert shown(ada)["preferred_areas"].state == "believed"


def test_the_own_word_can_be_taken_back_and_then_oo_s_own_counts_again(ada):
    say(ada, "preferred_hour", do="change", value="1")
    assert preferences.of(ada.user)["preferred_hour"] == 1
    say(ada, "preferred_hour", do="leave")
    assert preferences.of(ada.user)["preferred_hour"] == 9
    assert shown(ada)["preferred_hour"].state == "believed"


def test_what_needs_a_source_or_a_consent_not_given_is_not_even_mentioned(ada):
    assert "usual_sleep_minutes" not in shown(ada)
    give_health(ada)
    assert "usual_sleep_minutes" in shown(ada)
    Connection.objects.filter(source="todoist").update(source="ical")
    assert "preferred_areas" not in shown(ada)


OURS = ("completions_per_day_stdev", "weekly_cycle", "daily_cycle", "lookback_days")


def test_numbers_that_nobody_has_an_opinion_of_are_neither_asked_nor_had_confirmed(ada):
    for stage in ("nothing looked at", "believed", "said elsewhere"):
        if stage == "nothing looked at":
            Belief.objects.all().delete()
            Preference.objects.all().delete()
        elif stage == "believed":
            infer([ada.user.pk], now=timezone.now(), again=True)
        else:
            for key in OURS:
                preferences.say(
                    ada.user, key, 7 if key == "lookback_days" else 0.5, now=timezone.now()
                )
        page = browser_of(ada).get("/beliefs/").content.decode()
        for key in OURS:
            assert shown(ada)[key].asking is None
            assert shown(ada)[key].asked is False
            of_it = re.findall(rf'<form[^>]*action="/beliefs/{key}/".*?</form>', page, re.DOTALL)
            offered = [re.findall(r'name="do" value="(\w+)"', form) for form in of_it]
            wanted = {
                "nothing looked at": [],
                "believed": [["forget"]],
                "said elsewhere": [["leave"]],
            }
            if shown(ada)[key].state == "unknown":
                assert f'id="{key}"' not in page
                assert offered == []
            else:
                assert offered == wanted[stage]
                assert page.index("Counted along the way") < page.index(f'id="{key}"')
        assert page.count('value="keep"') == sum(
            one.state == "believed" and one.sayable and one.asked for one in shown(ada).values()
        )
    assert {shown(ada)[key].state for key in OURS} == {"said"}


def test_they_are_told_and_taken_over_the_profile_as_before_and_can_be_forgotten(ada):
    told = browser_of(ada).get("/api/profile").content.decode()
    assert all(f'"{key}"' in told for key in OURS)
    preferences.say(ada.user, "lookback_days", 14, now=timezone.now())
    assert preferences.of(ada.user)["lookback_days"] == 14
    known = [key for key in OURS if Belief.objects.filter(key=key, why="").exists()]
    assert known
    for key in known:
        say(ada, key, do="forget")
    assert not Belief.objects.filter(key__in=known).exists()


def test_what_became_of_a_word_is_told_beside_its_belief_and_once(ada):
    browser = browser_of(ada)
    page = browser.post("/beliefs/quiet_end/", {"do": "change", "value": "6"}, follow=True)
    assert page.redirect_chain[0][0] == "/beliefs/#quiet_end"
    said = 'role="status"><p class="message">Noted.'
    html = page.content.decode()
    assert html.count('role="status"') == 1
    assert said in html[html.index('id="quiet_end"') :][:300]
    assert 'role="status"' not in browser.get("/beliefs/").content.decode()
    # What is not on the page any more has its word at the top.
    Belief.objects.all().delete()
    Preference.objects.all().delete()
    browser.post("/beliefs/preferred_areas/", {"do": "leave"})
    html = browser.get("/beliefs/").content.decode()
    assert "Good. oO works it out" in html[: html.index("<h1>")]


def test_one_sentence_that_can_not_be_said_hides_no_other(ada):
    Belief.objects.filter(key="preferred_hour").update(evidence={"done": "many"})
    assert "preferred_hour" not in shown(ada)
    assert "peak_hours" in shown(ada)


def test_a_name_that_is_no_belief_is_not_there(ada):
    for name, do in (
        ("help_shared_prior", "keep"),
        ("nothing", "forget"),
        ("nothing", "change"),
        ("quiet_start", "x"),
    ):
        reply = browser_of(ada).post(f"/beliefs/{name}/", {"do": do, "value": "true"})
        assert reply.status_code == 404
    assert browser_of(ada).get("/beliefs/quiet_start/").status_code == 405
    assert not Preference.objects.filter(source="user").exists()


def test_nobody_sees_or_changes_another_s(ada):
    bob = person("bob@example.com")
    finish(bob, hours=(20,), days=40, now=timezone.now())
    infer([bob.user.pk], now=timezone.now())
    assert "between 9:00 and 10:00" in shown(ada)["preferred_hour"].sentence
    assert "between 20:00 and 21:00" in shown(bob)["preferred_hour"].sentence
    say(bob, "preferred_hour", do="change", value="3")
    say(bob, "peak_hours", do="forget")
    assert preferences.of(ada.user)["preferred_hour"] == 9
    assert shown(ada)["peak_hours"].state == "believed"
    assert Client().post("/beliefs/peak_hours/", {"do": "forget"}).status_code == 302  # to sign in
    assert Belief.objects.filter(user=ada.user, key="peak_hours").exists()


# --- over HTTP ----------------------------------------------------------------------------------


def post(someone: Person | None, path: str, body: object = None):
    browser = browser_of(someone) if someone else Client()
    return browser.post(path, json.dumps(body or {}), content_type="application/json")


def test_an_agent_can_be_asked_for_what_it_has_to_say_now(ada):
    reply = post(ada, "/api/agents/time-of-day/compute")
    assert reply.status_code == 200
    told = reply.json()
    assert told["why"] == "asked"
    assert told["text"] == AgentOutput.objects.get(user=ada.user, agent="time-of-day").text
    assert set(told) == {
        "agent", "version", "text", "facts", "confidence", "computed_at", "expires_at", "why", "error",
    }  # fmt: skip


def test_an_agent_can_be_asked_to_infer_anew(ada):
    Belief.objects.all().delete()
    reply = post(ada, "/api/agents/time-of-day/infer")
    assert reply.status_code == 200
    by_key = {one["key"]: one for one in reply.json()}
    assert by_key["preferred_hour"]["value"] == 9
    assert set(Belief.objects.values_list("agent", flat=True)) == {"time-of-day"}


@pytest.mark.parametrize("call", ["compute", "infer"])
def test_asking_is_for_the_signed_in_and_about_themselves(ada, call):
    bob = person("bob@example.com", now=timezone.now())
    AgentOutput.objects.all().delete()
    Belief.objects.all().delete()
    assert post(None, f"/api/agents/time-of-day/{call}").status_code in (401, 403)
    body = {"user_id": ada.user.pk, "user": ada.user.pk}
    path = f"/api/agents/time-of-day/{call}?user_id={ada.user.pk}"
    assert post(bob, path, body).status_code == 200
    for model in (AgentOutput, Belief):
        assert set(model.objects.values_list("user_id", flat=True)) <= {bob.user.pk}


@pytest.mark.parametrize("call", ["compute", "infer"])
def test_what_is_not_given_is_named_and_nothing_computed(ada, call):
    reply = post(ada, f"/api/agents/energy/{call}")
    assert reply.status_code == 409
    assert reply.json()["detail"] == "energy needs your consent to health."
    reply = post(ada, f"/api/agents/free-window/{call}")
    assert reply.json()["detail"].startswith("free-window needs one of these connected: ")
    assert not AgentOutput.objects.filter(agent__in=["energy", "free-window"]).exists()
    assert not Belief.objects.filter(agent__in=["energy", "free-window"]).exists()
    assert post(ada, f"/api/agents/nobody/{call}").status_code == 404


def test_the_registry_names_what_each_agent_needs(ada):
    listed = {one["id"]: one for one in browser_of(ada).get("/api/agents/registry").json()}
    assert listed["energy"]["consents"] == ["health"]
    assert listed["energy"]["needs"] == ["apple_health"]
    assert {param["name"] for param in listed["time-of-day"]["params"]} >= {"quiet_start"}


def test_all_of_it_is_in_the_export_and_goes_with_the_account(ada):
    from accounts.privacy import export, holders

    refresh([ada.user.pk], now=timezone.now())
    told = export(ada.user)["agents"]["beliefs"]
    assert {one["about"] for one in told} >= {"preferred_hour", "peak_hours"}
    next(holder for holder in holders() if holder.id == "agents").forget(ada.user.pk)
    assert not Belief.objects.exists()
    assert not AgentOutput.objects.exists()


@pytest.mark.parametrize("call", ["compute", "infer"])
def test_what_an_agent_answers_is_what_the_openapi_document_promises(ada, call):
    browser = browser_of(ada)
    document = browser.get("/api/schema").json()
    answer = document["paths"][f"/api/agents/{{agent_id}}/{call}"]["post"]["responses"]["200"]
    shape = {
        **answer["content"]["application/json"]["schema"],
        "components": document["components"],
    }
    for agent_id in ("time-of-day", "momentum", "focus-area", "overdue-task"):
        reply = browser.post(f"/api/agents/{agent_id}/{call}")
        assert reply.status_code == 200
        Draft202012Validator(shape).validate(reply.json())
