"""A server that answers byte by byte, or not at all, as a test tells it to."""

import contextlib
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def dripping(answer: bytes, *, pause: float, at_once: int = 0) -> Iterator[int]:
    """The port of a server that sends `at_once` bytes of its answer, then one after each pause."""
    listening = socket.create_server(("127.0.0.1", 0))
    over = threading.Event()

    def serve() -> None:
        with contextlib.suppress(OSError):
            while not over.is_set():
                client, _ = listening.accept()
                threading.Thread(target=drip, args=(client,), daemon=True).start()

    def drip(client: socket.socket) -> None:
        with client, contextlib.suppress(OSError):
            client.recv(65536)
            client.sendall(answer[:at_once])
            for byte in answer[at_once:]:
                if over.is_set():
                    return
                time.sleep(pause)
                client.sendall(bytes([byte]))

    threading.Thread(target=serve, daemon=True).start()
    try:
        yield listening.getsockname()[1]
    finally:
        over.set()
        listening.close()
