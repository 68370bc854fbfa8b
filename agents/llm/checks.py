"""System checks of the way to language models."""

from django.conf import settings
from django.core.checks import CheckMessage, Error, Warning, register

from agents.llm.config import (
    ADDRESSES,
    ALIASES,
    OFF,
    VARIABLES,
    Alias,
    forbidden,
    host_of,
    is_near,
    is_sealed,
    model_of,
)
from agents.llm.supply import MALICIOUS, strange_starts, version_installed
from oo.lib.env import host_and_port

# What is counted, and from where to where it makes sense.
RANGES = {
    "LLM_TIMEOUT_SECONDS": (1, 100),
    "LLM_AT_ONCE": (1, 1_000),
    "LLM_USER_TOKENS": (0, 10**9),
    "LLM_ALL_TOKENS": (0, 10**12),
    "LLM_ALL_DOLLARS": (0, 10**6),
    "LLM_PRICE": (0, 10_000),
    "LLM_BREAKER_FAILURES": (1, 1_000),
    "LLM_BREAKER_SECONDS": (1, 1_800),
    "LLM_LOG_DAYS": (1, 3_650),
    "LLM_LOG_TEXT_HOURS": (0, 24 * 30),
}


@register()
def llm_settings_make_sense(app_configs: object, **kwargs: object) -> list[CheckMessage]:
    found: list[CheckMessage] = [
        Error(
            f"{name} is {getattr(settings, name):g}, and should be from {low:g} to {high:g}.",
            hint="The defaults are in docs/settings.md.",
            id="agents.E003",
        )
        for name, (low, high) in RANGES.items()
        if not low <= getattr(settings, name) <= high
    ]
    # The two other addresses have a check of the floor that used them first.
    if host_and_port(settings.LLM_CLOUD_URL) and not is_sealed(settings.LLM_CLOUD_URL):
        found.append(
            Error(
                "LLM_CLOUD_URL is not https: what a model is told could be read on the way.",
                hint="Such an address looks like https://api.openai.com/v1.",
                id="agents.E006",
            )
        )
    if settings.LLM_CLOUD_URL and host_and_port(settings.LLM_CLOUD_URL) is None:
        found.append(
            Error(
                f"LLM_CLOUD_URL is {settings.LLM_CLOUD_URL!r}, which is no http address.",
                hint="Such an address looks like https://api.openai.com/v1.",
                id="agents.E004",
            )
        )
    return found


@register()
def llm_can_be_asked(app_configs: object, **kwargs: object) -> list[CheckMessage]:
    """What the operator set up and gets nothing of."""
    addresses = [name for name in ADDRESSES.values() if getattr(settings, name)]
    found: list[CheckMessage] = []
    for alias in ALIASES:
        named, model = getattr(settings, VARIABLES[alias]), model_of(alias)
        if model is None and named.lower() != OFF and (addresses or named != alias):
            found.append(
                Warning(
                    f"{VARIABLES[alias]} is {named!r}, and no address has a model of that name.",
                    hint="A provider in the cloud wants the name of one of its models. `off` is none.",
                    id="agents.W002",
                )
            )
        elif model is not None and (why := forbidden(model)):
            found.append(
                Warning(
                    f"The model for {alias} is never asked. {why}",
                    hint="LITELLM_LOCAL says that all models behind the proxy are on machines of "
                    f"yours, LLM_REMOTE_ALLOWED that a cloud is fine; or set {VARIABLES[alias]}=off.",
                    id="agents.W003",
                )
            )
    found += _of_ollama()
    if any(_costs_what_nobody_knows(alias) for alias in ALIASES):
        found.append(
            Warning(
                "A model in the cloud may be asked, and LLM_PRICE says no price: LLM_ALL_DOLLARS holds "
                "only for what the proxy tells, and only when it is told.",
                hint="Set LLM_PRICE to the dollars that a million tokens cost. See docs/llm.md.",
                id="agents.W007",
            )
        )
    return found


def _of_ollama() -> list[CheckMessage]:
    host = host_of(settings.OLLAMA_URL)
    if not host or settings.OLLAMA_LOCAL or is_near(host):
        return []
    return [
        Warning(
            f"OLLAMA_URL leads to {host}, which can be anybody's machine: its models count as a cloud.",
            hint="If it is a machine of yours, say OLLAMA_LOCAL=yes. See docs/llm.md.",
            id="agents.W006",
        )
    ]


def _costs_what_nobody_knows(alias: Alias) -> bool:
    model = model_of(alias)
    # A provider's model without a price is not asked at all.
    if model is None or not model.remote or model.gateway == "cloud" or settings.LLM_PRICE > 0:
        return False
    return not forbidden(model)


@register()
def llm_packages_are_clean(app_configs: object, **kwargs: object) -> list[CheckMessage]:
    if version_installed() in MALICIOUS:
        return [
            Error(
                f"litellm {version_installed()} is installed: it steals secrets.",
                hint="Rebuild this machine and renew every secret that was on it. See docs/llm.md.",
                id="agents.E005",
            )
        ]
    return [
        Warning(
            f"{file.name} runs code at every start of Python, and is not known here.",
            hint=f"Find out what put it into {file.parent}. See docs/llm.md.",
            id="agents.W004",
        )
        for file in strange_starts()
    ]
