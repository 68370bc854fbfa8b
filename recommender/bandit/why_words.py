"""An explanation in plain words, from a fixed table: what is said is in the stored facts.

What a person's own answers taught is told as that, and only once there are some; a wish to know
more is told as a wish to know more.
"""

from collections.abc import Callable
from dataclasses import dataclass

from recommender.bandit.why import OFFER, SPEECH, Columns, Manner, Part, Why
from recommender.bandit.why_changes import Change, changed, kind, part_of_day, value
from recommender.bandit.why_mixing import NO_MIXING, Mixing, of_mixing

# So many answers before anything is said to go by them.
ANSWERS = 5
LONGEST = 90  # characters of another candidate's words

_BY_ANSWERS = "going by your answers"
# A fact -> said of a candidate that has it, of one that has it not, and of all that have it.
_FACTS = {
    "is_overdue": ("it was overdue", "it was not overdue", "what is overdue"),
    "is_due_today": ("it was due {day}", "it was not due {day}", "what is due on the day"),
    "kind_task": ("it is a task of yours", "it is not one of your tasks", "a task"),
    "kind_advice": ("it is a piece of advice", "it is more than general advice", "advice"),
    "kind_insight": ("it tells you something new", "it is something to do", "an insight"),
    "kind_reminder": ("it is a reminder, and its time was near", "it is no reminder", "a reminder"),
    "priority": ("", "it was not marked as urgent as others", "what is marked urgent"),
    "task_age_days": ("", "", "what has waited for some time"),
}
_AT = {
    "morning": "in the morning",
    "midday": "around midday",
    "afternoon": "in the afternoon",
    "evening": "in the evening",
    "night": "at night",
    None: "at this time of day",
}
# The hours that stand for the parts of the day, where what is said is true of the hour only.
_CLOCK = {
    9.0: "nine in the morning",
    12.5: "half past twelve",
    16.0: "four in the afternoon",
    20.0: "eight in the evening",
}
_A_KIND = {
    "task": "a task",
    "advice": "a piece of advice",
    "insight": "an insight",
    "reminder": "a reminder",
}


@dataclass(frozen=True, slots=True)
class Sentence:
    """One sentence, of which `words` are a candidate's own, "" where none are in it."""

    before: str
    words: str = ""
    after: str = ""

    @property
    def text(self) -> str:
        return f"{self.before}{self.words}{self.after}"


@dataclass(frozen=True, slots=True)
class Telling:
    """What an explanation is told of: a decision's columns, its `count` actions and the chosen one.

    `answers` is how many rewards the policy had learned, `today` whether the decision is of today.
    `words_of` gives a candidate's own words by its index, None where they can't be had. `mixing` is
    what was left out before there was a choice.
    """

    columns: Columns
    count: int
    chosen: int
    answers: int
    today: bool
    words_of: Callable[[int], str | None]
    mixing: Mixing = NO_MIXING

    @property
    def day(self) -> str:
        return "today" if self.today else "that day"


def sentences(why: Why, telling: Telling) -> list[Sentence]:
    """The explanation: how it came, what spoke for it, what instead, and what was left out before."""
    reasons = list(dict.fromkeys(filter(None, (_reason(p, why, telling) for p in why.reasons))))
    said = [_opening(why, _joined(reasons), telling), _favour(why, _joined(reasons))]
    if why.instead is not None:
        said.append(_instead(why, telling))
    said.append(Sentence(of_mixing(telling.mixing)))
    return [sentence for sentence in said if sentence.text]


def _opening(why: Why, reasons: str, telling: Telling) -> Sentence:
    """How it came to be the one; for the likeliest that is what spoke for it."""
    if why.manner is Manner.ONLY:
        if why.silent:
            return Sentence("There was nothing to say.")
        left = "all that was left to say" if telling.mixing.narrowed else "all there was to say"
        return Sentence(f"It was {left}.")
    if why.manner is Manner.TRY:
        what = "says nothing" if why.silent else "shows something else"
        return Sentence(f"A try: oO sometimes {what} to learn what suits you.")
    if why.manner is Manner.CLOSE:
        return Sentence("It was a close call, so chance decided.")
    if why.manner is Manner.DRAWN:
        many = "Two" if why.alike == 2 else "Several"
        return Sentence(f"{many} looked equally good, and oO drew one of them.")
    if why.silent:
        return Sentence(f"oO chose to say nothing{': ' if reasons else ''}{reasons}.")
    if not reasons:
        return Sentence("It was ahead of the rest by very little.")
    # Its name is written "oO", also where a sentence begins.
    first = reasons[0] if reasons.startswith("oO") else reasons[0].upper()
    return Sentence(f"{first}{reasons[1:]}.")


def _favour(why: Why, reasons: str) -> Sentence:
    """What spoke for one that was not simply the likeliest."""
    if why.manner in (Manner.ONLY, Manner.BEST) or not reasons:
        return Sentence("")
    return Sentence(f"In its favour: {reasons}.")


def _joined(reasons: list[str]) -> str:
    """Clauses in one; that they go by someone's answers is said once."""
    first = next((i for i, reason in enumerate(reasons) if _BY_ANSWERS in reason), len(reasons))
    once = [
        reason.replace(f"{_BY_ANSWERS}, ", "").replace(f"{_BY_ANSWERS} ", "")
        if i > first
        else reason
        for i, reason in enumerate(reasons)
    ]
    return ("; " if any("," in reason for reason in once) else ", and ").join(once)


def _reason(part: Part, why: Why, telling: Telling) -> str:
    """A clause without its stop; "" for what there are no true words for."""
    learned = telling.answers >= ANSWERS and part.learned > part.worth / 2
    if part.curious > part.worth / 2:
        return "oO knows little yet of how something like it suits you"
    if part.fact in (SPEECH, OFFER):
        return _of_silence(part, why, telling, learned)
    if part.fact not in _FACTS:
        return ""
    noun = _FACTS[part.fact][2]
    if part.side:
        when = _when(part.side, telling.columns)
        if learned:
            how = "better" if part.more else "less"
            return f"{_BY_ANSWERS}, {noun} suits you {how} {when}"
        return f"{when} oO puts {noun} further {'up' if part.more else 'down'}"
    if learned and not part.more:
        return f"{_BY_ANSWERS}, {noun} suits you less"
    fact = _fact(part, telling)
    return f"{fact}, and {_BY_ANSWERS} that suits you" if fact and learned else fact


def _fact(part: Part, telling: Telling) -> str:
    """What is true of the chosen one, as stored."""
    if part.fact == "task_age_days":
        return _age(telling, older=part.more)
    if part.fact == "priority" and part.more:
        return _priority(telling)
    return _FACTS[part.fact][0 if part.more else 1].format(day=telling.day)


def _age(telling: Telling, *, older: bool) -> str:
    columns, chosen = telling.columns, telling.chosen
    mine = value(columns, "task_age_days", chosen)
    ages = [
        value(columns, "task_age_days", i)
        for i in range(telling.count)
        if i != chosen and not value(columns, "is_silence", i)
    ]
    if mine is None:
        return ""
    # An unknown age counts as old, as it does for the policy.
    passed = sum(age is None or age > mine for age in ages)
    if older:
        passed = sum(age is not None and age < mine for age in ages)
    if not passed:
        return ""
    word = "older" if older else "newer"
    if passed == len(ages):
        return f"it is {word} than the other" + ("s" if passed > 1 else "")
    return f"it is {word} than {'most' if passed > len(ages) / 2 else 'some'} of the others"


def _priority(telling: Telling) -> str:
    level = value(telling.columns, "priority", telling.chosen) or 1.0
    if kind(telling.columns, telling.chosen) == "reminder":
        return "it is a reminder, and its time was near"
    if level >= 4:
        return "it was marked urgent"
    return "it was marked important" if level >= 3 else "it had a priority, which others lacked"


def _of_silence(part: Part, why: Why, telling: Telling, learned: bool) -> str:
    if part.fact == OFFER:
        return "what there was looked unlikely to suit you"
    when = _when(part.side, telling.columns) if part.side else ""
    if not why.silent:
        if learned:
            return f"{_BY_ANSWERS}, a tip suits you " + (
                f"better {when}" if when else "better than silence"
            )
        return f"oO speaks more {when}" if when else "oO speaks when there is something to say"
    if part.side == "meeting" and not learned:
        return f"you were {_meeting(telling.columns)}"
    if learned:
        return f"{_BY_ANSWERS}, silence " + (
            f"suits you better {when}" if when else "tends to suit you"
        )
    return f"oO says less {when}" if when else "silence is a safe choice"


def _when(side: str, columns: Columns) -> str:
    if side == "hour":
        return _AT[part_of_day(columns)]
    return {
        "weekend": "at weekends",
        "meeting": "around meetings",
        "weekday": "on this day of the week",
    }.get(side, "at such a moment")


def _meeting(columns: Columns) -> str:
    minutes = value(columns, "meeting_in_minutes", 0)
    if minutes is None:
        return "in a meeting, or about to be"
    return "in a meeting" if minutes <= 0 else f"about to be in a meeting, {_later(minutes)}"


def _later(minutes: float) -> str:
    whole = max(1, round(minutes))
    return f"{whole} minute{'s' if whole > 1 else ''} later"


def _instead(why: Why, telling: Telling) -> Sentence:
    assert why.instead is not None
    index, change = why.instead.index, why.instead.change
    if change is None:
        degree = "more likely" if why.manner is Manner.TRY else "slightly more likely"
        if value(telling.columns, "is_silence", index):
            return Sentence(f"Saying nothing was {degree}.")
        return _naming("", index, f" was {degree}.", telling)
    condition = _if(change, telling)
    if value(telling.columns, "is_silence", index):
        return Sentence(f"oO would have said nothing {condition}.")
    return _naming("It would have been ", index, f" {condition}.", telling)


def _naming(before: str, index: int, after: str, telling: Telling) -> Sentence:
    words = _short((telling.words_of(index) or "").strip().rstrip("."))
    if words:
        return Sentence(f"{before}“", words, f"”{after}")
    what = kind(telling.columns, index)
    alike = what == kind(telling.columns, telling.chosen)
    some = f"another {what}" if alike and what in ("task", "reminder") else _A_KIND.get(what)
    if what == "advice" and alike:
        some = "another piece of advice"
    elif what == "insight" and alike:
        some = "another insight"
    other = some or "something else"
    return Sentence(f"{before}{other if before else other[0].upper() + other[1:]}{after}")


def _short(words: str) -> str:
    """Enough of them to tell which it is, cut between words where there are any."""
    if len(words) <= LONGEST:
        return words
    start = words[:LONGEST]
    return f"{start.rpartition(' ')[0] or start}…"


def _if(change: Change, telling: Telling) -> str:
    columns = telling.columns
    which = "this one" if change.of == telling.chosen else "that"
    if change.what == "meeting":
        minutes = value(columns, "meeting_in_minutes", 0)
        if change.to:
            return "if a meeting had been about to begin"
        if minutes is None:
            return "if you had not been in a meeting, or just before one"
        if minutes <= 0:
            return "if you had not been in a meeting"
        return f"if there had been no meeting {_later(minutes)}"
    if change.what == "hour":
        part = part_of_day(changed(columns, telling.count, change))
        return f"if it had been {_CLOCK[change.to] if change.exactly else part}"
    if change.what == "weekend":
        if change.exactly:
            return f"if it had been a {'Saturday' if change.to >= 5 else 'Monday'}"
        return f"if it had been {'the weekend' if change.to >= 5 else 'a weekday'}"
    if change.what in ("is_overdue", "is_due_today"):
        no = "" if change.to else "not "
        due = "overdue" if change.what == "is_overdue" else f"due {telling.day}"
        return f"if {which} had {no}been {due}"
    if change.of != telling.chosen:
        return f"if {which} had been marked urgent"
    if change.to <= 1:
        return f"if {which} had been without a priority"
    now = value(columns, "priority", telling.chosen) or 4.0
    steps = "a step" if now - change.to <= 1 else "two steps"
    return f"if {which} had been {steps} less urgent"
