"""What is known of somebody before they are shown something is asked as the ORM would ask it."""

from datetime import timedelta

import numpy as np
import pytest

from accounts import preferences
from accounts.models import User
from integrations.models import CalendarEvent
from oo.lib.compiled import Placeholder
from recommender import contenders, seat
from recommender.learn import learn_all
from recommender.models import Decision
from recommender.react import react
from recommender.serving import serve_tip
from tests.people import NOW, Item, Person, person

pytestmark = pytest.mark.django_db


def newcomer(ada: Person) -> None:
    pass


def shown_a_tip(ada: Person) -> None:
    serve_tip(ada.user, now=NOW, rng=np.random.default_rng(1))


def answered_and_learned_from(ada: Person) -> None:
    tip = serve_tip(ada.user, now=NOW - timedelta(minutes=2), rng=np.random.default_rng(1))
    assert tip
    react(ada.user, tip.id, "dismiss", dwell_ms=900, now=NOW - timedelta(minutes=1))
    learn_all([ada.user.pk], now=NOW)
    preferences.say(ada.user, "quiet_start", 23, now=NOW)
    preferences.infer(ada.user, "quiet_end", 9, confidence=0.9, now=NOW)
    shown_a_tip(ada)


def kept_silent_in_a_meeting(ada: Person) -> None:
    shown_a_tip(ada)
    Decision.objects.update(kind=Decision.SILENCE, created_at=NOW - timedelta(days=9))
    CalendarEvent.objects.create(
        user=ada.user, connection=ada.connection, external_id="e", starts_at=NOW,
        ends_at=NOW + timedelta(hours=1),
    )  # fmt: skip


@pytest.mark.parametrize(
    "life", [newcomer, shown_a_tip, answered_and_learned_from, kept_silent_in_a_meeting]
)
def test_what_was_put_into_sql_once_says_what_the_orm_says(life, monkeypatch):
    ada = person("ada@example.com", *[Item(f"Thing {n}", priority=1 + n % 4) for n in range(9)])
    person("eve@example.com", Item("Hers"))
    life(ada)
    policy = "hierarchical"
    compiled = seat.seat(ada.user, policy, now=NOW)
    living = list(contenders._LIVING.rows(user=ada.user.pk, now=NOW))
    values = {
        "user": ada.user.pk, "policy": policy, "now": NOW, "stamp": "",
        "meetings_since": NOW - seat.LONGEST_MEETING,
        "undoable_since": NOW - timedelta(minutes=10),
    }  # fmt: skip
    given = lambda self, compiler, connection: ("%s", [self.as_given(values)])  # noqa: E731
    monkeypatch.setattr(Placeholder, "as_sql", given)
    assert compiled == seat._query().get()
    assert living == list(contenders._LIVING._query())
    assert living


def test_who_is_gone_has_no_seat():
    ada = User.objects.create_user("ada@example.com")
    pk = ada.pk
    ada.delete()
    with pytest.raises(User.DoesNotExist):
        seat.seat(User(pk=pk), "hierarchical", now=NOW)
