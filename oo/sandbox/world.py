"""The world: everything a request of either service may touch, tied together once."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from flask import current_app

from . import keys
from .clock import Clock
from .config import Config
from .diary import Diary
from .faults import Faults
from .grants import Grants, InvalidGrant
from .herald import Herald
from .journal import Journal
from .moods import Model
from .opaque import Opaque
from .personas import Persona
from .personas.living import catch_up
from .store import Store
from .todoist.account import Account
from .todoist.webhooks import Postman

EXTENSION = "oo.sandbox"


class World:
    """One running sandbox. ``close`` ends its threads and its store."""

    def __init__(self, config: Config) -> None:
        self.config = config
        self.store = Store(config.state)
        self.clock = Clock(self.store)
        self.faults = Faults()
        self.journal = Journal()
        self.model = Model()
        self.signing_key = keys.SigningKey(self.store)
        self.opaque = Opaque(self.store)
        self.postman = Postman(config, self.store, self.clock)
        self.herald = Herald(self.store, self.clock)

    @contextmanager
    def grants(self, service: str) -> Iterator[Grants]:
        """The token office of a service.

        A refusal is committed before it travels on: a replayed token must leave its mark.
        """
        refusal: InvalidGrant | None = None
        with self.store.transaction() as db:
            try:
                yield Grants(db, service, self.clock.now())
            except InvalidGrant as error:
                refusal = error
        if refusal is not None:
            raise refusal

    @contextmanager
    def account(self, persona: Persona) -> Iterator[Account]:
        """A persona's Todoist, caught up with today. Its changes are announced when it closes."""
        now = self.clock.now()
        with self.store.transaction() as db:
            account = Account(db, persona, now)
            catch_up(account, self.store)
            yield account
            connected = Grants(db, "todoist", now).is_connected(persona.id)
            if connected:
                self.postman.take(db, account)
        self.postman.wake()

    @contextmanager
    def diary(self, persona: Persona) -> Iterator[Diary]:
        """A persona's calendar, caught up with today."""
        with self.store.transaction() as db:
            diary = Diary(db, persona, self.clock.now())
            diary.catch_up(self.store)
            yield diary

    def reset(self) -> None:
        """A fresh world: nothing granted, nothing edited, real time, no faults."""
        self.store.forget_everything(keep=(keys.FACT,))
        self.clock.shift_to(0)
        self.opaque.renew()
        self.faults.clear()
        self.journal.clear()
        self.model.forget()
        self.postman.forget()

    def close(self) -> None:
        self.faults.stop()
        self.postman.stop()
        self.herald.stop()
        self.store.close()


def the_world() -> World:
    """The world of the running app."""
    world = current_app.extensions[EXTENSION]
    assert isinstance(world, World)
    return world
