"""What oO believes of someone, as they see it: in sentences, with the evidence, and theirs to correct."""

import json
import logging
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from django.db import transaction

from accounts import preferences
from accounts.models import User
from accounts.preferences import BadPreference, Held
from accounts.zones import zone_of
from agents.asking import Asking, asking
from agents.evidence import basis, sureness
from agents.grounds import grounds_of
from agents.library.base import Agent, Param
from agents.models import Belief
from agents.refresh import refresh
from agents.registry import agents
from agents.withdraw import stands

log = logging.getLogger(__name__)

State = Literal["believed", "kept", "said", "unknown"]


NOT_LOOKED = "oO has not looked yet; it does so at night."
# What a person would look for, where what it means is a sentence that does not name it.
NAMES = {"quiet_start": "Quiet hours begin", "quiet_end": "Quiet hours end"}


class NoSuchBelief(LookupError):
    """No agent here would infer anything of that name."""


@dataclass(frozen=True)
class Shown:
    """A belief on the page. `kept` was inferred and confirmed, `said` is the user's own and other
    than what was inferred, `unknown` is neither.
    """

    key: str
    state: State
    sentence: str
    small: str
    value: Any
    asking: Asking | None
    forgotten: bool = False
    sayable: bool = True
    asked: bool = True
    meaning: str = ""  # where the sentence is but a name
    told: str = ""  # what became of the user's last word on it, just now

    @property
    def json(self) -> str:
        """The value, for a form that says "that's right" to exactly this."""
        return json.dumps(self.value)


def beliefs_of(user: User, *, now: datetime) -> list[Shown]:
    """All that is believed of the user, and what might be, in the order of the agents."""
    grounds = grounds_of([user.pk], now=now)[user.pk]
    rows = {belief.key: belief for belief in Belief.objects.filter(user=user)}
    held = {one.key.name: one for one in preferences.held(user)}
    local = now.astimezone(zone_of(user.time_zone))
    shown = []
    for agent, param in _params():
        mine = held.get(param.name)
        if mine is None or not (grounds.allow(agent.manifest) or mine.source == "user"):
            continue
        try:
            shown.append(_show(param, mine, rows.get(param.name), local))
        except Exception:
            # A sentence that can't be made hides one belief, not the page.
            log.exception("saying %s to user %s", param.name, user.pk)
    return shown


def _params() -> list[tuple[Agent, Param]]:
    return [(agent, param) for agent in agents for param in agent.manifest.params]


def _show(param: Param, held: Held, belief: Belief | None, now: datetime) -> Shown:
    found = belief if belief and not belief.why else None
    if held.source == "user":
        same = found is not None and found.value == held.value
        sentence = param.says(held.value, found.evidence if found and same else {})
        small = "You confirmed this." if same else "You said so yourself."
        if found and not same:
            small += f" By counting alone, oO would say: {param.says(found.value, found.evidence)}"
        return Shown(
            param.name, "kept" if same else "said", sentence, small, held.value,
            _asking(param, held), asked=param.asked,
        )  # fmt: skip
    if found and held.source == "inferred":
        return Shown(
            param.name,
            "believed",
            param.says(found.value, found.evidence),
            f"{basis(found, today=now.date())} {sureness(found.confidence)}".strip(),
            found.value,
            _asking(param, held),
            sayable=param.sayable,
            asked=param.asked,
        )
    name = NAMES.get(param.name)
    return Shown(
        param.name, "unknown", name or param.meaning, _why_not(held, belief, now), None,
        _asking(param, held), forgotten=held.forgotten_at is not None, asked=param.asked,
        meaning=held.key.meaning if name else "",
    )  # fmt: skip


def _asking(param: Param, held: Held) -> Asking | None:
    return asking(held.key, held.value) if param.asked else None


def _why_not(held: Held, belief: Belief | None, now: datetime) -> str:
    if held.forgotten_at is not None:
        since = held.forgotten_at.astimezone(now.tzinfo)
        return f"Forgotten. oO looks only at what came after {since:%-d %B %Y}."
    if belief is None:
        return NOT_LOOKED
    if belief.why == "too_little":
        return "There is too little to go by so far."
    return "Nothing clear shows in what there is."


def keep(user: User, name: str, value: Any, *, now: datetime) -> None:
    """The user's own word, which holds from the next tip on. Raises NoSuchBelief, BadPreference."""
    find(name)
    key = preferences.sayable(name)
    if not key.fits(value):
        raise BadPreference(f"That should be {key.wants}.")
    preferences.say(user, name, value, now=now)
    refresh([user.pk], now=now)


def leave_to_agents(user: User, name: str, *, now: datetime) -> None:
    """Takes the user's own word back: what is inferred holds again. Raises NoSuchBelief."""
    find(name)
    preferences.unsay(user, name, now=now)
    refresh([user.pk], now=now)


def forget(user: User, name: str, *, now: datetime) -> None:
    """The belief goes, with those told by the same count, and nothing that came before leads to them
    again. Raises NoSuchBelief.
    """
    # Of an agent that is not installed here nothing is held.
    here = {param.name for _, param in _params()}
    names = sorted({name, *find(name).told_with} & here)
    with transaction.atomic():
        stands(user.pk, now=now)  # an inference that is under way waits, and then knows of it
        for one in names:
            preferences.forget(user, one, now=now)
        Belief.objects.filter(user=user, key__in=names).delete()
    refresh([user.pk], now=now)


def find(name: str) -> Param:
    for _, param in _params():
        if param.name == name:
            return param
    raise NoSuchBelief(name)
