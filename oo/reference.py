"""The OpenAPI document turned into what a person reads: calls, their fields, what can go wrong. Pure."""

from collections import Counter
from dataclasses import dataclass, replace
from typing import Any

Schema = dict[str, Any]

DEEPEST = 3
_WORDS = {
    "string": "text",
    "integer": "whole number",
    "number": "number",
    "boolean": "true or false",
    "object": "object",
    "null": "null",
}
_FORMATS = {
    "uuid": "UUID",
    "date-time": "date and time",
    "email": "e-mail address",
    "uri": "address",
}


@dataclass(frozen=True)
class Field:
    name: str
    deep: int
    type: str
    says: str
    optional: bool


@dataclass(frozen=True)
class Reply:
    status: str
    says: str
    fields: list[Field]


@dataclass(frozen=True)
class Call:
    anchor: str
    method: str
    path: str
    says: str
    open_to_all: bool
    parameters: list[Field]
    body: list[Field]
    replies: list[Reply]
    errors: list[Reply]


def read(document: Schema) -> tuple[list[Call], list[Reply]]:
    """Every call, in the order of the document, and the errors that most calls may give: those
    are told once, so they are not repeated with each call.
    """
    every = [
        _call(document, method, path, operation)
        for path, operations in document["paths"].items()
        for method, operation in operations.items()
        if isinstance(operation, dict) and "responses" in operation
    ]
    counts = Counter((error.status, error.says) for call in every for error in call.errors)
    common = {key for key, count in counts.items() if count * 2 > len(every)}
    own = [
        replace(call, errors=[e for e in call.errors if (e.status, e.says) not in common])
        for call in every
    ]
    return own, [Reply(status, says, []) for status, says in sorted(common)]


def _call(document: Schema, method: str, path: str, operation: Schema) -> Call:
    replies = [
        Reply(str(status), reply.get("description", ""), _content(document, reply))
        for status, reply in sorted(operation["responses"].items())
    ]
    return Call(
        anchor=operation.get("operationId", f"{method}{path}"),
        method=method.upper(),
        path=path,
        says=operation.get("description", ""),
        open_to_all={} in operation.get("security", []),
        parameters=[
            Field(
                p["name"], 0, _type(document, p.get("schema", {})), p.get("description", ""),
                optional=not p.get("required", False),
            )
            for p in operation.get("parameters", [])
        ],
        body=_content(document, operation.get("requestBody", {})),
        replies=[reply for reply in replies if reply.status < "400"],
        errors=[reply for reply in replies if reply.status >= "400"],
    )  # fmt: skip


def _content(document: Schema, holder: Schema) -> list[Field]:
    for media in holder.get("content", {}).values():
        return _fields(document, media.get("schema", {}), 0)
    return []


def _resolve(document: Schema, schema: Schema) -> Schema:
    """Follows references, and through wrappers that hold just one schema or one besides null."""
    while True:
        if "$ref" in schema:
            found: Any = document
            for part in schema["$ref"].removeprefix("#/").split("/"):
                found = found[part]
            schema = {**found, **{k: v for k, v in schema.items() if k != "$ref"}}
            continue
        for key in ("allOf", "oneOf", "anyOf"):
            rest = [one for one in schema.get(key, []) if one.get("type") != "null"]
            if len(rest) == 1:
                outer = {k: v for k, v in schema.items() if k != key}
                schema = {**_resolve(document, rest[0]), **outer}
                break
        else:
            return schema


def _fields(document: Schema, schema: Schema, deep: int) -> list[Field]:
    schema = _resolve(document, schema)
    if "items" in schema:
        return _fields(document, schema["items"], deep)
    required = schema.get("required", [])
    found = []
    for name, inner in schema.get("properties", {}).items():
        resolved = _resolve(document, inner)
        says = inner.get("description") or resolved.get("description") or ""
        says = "" if says.lstrip().startswith("*") else says  # a generated list of enum values
        found.append(Field(name, deep, _type(document, inner), says, name not in required))
        if deep + 1 < DEEPEST:
            found += _fields(document, inner, deep + 1)
    return found


def _type(document: Schema, schema: Schema) -> str:
    nullable = any(
        one.get("type") == "null" for key in ("oneOf", "anyOf") for one in schema.get(key, [])
    )
    resolved = _resolve(document, schema)
    kinds = resolved.get("type", [])
    kinds = [kinds] if isinstance(kinds, str) else list(kinds)
    nullable = nullable or "null" in kinds
    if values := [value for value in resolved.get("enum", []) if value is not None]:
        said = "one of " + ", ".join(map(str, values)) if len(values) > 1 else str(values[0])
    elif "items" in resolved:
        inner = _resolve(document, resolved["items"])
        said = "list of objects" if "properties" in inner else f"list of {_type(document, inner)}s"
    elif resolved.get("format") in _FORMATS:
        said = _FORMATS[resolved["format"]]
    else:
        said = " or ".join(_WORDS.get(kind, kind) for kind in kinds if kind != "null") or "any JSON"
    return f"{said}, or null" if nullable else said
