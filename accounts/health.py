"""Are deletions being finished?"""

from datetime import datetime, timedelta

from accounts.models import Erasure
from oo.lib.health import Finding, register

# A source that is down holds one up for an hour before it is done without its answer.
PATIENCE = timedelta(hours=2)


def erasures(now: datetime) -> Finding:
    waiting = Erasure.objects.filter(finished_at=None)
    late = waiting.filter(asked_at__lt=now - PATIENCE).order_by("asked_at").first()
    if late is not None:
        hours = int((now - late.asked_at).total_seconds() // 3600)
        why = f": {late.error}" if late.error else "."
        return Finding(
            "fail",
            f"Someone asked {hours} h ago to be erased, and is not{why}",
            "Look at the worker's log; are worker and beat running?",
        )
    count = waiting.count()
    return Finding("ok", f"{count} under way." if count else "Everyone who asked has been erased.")


register("Erasures", erasures)
