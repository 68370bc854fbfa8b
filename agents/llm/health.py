"""Does the model answer? Told from the log of calls; only where nobody asked, by a knock."""

from datetime import datetime, timedelta
from typing import Any

from django.db.models import Sum

from agents.llm.budget import TOKENS
from agents.llm.callog import TROUBLE
from agents.llm.config import VARIABLES, Alias, Model, forbidden, model_of
from agents.models import LlmCall
from oo.lib.env import host_and_port
from oo.lib.health import Finding, register
from oo.lib.http import OutgoingError, fetch

LATELY = timedelta(days=1)
KNOCK_SECONDS = 2.0

WITHOUT: dict[Alias, str] = {
    "tip-generator": "No model: agents write.",
    "embedder": "No model: what is alike is told from its words.",
}


def writer(now: datetime) -> Finding:
    return look("tip-generator", now)


def embedder(now: datetime) -> Finding:
    return look("embedder", now)


def look(alias: Alias, now: datetime) -> Finding:
    """Nothing here is ever worse than a warning: without a model all goes on."""
    model = model_of(alias)
    if model is None:
        return Finding("ok", WITHOUT[alias])
    if why := forbidden(model):
        return Finding("warn", f"{WITHOUT[alias]} {why}", f"Or set {VARIABLES[alias]}=off.")
    made = LlmCall.objects.filter(alias=alias, outcome__in=(LlmCall.Outcome.OK, *TROUBLE))
    made = made.defer("text").order_by("at", "pk")
    last = made.filter(at__gt=now - LATELY).last()
    if last is None:
        return _knock(model)
    if last.outcome == LlmCall.Outcome.OK:
        day = LlmCall.objects.filter(alias=alias, at__gt=now - LATELY)
        used = day.aggregate(tokens=Sum(TOKENS), cost=Sum("cost"))
        cost = f" and {used['cost']:.2f} dollars" if model.remote else ""
        says = f"The model answers: {last.model}, last at {last.at:%Y-%m-%d %H:%M} UTC."
        return Finding("ok", f"{says} {used['tokens']} tokens{cost} in 24 hours.")
    answered = made.filter(outcome=LlmCall.Outcome.OK).last()
    since = made.filter(at__gt=answered.at) if answered else made
    first = since.exclude(outcome=LlmCall.Outcome.OK).first() or last
    return Finding(
        "warn",
        f"The model is failing since {first.at:%Y-%m-%d %H:%M} UTC: {last.note} "
        f"{WITHOUT[alias].partition(': ')[2].capitalize()}",
        f"Look at {_place(model)}, and at the calls in the console.",
    )


def _knock(model: Model) -> Finding:
    """Whether the gateway of a model that nobody asked of late is there and has it."""
    key = {"Authorization": f"Bearer {model.key}"}
    try:
        reply = fetch(
            "GET", f"{model.base}/models", headers=key, seconds=KNOCK_SECONDS, trusted=model.trusted
        )
    except OutgoingError as error:
        return Finding("warn", f"The model can't be reached: {error}", f"Look at {_place(model)}.")
    names = _names(reply.json) if reply.status == 200 else None
    if names is None:
        says = f"{_place(model)} does not tell which models it has (status {reply.status})."
        return Finding("warn", says, "Check its address and its key.")
    if not {model.name, f"{model.name}:latest"} & names:
        pull = f"ollama pull …, then ollama cp … {model.name}" if model.gateway == "ollama" else ""
        says = f"{_place(model)} has no model {model.name!r}."
        return Finding("warn", says, pull or f"Set {VARIABLES[model.alias]} to one that it has.")
    return Finding("ok", f"The model {model.name} is there; nobody asked it in 24 hours.")


def _place(model: Model) -> str:
    """Without what else may be in an address, such as a password."""
    return host_and_port(model.base) or model.gateway


def _names(read: Any) -> set[str] | None:
    try:
        return {str(row["id"]) for row in read()["data"]}
    except (ValueError, LookupError, TypeError):
        return None


register("Language model", writer)
register("Embedder", embedder)
