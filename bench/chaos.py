"""Reactions while web, worker, Redis and PostgreSQL are killed at random: none lost, none doubled.

    python -m bench.chaos [--reactions 10000] [--people 200] [--every 2.5] [--seed 1]

Starts its own PostgreSQL (with fsync), Redis, gunicorn, Celery worker and beat; then as many people
as asked ask for their tip and answer it over HTTP, each trying again until the answer is confirmed,
while one of the four is killed with kill -9 every few seconds and started again. When all have
answered, what is in the database is held against what was confirmed. Exit code 1 if anything is off.
"""

import argparse
import json
import os
import queue
import random
import subprocess
import sys
import threading
import time
from collections import Counter
from http.client import HTTPConnection, HTTPException
from typing import Any

from tests.services import plugin
from tests.services.postgres import Postgres, find_postgres
from tests.services.process import Service
from tests.services.redis import RedisServer

DURABLE = "-c max_connections=80 -c shared_buffers=128MB"
HOST = f"localhost:{plugin.LIVE_PORT}"
BIND = f"127.0.0.1:{plugin.LIVE_PORT}"
REACTIONS = ("done", "snooze", "dismiss")
TOKEN = "t" * 32
SPARE = 8  # more candidates than answers: some wait in the tip of a request that was cut off


class Web(Service):
    def __init__(self) -> None:
        super().__init__(
            "chaos-web",
            [
                *(sys.executable, "-m", "gunicorn", "oo.wsgi", "--bind", BIND),
                *("--worker-class", "gthread", "--workers", "2", "--threads", "4", "--preload"),
                *("--no-control-socket", "--log-level", "warning"),
            ],
        )  # fmt: skip

    def ready(self) -> bool:
        try:
            http = HTTPConnection(HOST, timeout=2)
            http.request("GET", "/healthz", headers={"Host": HOST})
            http.getresponse().read()
        except (OSError, HTTPException):
            return False
        return True


