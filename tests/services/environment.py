"""Environments for tests that nothing of the developer's own shell or .env can reach."""

import base64
import os
import secrets
from pathlib import Path

from oo.lib.env import read_dotenv

ROOT = Path(__file__).resolve().parents[2]

_FOREIGN = (
    *("GOOGLE_", "TODOIST_", "ADMIN_", "SANDBOX_", "REDIS_", "CELERY_", "NATS_"),
    *("LLM_", "LITELLM_", "OLLAMA_", "OPENAI_"),
    *("ALLOWED_HOSTS", "CSRF_TRUSTED", "BEHIND_PROXY", "PUBLIC_URL", "DATABASE_URL", "VAR_DIR"),
)


def blanks() -> dict[str, str]:
    """What the shell or .env sets, as empty values: those count as not set, and win over .env."""
    names = {name for name in os.environ if name.startswith(_FOREIGN)}
    return dict.fromkeys(names | read_dotenv(ROOT / ".env").keys(), "")


def development(var_dir: Path) -> dict[str, str]:
    """As `make run` has it, with new secrets and a folder of its own."""
    return {
        **blanks(),
        "DEBUG": "yes",
        "SANDBOX_URL": "http://localhost:8001",
        "VAR_DIR": str(var_dir),
        "SECRET_KEY": secrets.token_urlsafe(50),
        "ENCRYPTION_KEYS": base64.urlsafe_b64encode(os.urandom(32)).decode(),
        # Importing litellm otherwise asks the network for prices.
        "LITELLM_LOCAL_MODEL_COST_MAP": "True",
    }


def production(var_dir: Path) -> dict[str, str]:
    """As docs/deploying.md describes it, with invented credentials."""
    return {
        **development(var_dir),
        "DEBUG": "no",
        # The browser fixture sets it for the tests' own process.
        "DJANGO_ALLOW_ASYNC_UNSAFE": "",
        "SANDBOX_URL": "",
        "PUBLIC_URL": "https://oo.example.com",
        "ALLOWED_HOSTS": "oo.example.com",
        "BEHIND_PROXY": "yes",
        "DATABASE_URL": "postgres://oo:invented@localhost/oo",
        "REDIS_URL": "redis://localhost:6379/0",
        "GOOGLE_CLIENT_ID": "invented.apps.googleusercontent.com",
        "GOOGLE_CLIENT_SECRET": secrets.token_urlsafe(24),
        "TODOIST_CLIENT_ID": secrets.token_hex(16),
        "TODOIST_CLIENT_SECRET": secrets.token_hex(16),
        "ADMIN_SEED_EMAIL": "admin@example.com",
        "ADMIN_TOKEN": secrets.token_urlsafe(32),
        "OPERATOR_NAME": "Example",
        "OPERATOR_EMAIL": "privacy@example.com",
    }
