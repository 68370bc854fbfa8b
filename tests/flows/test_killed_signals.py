"""kill -9 of worker, Redis and NATS while Todoist tells of changes: all arrive, none twice in effect.

The small size of the promise; OO_SIGNALS=5000 does so with as many.
"""

import os
import random
import time
from collections import Counter

import pytest
from django.utils import timezone

from integrations.jobs import read_told, send_commands, sync_sweep
from integrations.models import Connection, Delivery, Task
from oo.events.jobs import deliver_due, mirror_due
from oo.events.models import Record, Relay
from tests.events.stream import envelopes
from tests.flows.waiting import eventually
from tests.integrations.todoist_world import TodoistWorld

SIGNALS = int(os.environ.get("OO_SIGNALS", "60"))
KILLS = 6 if SIGNALS <= 60 else 40

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.timeout(400 if SIGNALS <= 60 else 7200),
]


@pytest.fixture
def todoist(sandbox, settings, monkeypatch) -> TodoistWorld:
    return TodoistWorld(
        sandbox, lambda seconds: setattr(settings, "SOURCE_TIMEOUT_SECONDS", seconds)
    )


def test_no_signal_is_lost_or_counted_twice_while_worker_redis_and_nats_are_killed(
    todoist, worker, redis_server, nats, live, live_server, settings
):
    settings.READS_PER_HOUR = 10**6
    settings.NATS_URL = nats.url
    worker.kill()
    worker.env |= {"READS_PER_HOUR": "1000000", "NATS_URL": nats.url}
    worker.restart()
    link = todoist.link()
    eventually(lambda: link.row().synced_at, what="the first read")
    chance = random.Random(3)  # noqa: S311 the same at each run
    added: list[str] = []
    done: list[str] = []
    every = max(1, SIGNALS // KILLS)
    for number in range(SIGNALS):
        if added and number % 2:
            task = added.pop(chance.randrange(len(added)))
            link.act(task, "complete")
            done.append(task)
        else:
            added.append(link.add(f"Thing {number}"))
        if number % every == every - 1:
            time.sleep(chance.uniform(0, 1.5))
            struck = (worker, redis_server, nats)[number // every % 3]
            struck.kill()
            time.sleep(0.2)
            struck.start()
    worker.kill()
    worker.restart()

    def settled() -> bool:
        # What a beat would send every half minute; leases of the killed end by themselves.
        Record.objects.filter(delivered_at=None).update(claimed_until=None)
        Connection.objects.update(claimed_until=None, claim_token=None, due_at=timezone.now())
        Relay.objects.update(claimed_until=None, due_at=None)
        for job in (read_told, sync_sweep, send_commands, deliver_due, mirror_due):
            job.delay()
        time.sleep(1.5)
        return (
            not Delivery.objects.filter(outcome="waiting").exists()
            and not Record.objects.filter(delivered_at=None).exists()
            and not Record.objects.unmirrored().exists()
            and Task.objects.filter(external_id__in=added, closed_at=None).count() == len(added)
        )

    eventually(settled, seconds=120, what="everything taken in")
    told = Counter(
        record.payload["task_id"]
        for record in Record.objects.filter(subject="signals.task.completed")
    )
    known = {task.external_id: task for task in Task.objects.filter(connection=link.connection)}
    for task in done:
        # One that came and went between two reads was never ours to complete.
        if task in known:
            assert known[task].closed_as == "done"
            assert told[known[task].pk] == 1
    assert set(told.values()) <= {1}
    assert {key for key, task in known.items() if task.closed_at is None} >= set(added)
    # On the bus too, each at least once: a repetition has the same id.
    mirrored = {envelope.event_id for envelope in envelopes(nats)}
    recorded = Record.objects.filter(subject__startswith="signals.").values_list("uid", flat=True)
    assert mirrored >= {str(uid) for uid in recorded}
