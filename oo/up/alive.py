"""Whether the web process answers. `python -m oo.up.alive` is the container's health check."""

import http.client
import sys
from contextlib import suppress

from oo.up import config as configuration


def answers(port: int, host: str, path: str) -> bool:
    """True when `path` gives 200 to a request that names `host`, as Django wants it to."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=3)
    with suppress(OSError, http.client.HTTPException):
        connection.request("GET", path, headers={"Host": host})
        return connection.getresponse().status == 200
    return False


if __name__ == "__main__":
    config = configuration.load()
    sys.exit(not answers(config.port, config.public_host, "/healthz"))
