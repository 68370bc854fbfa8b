import logging
import traceback

from celery import shared_task
from django.utils import timezone

from oo.lib.jobs import awake, wake

log = logging.getLogger(__name__)

BATCH = 100
EVERY_SECONDS = 600
WRITE_SECONDS = 900


@shared_task
def refresh_user(user_id: int) -> None:
    """Something about this user changed."""
    from agents.refresh import refresh

    awake(refresh_user, user_id)
    refresh([user_id], now=timezone.now())


@shared_task
def precompute() -> None:
    """Has the pools of all who are about refreshed, a job for each batch of users."""
    from agents.active import active_users

    for batch in active_users(now=timezone.now(), size=BATCH):
        # What is still queued when the next round comes is not worth doing any more.
        refresh_users.apply_async((batch,), expires=EVERY_SECONDS)


@shared_task
def refresh_users(user_ids: list[int]) -> None:
    from agents.refresh import refresh

    log.info("refreshed: %s", refresh(user_ids, now=timezone.now()))


@shared_task
def infer(after: int = 0) -> None:
    """What is new in the past of those who are about: of one batch, then of the next in a job of its
    own, so that no wake-up waits behind a whole night of it.
    """
    from agents.active import active_users
    from agents.infer import infer as infer_of

    now = timezone.now()
    batch = next(active_users(now=now, size=BATCH, after=after), None)
    if not batch:
        return
    wake(infer, batch[-1])  # first: a worker that is stopped does not end the night for all others
    log.info("inferred: %s", infer_of(batch, now=now))


@shared_task
def cluster(after: int = 0) -> None:
    """Which open tasks are alike, where they are not as they were: of one batch, then of the next."""
    from agents.active import active_users
    from agents.cluster import cluster as cluster_of

    now = timezone.now()
    batch = next(active_users(now=now, size=BATCH, after=after), None)
    if not batch:
        return
    wake(cluster, batch[-1])
    log.info("clustered: %s users", cluster_of(batch, now=now))


@shared_task
def write_tips() -> None:
    """Has a model, where there is one, write for those who are about and of whom there is news."""
    from agents.active import active_users

    for batch in active_users(now=timezone.now(), size=BATCH):
        write_for_users.apply_async((batch,), expires=WRITE_SECONDS)


@shared_task
def write_for_users(user_ids: list[int]) -> None:
    from agents.generate import due

    for user_id in due(user_ids, now=timezone.now()):
        # A model takes its time: each its own job, so that no one else's wake-up waits for all.
        write_for.apply_async((user_id,), expires=WRITE_SECONDS)


@shared_task
def write_for(user_id: int) -> None:
    """There may be something new to write for this user, or somebody asked."""
    from agents.generate import generate

    awake(write_for, user_id)
    try:
        outcome = generate(user_id, now=timezone.now())
    except Exception as error:
        # What an error says may quote a title or an answer, and a failed job is logged with it.
        last = traceback.extract_tb(error.__traceback__)[-1]
        where = f"{type(error).__name__} in {last.filename}:{last.lineno}"
        raise RuntimeError(f"writing for user {user_id}: {where}") from None
    log.info("written for user %s: %s", user_id, outcome)


@shared_task
def prune_candidates() -> None:
    from agents.pool import prune

    prune(now=timezone.now())


@shared_task
def prune_model_calls() -> None:
    from agents.llm.callog import prune

    prune(now=timezone.now())