class Celery(Service):
    """A worker or beat."""

    def __init__(self, role: str, *options: str) -> None:
        super().__init__(
            f"chaos-{role}",
            [
                *(sys.executable, "-m", "celery", "--quiet", "-A", "oo.celery", role),
                *("--loglevel", "WARNING", *options),
            ],
            {**os.environ, "PYTHONWARNINGS": "ignore::UserWarning:celery.platforms"},
        )


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--reactions", type=int, default=10_000)
    options.add_argument("--people", type=int, default=200)
    options.add_argument("--every", type=float, default=2.5, help="seconds between kills, mean")
    options.add_argument("--seed", type=int, default=1)
    options.add_argument("--at-once", type=int, default=12, help="people who answer at one time")
    asked = options.parse_args()
    binaries = find_postgres()
    if binaries is None:
        sys.exit("PostgreSQL's server is not installed.")
    redis = RedisServer(plugin.REDIS_SOCKET)
    with Postgres(binaries, DURABLE) as postgres:
        os.environ |= {
            "DATABASE_URL": postgres.url,
            "DJANGO_SETTINGS_MODULE": "oo.settings",
            "CELERY_VISIBILITY_TIMEOUT": "5",
            "OMP_NUM_THREADS": "1",
            "OPENBLAS_NUM_THREADS": "1",
        }
        plugin.release_port(plugin.LIVE_PORT)
        services: list[Service] = []
        try:
            redis.start()
            subprocess.run([sys.executable, "manage.py", "migrate", "-v0"], check=True)
            subprocess.run([sys.executable, "manage.py", "sync_timetable", "-v0"], check=True)
            each = -(-asked.reactions // asked.people)
            sessions = fill(asked.people, each + SPARE)
            web, beat = Web(), Celery("beat", "--pidfile", "", "--max-interval", "5")
            worker = Celery("worker", "--concurrency", "2", "--without-mingle", "--without-gossip")
            services = [web, worker, beat]
            for service in services:
                service.start()
            killer = Killer(
                {"web": web, "worker": worker, "redis": redis, "postgres": postgres},
                kept=services,
                every=asked.every,
                seed=asked.seed,
            )
            started = time.monotonic()
            killer.start()
            confirmed = Crowd(sessions, asked.reactions, asked.seed).answer(asked.at_once)
            killer.spare()
            took = time.monotonic() - started
            settled = drain(timeout=600)
            killer.stop()
            wrong = check(confirmed, asked.reactions)
        except BaseException:
            for service in services:
                print(service.log[-3000:], file=sys.stderr)
            raise
        finally:
            for service in [*services, redis]:
                service.kill()
    kills = ", ".join(f"{name} {count}" for name, count in sorted(killer.kills.items()))
    print(f"{asked.reactions} reactions of {asked.people} people in {took:.0f} s, killed: {kills}.")
    print(f"{confirmed.retries} requests had to be made again; all learned {settled:.0f} s later.")
    for line in wrong:
        print(f"WRONG: {line}")
    print(
        "0 lost, 0 doubled, states as the ledger's replay." if not wrong else "Not as it should be."
    )
    sys.exit(1 if wrong else 0)


class Killer(threading.Thread):
    """Kills one of its victims at random, again and again, and starts it anew. Of `kept`, it starts
    what gave up by itself, as whatever runs an installation does.
    """

    def __init__(
        self, victims: dict[str, Any], *, kept: list[Service], every: float, seed: int
    ) -> None:
        super().__init__(daemon=True)
        self.victims, self.kept, self.every = victims, kept, every
        self.gave_up = 0
        self.chance = random.Random(seed)
        self.kills: Counter[str] = Counter()
        self.error: BaseException | None = None
        self._over, self._spare = threading.Event(), threading.Event()

    def run(self) -> None:
        names = list(self.victims)
        try:
            while not self._over.wait(self.chance.uniform(0.2, 2 * self.every)):
                for service in self.kept:
                    if not service.running:
                        self.gave_up += 1
                        service.restart()
                if self._spare.is_set():
                    continue
                # Each gets its first turn soon, then whoever chance picks.
                first = [name for name in names if not self.kills[name]]
                name = self.chance.choice(first or names)
                self.victims[name].kill()
                self.kills[name] += 1
                time.sleep(self.chance.uniform(0, 0.5))
                self._start(name)
        except BaseException as error:
            self.error = error

    def _start(self, name: str) -> None:
        """As whatever runs an installation does: again, where a start itself fell over another."""
        for patience in (3, 2, 1, 0):
            try:
                self.victims[name].start()
                return
            except (AssertionError, RuntimeError):
                if not patience:
                    raise
                self.victims[name].kill()
                time.sleep(1)

    def spare(self) -> None:
        """No more killing once each was killed; what gave up is still started again."""
        while self.is_alive() and len(self.kills) < len(self.victims):
            time.sleep(0.1)
        self._spare.set()

    def stop(self) -> None:
        self._over.set()
        self.join(90)
        if self.error is not None:
            raise self.error


class Confirmed:
    """Which decision was answered how, as those who answered were told."""

    def __init__(self) -> None:
        self.answers: dict[str, str] = {}
        self.retries = 0
        self.lock = threading.Lock()


class Crowd:
    """People with a session each, who ask and answer in turns until enough was said."""

    def __init__(self, sessions: list[str], reactions: int, seed: int) -> None:
        self.turns: queue.SimpleQueue[tuple[int, str] | None] = queue.SimpleQueue()
        for number in range(reactions):
            self.turns.put((number, sessions[number % len(sessions)]))
        self.seed = seed
        self.busy = {session: threading.Lock() for session in sessions}
        self.confirmed = Confirmed()
        self.failures: list[BaseException] = []

    def answer(self, at_once: int) -> Confirmed:
        threads = [threading.Thread(target=self._work, daemon=True) for _ in range(at_once)]
        for _ in threads:
            self.turns.put(None)
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        if self.failures:
            raise self.failures[0]
        return self.confirmed

    def _work(self) -> None:
        try:
            while turn := self.turns.get():
                number, session = turn
                with self.busy[session]:
                    self._one(session, random.Random(f"{self.seed}:{number}"))
        except BaseException as error:
            self.failures.append(error)

    def _one(self, session: str, chance: random.Random) -> None:
        """One tip or silence, answered once, however often it has to be said."""
        for _ in range(40):
            seen = self._post(session, "/api/recommend", {})
            tip = seen["tip"] or seen["silence"]
            if tip is not None:
                break
            time.sleep(0.5)
        else:
            raise RuntimeError("there is no tip to answer")
        reaction = chance.choice(REACTIONS) if seen["tip"] else "show"
        said = self._post(
            session,
            "/api/feedback",
            {"tip": tip["id"], "reaction": reaction, "dwell_ms": chance.randrange(0, 700_000)},
        )
        # Told that it was said before, it was by the try whose answer was cut off.
        if said["first"] != reaction:
            raise RuntimeError(f"{tip['id']}: said {reaction}, was told {said}")
        with self.confirmed.lock:
            if tip["id"] in self.confirmed.answers:
                raise RuntimeError(f"{tip['id']} was given to be answered twice")
            self.confirmed.answers[tip["id"]] = reaction

    def _post(self, session: str, path: str, body: dict[str, Any]) -> Any:
        headers = {
            "Host": HOST, "Cookie": f"sessionid={session}; csrftoken={TOKEN}",
            "X-CSRFToken": TOKEN, "Content-Type": "application/json",
        }  # fmt: skip
        for attempt in range(300):
            try:
                http = HTTPConnection(HOST, timeout=15)
                http.request("POST", path, json.dumps(body), headers)
                reply = http.getresponse()
                text = reply.read()
                if reply.status == 200:
                    return json.loads(text)
                if reply.status < 500 and reply.status not in (401, 403, 429):
                    raise RuntimeError(f"{path}: {reply.status} {text[:300]!r}")
            except (OSError, HTTPException, json.JSONDecodeError):
                pass
            finally:
                http.close()
            with self.confirmed.lock:
                self.confirmed.retries += 1
            time.sleep(min(0.1 * (attempt + 1), 2.0))
        raise RuntimeError(f"{path} never answered")


def fill(people: int, candidates: int) -> list[str]:
    """People with things to be told that need no words of theirs: those go with Redis."""
    import django

    django.setup()
    from datetime import timedelta
    from importlib import import_module

    from django.conf import settings
    from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
    from django.utils import timezone

    from accounts.models import User
    from agents.models import Candidate

    now = timezone.now()
    store = import_module(settings.SESSION_ENGINE).SessionStore
    sessions = []
    for number in range(people):
        user = User.objects.create_user(f"p{number}@example.com", time_zone="Europe/Berlin")
        User.objects.filter(pk=user.pk).update(last_login=now)
        Candidate.objects.bulk_create(
            Candidate(
                user=user, key=f"chaos:{n}", kind=("advice", "insight")[n % 2],
                content=f"Advice number {n}.", source="x", model="plain", prompt_version="plain-1",
                # As if made by a refresh under way, which the agents' own leave alone for an hour.
                confidence=0.9, created_at=now + timedelta(minutes=55),
                expires_at=now + timedelta(days=9),
            )
            for n in range(candidates)
        )  # fmt: skip
        session = store()
        session[SESSION_KEY] = str(user.pk)
        session[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
        session[HASH_SESSION_KEY] = user.get_session_auth_hash()
        session.save()
        sessions.append(session.session_key)
    from django.db import connection

    connection.close()
    return sessions


def drain(*, timeout: float) -> float:
    """Waits, with nothing being killed any more, until all is learned. Returns the seconds it took."""
    from django.db import OperationalError, connection

    from oo.events.models import Record
    from recommender.models import Feedback, Reward

    started = time.monotonic()
    while True:
        connection.close()
        try:
            if not (
                Feedback.objects.filter(reward=None).exists()
                or Reward.objects.filter(folded_at=None).exists()
                or Record.objects.filter(delivered_at=None).exists()
            ):
                return time.monotonic() - started
        except OperationalError:
            pass  # the last kill may have been PostgreSQL's
        if time.monotonic() - started > timeout:
            waiting = Record.objects.filter(delivered_at=None).values(
                "subject", "attempts", "error"
            )
            raise RuntimeError(f"not all was learned in time: {list(waiting[:5])}")
        time.sleep(0.5)


def check(confirmed: Confirmed, reactions: int) -> list[str]:
    """Everything in the database that is not as it was confirmed."""
    from collections import defaultdict

    from django.db.models import Count

    from oo.events.models import Record
    from recommender.learn import fold, read
    from recommender.models import Decision, Feedback, PolicyState, Reward
    from recommender.registry import policies
    from recommender.replay import Verified, verify_user

    wrong: list[str] = []

    def expect(what: str, found: object, wanted: object) -> None:
        if found != wanted:
            wrong.append(f"{what}: {found!r}, expected {wanted!r}")

    kept = {str(pk): said for pk, said in Feedback.objects.values_list("pk", "reaction")}
    lost = confirmed.answers.keys() - kept.keys()
    expect("confirmed", len(confirmed.answers), reactions)
    expect("lost", len(lost), 0)
    expect("never confirmed", len(kept.keys() - confirmed.answers.keys()), 0)
    changed = [pk for pk, said in confirmed.answers.items() if kept.get(pk, said) != said]
    expect("kept as something else", len(changed), 0)
    rewards = Reward.objects.values_list("decision_id", "reward")
    worth = dict(Feedback.objects.values_list("pk", "reward"))
    expect("rows in the ledger", rewards.count(), reactions)
    expect("doubled", rewards.count() - rewards.values("decision_id").distinct().count(), 0)
    expect("of another worth", sum(worth.get(pk) != reward for pk, reward in rewards), 0)
    for subject in ("signals.tip.feedback", "feedback.reward.settled"):
        expect(subject, Record.objects.filter(subject=subject).count(), reactions)
    positions: dict[int, list[int]] = defaultdict(list)
    for user_id, position in Reward.objects.order_by("position").values_list("user_id", "position"):
        positions[user_id].append(position)
    gaps = [user for user, rows in positions.items() if rows != list(range(1, len(rows) + 1))]
    expect("people with gaps in their ledger", gaps, [])
    opened = Decision.objects.filter(status="open").values("user").annotate(n=Count("pk"))
    expect("people with two open tips", opened.filter(n__gt=1).count(), 0)
    verified, deviations = Verified(), []
    states = 0
    for row in PolicyState.objects.order_by("pk").iterator(chunk_size=100):
        cls = type(policies.get(row.policy))
        entries = list(read(Reward.objects.filter(user=row.user_id)))
        again = fold(cls.fresh(), entries, {})
        states += 1
        if again.state() != bytes(row.state) or row.count != len(entries):
            wrong.append(f"state of user {row.user_id} is not the ledger's replay")
    for user_id in positions:
        deviations += list(verify_user(user_id, verified=verified))
    expect("states", states, len(positions))
    expect("deviations of decisions", [one.says for one in deviations][:5], [])
    print(f"{verified.replayed} of {verified.decisions} decisions made again bit for bit.")
    return wrong


if __name__ == "__main__":
    main()
