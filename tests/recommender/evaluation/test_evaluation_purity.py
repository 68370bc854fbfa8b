"""The room wakes nobody: it may judge policies wherever numpy is."""

import pkgutil
import subprocess
import sys

import pytest

from recommender import evaluation

MODULES = [
    module.name for module in pkgutil.walk_packages(evaluation.__path__, f"{evaluation.__name__}.")
]
FOREIGN = ("django", "celery", "sklearn", "scipy", "litellm", "recommender.bandit")


def test_the_room_has_its_modules():
    assert "recommender.evaluation.estimators" in MODULES


@pytest.mark.parametrize("module", MODULES)
def test_importing_a_module_alone_wakes_nothing_large(module):
    code = f"import sys, {module}; print(*(m for m in {FOREIGN!r} if m in sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == []
