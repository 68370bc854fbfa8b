"""What keeps a connection from being read, in words for its user: what it is, and what to do."""

from integrations.models import Connection

# A slip of one read heals by itself and is nobody's worry.
TELL_AFTER = 3

WORDS = {
    "link_broken": (
        "This address leads nowhere any more. Copy the calendar’s address anew, add it, and remove "
        "this one. What oO knows from it stays until then."
    ),
    "no_calendar": (
        "This address gives a web page or something else that is no calendar. Look whether the "
        "calendar is still shared. What oO knows from it stays until then."
    ),
    "too_large": "This calendar is too large to be read. Publish a shorter time of it.",
    "forbidden": "This address leads to a place that oO must not open. Remove it.",
    "unreadable": "This calendar could not be read. oO keeps what it knew, and tries again.",
    "budget": "It was read so often in this hour that oO waits for the next. Nothing is lost.",
    "rate_limited": "It asks oO to come less often, so this may be a little behind.",
    "sealed": "Its key is missing on this installation. Its operator can put that back.",
}
ANY = "It can’t be reached right now. oO keeps what it knew, and tries again."
RECONNECT = "Its permission has ended, so oO can’t read it. Reconnect, or disconnect it for good."


def in_words(connection: Connection) -> str:
    """What to tell the user; empty when all is well, or likely to be soon."""
    if connection.status == Connection.Status.RECONNECT:
        return RECONNECT
    if not connection.trouble:
        return ""
    if connection.failures < TELL_AFTER and connection.trouble not in ("forbidden", "sealed"):
        return ""
    return WORDS.get(connection.trouble, ANY)
