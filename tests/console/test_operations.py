"""What operators do: an existing verb, asked for first, done once, and in the log with its outcome."""

import uuid
from html import unescape
from unittest.mock import patch

import numpy as np
import pytest
from allauth.usersessions.models import UserSession
from django.contrib.messages import get_messages
from django.db import transaction
from django.utils import timezone
from kombu.exceptions import OperationalError

from accounts.models import ApiToken, Erasure, User
from adminconsole.jobs import operate
from adminconsole.models import AdminAction
from adminconsole.operate import _operations, find, perform
from integrations.access import alone_with
from integrations.models import Connection, Revocation, Task
from recommender.bandit.features import vectorise
from recommender.featurise import unpack
from recommender.learn import learn, reset
from recommender.models import Decision, PolicyState, Reward, Score
from recommender.registry import policies
from recommender.serving import serve_tip
from tests.console.conftest import BACKEND
from tests.console.world import answer

pytestmark = pytest.mark.django_db


def press(console, model: str, pk: object, operation: str, *, confirm: bool = True):
    """Presses a row's button, and says yes."""
    app, name = model.split(".")
    address = f"/admin/{app}/{name}/{pk}/{operation.replace('_', '-')}/"
    asked = console.get(address)
    assert asked.status_code == 200
    assert find(operation).asks[:40] in unescape(asked.content.decode())
    return console.post(address, {"confirmed": "yes"}) if confirm else asked


def choose(console, model: str, pks: list, operation: str, *, confirmed: bool = True, **more):
    """Selects rows of a list, picks an operation, and says yes."""
    app, name = model.split(".")
    data = {"action": operation, "_selected_action": [str(pk) for pk in pks], **more}
    if confirmed:
        data["confirmed"] = "yes"
    else:
        data["index"] = "0"
    return console.post(f"/admin/{app}/{name}/", data)


def said(reply) -> str:
    return " ".join(str(message) for message in get_messages(reply.wsgi_request))


def logged(action: str) -> AdminAction:
    return AdminAction.objects.get(action=action)


def test_asking_changes_nothing_until_it_is_confirmed(world, console):
    someone = world().first
    before = AdminAction.objects.count()
    for operation in ("revoke_connections", "reset_bandit", "delete_account", "end_sessions"):
        press(console, "accounts.user", someone.pk, operation, confirm=False)
        asked = choose(console, "accounts.user", [someone.pk], operation, confirmed=False)
        assert asked.status_code == 200
        assert f'name="action" value="{operation}"' in asked.content.decode()
    assert AdminAction.objects.count() == before
    assert Connection.objects.filter(user=someone, status="connected").count() == 2
    assert User.objects.get(pk=someone.pk).is_active


def test_revoking_ends_every_grant_and_asks_the_user_to_connect_again(world, console, operator):
    someone = world().first
    Revocation.objects.all().delete()
    reply = press(console, "accounts.user", someone.pk, "revoke_connections")
    assert reply["Location"] == f"/admin/accounts/user/{someone.pk}/change/"
    assert "Revoked: ical. Revoked: todoist." in said(reply)
    for connection in Connection.objects.filter(user=someone):
        assert connection.status == "reconnect"
        assert not connection.access_token
        assert not connection.refresh_token
    tokens = {revocation.token for revocation in Revocation.objects.all()}
    assert tokens >= {"canary-refresh-token"}
    assert not Task.objects.filter(user=someone).exists()
    rows = AdminAction.objects.filter(action="Revoke connections").order_by("pk")
    assert [row.outcome for row in rows] == ["Revoked: ical.", "Revoked: todoist."]
    for row in rows:
        assert (row.actor, row.subject_user_id) == (operator, someone.pk)
        assert row.subject == f"user {someone.pk}"  # no address of anyone


def test_after_a_reset_the_next_decision_is_the_urgency_rules(world, console, settings):
    settings.ACTIVE_POLICY = "egreedy-v1"  # which starts from the rule to the last bit
    someone = world().first
    answer(someone, "dismiss")
    assert PolicyState.objects.get(user=someone).count == 2
    assert not follows_the_rule(next_decision(someone))
    reply = press(console, "accounts.user", someone.pk, "reset_bandit")
    assert "2 rewards forgotten" in said(reply)
    assert logged("Reset bandit").outcome.startswith("2 rewards forgotten")
    after = next_decision(someone)
    assert after.state_count == 0
    assert follows_the_rule(after)


