"""What the accounts floor, and the third-party apps it brought, hold about a person."""

import re
from typing import Any

from allauth.account.models import EmailAddress
from allauth.socialaccount.models import SocialAccount
from allauth.usersessions.models import UserSession
from django.contrib.admin.models import LogEntry
from django.db.models import Q

from accounts.models import ApiToken, Consent, Preference, User, UserContext
from accounts.privacy import PersonalData, impersonal, register
from accounts.sessions import drop
from oo.events import leave, log
from oo.events.pseudonyms import pseudonym_of
from oo.lib.cache import require_cache


class Account(PersonalData):
    id = "account"
    floor = 1
    models = (
        "accounts.User", "accounts.Preference", "accounts.UserContext", "accounts.Consent",
        "accounts.ApiToken", "account.EmailAddress", "account.EmailConfirmation",
        "socialaccount.SocialAccount", "socialaccount.SocialToken", "usersessions.UserSession",
        "sessions.Session", "admin.LogEntry",
    )  # fmt: skip

    def export(self, user_id: int) -> dict[str, Any]:
        user = User.objects.get(pk=user_id)
        return {
            "email": user.email,
            "role": user.role,
            "joined_at": user.joined_at.isoformat(),
            "seen_at": user.seen_at and user.seen_at.isoformat(),
            "time_zone": user.time_zone,
            "preferences": [
                {
                    "key": p.key,
                    "value": p.value,
                    "source": p.source,
                    "confidence": p.confidence,
                    "updated_at": p.updated_at.isoformat(),
                    "forgotten_at": p.forgotten_at.isoformat() if p.forgotten_at else None,
                }
                for p in Preference.objects.filter(user_id=user_id)
            ],
            "contexts": [
                {
                    "name": c.name,
                    "weekdays": c.weekdays,
                    "begins": c.begins.isoformat(),
                    "ends": c.ends.isoformat(),
                    "updated_at": c.updated_at.isoformat(),
                }
                for c in UserContext.objects.filter(user_id=user_id)
            ],
            "consents": [
                {
                    "document": c.document,
                    "version": c.version,
                    "given_at": c.given_at.isoformat(),
                    "withdrawn_at": c.withdrawn_at.isoformat() if c.withdrawn_at else None,
                }
                for c in Consent.objects.filter(user_id=user_id)
            ],
            "signs_in_with": list(
                SocialAccount.objects.filter(user_id=user_id).values("provider", "uid")
            ),
            "signed_in_on": [
                {
                    "since": s.created_at.isoformat(),
                    "last_seen_at": s.last_seen_at.isoformat(),
                    "address": s.ip,
                    "browser": s.user_agent,
                }
                for s in UserSession.objects.filter(user_id=user_id)
            ],
            "machine_tokens": [
                {"created_at": t.created_at.isoformat(), "expires_at": t.expires_at.isoformat()}
                for t in ApiToken.objects.filter(user_id=user_id)
            ],
            "done_in_the_console": [
                {"at": entry.action_time.isoformat(), "what": str(entry)}
                for entry in LogEntry.objects.filter(user_id=user_id)
            ],
        }

    def forget(self, user_id: int) -> int:
        # Sessions live in the cache too, and a delete there that was not heard looks like success.
        require_cache()
        gone = drop(user_id)
        for rows in (
            ApiToken.objects.filter(user_id=user_id),
            Preference.objects.filter(user_id=user_id),
            UserContext.objects.filter(user_id=user_id),
            Consent.objects.filter(user_id=user_id),
            LogEntry.objects.filter(_by_or_about(user_id)),
            EmailAddress.objects.filter(user_id=user_id),
            SocialAccount.objects.filter(user_id=user_id),
        ):
            gone += rows.delete()[0]
        # Their row is empty already, unless a request that was under way wrote to it since.
        User.objects.filter(pk=user_id).update(
            email=None, time_zone="UTC", last_login=None, seen_at=None
        )
        return gone


def _by_or_about(user_id: int) -> Q:
    """The admin's own log names whom it is about by their address."""
    entries = Q(user_id=user_id)
    entries |= Q(content_type__app_label="accounts", content_type__model="user", object_id=user_id)
    for address in EmailAddress.objects.filter(user_id=user_id).values_list("email", flat=True):
        entries |= Q(pk__in=_naming(address))
    return entries


def _naming(address: str) -> list[int]:
    """Entries that name this address, and not one that it is only a part of."""
    whole = re.compile(rf"(?<![\w.+-]){re.escape(address)}(?![\w-]|\.\w)", re.IGNORECASE)
    near = Q(object_repr__icontains=address) | Q(change_message__icontains=address)
    rows = LogEntry.objects.filter(near).values_list("pk", "object_repr", "change_message")
    return [pk for pk, about, says in rows if whole.search(about) or whole.search(says)]


class Events(PersonalData):
    """Registered here because the ground floor knows no one to register with."""

    id = "events"
    floor = 0
    models = ("events.Record", "events.Delivery", "events.Pseudonym", "events.Inbound")

    def export(self, user_id: int) -> dict[str, Any]:
        return {
            "events": log.of_user(user_id),
            "known_on_the_bus_as": pseudonym_of(user_id),
            "messages_over_the_bus": log.messages_of(user_id),
        }

    def let_go(self, user_id: int) -> None:
        """Raises BusDown; what it could not purge, a sweep does later."""
        leave.purge(user_id)

    def forget(self, user_id: int) -> int:
        return log.erase(user_id) + leave.unlink(user_id)


register(Account())
register(Events())

impersonal("events.Relay", "who carries events to the bus, and since when it fails")
impersonal("accounts.Erasure", "the receipt of a deletion: an id that means nothing any more")
impersonal("auth.Permission", "unused: a role decides")
impersonal("auth.Group", "unused: a role decides")
impersonal("contenttypes.ContentType", "names of models")
impersonal("socialaccount.SocialApp", "unused: the OAuth client comes from the environment")
for name in (
    "SolarSchedule", "IntervalSchedule", "ClockedSchedule", "CrontabSchedule", "PeriodicTasks",
    "PeriodicTask",
):  # fmt: skip
    impersonal(f"django_celery_beat.{name}", "the timetable of the installation")
