"""Connecting by OAuth: the state is this browser's, works once and not for ever; PKCE is proven."""

from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.conf import settings

from accounts.models import User
from integrations import connect, snapshot
from integrations.commands import send_due
from integrations.connect import MOST_PENDING, PENDING, BadState, begin, finish, take_attempt
from integrations.disconnect import revoke_due
from integrations.history import read_histories_due
from integrations.models import Command, Connection, History, Revocation
from integrations.source import NeedsReconnect, SourceTrouble, UsesOAuth
from integrations.sync import sync_user
from oo.events.models import Record
from tests.integrations.todoist_world import TOKEN, Link, TodoistWorld, consent
from tests.people import NOW

CALLBACK = f"{settings.PUBLIC_URL}/connect/todoist/callback/"


class Other(UsesOAuth):
    """Another source, to mix up with."""

    id = "other"
    name = "Other"

    def authorize_url(self, *, state: str, challenge: str, redirect_uri: str) -> str:
        return f"https://other.example/authorize?state={state}"

    def is_configured(self) -> bool:
        return True

    def exchange(self, **asked: Any) -> Any: ...

    def refresh(self, refresh_token: str, **asked: Any) -> Any: ...

    def revoke(self, token: str) -> None: ...

    def pull(self, access_token: str, **asked: Any) -> Any: ...


other = Other()


def started(source: Any, session: dict[str, Any], now: Any = NOW) -> dict[str, str]:
    url = begin(source, session, redirect_uri=CALLBACK, now=now)
    return {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}


@pytest.fixture
def source(todoist: TodoistWorld) -> Any:
    return todoist.source


@pytest.fixture
def user(db: None) -> User:
    return User.objects.create_user("ada@example.com")


def test_the_browser_is_sent_with_a_challenge_and_a_state_and_no_secret(source):
    session: dict[str, Any] = {}
    asked = started(source, session)
    assert asked["redirect_uri"] == CALLBACK
    assert asked["scope"] == "data:read_write"
    assert asked["code_challenge_method"] == "S256"
    verifier = session[PENDING][asked["state"]]["verifier"]
    assert len(verifier) >= 43
    assert verifier not in asked.values()
    assert settings.TODOIST_CLIENT_SECRET not in asked.values()


def test_a_state_works_once_and_only_in_its_own_session(source):
    mine: dict[str, Any] = {}
    state = started(source, mine)["state"]
    with pytest.raises(BadState):
        take_attempt(source, {}, state=state, now=NOW)
    assert take_attempt(source, mine, state=state, now=NOW)
    with pytest.raises(BadState):
        take_attempt(source, mine, state=state, now=NOW)


def test_a_state_runs_out(source):
    session: dict[str, Any] = {}
    state = started(source, session)["state"]
    with pytest.raises(BadState):
        take_attempt(source, session, state=state, now=NOW + timedelta(minutes=16))


def test_a_state_is_of_no_use_at_the_callback_of_another_source(source):
    session: dict[str, Any] = {}
    state = started(other, session)["state"]
    with pytest.raises(BadState):
        take_attempt(source, session, state=state, now=NOW)
    # And the mix-up has used it up.
    with pytest.raises(BadState):
        take_attempt(other, session, state=state, now=NOW)


def test_two_tabs_may_connect_at_once_and_a_hundred_do_not_fill_the_session(source):
    session: dict[str, Any] = {}
    first = started(source, session)["state"]
    second = started(source, session)["state"]
    assert take_attempt(source, session, state=first, now=NOW)
    assert take_attempt(source, session, state=second, now=NOW)
    for _ in range(100):
        started(source, session)
    assert len(session[PENDING]) == MOST_PENDING


def test_the_grant_is_kept_sealed_and_read_at_once(todoist, user):
    link = todoist.link(user=user)
    row = link.row()
    assert (row.status, row.scope) == ("connected", "data:read_write")
    assert row.access_token
    assert row.refresh_token
    assert timedelta(minutes=58) < row.access_expires_at - todoist.now <= timedelta(hours=1)
    assert row.due_at <= todoist.now
    assert Record.objects.get().payload == {
        "connection_id": str(row.pk), "source": "todoist", "status": "connected",
    }  # fmt: skip


def test_todoist_wants_the_verifier_that_belongs_to_the_challenge(todoist, source, user):
    session: dict[str, Any] = {}
    url = begin(source, session, redirect_uri=CALLBACK, now=todoist.now)
    code = consent(url, "sam")["code"]
    with pytest.raises(NeedsReconnect):
        finish(user, source, code=code, verifier="w" * 64, redirect_uri=CALLBACK, now=todoist.now)
    assert not Connection.objects.exists()


def test_a_code_that_todoist_never_gave_connects_nothing(todoist, source, user):
    for code in ("", "code-of-my-own", "\x00", "x" * 5000):
        with pytest.raises(NeedsReconnect):
            finish(
                user, source, code=code, verifier="w" * 64, redirect_uri=CALLBACK, now=todoist.now
            )
    assert not Connection.objects.exists()


@pytest.mark.parametrize(
    "kind", ["500", "429", "hang", "garbage", "truncated", "html", "wrong_types"]
)
def test_trouble_at_the_token_endpoint_connects_nothing_and_says_so(todoist, source, user, kind):
    session: dict[str, Any] = {}
    back = consent(begin(source, session, redirect_uri=CALLBACK, now=todoist.now), "sam")
    verifier = take_attempt(source, session, state=back["state"], now=todoist.now)
    todoist.fault(kind, TOKEN)
    with pytest.raises(SourceTrouble):
        finish(
            user, source, code=back["code"], verifier=verifier, redirect_uri=CALLBACK,
            now=todoist.now,
        )  # fmt: skip
    assert not Connection.objects.exists()


