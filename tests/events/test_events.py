"""Events: written with the change they tell of, delivered at least once, in effect exactly once."""

import threading
from datetime import timedelta

import pytest
from celery.exceptions import SoftTimeLimitExceeded
from django.db import connection as database
from django.db import transaction

from accounts.models import User
from oo.events import catalogue, jobs, log
from oo.events import deliver as delivering
from oo.events.catalogue import RewardSettled, TipServed, UnknownEvent
from oo.events.deliver import deliver
from oo.events.models import Delivery, Record
from oo.events.publish import OutsideTransaction, publish
from oo.events.subscribe import on
from tests.people import NOW


def fact(number: int = 1) -> RewardSettled:
    return RewardSettled(user_id=number, decision_id="d", reward=0.5)


@pytest.mark.django_db(transaction=True)
def test_an_event_belongs_inside_the_transaction_of_its_change():
    with pytest.raises(OutsideTransaction):
        publish(fact(), now=NOW)


@pytest.mark.django_db(transaction=True)
def test_a_change_that_is_rolled_back_leaves_no_event():
    def change() -> None:
        with transaction.atomic():
            User.objects.create_user("ada@example.com")
            publish(fact(), now=NOW)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        change()
    assert not Record.objects.exists()


@pytest.mark.django_db
def test_every_kind_of_event_comes_back_from_the_log_as_it_went_in():
    record = TipServed(user_id=3, decision_id="x", kind="task", policy="p")
    assert catalogue.restore(record.subject, 3, record.payload()) == record
    with pytest.raises(UnknownEvent):
        catalogue.restore("signals.of.doom", 3, {})
    with pytest.raises(UnknownEvent):
        catalogue.restore(record.subject, 3, {**record.payload(), "title": "Call mum"})


@pytest.mark.django_db
def test_a_handler_that_fails_is_tried_again_later_and_holds_up_nobody(handlers):
    seen: list[int] = []

    @on(RewardSettled)
    def good(event: RewardSettled, now: object) -> None:
        seen.append(event.user_id)

    @on(RewardSettled)
    def moody(event: RewardSettled, now: object) -> None:
        if event.user_id == 1 and len(seen) < 3:
            raise RuntimeError("not today")

    publish(fact(1), fact(2), now=NOW)
    deliver(now=NOW)
    assert seen == [1, 2]
    stuck = Record.objects.get(user_id=1)
    assert stuck.delivered_at is None
    assert "not today" in stuck.error
    assert Record.objects.get(user_id=2).delivered_at == NOW
    assert deliver(now=NOW) == 0  # pushed away
    seen.append(99)
    assert deliver(now=NOW + timedelta(seconds=10)) == 1
    assert seen == [1, 2, 99]  # the good handler had its event already
    assert Record.objects.get(user_id=1).delivered_at is not None


@pytest.mark.django_db
def test_a_handler_that_always_fails_keeps_no_event_from_those_after_it(handlers):
    seen: list[int] = []
    tries: list[int] = []

    @on(RewardSettled)
    def broken(event: RewardSettled, now: object) -> None:
        tries.append(event.user_id)
        raise RuntimeError("never")

    @on(RewardSettled)
    def also_broken(event: RewardSettled, now: object) -> None:
        raise ValueError("nor this")

    @on(RewardSettled)
    def good(event: RewardSettled, now: object) -> None:
        seen.append(event.user_id)

    publish(fact(1), now=NOW)
    for hours in range(3):
        assert deliver(now=NOW + timedelta(hours=hours)) == 1
    assert seen == [1]
    assert len(tries) == 3
    record = Record.objects.get()
    assert (record.delivered_at, record.attempts) == (None, 3)
    assert record.error == "RuntimeError: never"


@pytest.mark.django_db
def test_a_worker_whose_time_is_up_gives_back_what_it_had_taken(handlers):
    seen: list[int] = []

    @on(RewardSettled)
    def endless(event: RewardSettled, now: object) -> None:
        if event.user_id == 2:
            raise SoftTimeLimitExceeded
        seen.append(event.user_id)

    publish(*[fact(n) for n in (1, 2, 3, 4)], now=NOW)
    with pytest.raises(SoftTimeLimitExceeded):
        deliver(now=NOW)
    assert seen == [1]
    assert not Record.objects.exclude(claim_token=None).exists()
    # At once, and the one that took so long comes after them.
    assert deliver(now=NOW) == 2
    assert seen == [1, 3, 4]
    assert Record.objects.get(delivered_at=None).user_id == 2


