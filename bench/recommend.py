"""POST /api/recommend on PostgreSQL, as a ratio to a signed-in DRF view that does one query.

    python -m bench.recommend [--users 10000] [--rate 50] [--seconds 20]

Starts its own PostgreSQL (with fsync), Redis and web server, as `make run` starts it; fills in
people with a history and 100 candidates each; then sends requests at a fixed rate, open loop, so
that a slow answer does not slow the asking. Blocks alternate; prints a markdown table.
"""

import argparse
import contextlib
import os
import queue
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from http.client import HTTPConnection
from pathlib import Path

from tests.services import environment
from tests.services.postgres import Postgres, find_postgres
from tests.services.redis import RedisServer

PORT = 18_765
DURABLE = "-c max_connections=60 -c shared_buffers=256MB"
CANDIDATES = 100
HISTORY = 20


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--users", type=int, default=10_000)
    options.add_argument("--rate", type=float, default=50)
    options.add_argument("--seconds", type=float, default=20)
    asked = options.parse_args()
    binaries = find_postgres()
    if binaries is None:
        sys.exit("PostgreSQL's server is not installed.")
    folder = Path(tempfile.mkdtemp(prefix="oo-bench-"))
    redis = RedisServer(folder / "redis.sock")
    redis.start()
    try:
        with Postgres(binaries, DURABLE) as postgres:
            os.environ |= {
                **environment.production(folder),
                "ALLOWED_HOSTS": "localhost",
                "PUBLIC_URL": f"https://localhost:{PORT}",
                "DATABASE_URL": postgres.url,
                "REDIS_URL": f"unix://{folder}/redis.sock",
                "DJANGO_SETTINGS_MODULE": "bench.settings",
            }
            subprocess.run([sys.executable, "manage.py", "migrate", "-v0"], check=True)
            needed = int(asked.rate * asked.seconds) * 2 + 100
            cookies = fill(asked.users, sessions=needed)
            measure(cookies, asked.rate, asked.seconds, asked.users)
    finally:
        redis.kill()


