"""People whose tips are known beforehand, and their way into a browser."""

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.utils import timezone
from playwright.sync_api import BrowserContext

from accounts.models import User
from agents.models import AgentOutput, Candidate
from integrations import snapshot
from integrations.models import Connection, Task


@dataclass
class Someone:
    user: User
    connection: Connection | None = None


def someone(
    *tips: str,
    connected: bool = True,
    status: str = "connected",
    read: bool = True,
    email: str = "ada@example.com",
    time_zone: str = "Europe/Berlin",
) -> Someone:
    """A person with a source, and with these tips to be told: tasks by their title."""
    user = User.objects.create_user(email, time_zone=time_zone)
    if not connected:
        return Someone(user)
    now = timezone.now()
    connection = Connection.objects.create(
        user=user,
        source="todoist",
        status=status,
        created_at=now - timedelta(days=9),
        synced_at=now - timedelta(minutes=3) if read else None,
    )
    # The agents have spoken: nothing more is being prepared for them just now.
    AgentOutput.objects.create(
        user=user, agent="time-of-day", computed_at=now, expires_at=now + timedelta(hours=1)
    )
    made = Someone(user, connection)
    add_tips(made, *tips)
    return made


def add_tips(made: Someone, *titles: str, content: str = "{title}") -> list[Candidate]:
    """Candidates about tasks with these titles."""
    assert made.connection is not None
    now = timezone.now()
    texts = snapshot.read(made.connection.pk) or {}
    added = []
    for title in titles:
        external_id = uuid.uuid4().hex
        texts[f"task:{external_id}"] = title
        task = Task.objects.create(
            user=made.user,
            connection=made.connection,
            external_id=external_id,
            text_hash=external_id,
            added_at=now - timedelta(days=3),
        )
        added.append(add_candidate(made, content, task=task, now=now))
    snapshot.write(made.connection.pk, texts, lasts=timedelta(hours=24))
    return added


def add_candidate(
    made: Someone, content: str, *, kind: str = "task", task: Task | None = None, now: datetime
) -> Candidate:
    return Candidate.objects.create(
        user=made.user,
        key=f"{kind}:{uuid.uuid4().hex}",
        kind=kind,
        content=content,
        source="tasks",
        model="plain",
        prompt_version="plain-1",
        confidence=0.9,
        task=task,
        created_at=now,
        expires_at=now + timedelta(hours=20),
    )


def sign_in(context: BrowserContext, made: Someone, url: str) -> None:
    """Gives the context a session, as the sign-in does."""
    from importlib import import_module

    from django.conf import settings

    session = import_module(settings.SESSION_ENGINE).SessionStore()
    session[SESSION_KEY] = str(made.user.pk)
    session[BACKEND_SESSION_KEY] = "django.contrib.auth.backends.ModelBackend"
    session[HASH_SESSION_KEY] = made.user.get_session_auth_hash()
    session.create()
    context.add_cookies(
        [{"name": settings.SESSION_COOKIE_NAME, "value": session.session_key, "url": url}]
    )
