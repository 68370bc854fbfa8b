"""A claimed row is one worker's, until its lease ends; on SQLite as on PostgreSQL."""

from datetime import timedelta

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from oo.events.models import Record
from oo.lib.claim import claim, one_by_one
from tests.integrations.at_once import at_once
from tests.people import NOW

LEASE = timedelta(minutes=1)


def work(count: int) -> None:
    Record.objects.bulk_create(
        Record(subject="s", user_id=n, payload={}, occurred_at=NOW, due_at=NOW)
        for n in range(count)
    )


def taken(limit: int = 10, now=NOW) -> list[int]:
    return [
        record.user_id
        for record in claim(Record.objects.due(now), now=now, lease=LEASE, limit=limit)
    ]


@pytest.mark.django_db
def test_rows_come_in_order_up_to_the_limit_and_once():
    work(5)
    assert taken(2) == [0, 1]
    assert taken(2) == [2, 3]
    assert taken(2) == [4]
    assert taken(2) == []


@pytest.mark.django_db
def test_a_lease_that_ran_out_can_be_claimed_anew_and_one_that_did_not_can_not():
    work(1)
    first = claim(Record.objects.due(NOW), now=NOW, lease=LEASE, limit=1)[0]
    assert taken(now=NOW + LEASE - timedelta(seconds=1)) == []
    later = NOW + LEASE
    second = claim(Record.objects.due(later), now=later, lease=LEASE, limit=1)[0]
    assert second.claim_token != first.claim_token
    # Whoever guards its effect by its lease now finds it gone.
    assert not Record.objects.filter(pk=first.pk, claim_token=first.claim_token).exists()


@pytest.mark.django_db
def test_a_filter_that_the_claim_itself_ends_still_gives_the_row():
    work(1)
    rows = Record.objects.filter(claim_token=None)
    assert len(claim(rows, now=NOW, lease=LEASE, limit=1)) == 1


@pytest.mark.django_db
def test_nothing_to_claim_writes_nothing():
    with CaptureQueriesContext(connection) as queries:
        assert taken() == []
    assert not [q for q in queries if "UPDATE" in q["sql"] and "SET" in q["sql"]]


@pytest.mark.django_db
def test_one_by_one_claims_each_when_its_turn_has_come():
    work(4)
    seen = []
    for record in one_by_one(Record.objects.due(NOW), now=NOW, lease=LEASE, limit=3):
        seen.append(record.user_id)
        assert Record.objects.exclude(claim_token=None).count() == len(seen)
    assert seen == [0, 1, 2]


@pytest.mark.django_db(transaction=True)
def test_a_crowd_of_workers_shares_the_rows_and_none_comes_twice():
    work(60)

    def worker() -> list[int]:
        mine: list[int] = []
        while some := taken(3):
            mine += some
        return mine

    shares = at_once(*[worker] * 6)
    assert sorted(n for share in shares for n in share) == list(range(60))


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_a_row_that_another_holds_is_stepped_over_and_not_waited_for():
    work(3)
    with transaction.atomic():
        Record.objects.select_for_update().get(user_id=0)
        assert at_once(taken) == [[1, 2]]
