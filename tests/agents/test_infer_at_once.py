"""What is inferred, refreshed, withdrawn and forgotten at the same moment, on two connections."""

import threading
import time

import pytest
from django.db import connection

from accounts import consents
from accounts.models import Consent, Preference
from agents import beliefs
from agents import infer as inferring
from agents.infer import infer
from agents.models import AgentOutput, Belief
from agents.refresh import refresh
from oo.events.deliver import deliver
from tests.agents.pasts import give_health, with_a_past
from tests.people import NOW

pytestmark = [pytest.mark.postgres, pytest.mark.django_db(transaction=True)]


def in_thread(work):
    """Runs it as another worker would: on a connection of its own."""

    def run():
        try:
            work()
        finally:
            connection.close()

    thread = threading.Thread(target=run)
    thread.start()
    return thread


@pytest.fixture
def writing(monkeypatch):
    """Holds an inference where it has looked at what is allowed, and is about to write."""
    truly, held, go = inferring._write, threading.Event(), threading.Event()

    def hold(*args):
        held.set()
        assert go.wait(60)
        return truly(*args)

    monkeypatch.setattr(inferring, "_write", hold)
    return held, go


def told():
    while deliver(now=NOW):
        pass


def test_a_consent_withdrawn_while_a_belief_is_being_written_still_takes_it_away(writing):
    ada = with_a_past()
    give_health(ada)
    told()
    held, go = writing
    night = in_thread(lambda: infer([ada.user.pk], now=NOW))
    assert held.wait(60)
    consents.withdraw(ada.user.pk, Consent.Document.HEALTH, now=NOW)
    done = []
    handler = in_thread(lambda: done.append(told()))
    time.sleep(0.3)
    assert done == []  # it waits for who is writing
    go.set()
    night.join()
    handler.join()
    assert not Belief.objects.filter(agent="energy").exists()
    assert not Preference.objects.filter(key="usual_sleep_minutes").exists()
    assert Belief.objects.filter(key="preferred_hour").exists()


def test_what_is_forgotten_while_it_is_being_written_is_gone_all_the_same(writing):
    ada = with_a_past()
    held, go = writing
    night = in_thread(lambda: infer([ada.user.pk], now=NOW))
    assert held.wait(60)
    forgetting = in_thread(lambda: beliefs.forget(ada.user, "preferred_hour", now=NOW))
    time.sleep(0.3)
    assert forgetting.is_alive()
    go.set()
    night.join()
    forgetting.join()
    assert not Belief.objects.filter(key="preferred_hour").exists()
    assert Preference.objects.get(key="preferred_hour").value is None


def test_two_at_once_infer_and_refresh_one_person_and_each_belief_is_there_once():
    ada = with_a_past()
    AgentOutput.objects.all().delete()
    ready, came_of_it = threading.Barrier(4), []

    def work(verb):
        ready.wait(60)
        came_of_it.append(verb([ada.user.pk], now=NOW).users)

    for thread in [in_thread(lambda v=verb: work(v)) for verb in (infer, infer, refresh, refresh)]:
        thread.join()
    assert came_of_it == [1, 1, 1, 1]
    assert Belief.objects.filter(key="preferred_hour").count() == 1
    assert AgentOutput.objects.filter(agent="time-of-day").count() == 1
