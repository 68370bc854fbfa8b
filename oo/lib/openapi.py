"""What the OpenAPI document says of errors: every call has them, in one shape."""

from typing import Any

from oo.lib.problem import CONTENT_TYPE

PROBLEM = {
    "type": "object",
    "description": "RFC 9457. `detail` says what to do; `errors` names the fields that are wrong.",
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "errors": {},
    },
    "required": ["type", "title", "status", "detail"],
}
_CONTENT = {CONTENT_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}

_SAYS = {
    "400": "What was sent can't be used.",
    "401": "Nobody is signed in, or the token has ended.",
    "403": "Not yours to do, or a browser's request without its CSRF token.",
    "404": "No such thing, or it is not yours.",
    "406": "Only JSON is spoken here.",
    "413": "Too large.",
    "415": "Only JSON is read here.",
    "429": "Too often: wait for as many seconds as Retry-After says.",
    "503": "Something needs an operator.",
}


def tell_errors(result: dict[str, Any], **kwargs: Any) -> dict[str, Any]:
    """Adds to each operation the errors it can answer with."""
    result.setdefault("components", {}).setdefault("schemas", {})["Problem"] = PROBLEM
    for path, operations in result["paths"].items():
        for operation in operations.values():
            for status in _errors(path, operation):
                answer = operation["responses"].setdefault(status, {})
                answer["description"] = answer.get("description") or _SAYS[status]
                answer.setdefault("content", _CONTENT)
                if status == "429":
                    answer["headers"] = {"Retry-After": {"schema": {"type": "integer"}}}
    return result


def _errors(path: str, operation: dict[str, Any]) -> set[str]:
    told = {status for status in operation["responses"] if status >= "400"}
    told |= {"406", "413", "429"}
    if {} not in operation.get("security", [{}]):
        told |= {"401", "403"}
    if "requestBody" in operation:
        told |= {"400", "415"}
    if any(parameter["in"] == "query" for parameter in operation.get("parameters", [])):
        told.add("400")
    if "{" in path:
        told.add("404")
    return told
