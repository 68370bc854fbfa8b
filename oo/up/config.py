"""What `make run` starts, decided from the environment and `.env` alone."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

ROOT = Path(__file__).resolve().parents[2]
CREDENTIALS = {
    "Google": ("GOOGLE_CLIENT_ID", "GOOGLE_CLIENT_SECRET"),
    "Todoist": ("TODOIST_CLIENT_ID", "TODOIST_CLIENT_SECRET"),
}
SECRET_WORDS = ("SECRET", "KEY", "TOKEN", "PASSWORD")


class BadConfig(Exception):
    """Something in the environment or in .env makes no sense. The message says what to change."""


def read_dotenv(path: Path) -> dict[str, str]:
    """The `NAME=value` lines of .env. The settings parse the file too, and complain of the rest."""
    if not path.exists():
        return {}
    pairs = (line.partition("=") for line in path.read_text(encoding="utf-8").splitlines())
    return {
        name.strip(): value.strip()
        for name, equals, value in pairs
        if equals and not name.lstrip().startswith("#")
    }


def _port(values: Mapping[str, str], name: str, default: int) -> int:
    raw = values.get(name) or str(default)
    if not raw.isdecimal() or not 0 < int(raw) < 65536:
        raise BadConfig(f"{name} should be a port number from 1 to 65535, and is {raw!r}.")
    return int(raw)


@dataclass(frozen=True)
class Config:
    """The values that count (the environment over .env), and what follows from them."""

    values: Mapping[str, str]
    port: int
    sandbox_port: int

    @classmethod
    def load(cls, environ: Mapping[str, str], dotenv: Path) -> "Config":
        values = {k: v for k, v in {**read_dotenv(dotenv), **environ}.items() if v.strip()}
        port = _port(values, "PORT", 8000)
        sandbox_port = _port(values, "SANDBOX_PORT", 8001 if port != 8001 else 8002)
        if port == sandbox_port:
            raise BadConfig(f"PORT and SANDBOX_PORT are both {port}; they must differ.")
        return cls(values, port, sandbox_port)

    @property
    def debug(self) -> bool:
        return self.values.get("DEBUG", "").lower() in {"1", "true", "yes", "on"}

    @property
    def public_url(self) -> str:
        return self.values.get("PUBLIC_URL", f"http://localhost:{self.port}").rstrip("/")

    @property
    def public_host(self) -> str:
        return urlsplit(self.public_url).netloc

    @property
    def var_dir(self) -> Path:
        return (ROOT / self.values.get("VAR_DIR", "var")).resolve()

    @property
    def without_credentials(self) -> list[str]:
        """The services whose credentials are missing or half there."""
        return [
            service
            for service, names in CREDENTIALS.items()
            if not all(self.values.get(name) for name in names)
        ]

    @property
    def own_sandbox(self) -> bool:
        """Outside debug the sandbox is refused, so then nothing is started in its place."""
        return self.debug and "SANDBOX_URL" not in self.values and bool(self.without_credentials)

    @property
    def own_redis(self) -> bool:
        return "REDIS_URL" not in self.values

    @property
    def told(self) -> Path:
        """Where `manage.py`, in another terminal, finds what runs here."""
        return self.var_dir / "run" / "env"

    def tell_other_commands(self, env: Mapping[str, str]) -> None:
        """Leaves word of the private Redis and the sandbox for commands that are run by hand."""
        names = ("PUBLIC_URL", "REDIS_URL", "SANDBOX_URL", "ADMIN_SEED_EMAIL")
        self.told.touch(mode=0o600)
        self.told.write_text("".join(f"{n}={env[n]}\n" for n in names if env.get(n)))

    @property
    def secrets(self) -> list[str]:
        """Values that no log line may show."""
        named = [v for k, v in self.values.items() if any(word in k for word in SECRET_WORDS)]
        return [part for value in named for part in value.split(",") if len(part) >= 12]


def load() -> Config:
    return Config.load(os.environ, ROOT / ".env")
