"""What can be set wrongly about the engine is said by a check with an id, before anyone is served."""

import os
import subprocess
import sys

import pytest
from django.test import override_settings

from recommender.checks import addresses_lead_somewhere, numbers_make_sense, policies_load
from tests.services.environment import ROOT


def ids(**given: object) -> set[str]:
    with override_settings(**given):
        checks = (policies_load, numbers_make_sense, addresses_lead_somewhere)
        found = [message for check in checks for message in check(None)]
    assert all(message.hint for message in found)
    assert all(any(name in message.msg for message in found) for name in given if found)
    return {message.id.removeprefix("recommender.") for message in found}


def test_as_it_comes_all_is_well():
    assert ids() == set()
    assert ids(EVENT_RETENTION_DAYS=37) == set()
    assert ids(SILENCE_AFTER=0, UNDO_MINUTES=0, PRIOR_PEOPLE=0, PRIOR_EPSILON=0.0) == set()
    assert ids(LITELLM_URL="https://llm.example/v1", OLLAMA_URL="http://localhost:11434") == set()


@pytest.mark.parametrize(
    ("name", "value", "check"),
    [
        ("ACTIVE_POLICY", "nobody", "E002"),
        ("SHADOW_POLICIES", ["nobody"], "E005"),
        ("TIP_HOURS", 0.0, "E004"),
        ("SILENCE_AFTER", -3, "E008"),
        ("UNDO_MINUTES", -5, "E008"),
        ("PRIOR_PEOPLE", -1, "E008"),
        ("PRIOR_EPSILON", -1.0, "E006"),
        ("PRIOR_EPSILON", 1e9, "E006"),
        ("UNDO_MINUTES", 10**12, "E009"),
        ("TIP_HOURS", 1e12, "E009"),
        ("MLFLOW_TRACKING_URI", "postgresql://x/y", "E007"),
        ("EVENT_RETENTION_DAYS", 36, "W011"),
        ("LITELLM_URL", "foo", "E010"),
        ("OLLAMA_URL", "ftp://x", "E010"),
        ("OLLAMA_URL", "http://x:99999", "E010"),
    ],
)
def test_what_is_wrong_is_named(name, value, check):
    assert ids(**{name: value}) == {check}


@pytest.mark.parametrize("name", ["OLLAMA_URL", "LITELLM_URL", "MLFLOW_TRACKING_URI"])
def test_an_address_without_sense_is_said_by_the_checks_and_breaks_nothing_before_them(name):
    env = {**os.environ, "DEBUG": "1", name: "http://x:99999"}
    done = subprocess.run(
        [sys.executable, "manage.py", "check"],
        cwd=ROOT, env=env, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert f"{name} is 'http://x:99999'" in done.stderr
    assert "Traceback" not in done.stderr
