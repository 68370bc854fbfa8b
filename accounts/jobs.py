from celery import shared_task
from django.utils import timezone


@shared_task
def run_erasures() -> None:
    """Starts the erasures that were asked for and takes up those that were interrupted."""
    from accounts import erase

    now = timezone.now()
    while batch := erase.due(now):
        for erasure_id in batch:
            erase.resume(erasure_id, now=now)


@shared_task
def drop_expired() -> None:
    """Sessions and machine tokens past their end."""
    from django.core.management import call_command

    from accounts.models import ApiToken

    call_command("clearsessions")
    ApiToken.objects.filter(expires_at__lte=timezone.now()).delete()
