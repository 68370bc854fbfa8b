"""The laboratory's room wakes nobody: it simulates with numpy and nothing else that is large."""

import pkgutil
import subprocess
import sys

from recommender import simulation

MODULES = [simulation.__name__] + [
    module.name for module in pkgutil.walk_packages(simulation.__path__, f"{simulation.__name__}.")
]
FOREIGN = ("django", "celery", "sklearn", "scipy", "litellm", "httpx", "matplotlib", "tqdm")


def test_the_room_has_its_modules():
    assert "recommender.simulation.life" in MODULES


def test_importing_the_room_wakes_neither_framework_nor_network_nor_model():
    code = f"import sys, {', '.join(MODULES)}; print(*(m for m in {FOREIGN!r} if m in sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == []
