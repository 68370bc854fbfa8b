from celery import shared_task
from django.utils import timezone


@shared_task
def beat() -> None:
    """Beat sent this and a worker runs it: both are alive."""
    from adminconsole.models import Heartbeat

    Heartbeat.objects.update_or_create(pk=1, defaults={"at": timezone.now()})


@shared_task
def catch_up() -> None:
    from adminconsole.timetable import catch_up

    catch_up(now=timezone.now())


@shared_task
def operate(operation_id: str, pks: list[str], actor_id: int) -> None:
    """An operator asked for more than fits a request: a batch of it."""
    from accounts.models import User
    from adminconsole import operations, policy_operations  # noqa: F401  (offer them)
    from adminconsole.operate import find, perform_all

    actor = User.objects.filter(pk=actor_id).first()
    perform_all(find(operation_id), pks, actor=actor, now=timezone.now())