def test_connecting_another_account_reads_it_anew_and_lets_go_of_what_was_there(todoist, user):
    first = todoist.link("mei", user=user)
    first.read()
    assert first.titles()
    row = first.row()
    again = todoist.link("sam", user=user)
    assert again.connection.pk == row.pk
    assert Revocation.objects.filter(user=user).count() == 2, "both old tokens are to be revoked"
    assert snapshot.read(row.pk) is None
    again.add("The only one")
    again.read()
    assert list(again.titles().values()) == ["The only one"]
    assert row.tasks.filter(closed_at=None).count() == 1


@pytest.fixture
def dead(todoist: TodoistWorld, user: User) -> Link:
    """Their grant has ended without them: an hour, in which nothing was read."""
    link = todoist.link("sam", user=user)
    link.add("Something")
    link.read()
    return link


def ends(link: Link) -> None:
    link.world.revoke(link.persona)
    assert link.read().status == "reconnect"
    link.world.later(hours=1)


def tasks_completed() -> list[int]:
    records = Record.objects.filter(subject="signals.task.completed")
    return sorted(record.payload["task_id"] for record in records)


def test_what_was_done_while_a_grant_was_dead_counts_when_it_is_given_again(dead: Link, user):
    done = dead.add("Done meanwhile")
    recurring = dead.add("Stand up", due="every day at 09:00")
    deleted = dead.add("Deleted meanwhile")
    dead.read()
    ends(dead)
    dead.act(done, "complete")
    dead.act(recurring, "complete")
    dead.act(deleted, "delete")
    again = dead.world.link("sam", user=user)
    assert again.connection.pk == dead.connection.pk
    again.read()
    assert again.task(done).closed_as == "done"
    assert again.task(recurring).done_at is not None
    assert again.task(deleted).closed_as == "deleted"
    assert tasks_completed() == sorted([again.task(done).pk, again.task(recurring).pk])


def test_who_connects_again_is_read_at_once_however_lately_they_were_read(dead: Link, user):
    dead.world.revoke("sam")
    assert dead.read().status == "reconnect"
    before = dead.row().synced_at
    dead.world.link("sam", user=user)
    assert sync_user(user.pk, now=dead.world.now) == 1
    assert dead.row().synced_at > before
    assert dead.titles()


def test_what_was_done_in_oo_while_a_grant_was_dead_is_told_when_it_is_given_again(
    dead: Link, user
):
    chore = dead.add("A chore")
    dead.read()
    ends(dead)
    dead.done_here(chore)
    again = dead.world.link("sam", user=user)
    again.read()
    assert chore not in again.listed()
    again.read()
    assert again.task(chore).closed_as == "done"
    assert again.titles()


def test_another_account_after_a_dead_grant_keeps_and_is_told_nothing_of_the_first(
    dead: Link, user, monkeypatch
):
    chore = dead.add("A chore of Sam's")
    dead.read()
    while read_histories_due(now=dead.world.now, limit=1):
        pass
    assert History.objects.get().finished_at
    ends(dead)
    dead.done_here(chore)
    before = set(dead.row().tasks.values_list("pk", flat=True))
    told, account = len(tasks_completed()), dead.row().account
    other = dead.world.link("mei", user=user)
    assert other.connection.pk == dead.connection.pk
    dead.world.forget_requests()
    send_due(now=dead.world.now)
    assert dead.world.asked() == [], "it may be another account, nobody knows yet"
    never = lambda *args, **more: pytest.fail("told")  # noqa: E731
    monkeypatch.setattr(type(dead.world.source), "complete", never)
    row = other.read()
    assert not before & set(row.tasks.values_list("pk", flat=True))
    assert not Command.objects.exists()
    assert row.tasks.filter(closed_at=None).exists()
    assert len(tasks_completed()) == told
    assert History.objects.get().finished_at is None, "the past of this one is still to be read"
    assert row.account not in ("", account)


def test_of_two_callbacks_at_once_no_grant_is_left_behind(todoist, user, monkeypatch):
    """Both find nothing to let go of; the later one lets go of what the other got meanwhile."""
    real = connect._make_room

    def and_another_is_quicker(*args: Any, **more: Any) -> None:
        real(*args, **more)
        monkeypatch.setattr(connect, "_make_room", real)
        todoist.link("sam", user=user)

    monkeypatch.setattr(connect, "_make_room", and_another_is_quicker)
    todoist.link("sam", user=user)
    assert todoist.grants_alive("sam") == 2
    while revoke_due(now=todoist.now):
        pass
    assert todoist.grants_alive("sam") == 1
    row = Connection.objects.get(user=user)
    assert (row.status, row.account) == ("connected", "")


def test_a_read_that_began_before_connecting_anew_takes_nothing_in(todoist, user, monkeypatch):
    mei = todoist.link("mei", user=user)
    pull = type(todoist.source).pull

    def connected_anew_meanwhile(self, *args: Any, **more: Any) -> Any:
        found = pull(self, *args, **more)
        monkeypatch.undo()
        todoist.link("sam", user=user)
        return found

    monkeypatch.setattr(type(todoist.source), "pull", connected_anew_meanwhile)
    row = mei.read()
    assert row.cursor == ""
    assert not row.tasks.exists()
    assert mei.read().cursor
    assert not row.tasks.exists()
