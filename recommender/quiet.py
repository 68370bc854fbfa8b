"""The hours in which a person wants nothing new: their own word on them, and only that.

What was inferred of somebody's nights shuts the page to nobody. It is for what comes unasked.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from accounts.models import Preference
from accounts.preferences import key_of
from agents.inference.days import is_quiet

KEYS = ("quiet_start", "quiet_end")


def quiet_until(words: Sequence[Mapping[str, Any]], local: datetime) -> datetime | None:
    """When the quiet hours end that `local`, in the user's zone, lies in; None outside of them.

    `words` are what is known of them, as `key`, `source` and `value`. Who has said only when they
    begin, or when they end, has the other as it holds everywhere else: inferred, or the default.
    """
    hours = {name: key_of(name).default for name in KEYS}
    own = False
    for row in sorted(words, key=lambda row: row["source"] == Preference.Source.USER):
        if key_of(row["key"]).fits(row["value"]):
            hours[row["key"]] = row["value"]
            own = own or row["source"] == Preference.Source.USER
    if not own:
        return None
    start, end = (hours[name] for name in KEYS)
    if not is_quiet(local.hour, start=start, end=end):
        return None
    until = local.replace(hour=end, minute=0, second=0, microsecond=0)
    return until if until > local else until + timedelta(days=1)