def fill(users: int, *, sessions: int) -> list[str]:
    """People with tasks, candidates, decisions, rewards and a learned state. Returns cookies."""
    import django

    django.setup()
    from datetime import timedelta
    from importlib import import_module

    from django.conf import settings
    from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
    from django.db import connection
    from django.utils import timezone

    from accounts.models import User
    from integrations import snapshot
    from recommender.bandit.policies.hierarchical import Hierarchical
    from recommender.models import PolicyState

    now = timezone.now()
    with connection.cursor() as cursor:
        for statement in SEED:
            cursor.execute(
                statement, {"users": users, "candidates": CANDIDATES, "history": HISTORY}
            )
    people = list(User.objects.order_by("pk"))
    policy = Hierarchical.fresh()
    state = policy.state()
    PolicyState.objects.bulk_create(
        [
            PolicyState(
                user=person, policy=policy.id, version=policy.version, state=state,
                through=HISTORY, updated_at=now,
            )
            for person in people
        ],
        batch_size=1000,
    )  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")
        # Or writing out what was filled in would fall into the measurement.
        cursor.execute("CHECKPOINT")
    store = import_module(settings.SESSION_ENGINE).SessionStore
    cookies = []
    for person in people[:sessions]:
        connection_id = person.connections.values_list("pk", flat=True).get()
        texts = {f"task:t{person.pk}x{n}": f"Thing number {n} to do" for n in range(CANDIDATES)}
        snapshot.write(connection_id, texts, lasts=timedelta(hours=24))
        session = store()
        session[SESSION_KEY] = str(person.pk)
        session[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
        session[HASH_SESSION_KEY] = person.get_session_auth_hash()
        session.save()
        cookies.append(session.session_key)
    return cookies


SEED = (
    """INSERT INTO users (password, email, role, time_zone, is_active, joined_at, last_login)
       SELECT '!' || md5(n::text), 'p' || n || '@example.com', 'user', 'Europe/Berlin', true,
              now(), now() FROM generate_series(1, %(users)s) n""",
    """INSERT INTO connections (id, user_id, source, status, access_token, refresh_token, scope,
              cursor, created_at, synced_at, due_at, failures, trouble, label)
       SELECT gen_random_uuid(), id, 'todoist', 'connected', '', '', '', 'c', now(), now(),
              now() + interval '1 day', 0, '', '' FROM users""",
    """INSERT INTO tasks (user_id, connection_id, external_id, text_hash, project_ref, priority,
              due_on, recurring, added_at, closed_as)
       SELECT c.user_id, c.id, 't' || c.user_id || 'x' || n, md5(n::text), '', 1 + n %% 4,
              CASE WHEN n %% 3 = 0 THEN current_date - n %% 9 END, false,
              now() - n * interval '1 day', ''
       FROM connections c, generate_series(0, %(candidates)s - 1) n""",
    """INSERT INTO tip_candidates (id, user_id, key, kind, content, source, model, prompt_version,
              confidence, task_id, created_at, expires_at)
       SELECT gen_random_uuid(), user_id, 'task:' || id, 'task', 'Today: {title}', 'tasks',
              'plain', 'plain-1', 0.6, id, now(), now() + interval '1 day' FROM tasks""",
    """INSERT INTO tip_views (id, user_id, kind, status, policy, policy_version, propensity,
              created_at, expires_at, closed_at)
       SELECT gen_random_uuid(), u.id, 'task', 'answered', 'egreedy-v1', '1', 0.1,
              now() - n * interval '1 hour', now(), now()
       FROM users u, generate_series(1, %(history)s) n""",
    """INSERT INTO tip_feedback (decision_id, user_id, reaction, dwell_ms, created_at, reward,
              settled_at)
       SELECT id, user_id, 'done', 30000, created_at, 1.0, now() FROM tip_views""",
    """INSERT INTO tip_rewards (user_id, position, decision_id, reward, why, at, folded_at)
       SELECT user_id, row_number() OVER (PARTITION BY user_id ORDER BY created_at), id, 1.0,
              'settled', now(), now() FROM tip_views""",
    """INSERT INTO tip_scores (decision_id, user_id, position, digest, hash, chosen, candidates,
              features, scores, propensities, written, feature_set, policy, policy_version,
              prior_version, state_count, through, seed, experiment, arm, fell_back_from,
              fell_back_because, model, prompt_version, latency_us, payload_digest)
       SELECT id, user_id, row_number() OVER (PARTITION BY user_id ORDER BY created_at),
              md5(id::text), md5(id::text), 0, '[]', '{}', '[]', '[]', '{}', 'v1', 'egreedy-v1',
              '1', '', 0, 0, 1, '', '', '', '', 'plain', 'plain-1', 900, '' FROM tip_views""",
)


def measure(cookies: list[str], rate: float, seconds: float, users: int) -> None:
    server = subprocess.Popen(
        [
            *(sys.executable, "-m", "gunicorn", "oo.wsgi", "--bind", f"127.0.0.1:{PORT}"),
            *("--worker-class", "gthread", "--workers", "2", "--threads", "4", "--preload"),
            *("--no-control-socket", "--log-level", "warning"),
        ]
    )
    try:
        wait_until_up()
        count = int(rate * seconds)
        warm = cookies[-100:]
        load("/api/baseline", warm, rate)
        load("/api/recommend", warm, rate)
        blocks = {
            "baseline": "/api/baseline",
            "a new tip": "/api/recommend",
            "a reload": "/api/recommend",
        }
        results: dict[str, list[float]] = {name: [] for name in blocks}
        burned = dict.fromkeys(blocks, 0.0)
        for half in (0, 1):
            people = cookies[half * count : (half + 1) * count]
            for name, path in blocks.items():
                before = processor_seconds(server.pid)
                results[name] += load(path, people, rate)
                burned[name] += processor_seconds(server.pid) - before
    finally:
        server.terminate()
        server.wait()
    base = statistics.median(results["baseline"])
    print(f"\n{users} people, {CANDIDATES} candidates each, {rate:g} requests a second, ms:\n")
    print("| request | median | p99 | processor | median ÷ baseline | processor ÷ baseline |")
    print("|---|---|---|---|---|---|")
    spent = {name: burned[name] / len(times) for name, times in results.items()}
    for name, times in results.items():
        median, p99 = statistics.median(times), statistics.quantiles(times, n=100)[98]
        print(
            f"| {name} | {median * 1e3:.1f} | {p99 * 1e3:.1f} | {spent[name] * 1e3:.1f} "
            f"| {median / base:.2f} | {spent[name] / spent['baseline']:.2f} |"
        )


def processor_seconds(parent: int) -> float:
    """What the web server's processes have used so far. Less noisy than time on a busy machine."""
    ticks = 0
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            fields = stat.read_text().rpartition(")")[2].split()
            if int(fields[1]) == parent:
                ticks += int(fields[11]) + int(fields[12])
    return ticks / os.sysconf("SC_CLK_TCK")


def wait_until_up() -> None:
    for _ in range(100):
        try:
            call(HTTPConnection("127.0.0.1", PORT, timeout=5), "/healthz", "x")
            return
        except OSError:
            time.sleep(0.2)
    sys.exit("the web server did not come up")


def call(http: HTTPConnection, path: str, session: str, token: str = "t" * 32) -> int:
    method = "GET" if path == "/healthz" else "POST"
    headers = {
        "Host": "localhost", "X-Forwarded-Proto": "https", "Referer": "https://localhost/",
        "Cookie": f"sessionid={session}; csrftoken={token}", "X-CSRFToken": token,
        "Content-Type": "application/json",
    }  # fmt: skip
    http.request(method, path, body=None if method == "GET" else "{}", headers=headers)
    reply = http.getresponse()
    body = reply.read()
    if reply.status != 200:
        raise RuntimeError(f"{path}: {reply.status} {body[:300]!r}")
    return reply.status


def load(path: str, sessions: list[str], rate: float) -> list[float]:
    """Asks once for each session at a fixed rate. Times run from when a request was due."""
    due: queue.SimpleQueue[tuple[float, str] | None] = queue.SimpleQueue()
    times: list[float] = []
    failures: list[BaseException] = []

    def send() -> None:
        http = HTTPConnection("127.0.0.1", PORT, timeout=10)
        while item := due.get():
            at, session = item
            time.sleep(max(0.0, at - time.perf_counter()))
            try:
                call(http, path, session)
            except Exception as error:
                failures.append(error)
                http.close()
            times.append(time.perf_counter() - at)

    start = time.perf_counter() + 0.2
    for number, session in enumerate(sessions):
        due.put((start + number / rate, session))
    senders = [threading.Thread(target=send) for _ in range(16)]
    for _ in senders:
        due.put(None)
    for sender in senders:
        sender.start()
    for sender in senders:
        sender.join()
    if failures:
        sys.exit(f"{len(failures)} requests failed, the first: {failures[0]}")
    return times


if __name__ == "__main__":
    main()
