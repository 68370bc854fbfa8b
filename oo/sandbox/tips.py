"""What the stand-in for a language model writes where it is asked for tips, in a good mood.

It reads the data in the question, as a model would, and writes a few calm lines by what is there. It
understands nothing: the lines are the same for everybody.
"""

from __future__ import annotations

import json
from typing import Any

OF_TASKS = (
    "A small first step would be enough: {title}",
    "Would you like to begin with {title}?",
    "Five quiet minutes, if you like: {title}",
    "Maybe now: {title}",
    "{title}, just one piece.",
)
OF_REMINDERS = ("At {time}: {title}", "{title}, at {time}.")


def tips(body: dict[str, Any], turn: int) -> str | None:
    """An answer to a question for tips, another one each turn; None if it was no such question."""
    schema = ((body.get("response_format") or {}).get("json_schema") or {}).get("schema") or {}
    fields = (schema.get("properties", {}).get("tips", {}).get("items") or {}).get("properties", {})
    if not {"kind", "about", "topic", "text"} <= set(fields):
        return None
    told = _told(str(body["messages"][-1].get("content")))
    said = [
        _tip("task", OF_TASKS[(turn + n) % len(OF_TASKS)], about=str(task.get("id")))
        for n, task in enumerate(told.get("tasks", [])[:3])
    ]
    for n, reminder in enumerate(told.get("reminders", [])[:1]):
        line = OF_REMINDERS[(turn + n) % len(OF_REMINDERS)]
        text = line if reminder.get("time") else "Today, perhaps: {title}"
        said.append(_tip("reminder", text, about=str(reminder.get("id"))))
    said += [
        _tip(kind, str(one.get("says")), about=str(one.get("id")))
        for kind in ("insight", "advice")
        for one in told.get(f"{kind}s", [])[:1]
    ]
    return json.dumps({"tips": said}, ensure_ascii=False)


def _tip(kind: str, text: str, *, about: str) -> dict[str, str]:
    return {"kind": kind, "about": about, "topic": "", "text": text}


def _told(question: str) -> dict[str, Any]:
    try:
        told = json.JSONDecoder().raw_decode(question[question.index("{") :])[0]
    except ValueError:
        return {}
    return told if isinstance(told, dict) else {}
