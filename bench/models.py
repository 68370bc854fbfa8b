"""`manage.py models` against the stand-in for a language model, in each of its moods.

    python -m bench.models

Starts a Redis, a database and the sandbox of its own. The stand-in understands nothing: what is
measured is what becomes of such answers, not how well a model writes. Where Ollama is:

    OLLAMA_URL=http://localhost:11434 make models ARGS="--models ollama:qwen2.5:3b ollama:llama3.2:3b"
"""

import os
import subprocess
import sys

from tests.services import plugin
from tests.services.redis import RedisServer
from tests.services.sandbox import Sandbox

MOODS = ("good", "hostile", "malformed", "wrong schema", "refusing", "cut off", "500")


def main() -> None:
    redis, sandbox = RedisServer(plugin.REDIS_SOCKET), Sandbox()
    redis.start()
    sandbox.start()
    try:
        environment = {
            **os.environ,
            "REDIS_URL": redis.url,
            "DATABASE_URL": f"sqlite:///{plugin.FOLDER}/models.sqlite3",
            "OLLAMA_URL": f"{sandbox.url}/llm",
            "LLM_ALL_TOKENS": "100000000",
        }
        command = [sys.executable, "manage.py"]
        subprocess.run([*command, "migrate", "-v0"], env=environment, check=True)
        for mood in MOODS:
            redis.empty()  # nobody is left alone for what it was in its last mood
            sandbox.control.post("/llm", json={"mood": mood}).raise_for_status()
            print(f"\nThe stand-in, {mood}\n", flush=True)
            subprocess.run([*command, "models", "--judge", "rule"], env=environment, check=True)
    finally:
        sandbox.kill()
        redis.kill()


if __name__ == "__main__":
    main()
