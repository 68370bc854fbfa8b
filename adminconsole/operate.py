"""Doing what an operator asks: one verb of a floor below and one line in the log, both or neither."""

import logging
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import models, transaction

from accounts.models import User
from adminconsole.audit import record
from adminconsole.subjects import named
from oo.lib.encrypted import EncryptedTextField

log = logging.getLogger(__name__)

# Asked for at once, more rows than this are done by workers, in batches of this size.
AT_ONCE = 100

Deed = Callable[[Any, User | None, datetime], str]


class Refused(Exception):
    """This can't be done to this row. The message says why, to the operator."""


@dataclass(frozen=True)
class Operation:
    """Something an operator may do to the rows of a model.

    `do(row, actor, now)` calls a verb that already exists, and says in plain words what came of it.
    """

    id: str
    model: type[models.Model]
    label: str
    asks: str
    do: Deed
    icon: str
    danger: bool


@dataclass(frozen=True)
class Outcome:
    done: bool
    says: str


_operations: dict[str, Operation] = {}


def operation(
    model: type[models.Model], label: str, *, asks: str, icon: str, danger: bool = False
) -> Callable[[Deed], Deed]:
    """Offers a function as an operation on the rows of `model`; its name is the operation's id."""

    def offer(do: Deed) -> Deed:
        id_ = do.__name__
        assert id_ not in _operations, f"two operations are called {id_}"
        _operations[id_] = Operation(id_, model, label, asks, do, icon, danger)
        return do

    return offer


def operations_on(model: type[models.Model]) -> list[Operation]:
    return [operation for operation in _operations.values() if operation.model is model]


def find(operation_id: str) -> Operation:
    """Raises KeyError."""
    return _operations[operation_id]


def perform(operation: Operation, pk: object, *, actor: User | None, now: datetime) -> Outcome:
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
        with transaction.atomic():
            says = operation.do(row, actor, now)
            write(says)
        return Outcome(True, says)
    except Refused as refusal:
        says = f"Refused: {refusal}"
    except Exception as error:
        log.exception("%s on %s", operation.id, subject)
        says = f"Failed: {type(error).__name__}. Nothing was changed."
    write(says)
    return Outcome(False, says)


def perform_all(
    operation: Operation, pks: Iterable[object], *, actor: User | None, now: datetime
) -> list[Outcome]:
    """Does it to each row in a transaction of its own: one that fails holds up no other."""
    return [perform(operation, pk, actor=actor, now=now) for pk in pks]


def batches(pks: list[Any]) -> Iterator[list[Any]]:
    for start in range(0, len(pks), AT_ONCE):
        yield pks[start : start + AT_ONCE]


def rows_of(model: type[models.Model]) -> "models.QuerySet[Any]":
    """All rows, without the columns that are sealed."""
    sealed = [f.name for f in model._meta.fields if isinstance(f, EncryptedTextField)]
    return model._default_manager.defer(*sealed)
