"""Doing what an operator asks: one verb of a floor below and one line in the log, both or neither."""

import logging
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

from django.db import models, transaction

from accounts.models import User
from adminconsole.audit import record
from adminconsole.subjects import named
from oo.lib.encrypted import EncryptedTextField

log = logging.getLogger(__name__)

# Asked for at once, more rows than this are done by workers, in batches of this size.
AT_ONCE = 100

Write = Callable[[str], object]
D = TypeVar("D", bound=Callable[..., str])


class Refused(Exception):
    """This can't be done to this row. The message says why, to the operator."""


@dataclass(frozen=True)
class Operation:
    """Something an operator may do to the rows of a model.

    `do(row, actor, now)` calls a verb that already exists, and says in plain words what came of it.
    Where the verb has to make its own transactions, `do(row, actor, now, write)` writes the lines
    of the log inside them. Where the operator is asked why, it is `do(row, actor, now, reason)`.
    """

    id: str
    model: type[models.Model]
    label: str
    asks: str
    do: Callable[..., str]
    icon: str
    danger: bool
    own_transactions: bool
    asks_why: bool


@dataclass(frozen=True)
class Outcome:
    done: bool
    says: str


_operations: dict[str, Operation] = {}


def operation(
    model: type[models.Model],
    label: str,
    *,
    asks: str,
    icon: str,
    danger: bool = False,
    own_transactions: bool = False,
    asks_why: bool = False,
) -> Callable[[D], D]:
    """Offers a function as an operation on the rows of `model`; its name is the operation's id."""

    def offer(do: D) -> D:
        id_ = do.__name__
        assert id_ not in _operations, f"two operations are called {id_}"
        _operations[id_] = Operation(
            id_, model, label, asks, do, icon, danger, own_transactions, asks_why
        )
        return do

    return offer


def operations_on(model: type[models.Model]) -> list[Operation]:
    return [operation for operation in _operations.values() if operation.model is model]


def find(operation_id: str) -> Operation:
    """Raises KeyError."""
    return _operations[operation_id]


def perform(
    operation: Operation, pk: object, *, actor: User | None, now: datetime, why: str = ""
) -> Outcome:
    """Does it to one row, as it is now. A refusal or a failure is logged too, and changes nothing."""
    # Sealed columns stay sealed: the verbs read what they need, the console never does.
    row = rows_of(operation.model).filter(pk=pk).first()
    if row is None:
        return Outcome(False, "It was gone already.")
    subject, subject_user_id = named(row)

    def write(outcome: str) -> None:
        record(
            actor, operation.label, subject,
            subject_user_id=subject_user_id, outcome=outcome, now=now,
        )  # fmt: skip

    try:
        if operation.own_transactions:
            return Outcome(True, operation.do(row, actor, now, write))
        with transaction.atomic():
            says = operation.do(row, actor, now, *([why] if operation.asks_why else []))
            write(says)
        return Outcome(True, says)
    except Refused as refusal:
        says = f"Refused: {refusal}"
    except Exception as error:
        log.exception("%s on %s", operation.id, subject)
        says = f"Failed: {type(error).__name__}."
        says += (
            " What was done before is above."
            if operation.own_transactions
            else " Nothing was changed."
        )
    write(says)
    return Outcome(False, says)


def perform_all(
    operation: Operation,
    pks: Iterable[object],
    *,
    actor: User | None,
    now: datetime,
    why: str = "",
) -> list[Outcome]:
    """Does it to each row in a transaction of its own: one that fails holds up no other."""
    return [perform(operation, pk, actor=actor, now=now, why=why) for pk in pks]


def batches(pks: list[Any]) -> Iterator[list[Any]]:
    for start in range(0, len(pks), AT_ONCE):
        yield pks[start : start + AT_ONCE]


def rows_of(model: type[models.Model]) -> "models.QuerySet[Any]":
    """All rows, without the columns that are sealed."""
    sealed = [f.name for f in model._meta.fields if isinstance(f, EncryptedTextField)]
    return model._default_manager.defer(*sealed)
