"""Someone who has used everything: a row in each table that can name a person."""

import uuid
from dataclasses import dataclass
from datetime import timedelta

import numpy as np
from allauth.account.models import EmailAddress, EmailConfirmation
from allauth.socialaccount.models import SocialAccount, SocialToken
from allauth.usersessions.models import UserSession
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.contenttypes.models import ContentType
from django.test import Client

from accounts import contexts, preferences
from accounts.models import ApiToken, Consent, User
from accounts.sign_in import note_sign_in
from adminconsole.models import AdminAction
from agents.infer import infer
from agents.models import LlmCall, TaskCluster, Writing
from integrations.models import (
    CalendarEvent,
    Channel,
    Command,
    Connection,
    Delivery,
    HealthDay,
    History,
    Revocation,
    Upload,
)
from oo.events.bus import Arrived
from oo.events.deliver import deliver
from oo.events.generated.bus_pb2 import Note
from oo.events.inbound import accept
from oo.events.pseudonyms import pseudonyms_of
from recommender import shadow
from recommender.learn import learn
from recommender.models import PolicyShadow
from recommender.react import react, settle
from recommender.serving import serve_tip
from tests.people import NOW, Item, Person, person


@dataclass
class Life:
    """A person, the browser they are signed in with, and every word that could give them away."""

    person: Person
    browser: Client
    canaries: list[str]

    @property
    def user(self) -> User:
        return self.person.user


def life(name: str) -> Life:
    """Without a worker, a source or a network."""
    email = f"{name}@canary.example"
    words = [f"{name} buys a quokka", f"{name} paints the moat", f"{name} calls the glazier"]
    someone = person(email, *[Item(word, due_on=NOW.date()) for word in words])
    user, connection = someone.user, someone.connection
    note_sign_in(user, time_zone="Europe/Lisbon", now=NOW)
    infer([user.pk], now=NOW)
    preferences.say(user, "quiet_start", 21, now=NOW)
    preferences.infer(user, "quiet_start", 20, confidence=0.5, now=NOW)
    attic = {"weekdays": ["sat"], "begins": "09:00", "ends": "12:00"}
    contexts.change(user, {f"{name} attic": attic}, now=NOW)

    LlmCall.objects.create(
        user=user, alias="tip-generator", model="canary", outcome="ok", text=words[0],
        text_until=NOW + timedelta(hours=1), at=NOW,
    )  # fmt: skip
    Writing.objects.get_or_create(
        user=user,
        defaults={
            "context": "x",
            "prompt_version": "x",
            "outcome": "written",
            "at": NOW,
            "again_at": NOW,
        },
    )

    address = EmailAddress.objects.create(user=user, email=email, verified=True, primary=True)
    EmailConfirmation.objects.create(email_address=address, key=f"confirm-{name}")
    google = SocialAccount.objects.create(user=user, provider="google", uid=f"google-sub-{name}")
    SocialToken.objects.create(account=google, token=f"google-token-{name}")
    browser = Client(headers={"user-agent": f"Canary/{name}"})
    browser.force_login(user)
    session = browser.cookies["sessionid"].value
    place = f"203.0.113.{6 + User.objects.count()}"
    UserSession.objects.create(
        user=user, ip=place, session_key=session, user_agent=f"Canary/{name}"
    )
    ApiToken.objects.create(
        user=user, digest=f"digest-{name}", created_at=NOW, expires_at=NOW + timedelta(hours=1)
    )

    Revocation.objects.create(
        user=user, source="todoist", token=f"old-token-{name}", due_at=NOW + timedelta(days=9)
    )
    file = Connection.objects.create(user=user, source="ical", created_at=NOW)
    CalendarEvent.objects.create(
        user=user, connection=file, external_id=f"event-{name}", text_hash="x",
        starts_at=NOW + timedelta(hours=1), ends_at=NOW + timedelta(hours=2),
    )  # fmt: skip
    feed = Connection.objects.create(
        user=user, source="ical_feed", slot=f"slot-{name}", label=f"label-{name}",
        access_token=f"https://example.com/{name}-secret.ics", created_at=NOW,
    )  # fmt: skip
    Channel.objects.create(
        connection=feed, token=f"channel-token-{name}", resource_id=f"resource-{name}",
        expires_at=NOW + timedelta(days=6), created_at=NOW,
    )  # fmt: skip
    health = Connection.objects.create(user=user, source="apple_health", created_at=NOW)
    HealthDay.objects.create(
        user=user, connection=health, day=NOW.date(), measure="sleep", value=421
    )
    Upload.objects.create(user=user, source="apple_health", size=7, created_at=NOW)
    task = next(iter(someone.tasks.values()))
    TaskCluster.objects.get_or_create(task=task, defaults={"text_hash": "x", "at": NOW})
    Command.objects.create(connection=connection, task=task, created_at=NOW, due_at=NOW)
    Delivery.objects.create(
        connection=connection, source="todoist", delivery_id="d1", received_at=NOW, due_at=NOW,
        body=words[0],
    )  # fmt: skip
    History.objects.create(connection=connection, since=NOW, until=NOW, due_at=NOW)

    for reaction, seed in (("snooze", 1), ("dismiss", 2)):
        tip = serve_tip(user, now=NOW, rng=np.random.default_rng(seed))
        assert tip is not None
        react(user, uuid.UUID(tip.id), reaction, dwell_ms=20_000, now=NOW)  # type: ignore[arg-type]
    settle(now=NOW)
    learn(user.pk, now=NOW)
    assert serve_tip(user, now=NOW, rng=np.random.default_rng(3))
    shadow.start("random", now=NOW - timedelta(hours=1))
    PolicyShadow.objects.update(swept_to=NOW - timedelta(hours=1))
    assert shadow.sweep(now=NOW)
    token = pseudonyms_of([user.pk])[user.pk]
    told = Note(event_id=str(uuid.uuid4()), kind="coffee", value=1).SerializeToString()
    assert accept(Arrived(f"inbound.note.{token}", told, 1, 1, None), now=NOW)
    while deliver(now=NOW):
        pass

    users = ContentType.objects.get_for_model(User)
    other = User.objects.filter(email="operator@example.com").first()
    other = other or User.objects.create_user("operator@example.com", role=User.Role.ADMIN)
    for actor in (user, other):
        LogEntry.objects.create(
            user=actor, content_type=users, object_id=str(user.pk), object_repr=email,
            action_flag=CHANGE, change_message="", action_time=NOW,
        )  # fmt: skip
    AdminAction.objects.create(
        actor=user, action="reset", subject="someone", subject_user_id=None, at=NOW
    )
    AdminAction.objects.create(
        actor=None, action="reset", subject=email, subject_user_id=user.pk, at=NOW
    )
    assert Consent.objects.filter(user=user).exists()
    tokens = [f"access-{email}", f"refresh-{email}", f"old-token-{name}", f"channel-token-{name}"]
    tokens += [
        f"{name}-secret.ics",
        f"slot-{name}",
        f"label-{name}",
        f"resource-{name}",
        f"{name} attic",
    ]
    ids = [task.external_id for task in someone.tasks.values()] + [str(connection.pk), session]
    return Life(someone, browser, [name, email, *words, *tokens, *ids, place, str(file.pk)])
