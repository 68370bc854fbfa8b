"""Is a port ours to take?"""

import errno
import socket


class PortTaken(Exception):
    """Another program has the port. The message says how to choose another."""


def require_free(port: int, variable: str, other: int) -> None:
    """Raises PortTaken when something listens on the port of this machine, or may not be bound."""
    with socket.socket() as client:
        client.settimeout(1)
        # macOS lets one bind beside a listener on all addresses, so asking is part of the test.
        taken = client.connect_ex(("127.0.0.1", port)) == 0
    if not taken:
        with socket.socket() as server:
            server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                server.bind(("127.0.0.1", port))
            except OSError as error:
                if error.errno == errno.EACCES:
                    raise PortTaken(
                        f"You may not use port {port}. Choose one above 1023: "
                        f"make run {variable}={other}"
                    ) from error
                taken = True
    if taken:
        raise PortTaken(
            f"Port {port} is taken by another program. Stop that program, or choose another port: "
            f"make run {variable}={other}"
        )
