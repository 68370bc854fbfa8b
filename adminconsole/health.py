"""Are the parts that everything stands on there: secrets, database, broker, worker, beat, clock?"""

from datetime import datetime, timedelta

import redis
from celery import current_app
from django.conf import settings
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from kombu.exceptions import OperationalError

from accounts.checks import SAMPLE, SAMPLE_KEY
from adminconsole.models import Heartbeat
from oo.lib.health import Finding, register

FRESH = timedelta(seconds=60)
MANY = 1000  # jobs that wait
IMPATIENT = {"socket_connect_timeout": 1, "socket_timeout": 1, "max_retries": 0}


def secrets(now: datetime) -> Finding:
    if SAMPLE in settings.SECRET_KEY or SAMPLE_KEY in settings.ENCRYPTION_KEYS:
        return Finding(
            "fail", "The sample secrets are in use.", "`make run` writes real ones into .env."
        )
    return Finding("ok", "The secrets are this installation's own.")


def database(now: datetime) -> Finding:
    executor = MigrationExecutor(connection)
    plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
    if plan:
        return Finding("fail", f"{len(plan)} migrations are not applied.", "manage.py migrate")
    return Finding("ok", f"{connection.display_name}, all migrations applied.")


def broker(now: datetime) -> Finding:
    client = redis.Redis.from_url(settings.REDIS_URL, socket_connect_timeout=1, socket_timeout=1)
    try:
        waiting = client.llen("oo:celery")
        version = client.info("server")["redis_version"]
    except redis.RedisError as error:
        return Finding(
            "fail",
            f"Redis can't be reached: {type(error).__name__}.",
            "Run `make run`, or set REDIS_URL to a Redis that runs.",
        )
    finally:
        client.close()
    says = f"Redis {version}, {waiting} jobs waiting."
    if waiting > MANY:
        return Finding("warn", says, "Is a worker running, and are there enough of them?")
    return Finding("ok", says)


def beat_and_worker(now: datetime) -> Finding:
    last = Heartbeat.objects.filter(pk=1).first()
    if last is None:
        return Finding(
            "fail", "No sign of life from beat and worker yet.", "Run `make run`; it starts both."
        )
    age = now - last.at
    if age > FRESH:
        return Finding(
            "fail",
            f"The last sign of life from beat and worker is {int(age.total_seconds())} s old.",
            "celery -A oo.celery worker & celery -A oo.celery beat",
        )
    return Finding("ok", f"Both ran {int(age.total_seconds())} s ago.")


def worker(now: datetime) -> Finding:
    # Celery's own connections wait long and try often: right for jobs, wrong for a page that waits.
    app = current_app
    impatient = {**app.conf.broker_transport_options, **IMPATIENT}
    try:
        with app.connection_for_write(transport_options=impatient) as connection:
            connection.connect()
            names = app.control.ping(timeout=1.0, connection=connection)
    except (OSError, redis.RedisError, OperationalError) as error:
        return Finding("fail", f"The broker can't be asked: {type(error).__name__}.", "See Broker.")
    if not names:
        return Finding("fail", "No worker answers.", "celery -A oo.celery worker")
    return Finding("ok", f"{len(names)} answering.")


def clock(now: datetime) -> Finding:
    """Tokens, quiet hours and rewards hang on it; the database's clock is the second opinion."""
    if connection.vendor != "postgresql":
        if now.year < 2026:
            return Finding("fail", f"The clock says {now:%Y-%m-%d}.", "Set the machine's clock.")
        return Finding("ok", f"{now:%Y-%m-%d %H:%M} UTC.")
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        theirs = cursor.fetchone()[0]
    apart = abs((theirs - now).total_seconds())
    if apart > 30:
        return Finding(
            "fail", f"This machine and the database are {apart:.0f} s apart.", "Run NTP on both."
        )
    return Finding("ok", f"{now:%Y-%m-%d %H:%M} UTC, as in the database.")


register("Secrets", secrets)
register("Database", database)
register("Broker", broker)
register("Worker", worker)
register("Beat", beat_and_worker)
register("Clock", clock)
