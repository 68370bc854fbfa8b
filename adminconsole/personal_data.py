"""What the console holds about a person: that an operator acted on them, or that they were one."""

from typing import Any

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
        return AdminAction.objects.forget(user_id)


register(OperatorActions())
impersonal("adminconsole.Heartbeat", "when beat last ran")
