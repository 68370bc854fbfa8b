"""What a belief rests on and how sure it is, in words."""

from datetime import date

from agents.models import Belief

# What evidence counts, in the words of the page; the first of them that it has is said.
COUNTED = (
    ("done", "thing finished", "things finished"),
    ("nights", "night", "nights"),
    ("days", "day", "days"),
    ("weeks", "week", "weeks"),
    ("events", "appointment", "appointments"),
)


def basis(belief: Belief, *, today: date) -> str:
    """ "From 112 things finished since 3 June.", as far as the evidence tells."""
    counted = next((unit for unit in COUNTED if _is_count(belief.evidence.get(unit[0]))), None)
    since = belief.evidence.get("since")
    if counted is None:
        return ""
    name, one, many = counted
    count = belief.evidence[name]
    said = f"From {count} {one if count == 1 else many}"
    if isinstance(since, str):
        said += f" since {_day(date.fromisoformat(since), today)}"
    return f"{said}."


def _is_count(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value > 0


def _day(day: date, today: date) -> str:
    """Held together by spaces that do not break."""
    words = f"{day:%-d %B}" if (today - day).days < 300 else f"{day:%-d %B %Y}"
    return words.replace(" ", "\u00a0")


def sureness(confidence: float) -> str:
    """How sure it is, in words."""
    if confidence >= 0.95:
        return "Quite sure."
    if confidence >= 0.8:
        return "Fairly sure."
    if confidence >= 0.6:
        return "Likely, but not sure."
    return "Only a guess so far."
