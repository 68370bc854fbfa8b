"""Settings from the environment: one place, parsed loudly, and the source of docs/settings.md."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar
from urllib.parse import urlsplit

T = TypeVar("T")

TRUE = {"1", "true", "yes", "on"}
FALSE = {"0", "false", "no", "off"}
PORTS = {"http": 80, "https": 443}


class BadSetting(Exception):
    """An environment variable can't be parsed. The message names it and what it should be."""


@dataclass(frozen=True)
class Variable:
    """One declared environment variable, as the generated documentation shows it."""

    name: str
    kind: str
    default: str
    help: str
    section: str


class Env:
    """Reads declared variables and remembers every declaration, so that the docs can't drift.

    A value comes from `environ`, else from the first of the files that names it, else it is the
    default. A variable that is set but empty counts as not set, whatever comes after.
    """

    def __init__(self, environ: Mapping[str, str], *files: Path) -> None:
        self._values: dict[str, str] = {}
        for file in reversed(files):
            self._values.update(read_dotenv(file))
        self._values.update(environ)
        self._section = "General"
        self.declared: list[Variable] = []

    def section(self, title: str) -> None:
        self._section = title

    def text(self, name: str, default: str, help: str) -> str:
        return self._read(name, "text", default, help, lambda raw: raw)

    def whole(self, name: str, default: int, help: str) -> int:
        return self._read(name, "whole number", default, help, int)

    def number(self, name: str, default: float, help: str) -> float:
        return self._read(name, "number", default, help, _parse_number)

    def flag(self, name: str, default: bool, help: str) -> bool:
        return self._read(name, "yes or no", default, help, _parse_bool)

    def words(self, name: str, default: list[str], help: str) -> list[str]:
        def parse(raw: str) -> list[str]:
            return [part.strip() for part in raw.split(",") if part.strip()]

        return self._read(name, "list, comma separated", default, help, parse)

    def _read(self, name: str, kind: str, default: T, help: str, parse: Callable[[str], T]) -> T:
        shown = ",".join(default) if isinstance(default, list) else str(default)
        self.declared.append(Variable(name, kind, shown, help, self._section))
        raw = self._values.get(name, "").strip()
        if not raw:
            return default
        try:
            return parse(raw)
        except ValueError as error:
            raise BadSetting(f"{name} should be a {kind}, and is {raw!r}.") from error


def _parse_number(raw: str) -> float:
    number = float(raw)
    if not math.isfinite(number):
        raise ValueError(raw)
    return number


def _parse_bool(raw: str) -> bool:
    if raw.lower() in TRUE:
        return True
    if raw.lower() in FALSE:
        return False
    raise ValueError(raw)


def host_and_port(address: str) -> str | None:
    """Where a http or https address leads, as those who trust it name it; None for no such address.

    Without a port it is that of the scheme.
    """
    try:
        parts = urlsplit(address)
        port = parts.port  # raises ValueError for one that is no port
    except ValueError:
        return None
    if parts.scheme not in PORTS or not parts.hostname:
        return None
    return f"{parts.hostname}:{PORTS[parts.scheme] if port is None else port}"


def read_dotenv(path: Path | None) -> dict[str, str]:
    """The `NAME=value` lines of a file. No quoting, no expansion: `make run` writes it, nothing else."""
    if path is None or not path.exists():
        return {}
    pairs: dict[str, str] = {}
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        line = line.strip()
        if not line or line.startswith("#"):
            continue
        name, equals, value = line.partition("=")
        if not equals or not name.strip():
            raise BadSetting(f"{path.name}, line {number}: expected NAME=value.")
        pairs[name.strip()] = value.strip()
    return pairs
