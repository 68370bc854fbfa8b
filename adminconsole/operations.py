"""All that an operator may do. Nothing here decides anything: each calls a verb and says what came."""

from collections.abc import Callable
from datetime import datetime

from django_celery_beat.models import PeriodicTask

from accounts import erase, sessions, tokens
from accounts.jobs import run_erasures
from accounts.models import ApiToken, Erasure, User
from adminconsole import timetable
from adminconsole.operate import Refused, Write, operation
from integrations import disconnect as cutting
from integrations.models import Connection
from integrations.sync import read_soon
from oo.lib.jobs import wake
from recommender import learn, live
from recommender.bandit.policies.base import Policy
from recommender.models import Feedback, PolicyState
from recommender.registry import policies
from recommender.undo import undo

RESET_ASKS = (
    "What every policy learned about them is forgotten. Their next tip is chosen from the urgency "
    "rule, as for a newcomer. Decisions and reactions stay; this can't be undone."
)
REBUILD_ASKS = (
    "The policy's state is made anew from the logged decisions and reactions. It should come out "
    "the same; the log says whether it did."
)


def _count(number: int, one: str, many: str = "") -> str:
    return f"{number} {one if number == 1 else many or one + 's'}"


# ------------------------------------------------------------------------------------------------
# Users


@operation(
    User,
    "Revoke connections",
    asks="Every grant they gave oO ends at its source, the tasks and events read through it go, and "
    "they are asked to connect again. Open tips about them are taken back.",
    icon="link_off",
    danger=True,
    own_transactions=True,
)
def revoke_connections(user: User, actor: User | None, now: datetime, write: Write) -> str:
    mine = Connection.objects.filter(user=user).defer("access_token", "refresh_token")
    cut: list[str] = []
    for connection in mine.order_by("source"):
        _cut(cutting.revoke, connection, now, write, f"Revoked: {connection.source}.", cut)
    if not cut:
        write("Nothing was connected.")
    return " ".join(cut) or "Nothing was connected."


@operation(User, "Reset bandit", asks=RESET_ASKS, icon="restart_alt", danger=True)
def reset_bandit(user: User, actor: User | None, now: datetime) -> str:
    return _reset(user.pk, now)


@operation(User, "Rebuild bandit", asks=REBUILD_ASKS, icon="replay")
def rebuild_bandit(user: User, actor: User | None, now: datetime) -> str:
    return _rebuild(user.pk, now, live.present(user.pk, now=now).policy)


@operation(
    User,
    "End all sessions",
    asks="They are signed out on every device. They can sign in again at once.",
    icon="logout",
)
def end_sessions(user: User, actor: User | None, now: datetime) -> str:
    return f"{_count(sessions.end_all(user), 'session')} ended."


@operation(
    User,
    "Delete account",
    asks="Everything oO holds about them goes: tokens are revoked, their data is erased on every "
    "floor, all sessions end. Only an empty shell and a receipt stay. This can't be undone.",
    icon="delete_forever",
    danger=True,
)
def delete_account(user: User, actor: User | None, now: datetime) -> str:
    if actor is not None and actor.pk == user.pk:
        raise Refused("that is you. Delete your own account in your settings.")
    if user.deleted_at:
        return "Was deleted already."
    erasure = erase.ask(user, now=now)
    wake(run_erasures)
    return f"Deletion has begun, receipt {erasure.receipt}."


# ------------------------------------------------------------------------------------------------
# Connections


@operation(
    Connection,
    "Revoke",
    asks="The grant ends at its source and what was read through it goes. The user is asked to "
    "connect again.",
    icon="link_off",
    danger=True,
    own_transactions=True,
)
def revoke_connection(
    connection: Connection, actor: User | None, now: datetime, write: Write
) -> str:
    return _cut(
        cutting.revoke, connection, now, write, "Revoked; the user is asked to connect again."
    )


@operation(
    Connection,
    "Disconnect",
    asks="As if the user had disconnected: the grant ends, all that was read through it goes, and "
    "they are not asked to connect again.",
    icon="cancel",
    danger=True,
    own_transactions=True,
)
def disconnect_connection(
    connection: Connection, actor: User | None, now: datetime, write: Write
) -> str:
    return _cut(cutting.disconnect, connection, now, write, "Disconnected.")


def _cut(
    verb: Callable[..., None],
    connection: Connection,
    now: datetime,
    write: Write,
    says: str,
    cut: list[str] | None = None,
) -> str:
    """Cuts one connection, with its line in the log in the same transaction."""
    cut = [] if cut is None else cut

    def also() -> None:
        write(says)
        cut.append(says)

    verb(connection, now=now, also=also)
    return says if says in cut else "It was gone already."


@operation(
    Connection,
    "Read now",
    asks="A worker reads the source as soon as it can, whatever the connection waits for.",
    icon="sync",
)
def read_connection(connection: Connection, actor: User | None, now: datetime) -> str:
    if not read_soon(connection.pk, now=now):
        raise Refused("it needs its user, or is a file that was handed over.")
    return "Due now."


# ------------------------------------------------------------------------------------------------
# What was learned


@operation(PolicyState, "Reset", asks=RESET_ASKS, icon="restart_alt", danger=True)
def reset_state(state: PolicyState, actor: User | None, now: datetime) -> str:
    return _reset(state.user_id, now)


@operation(PolicyState, "Rebuild", asks=REBUILD_ASKS, icon="replay")
def rebuild_state(state: PolicyState, actor: User | None, now: datetime) -> str:
    if state.policy not in policies:
        raise Refused(f"{state.policy} is not installed.")
    return _rebuild(state.user_id, now, type(policies.get(state.policy)))


def _reset(user_id: int, now: datetime) -> str:
    forgotten = learn.reset(user_id, now=now)
    return f"{_count(forgotten, 'reward')} forgotten; the urgency rule is the start again."


def _rebuild(user_id: int, now: datetime, cls: type[Policy]) -> str:
    mine = PolicyState.objects.filter(user_id=user_id, policy=cls.id)
    before = mine.values_list("state", flat=True).first()
    after = learn.rebuild(user_id, now=now, cls=cls)
    folded = _count(mine.values_list("count", flat=True).get(), "reward")
    if before is None:
        return f"Folded {folded}; there was no state before."
    same = "the same numbers" if bytes(before) == after else "other numbers than before"
    return f"Folded {folded} anew: {same}."


@operation(
    Feedback,
    "Undo",
    asks="The reaction is taken back: what was learned from it is unlearned, and the numbers are as "
    "if it had never been. A task that its source was told to complete stays completed.",
    icon="undo",
    danger=True,
)
def undo_reaction(feedback: Feedback, actor: User | None, now: datetime) -> str:
    return undo(feedback.pk, now=now, even_late=True)


# ------------------------------------------------------------------------------------------------
# Erasures, machine tokens, the timetable


@operation(
    Erasure,
    "Try now",
    asks="A worker takes the erasure up again at once, instead of when it is next due.",
    icon="play_arrow",
)
def try_erasure(erasure: Erasure, actor: User | None, now: datetime) -> str:
    if not erase.hurry(erasure.pk, now=now):
        return "Was finished already."
    wake(run_erasures)
    return "Due now."


@operation(
    ApiToken,
    "Revoke",
    asks="The token opens nothing any more. The machine that used it has to ask for a new one.",
    icon="key_off",
    danger=True,
)
def revoke_token(token: ApiToken, actor: User | None, now: datetime) -> str:
    tokens.revoke(token)
    return "Revoked."


@operation(PeriodicTask, "Pause", asks="Beat skips it until it is resumed.", icon="pause")
def pause_entry(entry: PeriodicTask, actor: User | None, now: datetime) -> str:
    return "Paused." if timetable.pause(entry) else "Was paused already."


@operation(PeriodicTask, "Resume", asks="Beat sends it again when it is due.", icon="play_arrow")
def resume_entry(entry: PeriodicTask, actor: User | None, now: datetime) -> str:
    return "Resumed." if timetable.resume(entry) else "Was running already."


@operation(PeriodicTask, "Run now", asks="Its job is handed to a worker at once.", icon="bolt")
def run_entry(entry: PeriodicTask, actor: User | None, now: datetime) -> str:
    try:
        timetable.run_now(entry)
    except timetable.CantRun as why:
        raise Refused(str(why)) from why
    return "Handed to a worker."