def next_decision(user: User) -> Score:
    Decision.objects.filter(user=user, status="open").update(status="expired")
    tip = serve_tip(user, now=timezone.now(), rng=np.random.default_rng(3))
    assert tip
    return Score.objects.get(pk=uuid.UUID(tip.id))


def follows_the_rule(score: Score) -> bool:
    rule = policies.get("urgency")
    X = vectorise(unpack(score.features, len(score.candidates)), rule.feature_set)
    return score.scores == pytest.approx(rule.scores(X).tolist())


def test_a_rebuild_says_whether_it_came_out_the_same(world, console):
    someone = world().first
    answer(someone, "snooze")
    before = bytes(PolicyState.objects.get(user=someone).state)
    press(console, "accounts.user", someone.pk, "rebuild_bandit")
    assert bytes(PolicyState.objects.get(user=someone).state) == before
    assert logged("Rebuild bandit").outcome == "Folded 2 rewards anew: the same numbers."
    AdminAction.objects.filter(action="Rebuild bandit")
    Reward.objects.filter(user=someone, decision__feedback__reaction="snooze").update(reward=-1)
    press(console, "accounts.user", someone.pk, "rebuild_bandit")
    last = AdminAction.objects.filter(action="Rebuild bandit").latest("pk")
    assert last.outcome == "Folded 2 rewards anew: other numbers than before."


def test_an_operator_undoes_a_reaction_and_it_is_as_if_it_had_never_been(world, console):
    someone = world().first
    before = bytes(PolicyState.objects.get(user=someone).state)
    decision = answer(someone, "snooze")
    assert bytes(PolicyState.objects.get(user=someone).state) != before
    press(console, "recommender.feedback", decision.pk, "undo_reaction")
    learn(someone.pk, now=timezone.now())
    assert bytes(PolicyState.objects.get(user=someone).state) == before
    assert logged("Undo").outcome == "Taken back."
    assert logged("Undo").subject_user_id == someone.pk


def test_ending_sessions_signs_a_user_out_everywhere(world, console, client):
    someone = world().first
    client.force_login(someone, backend=BACKEND)
    assert client.get("/settings/").status_code == 200
    press(console, "accounts.user", someone.pk, "end_sessions")
    assert client.get("/settings/")["Location"].startswith("/welcome/")
    assert not UserSession.objects.filter(user=someone).exists()
    assert "ended" in logged("End all sessions").outcome


def test_deleting_an_account_begins_its_erasure_and_gives_the_receipt(world, console):
    someone = world().first
    press(console, "accounts.user", someone.pk, "delete_account")
    erasure = Erasure.objects.get(user_id=someone.pk)
    someone.refresh_from_db()
    assert not someone.is_active
    assert someone.email is None
    assert str(erasure.receipt) in logged("Delete account").outcome


def test_an_operator_can_not_delete_themself_here(console, operator):
    reply = press(console, "accounts.user", operator.pk, "delete_account")
    assert "that is you" in said(reply)
    operator.refresh_from_db()
    assert operator.is_active
    assert not Erasure.objects.exists()
    assert logged("Delete account").outcome.startswith("Refused")


def test_a_connection_is_revoked_cut_and_read_from_its_own_page(world, console):
    someone = world().people[0]
    Connection.objects.filter(pk=someone.connection.pk).update(failures=3, due_at=None)
    reply = press(console, "integrations.connection", someone.connection.pk, "read_connection")
    assert "Refused" in said(reply)
    later = timezone.now() + timezone.timedelta(hours=1)
    Connection.objects.filter(pk=someone.connection.pk).update(due_at=later)
    press(console, "integrations.connection", someone.connection.pk, "read_connection")
    assert Connection.objects.get(pk=someone.connection.pk).due_at < later
    press(console, "integrations.connection", someone.connection.pk, "revoke_connection")
    assert Connection.objects.get(pk=someone.connection.pk).status == "reconnect"
    reply = press(
        console, "integrations.connection", someone.connection.pk, "disconnect_connection"
    )
    assert reply["Location"] == "/admin/integrations/connection/"
    assert not Connection.objects.filter(pk=someone.connection.pk).exists()
    actions = AdminAction.objects.filter(subject__startswith="todoist of").order_by("pk")
    assert [row.action for row in actions] == ["Read now", "Read now", "Revoke", "Disconnect"]
    assert {row.subject_user_id for row in actions} == {someone.user.pk}


