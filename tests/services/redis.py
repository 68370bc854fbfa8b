"""A private Redis for one test process, on a unix socket."""

from pathlib import Path

import redis

from oo.up.redis import find_redis_server
from tests.services.process import Service


class RedisServer(Service):
    """`stop()` and `start()` let a test see how the product does without it."""

    def __init__(self, socket_path: Path) -> None:
        self.socket_path = socket_path
        super().__init__(
            "redis",
            [
                str(find_redis_server()),
                *("--port", "0"),
                *("--unixsocket", str(socket_path)),
                *("--unixsocketperm", "700"),
                *("--dir", str(socket_path.parent)),
                *("--save", ""),
                *("--appendonly", "no"),
                *("--maxmemory-policy", "noeviction"),
            ],
        )
        self.client = redis.Redis(unix_socket_path=str(socket_path))

    @property
    def url(self) -> str:
        return f"unix://{self.socket_path}"

    def ready(self) -> bool:
        try:
            return bool(self.client.ping())
        except redis.ConnectionError:
            return False

    def empty(self) -> None:
        """Deletes all keys but the broker's bindings, which a running worker declares only once."""
        for key in self.client.scan_iter(count=1000):
            if b"_kombu.binding" not in key:
                self.client.delete(key)
