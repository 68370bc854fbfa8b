"""What the console holds about a person: that an operator acted on them, or that they were one."""

from typing import Any

from django.db.models import Q

from accounts.privacy import PersonalData, impersonal, register
from adminconsole.models import AdminAction


class OperatorActions(PersonalData):
    id = "operator actions"
    floor = 6
    models = ("adminconsole.AdminAction",)

    def export(self, user_id: int) -> dict[str, Any]:
        rows = AdminAction.objects.filter(subject_user_id=user_id).order_by("at")
        return {
            "done_to_you": [
                {"action": row.action, "at": row.at.isoformat(), "outcome": row.outcome}
                for row in rows
            ]
        }

    def forget(self, user_id: int) -> int:
        """The log of what operators did stays; whom they did it to, and who did it, goes."""
        rows = AdminAction.objects.filter(Q(subject_user_id=user_id) | Q(actor_id=user_id))
        AdminAction.objects.filter(actor_id=user_id).update(actor=None)
        return rows.filter(subject_user_id=user_id).update(
            subject_user_id=None, subject="a deleted person"
        )


register(OperatorActions())
impersonal("adminconsole.Heartbeat", "when beat last ran")