def test_states_tokens_and_erasures_have_their_operations(world, console):
    someone = world().first
    state = PolicyState.objects.get(user=someone)
    press(console, "recommender.policystate", state.pk, "rebuild_state")
    assert logged("Rebuild").outcome == "Folded 1 reward anew: the same numbers."
    press(console, "recommender.policystate", state.pk, "reset_state")
    assert not PolicyState.objects.filter(user=someone).exists()
    token = ApiToken.objects.get(user=someone)
    press(console, "accounts.apitoken", token.pk, "revoke_token")
    assert not ApiToken.objects.filter(pk=token.pk).exists()
    erasure = Erasure.objects.get()
    later = timezone.now() + timezone.timedelta(hours=5)
    Erasure.objects.update(due_at=later)
    press(console, "accounts.erasure", erasure.pk, "try_erasure")
    assert Erasure.objects.get().due_at < later
    assert logged("Try now").outcome == "Due now."


def test_many_are_done_one_by_one_and_told_together(world, console):
    people = [someone.user for someone in world(3).people]
    Connection.objects.filter(user=people[2]).delete()
    reply = choose(console, "accounts.user", [p.pk for p in people], "revoke_connections")
    assert "2 × Revoked: ical. Revoked: todoist. 1 × Nothing was connected." in said(reply)
    assert AdminAction.objects.filter(action="Revoke connections").count() == 5


def test_one_that_fails_is_undone_logged_and_holds_up_no_other(world, console):
    people = [someone.user for someone in world(3).people]

    def breaks(user_id, *, now):
        forgotten = reset(user_id, now=now)
        if user_id == people[1].pk:
            raise RuntimeError("no")
        return forgotten

    with patch("adminconsole.operations.learn.reset", breaks):
        reply = choose(console, "accounts.user", [p.pk for p in people], "reset_bandit")
    assert "Failed: RuntimeError. Nothing was changed." in said(reply)
    rows = AdminAction.objects.filter(action="Reset bandit").order_by("subject_user_id")
    assert [row.outcome[:8] for row in rows] == ["1 reward", "Failed: ", "1 reward"]
    kept = PolicyState.objects.values_list("user_id", flat=True)
    assert list(kept) == [people[1].pk]


def test_a_cut_that_fails_is_undone_and_the_cuts_before_it_are_logged(world, console):
    someone = world().first
    connections = list(Connection.objects.filter(user=someone).order_by("source"))

    def breaks(*events, now):
        if events[0].source == connections[1].source:
            raise RuntimeError("no")

    with patch("integrations.disconnect.publish", breaks):
        press(console, "accounts.user", someone.pk, "revoke_connections")
    rows = AdminAction.objects.filter(action="Revoke connections").order_by("pk")
    assert [row.outcome for row in rows] == [
        "Revoked: ical.",
        "Failed: RuntimeError. What was done before is above.",
    ]
    status = dict(Connection.objects.filter(user=someone).values_list("source", "status"))
    assert status == {"ical": "reconnect", "todoist": "connected"}


@pytest.mark.parametrize("operation", ["reset_bandit", "revoke_connections", "end_sessions"])
def test_the_deed_and_its_line_in_the_log_are_written_both_or_neither(world, operator, operation):
    someone = world().first
    with (
        patch("adminconsole.operate.record", side_effect=RuntimeError("the log is full")),
        pytest.raises(RuntimeError),
    ):
        perform(find(operation), someone.pk, actor=operator, now=timezone.now())
    assert Connection.objects.filter(user=someone, status="connected").count() == 2
    assert PolicyState.objects.filter(user=someone).exists()
    assert UserSession.objects.filter(user=someone).exists()


@pytest.mark.django_db(transaction=True)
def test_a_connection_is_not_cut_inside_a_transaction_of_the_console(world, operator):
    """On SQLite that would hold the one lock of all writers while it waits for a worker's read."""
    someone = world().first
    seen = []

    def look(connection_id, **more):
        seen.append(transaction.get_connection().in_atomic_block)
        return alone_with(connection_id, **more)

    with patch("integrations.disconnect.alone_with", look):
        perform(find("revoke_connections"), someone.pk, actor=operator, now=timezone.now())
    assert seen == [False, False]


