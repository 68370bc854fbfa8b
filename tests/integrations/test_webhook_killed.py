"""kill -9 of the worker in the middle of working off deliveries: all arrive, none twice in effect."""

import time

import pytest
from django.utils import timezone

from integrations.jobs import work_off_deliveries
from integrations.models import Delivery, Task
from oo.events.models import Record
from tests.flows.waiting import eventually
from tests.integrations.posting import poster, upsert

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(300)]


def test_a_killed_worker_loses_no_delivery_and_has_none_take_effect_twice(worker, settings):
    settings.WEBHOOKS_PER_MINUTE = 10_000
    shops = [poster(f"p{n}@example.com") for n in range(4)]
    sent = 0
    for number in range(60):
        for shop in shops:
            one = upsert(f"t{number}", f"Task {number}")
            assert shop.post(one, id=f"m{number}").status_code == 202
            sent += 1
            if number % 3 == 0:
                done = {"op": "done", "id": f"t{number}"}
                assert shop.post(done, id=f"d{number}").status_code == 202
                sent += 1
        if number in (10, 25, 40):
            time.sleep(0.2)
            worker.kill()
            worker.restart()
    done = Delivery.objects.filter(outcome="done")

    def all_done() -> bool:
        # The leases of the dead end by themselves; beat sends this job.
        Delivery.objects.filter(outcome="waiting").update(claim_token=None, claimed_until=None)
        work_off_deliveries.delay()
        return done.count() == sent

    eventually(all_done, seconds=90, what="every delivery")
    assert not Delivery.objects.exclude(outcome="done").exists()
    assert Task.objects.count() == 4 * 60
    assert Task.objects.filter(closed_at=None).count() == 4 * 40
    # Events are written with the effect: one for each delivery, however often it was begun.
    received = Record.objects.filter(subject="signals.webhook.received")
    assert received.count() == sent
    assert all(row.finished_at <= timezone.now() for row in done)
