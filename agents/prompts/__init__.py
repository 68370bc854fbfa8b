"""What models are told: text files, versioned by what is in them.

A prompt is a folder's worth of one voice: `<name>.txt` is the page of rules, `ask.txt` and `again.txt`
are shared. The version is the hash of all three: whatever is changed in a prompt, what was written
with it before counts no more.
"""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from string import Template

FOLDER = Path(__file__).parent
ASK, AGAIN = "ask.txt", "again.txt"
TIPS = "tips"


@dataclass(frozen=True)
class Prompt:
    """One voice: the page of rules, the question, and the question after faults."""

    name: str
    page: str
    question: str
    once_more: str

    @property
    def version(self) -> str:
        told = hashlib.sha256(f"{self.page}\0{self.question}\0{self.once_more}".encode())
        return f"{self.name}-{told.hexdigest()[:12]}"

    def system(self, *, topics: Sequence[str], mark: str) -> str:
        return Template(self.page).substitute(topics=", ".join(topics), topic=topics[0], mark=mark)

    def ask(self, data: str, *, count: int, faults: Sequence[str] = ()) -> str:
        """The question; with `faults` it quotes what was wrong with the answers before.

        What is data is put in last, and nothing in it is ever read as a slot.
        """
        more = ""
        if faults:
            quoted = "\n".join(f"- {fault}" for fault in faults)
            more = Template(self.once_more).substitute(faults=quoted, count=count)
        return Template(self.question).substitute(data=data, count=count) + more

    def messages(
        self,
        data: str,
        *,
        topics: Sequence[str],
        mark: str,
        count: int,
        faults: Sequence[str] = (),
    ) -> list[Mapping[str, str]]:
        """What is sent: two messages, whichever try it is, for some models insist on turns."""
        return [
            {"role": "system", "content": self.system(topics=topics, mark=mark)},
            {"role": "user", "content": self.ask(data, count=count, faults=faults)},
        ]


_in_use = ContextVar("prompt in use", default=TIPS)


def prompt() -> Prompt:
    """The prompt that is written with."""
    return read(_in_use.get())


@contextmanager
def speaking(name: str) -> Iterator[Prompt]:
    """Has another prompt written with, to compare it. Raises KeyError."""
    if name not in names():
        raise KeyError(name)
    before = _in_use.set(name)
    try:
        yield prompt()
    finally:
        _in_use.reset(before)


@cache
def read(name: str) -> Prompt:
    return Prompt(name, _text(f"{name}.txt"), _text(ASK), _text(AGAIN))


def names() -> list[str]:
    """The prompts there are, the one in use first."""
    files = {path.stem for path in FOLDER.glob("*.txt") if path.name not in (ASK, AGAIN)}
    return [TIPS, *sorted(files - {TIPS})]


def _text(name: str) -> str:
    return (FOLDER / name).read_text(encoding="utf-8")
