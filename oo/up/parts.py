"""The commands of the product's processes, as `make run` starts them."""

import sys
from collections.abc import Mapping
from importlib import import_module

from oo.up.config import CREDENTIALS, ROOT, Config

PYTHON = sys.executable


def web(config: Config) -> list[str]:
    """Threads wait for SQLite, Redis and the sandbox; two processes use two cores."""
    return [
        *(PYTHON, "-m", "gunicorn", "oo.wsgi"),
        *("--bind", f"127.0.0.1:{config.port}"),
        *("--worker-class", "gthread", "--workers", "2", "--threads", "4"),
        *("--worker-tmp-dir", str(config.var_dir)),
        *("--graceful-timeout", "3", "--keep-alive", "5"),
        "--preload",
        "--no-control-socket",
        # Paths without their queries: the query of an OAuth callback is a secret.
        *("--access-logfile", "-", "--access-logformat", "%(m)s %(U)s %(s)s %(M)sms"),
        *("--log-level", "warning"),
    ]


def worker() -> list[str]:
    return [
        *(PYTHON, "-m", "celery", "--quiet", "-A", "oo.celery", "worker"),
        *("--loglevel", "INFO", "--concurrency", "2"),
        # One worker has nobody to gossip with.
        *("--without-gossip", "--without-mingle"),
    ]


def beat() -> list[str]:
    return [PYTHON, "-m", "celery", "--quiet", "-A", "oo.celery", "beat", "--loglevel", "INFO"]


def prepare() -> list[str]:
    return [PYTHON, "-m", "oo.up.prepare"]


def sandbox(config: Config) -> list[str]:
    return [
        *(PYTHON, "-m", "oo.sandbox"),
        *("--port", str(config.sandbox_port)),
        *("--state", str(config.var_dir / "sandbox.sqlite3")),
        *("--public-url", sandbox_url(config)),
        *("--app-url", config.public_url),
        *("--webhook-url", f"{config.public_url}/hooks/todoist/"),
    ]


def sandbox_url(config: Config) -> str:
    return f"http://localhost:{config.sandbox_port}"


def sandbox_admin() -> tuple[str, str]:
    """Name and address of the persona who becomes admin: the sandbox's first."""
    person = import_module("oo.sandbox.personas").PERSONAS[0]
    return person.name, person.email


def environment(config: Config, environ: Mapping[str, str], redis_url: str) -> dict[str, str]:
    """What every part is told on top of the environment it was started in."""
    env = {
        **environ,
        "PYTHONUNBUFFERED": "1",
        "PUBLIC_URL": config.public_url,
        "VAR_DIR": str(config.var_dir),
        "LITELLM_LOCAL_MODEL_COST_MAP": "True",
        "PYTHONPATH": str(ROOT),
        # Celery warns root of pickles from strangers. This broker carries JSON, and has no network.
        "PYTHONWARNINGS": environ.get("PYTHONWARNINGS", "ignore::UserWarning:celery.platforms"),
    }
    if config.own_redis:
        env["REDIS_URL"] = redis_url
    if config.own_sandbox:
        env["SANDBOX_URL"] = sandbox_url(config)
        # Half the credentials of one world don't work in the other: empty counts as not set.
        env |= {name: "" for names in CREDENTIALS.values() for name in names}
        if "ADMIN_SEED_EMAIL" not in config.values:
            env["ADMIN_SEED_EMAIL"] = sandbox_admin()[1]
    return env
