"""A small world with something on every page of the console."""

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np
from allauth.socialaccount.models import SocialAccount
from allauth.usersessions.models import UserSession
from django.utils import timezone
from django_celery_beat.models import (
    ClockedSchedule,
    CrontabSchedule,
    IntervalSchedule,
    PeriodicTask,
)

from accounts.models import ApiToken, Consent, Erasure, Preference, User
from adminconsole.audit import record
from agents.models import AgentOutput, Belief, Candidate, LlmCall, Writing
from integrations.models import (
    CalendarEvent,
    Command,
    Connection,
    Delivery,
    History,
    Revocation,
    Upload,
)
from oo.events.models import Record
from recommender.learn import learn
from recommender.models import (
    Decision,
    PolicyDeployment,
    PolicyExperiment,
    PolicyPrior,
    PolicyRun,
    PolicyShadow,
    SimEvent,
    SimRun,
)
from recommender.react import react, settle
from recommender.serving import serve_tip
from tests.people import Item, Person, person, where_it_is_morning

# What must never be seen here: each is a needle to look for in every page.
ACCESS, REFRESH = "canary-access-token", "canary-refresh-token"
REVOKED, CURSOR, BODY = "canary-revoked-token", "canary-cursor", "canary-delivered-body"
TITLE, EVENT = "canary task title", "canary event title"
DIGEST = "canary-digest"
NAME = "Canary Name From Google"
HEALTH = "canary-of-health"
SAID = "canary said to a model"
SECRETS = (ACCESS, REFRESH, REVOKED, CURSOR, BODY, TITLE, EVENT, DIGEST, NAME, SAID, HEALTH)


@dataclass
class World:
    people: list[Person]

    @property
    def first(self) -> User:
        return self.people[0].user


def made(count: int = 1) -> World:
    """`count` people, each with a life: at least one row of theirs on every page."""
    now = timezone.now()
    seconds = IntervalSchedule.SECONDS
    people = []
    for n in range(count):
        someone = person(
            f"p{n}@example.com",
            *[Item(f"{TITLE} {i}", priority=i + 1, age_days=5) for i in range(4)],
            now=now - timedelta(hours=1),
            time_zone=where_it_is_morning(now),
        )
        people.append(someone)
        _live(someone, n)
        believed(someone.user)
        deployed(now, n)
        interval = IntervalSchedule.objects.create(every=90 + n, period=seconds)
        PeriodicTask.objects.create(
            name=f"oO: entry {n}", task="adminconsole.jobs.beat", interval=interval
        )
        CrontabSchedule.objects.create(minute=str(n), hour="4")
        ClockedSchedule.objects.create(clocked_time=now + timedelta(days=n + 1))
        simulated(now)
    return World(people)


def simulated(now: datetime) -> SimRun:
    """A finished run of the laboratory, of which one decision was kept."""
    columns = {"1-5": {"mean": 0.61, "error": 0.02, "each": [0.59, 0.63]}}
    run = SimRun.objects.create(
        world="mixed", policies=["linucb", "urgency"], seeds=[0, 1], people=3, decisions=5,
        status=SimRun.Status.FINISHED, made=60, scores={"linucb": columns, "urgency": columns},
        curves={"<linucb>": {"at": [4, 5], "mean": [0.5, 0.61], "error": [0.02, None]}},
        started_at=now, finished_at=now,
    )  # fmt: skip
    SimEvent.objects.create(
        run=run, seed=0, policy="linucb", person=0, cluster=1, k=4, day=0, kind="task", chosen=2,
        count=20, worth=0.2, best=0.4, reward=0.1, delay=0,
    )  # fmt: skip
    return run


def deployed(now: datetime, n: int) -> None:
    """A policy that was promoted, one in the shadow, what was found out, a prior, an experiment."""
    n += PolicyShadow.objects.count()  # names of their own, also beside an earlier world's
    policy = {"policy": f"policy-{n}", "policy_version": "1"}
    estimate = {"value": 0.1, "low": -0.1, "high": 0.3, "n": 900, "people": 40}
    numbers = {"difference": estimate, "agreement": 0.7, "epsilon_spent": 2.5}
    run = PolicyRun.objects.create(
        **policy, kind="evaluate", against="urgency", verdict="undecided", says="+0.100 a decision.",
        numbers=numbers, created_at=now,
    )  # fmt: skip
    before = PolicyDeployment.objects.create(
        **policy, how="promoted", reason="It is better.", gate=run, began_at=now, ended_at=now
    )
    PolicyDeployment.objects.create(
        **policy, how="rolled back", before=before, began_at=now, ended_at=now
    )
    PolicyPrior.objects.create(
        **policy, version=f"people-{n}", payload=b"canary", source="estimated", people=40,
        epsilon=1.0, made_by=run, created_at=now,
    )  # fmt: skip
    PolicyShadow.objects.create(
        policy=f"policy-{n}", source="operator", running=False, begins=now, swept_to=now
    )
    arms = [{"name": name, "policy": "linucb", "share": 0.5} for name in ("old", "new")]
    experiment = PolicyExperiment.objects.create(
        name=f"try-{n}", arms=arms, created_at=now, started_at=now, stopped_at=now
    )
    comparison = {"arm": "new", "against": "old", "value": 0.1, "low": 0.0, "high": 0.2}
    PolicyRun.objects.create(
        **policy, kind="experiment", verdict="better", created_at=now,
        numbers={"experiment": experiment.name, "comparisons": [comparison]},
    )  # fmt: skip


