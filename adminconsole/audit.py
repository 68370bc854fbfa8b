"""Writing down what operators do."""

from datetime import datetime

from accounts.models import User
from adminconsole.models import AdminAction


def record(
    actor: User | None,
    action: str,
    subject: str,
    *,
    subject_user_id: int | None,
    outcome: str,
    now: datetime,
) -> AdminAction:
    """Adds a line to the operators' log. Call it in the transaction of the deed itself.

    `subject` names things by their ids: the log keeps no address of anyone.
    """
    return AdminAction.objects.create(
        actor=actor,
        action=action[:40],
        subject=subject[:80],
        subject_user_id=subject_user_id,
        outcome=outcome[:200],
        at=now,
    )
