"""The hours in which a person wants nothing new: their own word on them, and only that.

What was inferred of somebody's nights shuts the page to nobody. It is for what comes unasked.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from accounts.preferences import key_of
from agents.inference.days import is_quiet

KEYS = ("quiet_start", "quiet_end")


def quiet_until(words: Sequence[Mapping[str, Any]], local: datetime) -> datetime | None:
    """When the quiet hours end that `local`, in the user's zone, lies in; None outside of them.

    `words` are the user's own, as `key` and `value`; what one of the two lacks is the default.
    """
    said = {row["key"]: row["value"] for row in words if key_of(row["key"]).fits(row["value"])}
    if not said:
        return None
    start, end = (said[name] if name in said else key_of(name).default for name in KEYS)
    if not is_quiet(local.hour, start=start, end=end):
        return None
    until = local.replace(hour=end, minute=0, second=0, microsecond=0)
    return until if until > local else until + timedelta(days=1)