def believed(user: User) -> None:
    """What is inferred of them, and what of their health, which is theirs alone."""
    now = timezone.now()
    rest = {"user": user, "version": "1", "inferred_at": now, "inputs_hash": "x"}
    Belief.objects.create(
        agent="time-of-day", key="preferred_hour", value=9, evidence={"done": 40}, **rest
    )
    Belief.objects.create(
        agent="energy", key="usual_sleep_minutes", value=HEALTH, evidence={"said": HEALTH}, **rest
    )
    Preference.objects.create(
        user=user, key="usual_sleep_minutes", source="inferred", value=HEALTH, updated_at=now
    )
    AgentOutput.objects.create(
        user=user, agent="energy", text=HEALTH, facts={"said": HEALTH}, inputs_hash="x",
        computed_at=now, expires_at=now + timedelta(hours=1),
    )  # fmt: skip
    # By its claims, by its topic, and because a model that knew of it wrote it.
    rest = {"user": user, "content": f"{HEALTH} was long.", "source": "oo", "confidence": 1.0,
            "created_at": now, "expires_at": now + timedelta(hours=6)}  # fmt: skip
    Candidate.objects.create(
        key="insight:last-night", kind="insight", claims={"energy.sleep_minutes": 500}, model="plain",
        **rest,
    )  # fmt: skip
    Candidate.objects.create(
        key=f"insight:{HEALTH}", kind="insight", topic="movement", model="plain", **rest
    )
    Candidate.objects.create(
        key="advice:written", kind="advice", topic="outside", model="some-model", **rest
    )
    Writing.objects.create(
        user=user, context="x", model="some-model", prompt_version="tips", outcome="written",
        tips=[{"key": "insight:last-night", "content": HEALTH}], tries=[2, 1], faults={"number": 3},
        left_out=[{"part": "title:t1", "why": "no room", "tokens": 9}],
        tokens_in=700, tokens_out=90, at=now, again_at=now + timedelta(hours=1),
    )  # fmt: skip


def _live(someone: Person, n: int) -> None:
    now = timezone.now()
    user = someone.user
    Connection.objects.filter(pk=someone.connection.pk).update(
        access_token=ACCESS, refresh_token=REFRESH, cursor=CURSOR
    )
    calendar = Connection.objects.create(user=user, source="ical", created_at=now)
    CalendarEvent.objects.create(
        user=user, connection=calendar, external_id="e1", text_hash="h", starts_at=now, ends_at=now
    )
    SocialAccount.objects.create(
        user=user, provider="google", uid=f"10{n}", extra_data={"name": NAME}
    )
    for document in Consent.Document:
        Consent.objects.create(user=user, document=document, version="1", given_at=now)
    Preference.objects.create(user=user, key="quiet_start", source="user", value=22, updated_at=now)
    UserSession.objects.create(user=user, ip="192.0.2.1", session_key=f"session-{n}")
    ApiToken.objects.create(
        user=user, digest=f"{DIGEST}-{n}", created_at=now, expires_at=now + timedelta(hours=1)
    )
    Erasure.objects.create(user_id=1_000_000 + n, asked_at=now, due_at=now, error="signals: x")
    Revocation.objects.create(user=user, source="todoist", token=REVOKED, due_at=now)
    Delivery.objects.create(
        connection=someone.connection, source="todoist", delivery_id=f"d{n}", received_at=now,
        due_at=now, body=BODY,
    )  # fmt: skip
    Upload.objects.create(
        user=user, source="apple_health", size=1_000, created_at=now, state="refused",
        reason="This is no health export.", finished_at=now,
    )  # fmt: skip
    History.objects.create(connection=calendar, since=now, until=now, due_at=now)
    Command.objects.create(
        connection=someone.connection,
        task=next(iter(someone.tasks.values())),
        created_at=now,
        due_at=now,
    )
    LlmCall.objects.create(
        user=user, alias="tip-generator", model="m", outcome="ok", tokens_in=9, at=now, text=SAID,
        text_until=now + timedelta(hours=1),
    )  # fmt: skip
    answer(user, "done")
    serve_tip(user, now=now, rng=np.random.default_rng(n))
    record(None, "Look", f"user {user.pk}", subject_user_id=user.pk, outcome="Seen.", now=now)
    Record.objects.filter(user_id=user.pk).update(error="ValueError: no", attempts=2)


def answer(user: User, reaction: str, *, seed: int = 1) -> Decision:
    """The user is served a tip, answers it, and it is learned."""
    now = timezone.now()
    tip = serve_tip(user, now=now - timedelta(minutes=1), rng=np.random.default_rng(seed))
    assert tip
    react(user, uuid.UUID(tip.id), reaction, dwell_ms=None, now=now)  # type: ignore[arg-type]
    settle(now=now)
    learn(user.pk, now=now)
    return Decision.objects.get(pk=tip.id)
