"""What the sandbox is told when it starts."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlsplit

# One app is registered with both stand-in services. The secret protects nothing: the sandbox
# listens on the loopback address and holds invented people only.
CLIENT_ID = "oo-sandbox"
CLIENT_SECRET = "oo-sandbox-secret"

LOOPBACK_NAMES = frozenset({"localhost", "127.0.0.1"})


@dataclass(frozen=True)
class Config:
    """Addresses and places; everything else about the world lives in its state file."""

    public_url: str
    state: str
    port: int
    app_url: str | None = None
    webhook_url: str | None = None
    webhook_retry_seconds: float = 15 * 60

    def __post_init__(self) -> None:
        object.__setattr__(self, "public_url", self.public_url.rstrip("/"))
        for name, url in (
            ("public", self.public_url),
            ("app", self.app_url),
            ("webhook", self.webhook_url),
        ):
            if url is not None and not _is_http(url):
                raise ValueError(f"the {name} URL is not an http(s) address: {url!r}")

    @property
    def hosts(self) -> frozenset[str]:
        """The ``Host`` values that mean this sandbox."""
        loopback = {f"{name}:{self.port}" for name in LOOPBACK_NAMES}
        return frozenset(loopback | {urlsplit(self.public_url).netloc})

    def allows_redirect(self, uri: str) -> bool:
        """Whether a browser may be sent back to ``uri`` with a code in its hands."""
        # urlsplit drops tabs and line ends: what it then shows is not what the browser would get.
        if not uri.isprintable() or not _is_http(uri):
            return False
        parts = urlsplit(uri)
        if parts.fragment:
            return False
        if self.app_url is None:
            return parts.scheme == "http" and parts.hostname in LOOPBACK_NAMES
        # Whole origins are compared: a plain prefix would let http://localhost:8000.evil.test in.
        app = urlsplit(self.app_url)
        folder = app.path.rstrip("/") + "/"
        same_origin = (parts.scheme, parts.netloc) == (app.scheme, app.netloc)
        return same_origin and (parts.path + "/").startswith(folder)


def _is_http(url: str) -> bool:
    try:
        parts = urlsplit(url)
        return parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False
