"""What of a model's answer may become a tip. Pure: JSON, then shape, then meaning.

A tip that passes is about a thing that the person has: a lead-in to it, or a sentence that code wrote.
It holds nobody's words, says nothing of anybody, and sends nobody anywhere. What does not pass is quoted
back as a sentence: never with a word of the answer, nor of the person's.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from agents.library.base import end_of_part
from agents.writing import lint
from agents.writing.brief import AS_WRITTEN, Brief, Subject
from agents.writing.leaks import gives_away
from agents.writing.schema import NotJson, breaches, read
from agents.writing.wording import Theirs, faults, words_of
from agents.writing.written import Written

KINDS = ("task", "advice", "insight", "reminder")
MOST_TIPS = 12
MOST_QUOTED = 6


class Fault(NamedTuple):
    """Why something was not let through: `kind` to count, `says` to quote back."""

    kind: str  # json, shape, about, marks, wording, lint, leak, repeat
    says: str


@dataclass(frozen=True)
class Verdict:
    """What was let through of one answer, and what was wrong with the rest. An answer that gives
    away what it was told is thrown away whole.
    """

    accepted: tuple[Written, ...] = ()
    faults: tuple[Fault, ...] = ()
    dropped: tuple[
        Written, ...
    ] = ()  # without a word: what is wrong with them would tell a cloud of titles

    @property
    def leaked(self) -> bool:
        return any(fault.kind == "leak" for fault in self.faults)

    def quoted(self) -> list[str]:
        """The faults as sentences, each once, a few."""
        return list(dict.fromkeys(fault.says for fault in self.faults))[:MOST_QUOTED]


def schema(topics: Sequence[str]) -> dict[str, Any]:
    """The shape of an answer, as a provider is told it. The gate checks it again."""
    fields: dict[str, Any] = {
        "kind": {"type": "string", "enum": list(KINDS)},
        "about": {"type": "string", "maxLength": 4},
        "topic": {"type": "string", "enum": ["", *topics]},
        "text": {"type": "string", "minLength": 1, "maxLength": 300},
    }
    tip = {
        "type": "object",
        "additionalProperties": False,
        "required": list(fields),
        "properties": fields,
    }
    tips = {"type": "array", "minItems": 1, "maxItems": MOST_TIPS, "items": tip}
    return {
        "type": "object",
        "additionalProperties": False,
        "required": ["tips"],
        "properties": {"tips": tips},
    }


def judge(
    answer: str, brief: Brief, *, page: str, mark: str, before: Sequence[Written] = ()
) -> Verdict:
    """What may be shown of an answer, beside what was accepted `before`."""
    try:
        told = read(answer)
    except NotJson as unreadable:
        leak = [_LEAK] if gives_away(answer, page=page, mark=mark) else []
        return Verdict(faults=(*leak, Fault("json", str(unreadable))))
    # One text after the other too: a mark can be spelled over several.
    said = [*_strings(told), " ".join(_texts(told))]
    if any(gives_away(text, page=page, mark=mark) for text in (answer, *said)):
        return Verdict(faults=(_LEAK,))
    shape = schema(brief.topics)
    whole = breaches(told, {**shape, "properties": {}, "additionalProperties": True})
    tips = told.get("tips") if isinstance(told, dict) else None
    if whole or not isinstance(tips, list):
        return Verdict(faults=(Fault("shape", (whole or ["The tips should be a list."])[0]),))
    found: list[Fault] = []
    if set(told) != {"tips"} or not 0 < len(tips) <= MOST_TIPS:
        found.append(Fault("shape", f"The answer has 1 to {MOST_TIPS} tips and nothing beside."))
    accepted: list[Written] = []
    dropped: list[Written] = []
    item = shape["properties"]["tips"]["items"]
    for number, tip in enumerate(tips[:MOST_TIPS], start=1):
        wrong = [Fault("shape", says) for says in breaches(tip, item, f"tip {number}")]
        if not wrong:
            written, wrong = _weigh(tip, brief, (*before, *accepted, *dropped))
            if written is not None:
                repeats = written.kind not in AS_WRITTEN and brief.theirs.in_(words_of(tip["text"]))
                (dropped if repeats else accepted).append(written)
        found += wrong
    return Verdict(tuple(accepted), tuple(found), tuple(dropped))


_LEAK = Fault("leak", "Write of the person's life only.")


def _weigh(
    tip: Mapping[str, str], brief: Brief, taken: Sequence[Written]
) -> tuple[Written | None, list[Fault]]:
    """One well-formed tip against what is true: the tip as it is kept, or what is wrong with it."""
    kind, about, text, topic = tip["kind"], tip["about"], tip["text"].strip(), tip["topic"]
    subject = brief.subjects.get(about)
    name = f"The {kind}" + (f" about {subject.handle}" if subject else "")

    def wrong(why: str, says: str) -> tuple[None, list[Fault]]:
        return None, [Fault(why, f"{name}: {says}")]

    if subject is None or subject.draft.kind != kind:
        return wrong("about", "It should be about an id of its own kind that was given.")
    if topic and topic != subject.draft.topic:
        return wrong("about", "Its topic is that of its entry, or none.")
    written = _about(subject, text, brief)
    if any(one.key == written.key or one.content == text for one in taken):
        return wrong("repeat", "There is one like it already.")
    if kind in AS_WRITTEN:
        if text != subject.draft.content:
            return wrong("wording", 'Its text is what its entry "says", letter for letter.')
        return written, []
    if (text.count("{title}"), text.count("{time}")) != (1, 1 if _has_time(subject) else 0):
        return wrong("marks", _MARKS_SAY[kind])
    if not _stands_apart(text):
        return wrong("marks", "There is a space before {title} and before what follows it.")
    # A model in a cloud never saw the titles: what it is told of a fault must tell nothing of them.
    theirs = Theirs() if brief.remote else brief.theirs
    found = faults(text, now=brief.now, theirs=theirs, today=subject.today, event=subject.is_event)
    if found:
        return None, [Fault("wording", f"{name}: {says}") for says in found]
    unkind = lint.faults(written.content, kind)
    if unkind:
        return None, [Fault("lint", f"{name}: {says}") for says in unkind]
    return written, []


def _has_time(subject: Subject) -> bool:
    return subject.draft.kind == "reminder" and bool(subject.time)


_MARKS_SAY = {
    "task": "Its text has {title} once, and no {time}.",
    "reminder": "Its text has {title} once, and {time} once if its entry has a time.",
}


def _about(subject: Subject, text: str, brief: Brief) -> Written:
    draft = subject.draft
    content = draft.content if draft.kind in AS_WRITTEN else text.replace("{time}", subject.time)
    return Written(
        key=draft.key,
        kind=draft.kind,
        content=content,
        topic=draft.topic,
        until=min(draft.expires_at, end_of_part(brief.now)),
        confidence=draft.confidence,
        instead=draft.content,
    )


def _stands_apart(text: str) -> bool:
    before, _, after = text.partition("{title}")
    opened = not before or before[-1] in " “"
    return opened and (not after or after[0] in " .,:;?”")


def _texts(told: Any) -> list[str]:
    """The texts of all tips, in their order."""
    tips = told.get("tips") if isinstance(told, dict) else None
    rows = (
        [one.get("text") for one in tips if isinstance(one, dict)] if isinstance(tips, list) else []
    )
    return [text for text in rows if isinstance(text, str)]


def _strings(value: Any) -> list[str]:
    """Every string in an answer, names of fields included."""
    if isinstance(value, str):
        return [value]
    if isinstance(value, dict):
        return [text for pair in value.items() for one in pair for text in _strings(one)]
    return [text for one in value for text in _strings(one)] if isinstance(value, list) else []
