"""The operators' log is added to; nothing in it is changed or deleted, by any way there is."""

from importlib import import_module

import pytest
from django.contrib.admin.models import LogEntry
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from accounts.models import User
from adminconsole.audit import record
from adminconsole.models import AdminAction, WrittenOnce
from adminconsole.personal_data import OperatorActions

pytestmark = pytest.mark.django_db

migration = import_module("adminconsole.migrations.0002_written_once")


@pytest.fixture
def line(operator: User) -> AdminAction:
    someone = User.objects.create_user("someone@example.com")
    return record(
        operator, "Reset bandit", f"user {someone.pk}",
        subject_user_id=someone.pk, outcome="3 rewards forgotten.", now=timezone.now(),
    )  # fmt: skip


@pytest.fixture
def guarded(db: None) -> None:
    """The triggers as the migration makes them: on SQLite the tests' own database goes without."""
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            cursor.execute("DROP TRIGGER IF EXISTS admin_actions_unchanged")
            for statement in migration.SQLITE:
                cursor.execute(statement)


def test_the_model_refuses(line):
    line.outcome = "Nothing."
    with pytest.raises(WrittenOnce):
        line.save()
    with pytest.raises(WrittenOnce):
        line.delete()
    with pytest.raises(WrittenOnce):
        AdminAction.objects.all().delete()
    with pytest.raises(WrittenOnce):
        AdminAction.objects.filter(pk=line.pk).update(outcome="Nothing.")
    with pytest.raises(WrittenOnce), transaction.atomic():
        AdminAction.objects.bulk_update([line], ["outcome"])
    assert AdminAction.objects.get().outcome == "3 rewards forgotten."


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE admin_actions SET outcome = 'Nothing.'",
        "UPDATE admin_actions SET action = 'Look'",
        "UPDATE admin_actions SET at = '2020-01-01 00:00:00+00:00'",
        "UPDATE admin_actions SET subject = 'user 99'",
        "UPDATE admin_actions SET subject_user_id = 99",
        "UPDATE admin_actions SET subject_user_id = NULL",
        "UPDATE admin_actions SET subject_user_id = NULL, subject = 'nobody'",
        "UPDATE admin_actions SET actor_id = subject_user_id",
        "DELETE FROM admin_actions",
        "DELETE FROM admin_actions WHERE actor_id IS NOT NULL",
    ],
)
def test_the_database_refuses_who_goes_past_the_model(guarded, line, statement):
    with (
        pytest.raises(IntegrityError, match="written once"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(statement)
    row = AdminAction.objects.get()
    assert (row.outcome, row.actor_id) == (line.outcome, line.actor_id)


def test_forgetting_a_person_is_still_possible(guarded, line, operator):
    holder = OperatorActions()
    assert holder.export(line.subject_user_id)["done_to_you"][0]["action"] == "Reset bandit"
    assert holder.forget(line.subject_user_id) == 1
    row = AdminAction.objects.get()
    assert (row.subject, row.subject_user_id, row.actor) == ("a deleted person", None, operator)
    assert holder.forget(operator.pk) == 1
    row = AdminAction.objects.get()
    assert (row.actor, row.action, row.outcome) == (None, "Reset bandit", "3 rewards forgotten.")


def test_the_console_offers_no_way_to_change_or_delete_a_line(line, console):
    address = f"/admin/adminconsole/adminaction/{line.pk}"
    assert console.get("/admin/adminconsole/adminaction/add/").status_code == 403
    assert console.post("/admin/adminconsole/adminaction/add/", {"action": "x"}).status_code == 403
    assert console.get(f"{address}/delete/").status_code == 403
    assert console.post(f"{address}/delete/", {"post": "yes"}).status_code == 403
    assert console.post(f"{address}/change/", {"outcome": "Nothing."}).status_code == 403
    chosen = {"action": "delete_selected", "_selected_action": [line.pk], "post": "yes"}
    console.post("/admin/adminconsole/adminaction/", chosen)
    page = console.get("/admin/adminconsole/adminaction/").content.decode()
    assert "delete_selected" not in page
    assert AdminAction.objects.get().outcome == "3 rewards forgotten."


def test_no_list_of_the_console_offers_django_s_own_delete(world, console, line):
    from django.contrib import admin

    world()
    for model, page in admin.site._registry.items():
        label = f"{model._meta.app_label}/{model._meta.model_name}"
        reply = console.get(f"/admin/{label}/")
        assert "delete_selected" not in page.get_actions(reply.wsgi_request), label


def test_django_s_own_log_stays_empty_because_ours_has_it_all(world, console):
    console.post("/admin/django_celery_beat/intervalschedule/add/", {"every": 7, "period": "days"})
    row = AdminAction.objects.get()
    assert (row.action, row.subject) == ("Add interval", "every 7 days")
    assert not LogEntry.objects.exists()


def test_a_rows_history_leads_to_its_lines_in_the_log(world, console, line):
    someone = User.objects.get(email="someone@example.com")
    reply = console.get(f"/admin/accounts/user/{someone.pk}/history/", follow=True)
    assert reply.context["cl"].result_count == 1


def test_the_log_names_people_by_address_only_while_they_are_here(line, console):
    page = console.get("/admin/adminconsole/adminaction/").content.decode()
    assert "someone@example.com" in page
    assert "someone@" not in line.subject
    User.objects.filter(email="someone@example.com").update(email=None)
    page = console.get("/admin/adminconsole/adminaction/").content.decode()
    assert "someone@example.com" not in page
    assert line.subject in page
