"""Door to door: sign in, connect, one tip, react, learn. The real worker, broker and OAuth."""

import pytest
from django.core.cache import cache

from accounts.models import Consent, User
from integrations.models import Command, Connection, Task
from recommender.models import Decision, PolicyState, Reward
from tests.flows.visitor import Visitor
from tests.flows.waiting import eventually
from tests.people import NOW

pytestmark = pytest.mark.django_db(transaction=True)


def task_tip(visitor: Visitor) -> dict:
    """Dismisses until the tip is a task."""
    for _ in range(30):
        tip = eventually(lambda: visitor.recommend()["tip"], what="a tip")
        if tip["kind"] == "task":
            return tip
        visitor.answer(tip["id"], "snooze")
    raise AssertionError("no task among thirty tips")


def test_a_stranger_signs_in_connects_sees_a_tip_says_done_and_it_is_done_in_todoist(
    sandbox, worker
):
    visitor = Visitor()
    assert visitor.client.get("/")["Location"].startswith("/welcome/")
    assert visitor.sign_in("priya")["Location"] == "/"
    user = User.objects.get()
    assert user.time_zone == "Europe/Berlin"
    assert set(Consent.objects.values_list("document", flat=True)) == {"terms", "privacy"}
    assert visitor.recommend() == {"tip": None, "silence": None, "state": "connect"}

    assert visitor.connect_todoist("priya")["Location"] == "/"
    tip = task_tip(visitor)
    assert visitor.recommend()["tip"] == tip

    assert visitor.answer(tip["id"], "done", 30_000)["counted"]
    task = Decision.objects.get(pk=tip["id"]).candidate.task
    eventually(
        lambda: Command.objects.filter(task=task, outcome="ok").exists(), what="told Todoist"
    )
    listed = sandbox.control.get("/tasks", params={"persona": "priya"}).json()["tasks"]
    still = {item["id"]: item for item in listed}.get(task.external_id)
    assert still is None or task.recurring

    eventually(
        lambda: Reward.objects.filter(decision=tip["id"]).exclude(folded_at=None), what="learned"
    )
    state = PolicyState.objects.get(user=user)
    assert state.count >= 1
    assert visitor.recommend()["tip"]["id"] != tip["id"]


def test_a_task_completed_in_todoist_takes_its_tip_away(sandbox, worker):
    visitor = Visitor()
    visitor.sign_in("priya")
    visitor.connect_todoist("priya")
    tip = task_tip(visitor)
    task = Decision.objects.get(pk=tip["id"]).candidate.task
    sandbox.control.post(f"/tasks/{task.external_id}/delete").raise_for_status()
    # As when the page is opened a while later.
    Connection.objects.update(synced_at=NOW)
    cache.delete(f"fresh:{task.user_id}")
    eventually(
        lambda: (visitor.recommend()["tip"] or {}).get("id") != tip["id"], what="another tip"
    )
    assert Task.objects.get(pk=task.pk).closed_as == "deleted"


def test_cancelling_at_google_or_todoist_leads_back_with_a_sentence(sandbox, db):
    visitor = Visitor()
    assert visitor.sign_in(None)["Location"] == "/welcome/"
    assert not User.objects.exists()
    visitor.sign_in("priya")
    assert visitor.connect_todoist(None)["Location"] == "/connect/"
    assert not Connection.objects.exists()


def test_a_code_from_someone_elses_browser_connects_nothing(sandbox, db):
    ada, eve = Visitor(), Visitor()
    ada.sign_in("priya")
    eve.sign_in("sam")
    start = eve.client.post("/connect/todoist/")
    back = eve._consent(start["Location"], "sam")
    assert ada.client.get(back)["Location"] == "/connect/"
    assert not Connection.objects.exists()
    assert eve.client.get(back)["Location"] == "/"
    assert eve.client.get(back)["Location"] == "/connect/"  # a state works once


def test_the_seed_admin_gets_their_role_at_sign_in_and_nobody_else_does(sandbox, db, settings):
    settings.ADMIN_SEED_EMAIL = "Someone@Example.com"
    Visitor().sign_in("priya")
    assert User.objects.get().role == "user"
    settings.ADMIN_SEED_EMAIL = User.objects.get().email.upper()
    Visitor().sign_in("priya")
    assert User.objects.get().role == "admin"
    Visitor().sign_in("sam")
    assert User.objects.filter(role="admin").count() == 1
