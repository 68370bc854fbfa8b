"""What the accounts floor, and the third-party apps it brought, hold about a person."""

from typing import Any

from allauth.account.models import EmailAddress
from allauth.socialaccount.models import SocialAccount
from django.contrib.admin.models import LogEntry

from accounts import sessions
from accounts.models import ApiToken, Consent, Preference, User
from accounts.privacy import PersonalData, impersonal, register
from oo.events import log


class Account(PersonalData):
    id = "account"
    floor = 1
    models = (
        "accounts.User", "accounts.Preference", "accounts.Consent", "accounts.ApiToken",
        "account.EmailAddress", "account.EmailConfirmation", "socialaccount.SocialAccount",
        "socialaccount.SocialToken", "usersessions.UserSession", "sessions.Session",
        "admin.LogEntry",
    )  # fmt: skip

    def export(self, user_id: int) -> dict[str, Any]:
        user = User.objects.get(pk=user_id)
        return {
            "email": user.email,
            "joined_at": user.joined_at.isoformat(),
            "time_zone": user.time_zone,
            "preferences": list(
                Preference.objects.filter(user_id=user_id).values(
                    "key", "value", "source", "confidence"
                )
            ),
            "consents": [
                {"document": c.document, "version": c.version, "given_at": c.given_at.isoformat()}
                for c in Consent.objects.filter(user_id=user_id)
            ],
        }

    def forget(self, user_id: int) -> int:
        gone = sessions.drop(user_id)
        for rows in (
            ApiToken.objects.filter(user_id=user_id),
            Preference.objects.filter(user_id=user_id),
            Consent.objects.filter(user_id=user_id),
            EmailAddress.objects.filter(user_id=user_id),
            SocialAccount.objects.filter(user_id=user_id),
            LogEntry.objects.filter(user_id=user_id),
        ):
            gone += rows.delete()[0]
        return gone


class Events(PersonalData):
    """Registered here because the ground floor knows no one to register with."""

    id = "events"
    floor = 0
    models = ("events.Record", "events.Delivery")

    def export(self, user_id: int) -> dict[str, Any]:
        return {"events": log.of_user(user_id)}

    def forget(self, user_id: int) -> int:
        return log.erase(user_id)


register(Account())
register(Events())

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
