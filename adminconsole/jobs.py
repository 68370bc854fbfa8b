from celery import shared_task
from django.utils import timezone


@shared_task
def beat() -> None:
    """Beat sent this and a worker runs it: both are alive."""
    from adminconsole.models import Heartbeat

    Heartbeat.objects.update_or_create(pk=1, defaults={"at": timezone.now()})
