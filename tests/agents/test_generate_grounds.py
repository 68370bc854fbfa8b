"""What a model wrote stands on what its reader allows, and on the claim of the worker that asked."""

import json
from datetime import timedelta

import pytest

from accounts import consents
from accounts.models import Consent
from agents.generate import due, generate, mark, prepare
from agents.jobs import write_for
from agents.llm.calling import named
from agents.models import Candidate, Writing
from agents.refresh import refresh
from agents.unwrite import end_what_a_cloud_wrote, unwrite
from agents.withdraw import take_back
from integrations import snapshot
from integrations.models import CalendarEvent
from tests.agents.test_generate import LATER, TEXT, ada, good
from tests.agents.writers import Model, answer, data_of, install, tip
from tests.people import NOW

pytestmark = pytest.mark.django_db

REMOTE = Consent.Document.REMOTE_MODEL


def written(monkeypatch, **more):
    someone = ada()
    if more.get("remote"):
        consents.give(someone.user, REMOTE, now=NOW)
    install(monkeypatch, Model(good, **more))
    assert generate(someone.user.pk, now=NOW) == "written"
    assert Candidate.objects.filter(content=TEXT).exists()
    return someone


def test_who_takes_back_the_consent_to_a_cloud_has_nothing_left_of_what_it_wrote(monkeypatch):
    someone = written(monkeypatch, remote=True)
    resting = Candidate.objects.filter(content="Maybe now: {title}")
    assert resting.update(resting_until=NOW + LATER) == 1
    end_what_a_cloud_wrote(someone.user, Consent.Document.HEALTH, NOW)
    assert Writing.objects.exists()
    for end in consents._ends:
        end(someone.user, REMOTE, NOW)
    assert not Writing.objects.exists()
    assert set(Candidate.objects.values_list("model", flat=True)) == {"plain"}
    assert Candidate.objects.get(resting_until=NOW + LATER).content == "{title}", "it still rests"
    consents.withdraw(someone.user.pk, REMOTE, now=NOW)
    refresh([someone.user.pk], now=NOW)
    assert not Candidate.objects.filter(content=TEXT).exists()


def test_what_a_model_wrote_goes_with_the_ground_of_what_it_was_told(monkeypatch):
    someone = written(monkeypatch)
    other = Candidate.objects.filter(model="plain").count()
    take_back([someone.user.pk], ["time-of-day"])
    assert not Candidate.objects.exclude(model="plain").exists()
    assert Candidate.objects.filter(model="plain").count() <= other
    assert not Writing.objects.exists()


def test_nobody_elses_tips_go_with_them(monkeypatch):
    someone = written(monkeypatch)
    unwrite([someone.user.pk + 1])
    assert Candidate.objects.filter(content=TEXT).exists()


def test_a_consent_taken_back_while_a_cloud_writes_has_nothing_of_it_kept(monkeypatch):
    someone = ada()
    consents.give(someone.user, REMOTE, now=NOW)

    def mind(messages):
        consents.withdraw(someone.user.pk, REMOTE, now=NOW)
        return good(messages)

    install(monkeypatch, Model(mind, remote=True))
    assert generate(someone.user.pk, now=NOW) == "withdrawn"
    assert not Writing.objects.exists()
    assert set(Candidate.objects.values_list("model", flat=True)) == {"plain"}


def test_what_was_taken_back_and_claimed_by_another_meanwhile_is_not_written_over(monkeypatch):
    someone = ada()
    theirs = NOW + timedelta(minutes=3, seconds=1)

    def mind(messages):
        Writing.objects.all().delete()
        Writing.objects.create(user=someone.user, prompt_version="x", at=NOW, again_at=theirs)
        return good(messages)

    install(monkeypatch, Model(mind))
    assert generate(someone.user.pk, now=NOW) == "withdrawn"
    row = Writing.objects.get()
    assert (row.tips, row.again_at, row.context) == ([], theirs, "")


def test_a_claim_that_another_took_over_is_not_written_over(monkeypatch):
    someone = ada()
    theirs = NOW + timedelta(minutes=7)

    def mind(messages):
        Writing.objects.update(again_at=theirs)
        return good(messages)

    install(monkeypatch, Model(mind))
    assert generate(someone.user.pk, now=NOW) == "withdrawn"
    assert (Writing.objects.get().tips, Writing.objects.get().again_at) == ([], theirs)


def test_an_hour_far_ahead_that_a_wrong_clock_left_keeps_nobody_waiting(monkeypatch):
    someone = written(monkeypatch)
    Writing.objects.update(again_at=NOW + timedelta(days=365), context="")
    assert due([someone.user.pk], now=NOW + LATER) == [someone.user.pk]
    assert generate(someone.user.pk, now=NOW + LATER) == "written"
    assert Writing.objects.get().again_at < NOW + timedelta(days=1)


