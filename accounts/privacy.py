"""Exporting and forgetting a person, floor by floor, through what the floors registered.

A holder says which models it covers. Every model of the project and of the third-party apps is in
some holder or is listed as impersonal with a reason; a test compares both with the app registry.
"""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any, ClassVar

from accounts.models import User


class PersonalData(ABC):
    """One floor's personal data: how it is exported and how it is forgotten."""

    id: ClassVar[str]
    floor: ClassVar[int]  # as in the architecture; the top floor forgets first
    models: ClassVar[Sequence[str]]  # "app_label.ModelName" of every model covered

    @abstractmethod
    def export(self, user_id: int) -> dict[str, Any]:
        """What is held, as JSON values, without secrets."""

    def let_go(self, user_id: int) -> None:
        """The world outside: what only others can undo. Idempotent. May raise to be retried, and is
        given up one day."""
        return

    @abstractmethod
    def forget(self, user_id: int) -> int:
        """Deletes the rows, inside a transaction, and what the caches hold. Idempotent, called more
        than once. Raises until it has succeeded. Returns how many rows went."""


_holders: list[PersonalData] = []
_impersonal: dict[str, str] = {}


def register(holder: PersonalData) -> None:
    _holders.append(holder)


def impersonal(model: str, reason: str) -> None:
    """Says that a model holds nothing about anyone, and why."""
    _impersonal[model] = reason


def holders() -> list[PersonalData]:
    """Top floor first."""
    return sorted(_holders, key=lambda holder: -holder.floor)


def covered_models() -> set[str]:
    return {model for holder in _holders for model in holder.models} | set(_impersonal)


def export(user: User) -> dict[str, Any]:
    return {holder.id: holder.export(user.pk) for holder in reversed(holders())}
