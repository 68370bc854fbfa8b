"""A worker survives a Redis that goes and comes back."""
import time, pytest
from django.db import transaction
from django.utils import timezone
from oo.events.catalogue import CalendarChanged
from oo.events.models import Record
from oo.events.publish import publish
from tests.flows.waiting import eventually
pytestmark = pytest.mark.django_db(transaction=True)
def test_it(worker, redis_server):
    def pub():
        with transaction.atomic(): publish(CalendarChanged(user_id=1, connection_id="x", coming=0), now=timezone.now())
    pub(); eventually(lambda: not Record.objects.filter(delivered_at=None).exists())
    redis_server.stop(); time.sleep(4); pub(); redis_server.start()
    t=time.monotonic()
    def again():
        pub(); time.sleep(1); return not Record.objects.filter(delivered_at=None).exists()
    eventually(again, seconds=60); print("back after", time.monotonic()-t, worker.log[-600:])
