"""Which model is behind an alias, and whether asking it leaves the operator's machines."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from ipaddress import ip_address, ip_network
from typing import Literal
from urllib.parse import urlsplit

from django.conf import settings

from oo.lib.env import host_and_port

Alias = Literal["tip-generator", "embedder", "judge"]
Gateway = Literal["ollama", "proxy", "cloud"]

ALIASES: tuple[Alias, ...] = ("tip-generator", "embedder", "judge")
GATEWAYS: tuple[Gateway, ...] = ("ollama", "proxy", "cloud")
VARIABLES: dict[Alias, str] = {
    "tip-generator": "LLM_TIP_GENERATOR",
    "embedder": "LLM_EMBEDDER",
    "judge": "LLM_JUDGE",
}
ADDRESSES: dict[Gateway, str] = {
    "ollama": "OLLAMA_URL",
    "proxy": "LITELLM_URL",
    "cloud": "LLM_CLOUD_URL",
}
OFF = "off"
_instead: ContextVar[tuple[Alias, str] | None] = ContextVar("instead", default=None)


@dataclass(frozen=True)
class Model:
    """A model that can be asked: `base` is the address that OpenAI's paths are put behind."""

    alias: Alias
    name: str
    gateway: Gateway
    base: str
    key: str
    remote: bool
    on_trial: bool = False
    unknown: bool = False  # where it runs: its server does not say (whereabouts.py)

    @property
    def circuit(self) -> str:
        """What its failures are counted under: one on trial does not silence the one in use."""
        return f"{self.alias}:{self.name}" if self.on_trial else self.alias

    @property
    def trusted(self) -> tuple[str, ...]:
        """The operator's own gateway may have a private address; a provider in the cloud has none."""
        named = host_and_port(self.base) if self.gateway != "cloud" else None
        return (named,) if named else ()


def model_of(alias: Alias) -> Model | None:
    """The one model behind an alias, whether or not it may be asked; None where there is none."""
    instead = _instead.get()
    named = instead[1] if instead and instead[0] == alias else getattr(settings, VARIABLES[alias])
    if named.lower() == OFF:
        return None
    first, colon, rest = named.partition(":")
    if colon and first in GATEWAYS:
        chosen = [gateway for gateway in GATEWAYS if gateway == first]
        named = rest
    else:
        chosen = _by_distance()
        # No provider knows our aliases.
        if named == alias:
            chosen.remove("cloud")
    for gateway in chosen:
        if address := getattr(settings, ADDRESSES[gateway]):
            return Model(
                alias=alias,
                name=named,
                gateway=gateway,
                base=address if gateway == "cloud" else f"{address}/v1",
                key=_key(gateway),
                remote=_is_remote(gateway, address, named),
                on_trial=bool(instead and instead[0] == alias),
            )
    return None


@contextmanager
def behind(alias: Alias, named: str) -> Iterator[None]:
    """Has another model behind an alias meanwhile, named as in the settings: to compare models."""
    token = _instead.set((alias, named))
    try:
        yield
    finally:
        _instead.reset(token)


def forbidden(model: Model) -> str:
    """Why it may not be asked for anybody, as a sentence; "" where it may."""
    if not model.remote:
        return ""
    if model.unknown:
        return "Its server does not say whether it runs here; OLLAMA_LOCAL says that all there do."
    if model.gateway == "cloud" and not is_sealed(model.base):
        return "Its address is not https, and what it is told could be read on the way."
    if model.alias == "embedder":
        return "It is in the cloud, and what is compared are users' own words: those stay here."
    return (
        "" if settings.LLM_REMOTE_ALLOWED else "It is in the cloud, and LLM_REMOTE_ALLOWED is off."
    )


def _by_distance() -> list[Gateway]:
    return ["proxy", "ollama", "cloud"] if settings.LITELLM_LOCAL else ["ollama", "proxy", "cloud"]


def _key(gateway: Gateway) -> str:
    keys = {"proxy": settings.LITELLM_KEY, "cloud": settings.LLM_CLOUD_KEY}
    return keys.get(gateway, "") or "none"  # the protocol wants one where nobody looks at it


def _is_remote(gateway: Gateway, address: str, name: str) -> bool:
    if gateway == "cloud":
        return True
    if gateway == "proxy":
        return not settings.LITELLM_LOCAL
    # Ollama hands models with such names on to its makers' machines; and that is where its makers' are.
    if name.casefold().partition("@")[0].rstrip(".").endswith(("-cloud", ":cloud")):
        return True
    host = host_of(address)
    if host == "ollama.com" or host.endswith(".ollama.com"):
        return True
    return not (settings.OLLAMA_LOCAL or is_near(host))


def is_near(host: str) -> bool:
    """Whether a host is one of the operator's by its very name: a private address, or a name that no
    public directory has. What a name leads to can change; nobody is looked up.
    """
    host = host.casefold().rstrip(".")
    try:
        ip = ip_address(host)
    except ValueError:
        return host != "" and ("." not in host or host.endswith((".local", ".localhost")))
    return ip.is_loopback or any(ip.version == net.version and ip in net for net in _PRIVATE)


def is_sealed(address: str) -> bool:
    """Whether nobody on the way can read what goes there."""
    host = host_of(address)
    try:
        loopback = ip_address(host).is_loopback
    except ValueError:
        loopback = host == "localhost"
    return loopback or urlsplit(address).scheme == "https"


def host_of(address: str) -> str:
    """The host of an address; "" where there is none."""
    try:
        return (urlsplit(address).hostname or "").casefold().rstrip(".")
    except ValueError:
        return ""


_PRIVATE = [
    ip_network(block)
    for block in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "fc00::/7", "fe80::/10")
]  # fmt: skip