@pytest.mark.django_db
def test_slow_handlers_hold_a_worker_no_longer_than_it_may_take(handlers, monkeypatch):
    seen: list[int] = []
    woken: list[object] = []

    @on(RewardSettled)
    def slow(event: RewardSettled, now: object) -> None:
        seen.append(event.user_id)

    publish(*[fact(n) for n in range(5)], now=NOW)
    monkeypatch.setattr(delivering, "LONGEST_BATCH_SECONDS", -1.0)
    monkeypatch.setattr(jobs, "LONGEST_RUN", timedelta(seconds=-1))
    monkeypatch.setattr(jobs, "wake", woken.append)
    jobs.deliver_due()
    assert seen == [0]
    assert woken == [jobs.deliver_due]
    assert not Record.objects.exclude(claim_token=None).exists()
    monkeypatch.setattr(jobs, "LONGEST_RUN", timedelta(seconds=60))
    jobs.deliver_due()
    assert seen == [0, 1, 2, 3, 4]
    assert len(woken) == 1


@pytest.mark.django_db
def test_a_handlers_effect_is_undone_with_its_delivery_when_it_fails_midway(handlers):
    @on(RewardSettled)
    def half(event: RewardSettled, now: object) -> None:
        User.objects.create_user("half@example.com")
        raise RuntimeError

    publish(fact(), now=NOW)
    deliver(now=NOW)
    assert not User.objects.exists()
    assert not Delivery.objects.exists()


@pytest.mark.django_db
def test_an_event_left_by_a_killed_worker_is_taken_up_when_its_lease_ends(handlers):
    seen: list[int] = []

    @on(RewardSettled)
    def note(event: RewardSettled, now: object) -> None:
        seen.append(event.user_id)

    publish(fact(), now=NOW)
    Record.objects.update(claimed_until=NOW + timedelta(seconds=60))
    assert deliver(now=NOW + timedelta(seconds=59)) == 0
    assert deliver(now=NOW + timedelta(seconds=61)) == 1
    assert seen == [1]


@pytest.mark.django_db(transaction=True)
def test_four_workers_delivering_at_once_run_each_handler_once(handlers):
    @on(RewardSettled)
    def note(event: RewardSettled, now: object) -> None:
        User.objects.create_user(f"{event.user_id}@example.com")

    with transaction.atomic():
        publish(*[fact(n) for n in range(1, 101)], now=NOW)
    start = threading.Barrier(4)

    def work() -> None:
        start.wait()
        try:
            while deliver(now=NOW, limit=10):
                pass
        finally:
            database.close()

    workers = [threading.Thread(target=work) for _ in range(4)]
    for one in workers:
        one.start()
    for one in workers:
        one.join()
    deliver(now=NOW + timedelta(minutes=2))
    assert User.objects.count() == 100
    assert not Record.objects.filter(delivered_at=None).exists()


@pytest.mark.django_db
def test_the_tail_is_the_newest_five_hundred_newest_first():
    publish(*[fact(n) for n in range(600)], now=NOW)
    tail = log.tail(10_000)
    assert [record.user_id for record in tail] == list(range(599, 99, -1))


@pytest.mark.django_db
def test_erasing_a_person_leaves_the_others_events():
    publish(fact(1), fact(1), fact(2), now=NOW)
    assert log.erase(1) == 2
    assert [record.user_id for record in Record.objects.all()] == [2]


@pytest.mark.django_db
def test_retention_drops_what_was_delivered_and_keeps_what_still_waits():
    old = NOW - timedelta(days=91)
    publish(fact(1), fact(2), now=old)
    Record.objects.filter(user_id=1).update(delivered_at=old)
    assert log.prune(now=NOW, older_than=timedelta(days=90)) == 1
    assert Record.objects.get().user_id == 2


@pytest.mark.django_db
def test_an_event_that_left_the_catalogue_is_set_aside_for_good_and_said():
    publish(fact(), now=NOW)
    Record.objects.update(subject="signals.of.yesterday")
    assert deliver(now=NOW) == 1
    record = Record.objects.get()
    assert record.delivered_at == NOW
    assert "UnknownEvent" in record.error
