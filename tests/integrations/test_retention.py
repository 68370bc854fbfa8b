"""Deliveries are known for as long as they could come again, and no longer."""

from datetime import timedelta

import pytest

from integrations.models import Connection, Delivery
from integrations.retention import prune_past
from tests.people import NOW, person

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def endpoint() -> Connection:
    user = person("ada@example.com").user
    return Connection.objects.create(user=user, source="webhook", slot="1", created_at=NOW)


def deliver(endpoint: Connection, days: int, outcome: str) -> None:
    came = NOW - timedelta(days=days)
    Delivery.objects.create(
        connection=endpoint, source="webhook", delivery_id=f"{outcome} {days}",
        received_at=came, due_at=came, outcome=outcome,
    )  # fmt: skip


def test_deliveries_that_were_worked_off_go_after_thirty_days(endpoint):
    for outcome in Delivery.Outcome.values:
        for days in (29, 31, 91):
            deliver(endpoint, days, outcome)
    prune_past(now=NOW, older_than=timedelta(days=90))
    assert set(Delivery.objects.values_list("delivery_id", flat=True)) == {
        "waiting 29", "waiting 31", "done 29", "refused 29", "failed 29",
    }  # fmt: skip


def test_an_operator_may_keep_them_shorter(endpoint):
    deliver(endpoint, 8, "done")
    prune_past(now=NOW, older_than=timedelta(days=7))
    assert not Delivery.objects.exists()
