"""``python -m oo.sandbox``: start the world."""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

from .config import Config
from .server import free_port, serve

TEMPORARY = ":memory:"


def main() -> None:
    options = _parser().parse_args()
    port = options.port or free_port()
    with tempfile.TemporaryDirectory(prefix="oo-sandbox-") as folder:
        state = Path(options.state)
        if options.state == TEMPORARY:
            state = Path(folder, "world.sqlite3")
        state.parent.mkdir(parents=True, exist_ok=True)
        try:
            config = Config(
                public_url=options.public_url or f"http://localhost:{port}",
                state=str(state),
                port=port,
                app_url=options.app_url,
                webhook_url=options.webhook_url,
                webhook_retry_seconds=options.webhook_retry_seconds,
            )
        except ValueError as error:
            raise SystemExit(f"oo.sandbox: {error}") from None
        serve(config)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m oo.sandbox",
        description="A stand-in Google and Todoist on this machine.",
    )
    parser.add_argument("--port", type=int, default=8900, help="0 takes a free one")
    parser.add_argument(
        "--state", default=TEMPORARY, help=f"SQLite file of the world; {TEMPORARY} forgets at exit"
    )
    parser.add_argument("--public-url", help="default: http://localhost:PORT")
    parser.add_argument("--app-url", help="the only place to redirect to; default: any localhost")
    parser.add_argument("--webhook-url", help="where Todoist's webhooks go; default: nowhere")
    parser.add_argument(
        "--webhook-retry-seconds", type=float, default=900, help="pause before a redelivery"
    )
    return parser


if __name__ == "__main__":
    main()