def test_a_great_many_are_handed_to_workers_in_batches(console, operator):
    User.objects.bulk_create(User(email=f"u{n}@example.com", password="!") for n in range(250))
    chosen = User.objects.filter(email__startswith="u").values_list("pk", flat=True)
    across = {"select_across": "1"}
    with patch("adminconsole.admin.base.operate.apply_async") as send:
        reply = choose(console, "accounts.user", [chosen[0]], "end_sessions", **across)
    assert "251 in all" in said(reply)  # the operator too: they are in the list
    assert [len(call.args[0][1]) for call in send.call_args_list] == [100, 100, 51]
    for call in send.call_args_list:
        operate(*call.args[0])
    rows = AdminAction.objects.filter(action="End all sessions")
    assert rows.count() == 251
    assert set(rows.values_list("actor_id", flat=True)) == {operator.pk}


def test_selecting_across_pages_keeps_to_the_filter(console):
    User.objects.bulk_create(User(email=f"u{n}@example.com", password="!") for n in range(60))
    data = {
        "action": "end_sessions",
        "_selected_action": [str(User.objects.get(email="u1@example.com").pk)],
        "select_across": "1",
        "confirmed": "yes",
    }
    console.post("/admin/accounts/user/?q=u1", data)
    assert AdminAction.objects.count() == 11  # u1 and u10 to u19


def test_a_broker_that_is_down_is_told_and_nothing_is_lost_silently(console):
    User.objects.bulk_create(User(email=f"u{n}@example.com", password="!") for n in range(150))
    with patch("adminconsole.admin.base.operate.apply_async", side_effect=OperationalError):
        reply = choose(
            console,
            "accounts.user",
            list(User.objects.values_list("pk", flat=True)),
            "end_sessions",
        )
    assert "the broker can't be reached. 0 of 151" in said(reply)
    assert not AdminAction.objects.exists()


def test_a_row_that_went_meanwhile_is_told_and_not_logged(world, operator):
    outcome = perform(find("reset_bandit"), 999_999, actor=operator, now=timezone.now())
    assert not outcome.done
    assert "gone already" in outcome.says


def test_every_operation_is_tried_above_or_in_the_timetables_tests():
    tried = {
        "revoke_connections", "reset_bandit", "rebuild_bandit", "end_sessions", "delete_account",
        "revoke_connection", "disconnect_connection", "read_connection", "reset_state",
        "rebuild_state", "undo_reaction", "try_erasure", "revoke_token", "pause_entry",
        "resume_entry", "run_entry",
        # tests/console/test_policies.py
        "roll_back", "promote_policy", "force_policy", "evaluate_policy", "stop_shadow",
        "start_shadow", "use_prior", "let_prior_go", "start_experiment", "stop_experiment",
        "look_at_experiment",
    }  # fmt: skip
    assert set(_operations) == tried


def test_changing_a_role_is_logged_with_what_it_was_and_is(world, console, operator):
    someone = world().first
    address = f"/admin/accounts/user/{someone.pk}/change/"
    page = console.get(address).context["adminform"].form
    assert set(page.fields) == {"role", "is_active"}
    console.post(address, {"role": "admin", "is_active": "on", **management(console, address)})
    someone.refresh_from_db()
    assert someone.role == "admin"
    row = logged("Change user")
    assert (row.actor, row.subject_user_id) == (operator, someone.pk)
    assert row.outcome == "role: user → admin"


def test_an_operator_can_not_demote_or_block_themself(console, operator):
    address = f"/admin/accounts/user/{operator.pk}/change/"
    reply = console.post(address, {"role": "user", **management(console, address)})
    assert reply.status_code == 200
    assert "That is you" in reply.content.decode()
    operator.refresh_from_db()
    assert operator.role == "admin"
    assert operator.is_active


def test_what_is_left_of_a_deleted_person_can_not_be_brought_back(world, console):
    someone = world().first
    press(console, "accounts.user", someone.pk, "delete_account")
    address = f"/admin/accounts/user/{someone.pk}/change/"
    assert console.post(address, {"role": "admin", "is_active": "on"}).status_code == 403


def management(console, address: str) -> dict[str, str]:
    """The hidden fields of the inlines on a page."""
    fields: dict[str, str] = {}
    for formset in console.get(address).context["inline_admin_formsets"]:
        form = formset.formset.management_form
        fields |= {form.add_prefix(name): str(form[name].value()) for name in form.fields}
    return fields
