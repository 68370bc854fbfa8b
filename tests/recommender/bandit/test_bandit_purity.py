"""The room wakes nobody: what serves a decision loads numpy and nothing else that is large."""

import pkgutil
import subprocess
import sys

import pytest

from recommender import bandit

MODULES = [bandit.__name__] + [
    module.name for module in pkgutil.walk_packages(bandit.__path__, f"{bandit.__name__}.")
]
FOREIGN = ("django", "celery", "sklearn", "scipy", "litellm")


def test_the_room_has_its_modules():
    assert "recommender.bandit.policies.linucb" in MODULES


@pytest.mark.parametrize("module", MODULES)
def test_importing_a_module_alone_wakes_neither_django_nor_celery_nor_sklearn(module):
    code = f"import sys, {module}; print(*(m for m in {FOREIGN!r} if m in sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == []
