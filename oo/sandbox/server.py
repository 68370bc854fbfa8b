"""Serving the world on the loopback address until somebody asks it to stop."""

from __future__ import annotations

import logging
import signal
import socket
import threading
from typing import Any

from werkzeug.serving import WSGIRequestHandler, make_server

from .app import create_app
from .config import Config
from .world import World

LOOPBACK = "127.0.0.1"


class QuietHandler(WSGIRequestHandler):
    """Says nothing of requests that went well: the control page shows them all."""

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        pass

    def connection_dropped(self, error: BaseException, environ: Any = None) -> None:
        """Close the socket: also when we are the ones who hang up, as the fault `hang` does."""
        self.close_connection = True


def serve(config: Config) -> None:
    """Run until SIGTERM or SIGINT."""
    logging.getLogger("werkzeug").setLevel(logging.WARNING)
    world = World(config)
    # The server handles each request in a daemon thread, so one that hangs cannot hold us up.
    server = make_server(
        LOOPBACK, config.port, create_app(world), threaded=True, request_handler=QuietHandler
    )
    told = threading.Event()

    def stop(*_: Any) -> None:
        told.set()

    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, stop)
    worker = threading.Thread(target=server.serve_forever, name="server")
    worker.start()
    print(f"Sandbox world at {config.public_url}/", flush=True)
    told.wait()
    server.shutdown()
    worker.join()
    server.server_close()
    world.close()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        port: int = probe.getsockname()[1]
        return port
