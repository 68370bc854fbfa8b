"""The little of JSON Schema that the gate asks of a model's answer. Pure."""

import json
import re
from collections.abc import Mapping
from typing import Any, NoReturn

LONGEST_ANSWER = 20_000
DEEPEST = 8
_FENCE = re.compile(r"\A```(?:json)?\s*\n(.*)\n```\s*\Z", re.DOTALL)
_KINDS: dict[str, tuple[type, ...]] = {
    "object": (dict,),
    "array": (list,),
    "string": (str,),
    "boolean": (bool,),
    "integer": (int,),
    "number": (int, float),
    "null": (type(None),),
}


class NotJson(ValueError):
    """The answer can't be read. The message says why, in words for whoever wrote it."""


def read(text: str) -> Any:
    """The JSON of an answer, in a code fence or bare. Raises NotJson."""
    if len(text) > LONGEST_ANSWER:
        raise NotJson("The answer is far too long.")
    fenced = _FENCE.match(text.strip())
    try:
        told = json.loads(
            fenced.group(1) if fenced else text.strip(),
            parse_constant=_refuse,
            object_pairs_hook=_once,
        )
    except NotJson:
        raise
    except (ValueError, RecursionError):
        raise NotJson("The answer is not one JSON object and nothing else.") from None
    if _depth(told) > DEEPEST:
        raise NotJson("The answer has lists in lists in lists.")
    if not _storable(told):
        raise NotJson("The answer has half a character in it.")
    return told


def _storable(told: Any) -> bool:
    """Whether it can be written down: half of a pair can't, and what complains of it quotes the text."""
    try:
        json.dumps(told, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        return False
    return True


def _depth(value: Any) -> int:
    depth, level = 0, [value]
    while level and depth <= DEEPEST:
        level = [
            inner
            for one in level
            if isinstance(one, dict | list)
            for inner in (one.values() if isinstance(one, dict) else one)
        ]
        depth += 1
    return depth


def _refuse(_: str) -> NoReturn:
    raise NotJson("The answer has a number in it that JSON does not know.")


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise NotJson("The answer names a field twice.")
    return found


def breaches(value: Any, schema: Mapping[str, Any], where: str = "the answer") -> list[str]:
    """Where a value breaks a schema, each as a sentence without a word of the value."""
    kind = schema.get("type")
    if kind and not _is(value, kind):
        return [f"{_named(where)} should be of type {kind}."]
    found: list[str] = []
    if "enum" in schema and value not in schema["enum"]:
        found.append(f"{_named(where)} should be one of: {', '.join(map(str, schema['enum']))}.")
    if isinstance(value, str):
        found += _length(len(value), schema, "Length", where, "characters")
    elif isinstance(value, list):
        found += _length(len(value), schema, "Items", where, "items")
        for index, item in enumerate(value):
            found += breaches(item, schema.get("items", {}), f"number {index + 1} of {where}")
    elif isinstance(value, dict):
        found += _fields(value, schema, where)
    return found


def _is(value: Any, kind: str) -> bool:
    if isinstance(value, bool):
        return kind == "boolean"
    if kind == "integer" and isinstance(value, float):
        return value.is_integer()
    return isinstance(value, _KINDS[kind])


def _length(size: int, schema: Mapping[str, Any], what: str, where: str, unit: str) -> list[str]:
    least, most = schema.get(f"min{what}", 0), schema.get(f"max{what}", size)
    if size < least:
        return [f"{_named(where)} should have {least} {unit} or more."]
    return [f"{_named(where)} should have {most} {unit} at most."] if size > most else []


def _fields(value: dict[str, Any], schema: Mapping[str, Any], where: str) -> list[str]:
    known = schema.get("properties", {})
    found = [
        f"{_named(where)} lacks {name}." for name in schema.get("required", ()) if name not in value
    ]
    if schema.get("additionalProperties") is False and set(value) - set(known):
        found.append(f"{_named(where)} has fields that nobody asked for.")
    for name, inner in known.items():
        if name in value:
            found += breaches(value[name], inner, f"{name} of {where}")
    return found


def _named(where: str) -> str:
    return where[:1].upper() + where[1:]
