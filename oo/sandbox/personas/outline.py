"""Reads a task list written by hand.

A list has three parts, ``# Open``, ``# Done`` and ``# Arriving``, each with ``## Project`` and
``### Section`` headings. A task is ``- title | notes``; two more spaces before the dash make it a
subtask, and an indented line without a dash is its description. The notes, between commas:

    p1 p2 p3            urgency as people write it: p1 is the most urgent
    today  +3  -2       due day, seen from the first day of the list; may end in a time: +1 14:30
    every monday at 9   repetition in Todoist's words; a due day beside it says where it starts
    fixed               the due time is fixed to the time zone, not floating
    deadline +9         latest day
    done -12 18:20      completed that many days ago, in the part ``Done``
    @label   90m   2d   label, duration
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import time
from importlib.resources import files

RELATIVE = re.compile(r"(today|[+-]\d+)(?: (\d\d:\d\d))?")


@dataclass
class Entry:
    """One line of the list."""

    title: str
    project: str | None = None
    section: str | None = None
    description: str = ""
    labels: list[str] = field(default_factory=list)
    priority: int = 1
    day: int | None = None
    at: time | None = None
    phrase: str | None = None
    fixed: bool = False
    deadline: int | None = None
    done: int | None = None
    duration: tuple[int, str] | None = None
    subtasks: list[Entry] = field(default_factory=list)


@dataclass
class Outline:
    open: list[Entry] = field(default_factory=list)
    done: list[Entry] = field(default_factory=list)
    arriving: list[Entry] = field(default_factory=list)

    def every(self) -> list[Entry]:
        """All entries, subtasks right after the task they belong to."""
        top = [*self.open, *self.done, *self.arriving]
        return [one for entry in top for one in (entry, *entry.subtasks)]


def read(name: str) -> Outline:
    """The outline in ``lists/<name>.txt``."""
    return parse(files(__package__).joinpath("lists", f"{name}.txt").read_text(encoding="utf-8"))


def parse(text: str) -> Outline:
    """Raises ValueError with the line that makes no sense."""
    outline = Outline()
    part: list[Entry] = outline.open
    project = section = None
    for line in text.splitlines():
        if line.startswith("# "):
            part = getattr(outline, line[2:].lower())
            project = section = None
        elif line.startswith("## "):
            project, section = line[3:], None
        elif line.startswith("### "):
            section = line[4:]
        elif match := re.fullmatch(r"(  )?- (.+)", line):
            entry = _entry(match[2], project, section)
            (part[-1].subtasks if match[1] else part).append(entry)
        elif line.startswith("    "):
            part[-1].description = line.strip()
        elif line.strip():
            raise ValueError(f"cannot read the line {line!r}")
    return outline


def _entry(text: str, project: str | None, section: str | None) -> Entry:
    title, _, notes = text.rpartition(" |")
    if not title:
        raise ValueError(f"no bar after the title in {text!r}")
    entry = Entry(title, project, section)
    for note in filter(None, (note.strip() for note in notes.split(","))):
        _note(entry, note)
    return entry


def _note(entry: Entry, note: str) -> None:
    if note.startswith("@"):
        entry.labels.append(note[1:])
    elif re.fullmatch(r"p[1-3]", note):
        # The API counts the other way round: 4 is what people call p1.
        entry.priority = 5 - int(note[1])
    elif match := re.fullmatch(r"(\d+)([md])", note):
        entry.duration = (int(match[1]), {"m": "minute", "d": "day"}[match[2]])
    elif match := RELATIVE.fullmatch(note):
        entry.day, entry.at = _offset(match)
    elif note.startswith("every "):
        entry.phrase = note
    elif note == "fixed":
        entry.fixed = True
    elif match := RELATIVE.fullmatch(note.removeprefix("deadline ")):
        entry.deadline = _offset(match)[0]
    elif match := RELATIVE.fullmatch(note.removeprefix("done ")):
        entry.done, entry.at = _offset(match)
    else:
        raise ValueError(f"cannot read the note {note!r} of {entry.title!r}")


def _offset(match: re.Match[str]) -> tuple[int, time | None]:
    day = 0 if match[1] == "today" else int(match[1])
    return day, time.fromisoformat(match[2]) if match[2] else None