def test_where_the_words_of_the_tasks_are_gone_nothing_is_written(monkeypatch):
    someone = ada()
    install(monkeypatch, Model(good))
    assert prepare([someone.user.pk], now=NOW)
    snapshot.write(someone.connection.pk, {}, lasts=timedelta(hours=1))
    assert generate(someone.user.pk, now=NOW) == "nothing"
    assert not Writing.objects.exists()


def test_a_reminder_that_comes_up_is_no_reason_to_ask_again(monkeypatch):
    someone = written(monkeypatch)
    CalendarEvent.objects.create(
        user=someone.user, connection=someone.connection, external_id="e", text_hash="",
        starts_at=NOW + timedelta(hours=1, minutes=40), ends_at=NOW + timedelta(hours=2),
    )  # fmt: skip
    texts = snapshot.read(someone.connection.pk)
    snapshot.write(someone.connection.pk, {**texts, "event:e": "Dentist"}, lasts=timedelta(hours=1))
    (before,) = prepare([someone.user.pk], now=NOW)
    (after,) = prepare([someone.user.pk], now=NOW + LATER)
    assert "reminders" not in json.loads(before.brief.data())
    assert "reminders" in json.loads(after.brief.data())
    assert before.context == after.context


def test_a_cloud_learns_no_word_of_a_title_from_what_it_is_asked_next(monkeypatch):
    """Whether what it tried was a word of theirs or not, it is asked the very same."""
    someone = ada()
    consents.give(someone.user, REMOTE, now=NOW)
    asked = []
    for titles in ("A first small step for Petra", "Another"):
        told = [f"{titles} {n}" for n in range(2)]
        texts = snapshot.read(someone.connection.pk)
        snapshot.write(
            someone.connection.pk, dict(zip(texts, told, strict=True)), lasts=timedelta(hours=1)
        )
        Writing.objects.all().delete()
        guess = Model(
            lambda m: answer(
                tip("task", TEXT.replace("A ", "A first "), data_of(m)["tasks"][0]["id"]),
                tip("task", "A first small step: {title}", data_of(m)["tasks"][1]["id"]),
                tip("task", "Hurry: {title}", data_of(m)["tasks"][1]["id"]),
            ),
            remote=True,
        )
        install(monkeypatch, guess)
        generate(someone.user.pk, now=NOW)
        asked.append([m[-1]["content"] for m in guess.asked])
    assert asked[0] == asked[1]


def test_an_error_of_ours_is_logged_without_what_it_quotes(monkeypatch, caplog):
    someone = ada()

    def mind(messages):
        raise UnicodeEncodeError(
            "utf-8", f"{data_of(messages)['titles'][0]['title']} \ud800", 0, 1, "no"
        )

    install(monkeypatch, Model(mind))
    monkeypatch.setattr("agents.jobs.timezone.now", lambda: NOW)
    ran = write_for.apply((someone.user.pk,))
    assert ran.state == "FAILURE"
    assert "UnicodeEncodeError in " in str(ran.result)
    for place in (caplog.text, ran.traceback, repr(ran.result)):
        assert "Petra" not in place
        assert "plants" not in place


def test_an_answer_with_half_a_character_is_refused_and_logged_nowhere(monkeypatch, caplog):
    someone = ada()
    install(
        monkeypatch,
        Model(lambda m: json.dumps({"tips": [tip("task", "Petra \ud800 {title}", "t1")]})),
    )
    monkeypatch.setattr("agents.jobs.timezone.now", lambda: NOW)
    assert write_for.apply((someone.user.pk,)).state == "SUCCESS"
    assert Writing.objects.get().faults == {"json": 3}
    assert "Petra" not in caplog.text


@pytest.mark.parametrize(
    "claimed",
    ["https://evil.example/pay", "1-900-555-0199", "Divorce-from-Mauritz", "gpt-4o-Mauritz",
     "gpt-4o-2024-08-06-Mauritz", "gpt-4o-19005550", "", None, 7, "GPT-4o", "gpt-4ogpt"],
)  # fmt: skip
def test_a_model_is_called_what_the_operator_called_it(claimed):
    assert named("gpt-4o", claimed) == "gpt-4o"


def test_a_date_behind_the_name_of_a_model_is_kept():
    assert named("gpt-4o", "gpt-4o-2024-08-06") == "gpt-4o-2024-08-06"
    assert named("claude", "claude-20250514") == "claude-20250514"
    assert named("gpt-4o", mark()) == "gpt-4o"
