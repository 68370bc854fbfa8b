"""Pure rooms wake nobody, and the web process carries no luggage: looked at in fresh processes."""

import os
import pkgutil
import subprocess
import sys
from importlib import import_module

import pytest

from tests.services.environment import ROOT, development

ROOMS = (
    "recommender.bandit",
    "recommender.simulation",
    "agents.inference",
    "agents.alike",
    "agents.library",
    "agents.writing",
    "integrations.formats",
)
FOREIGN = ("django", "celery", "litellm", "sklearn", "redis", "rest_framework")
HEAVY = ("litellm", "sklearn", "scipy", "icalendar")


def fresh(code: str, **environment: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, env={**os.environ, **environment},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


@pytest.mark.parametrize("room", ROOMS)
def test_a_pure_room_wakes_neither_framework_nor_broker_nor_model(room):
    package = import_module(room)
    modules = [room, *(m.name for m in pkgutil.walk_packages(package.__path__, f"{room}."))]
    assert len(modules) > 2
    names = ", ".join(m for m in modules if not m.endswith(("_child", "__main__")))
    code = f"import sys, {names}; print(*(m for m in {FOREIGN!r} if m in sys.modules))"
    assert fresh(code) == ""


SERVE = f"""
import sys
from oo.wsgi import application
from django.core.management import call_command
call_command("migrate", verbosity=0)
from django.test import Client
from django.utils import timezone
from tests.people import Item, person
browser = Client(headers={{"host": "localhost"}})
someone = person("ada@example.com", Item("Water the fern"), now=timezone.now())
browser.force_login(someone.user)
assert browser.get("/").status_code == 200
reply = browser.post("/api/recommend", content_type="application/json")
assert reply.json()["tip"], reply.content
assert browser.get("/settings/").status_code == 200
print(*(m for m in {HEAVY!r} if m in sys.modules))
"""


def test_the_web_process_serves_a_tip_without_litellm_or_scikit_learn(tmp_path):
    env = development(tmp_path) | {"REDIS_URL": os.environ["REDIS_URL"], "DATABASE_URL": ""}
    assert fresh(SERVE, **env) == ""
