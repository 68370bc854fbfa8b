"""What a model is told of one person, and what it may write about. Pure.

Things go by handles (t1, r1, i1, a1): a model can name no thing it was not shown, and no number of ours.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any

from agents.library.base import Inputs, Kind, Snippet, part_of_day
from agents.writing.assemble import Packed, Part, assemble, words
from agents.writing.draft import TipCandidate
from agents.writing.wording import Theirs, theirs_of

_LETTER: Mapping[Kind, str] = {"task": "t", "reminder": "r", "insight": "i", "advice": "a"}
_SECTION: Mapping[Kind, str] = {
    "task": "tasks", "reminder": "reminders", "insight": "insights", "advice": "advices",
}  # fmt: skip
AS_WRITTEN = (
    "insight",
    "advice",
)  # code wrote these, letter for letter: a model chooses among them
# What it is worth to know something, between 0 and 1.
SNIPPET, PREFERENCE, SITUATION, THING = 0.8, 0.2, 0.4, 0.9
TITLE = 0.6  # of what the thing itself is worth: without that, nothing
FADES, LEAST = 0.03, 0.01  # from one thing of a kind to the next, plainly written best first


@dataclass(frozen=True)
class Subject:
    """Something that a tip can be about: the tip that was written of it without a model."""

    handle: str
    draft: TipCandidate
    today: bool = False
    time: str = ""

    @property
    def is_event(self) -> bool:
        """Whether its time is when it begins, and not when it is due."""
        return self.draft.event_id is not None


@dataclass(frozen=True)
class Brief:
    """What is said of the person, what can be written about, and the texts nobody may repeat."""

    packed: Packed
    lasting: tuple[Any, ...]  # what would be told if nothing came and went by the minute
    subjects: Mapping[str, Subject]
    texts: tuple[str, ...]
    now: datetime
    topics: tuple[str, ...]
    remote: bool

    def data(self) -> str:
        return self.packed.text()

    @cached_property
    def theirs(self) -> Theirs:
        """Worked out for an answer only: most briefs are made to see that nothing has changed."""
        return theirs_of(self.texts)


@dataclass(frozen=True)
class Material:
    """What there is to tell. `titles` are the person's own words by the draft's key; `others` are
    more of their texts, told to nobody, of which no word may come back. `private` are the ids of
    the agents whose snippets stay on our machines.
    """

    inputs: Inputs
    snippets: Mapping[str, Snippet]
    drafts: Sequence[TipCandidate]
    titles: Mapping[str, str] = field(default_factory=dict)
    others: Iterable[str] = ()
    preferences: Mapping[str, Any] = field(default_factory=dict)
    private: frozenset[str] = frozenset()
    private_preferences: frozenset[str] = frozenset()


def brief(known: Material, *, topics: Sequence[str], room: int, remote: bool) -> Brief:
    """Packs what is known under `room` tokens; for a remote model without titles, names, health."""
    subjects = _subjects(known)
    parts = list(_parts(known, subjects))
    packed = assemble(parts, room=room, remote=remote)
    # Packed by itself: another advice would leave room for another task, and so look like news.
    lasting = assemble([p for p in parts if not _is_fleeting(p)], room=room, remote=remote)
    told = {one.handle: one for one in subjects if packed.has(f"{one.draft.kind}:{one.handle}")}
    return Brief(
        packed=packed,
        lasting=tuple(part.data for part in lasting.parts),
        subjects=told,
        texts=(*known.titles.values(), *known.others, *known.inputs.contexts),
        now=known.inputs.now,
        topics=tuple(topics),
        remote=remote,
    )


def _is_fleeting(part: Part) -> bool:
    """Reminders and advices come and go by the minute."""
    return part.section in ("reminders", "advices") or part.name.startswith("title:r")


def _subjects(known: Material) -> list[Subject]:
    found = []
    for kind, letter in _LETTER.items():
        drafts = [draft for draft in known.drafts if draft.kind == kind]
        found += [
            _subject(f"{letter}{number}", draft, known.inputs)
            for number, draft in enumerate(drafts, start=1)
        ]
    return found


def _subject(handle: str, draft: TipCandidate, inputs: Inputs) -> Subject:
    """Its time is the one that the plain tip of it names."""
    at = None
    due_on = None
    for task in inputs.tasks if draft.task_id is not None else ():
        if task.id == draft.task_id:
            at, due_on = task.due_at, task.due_on
    for event in inputs.events if draft.event_id is not None else ():
        if event.id == draft.event_id and not event.all_day:
            at = event.starts_at
    local = at.astimezone(inputs.now.tzinfo) if at else None
    day = local.date() if local else due_on
    named = f"{local:%H:%M}" if local and draft.kind == "reminder" else ""
    return Subject(handle, draft, today=day == inputs.now.date(), time=named)


def _parts(known: Material, subjects: Iterable[Subject]) -> list[Part]:
    now = known.inputs.now
    moment = {"day": f"{now:%A}", "part": part_of_day(now)}
    parts = [Part("moment", "moment", moment, 1, must=True)]
    for agent_id, snippet in sorted(known.snippets.items()):
        private = agent_id in known.private
        worth = SNIPPET * snippet.confidence
        parts.append(Part(f"snippet:{agent_id}", "known", snippet.text, worth, stays=private))
    for name, value in sorted(known.preferences.items()):
        if _is_number(value):
            data, private = {name: value}, name in known.private_preferences
            parts.append(Part(f"preference:{name}", "wishes", data, PREFERENCE, stays=private))
    for number, name in enumerate(sorted(known.inputs.contexts), start=1):
        # The person's own word for where they are: it can be anybody's name.
        part = Part(f"situation:{number}", "situations", words(name), SITUATION, stays=True)
        parts.append(part)
    ranks: dict[str, int] = {}
    for subject in subjects:
        parts += _of_subject(subject, known, ranks)
    return parts


def _of_subject(subject: Subject, known: Material, ranks: dict[str, int]) -> list[Part]:
    kind, handle = subject.draft.kind, subject.handle
    rank = ranks[kind] = ranks.get(kind, -1) + 1
    worth = max(THING - FADES * rank, LEAST)
    data: dict[str, Any] = {"id": handle}
    if kind in AS_WRITTEN:
        data["says"] = subject.draft.content
    if kind == "advice":
        # Which of them fit is told by how somebody is, and where.
        private = not known.private.isdisjoint(known.snippets) or bool(known.inputs.contexts)
        return [Part(f"advice:{handle}", _SECTION[kind], data, worth / 2, stays=private)]
    if kind == "insight":
        # Whose facts it rests on: "<agent id>.<fact>".
        told_by = {claim.partition(".")[0] for claim in subject.draft.claims}
        private = bool(told_by & known.private) or not told_by
        return [Part(f"insight:{handle}", "insights", data, worth, stays=private)]
    if subject.today:
        data["today"] = True
    if subject.time:
        data["time"] = subject.time
        if subject.is_event:
            data["begins"] = True
    parts = [Part(f"{kind}:{handle}", _SECTION[kind], data, worth)]
    title = known.titles.get(subject.draft.key)
    if title:
        named = {"id": handle, "title": words(title)}
        parts.append(Part(f"title:{handle}", "titles", named, TITLE * worth, stays=True))
    return parts


def _is_number(value: Any) -> bool:
    """Whether a preference is a number, yes or no, or shares by name: nothing of anybody's words."""
    if isinstance(value, Mapping):
        return all(name in _SHARES and isinstance(one, int | float) for name, one in value.items())
    return isinstance(value, bool | int | float)


_SHARES = frozenset(("task", "advice", "insight", "reminder"))
