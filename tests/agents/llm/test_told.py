"""What the operator is told: settings that make no sense, what came with the packages, how it goes."""

import subprocess
import sys
from datetime import timedelta

import pytest

from agents.llm import checks, supply
from agents.llm.checks import llm_can_be_asked, llm_packages_are_clean, llm_settings_make_sense
from agents.llm.health import embedder, writer
from agents.models import LlmCall
from tests.agents.llm.conftest import NOW, ask, refusal
from tests.services.environment import ROOT


def ids(check) -> list[str]:
    return [said.id for said in check(None)]


# --- health ---------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_without_a_model_the_health_page_says_who_writes(settings):
    settings.OLLAMA_URL = settings.LITELLM_URL = settings.LLM_CLOUD_URL = ""
    found = writer(NOW)
    assert (found.state, found.says) == ("ok", "No model: agents write.")
    assert embedder(NOW).state == "ok"


@pytest.mark.django_db
def test_a_model_that_answers_is_said_to_and_one_that_fails_since_when(llm, ada):
    ask(ada)
    found = writer(NOW + timedelta(minutes=1))
    assert found.state == "ok"
    assert found.says.startswith("The model answers: tip-generator, last at 2026-05-04 09:30 UTC.")
    llm.fault("500")
    for minutes in (20, 30, 40):
        refusal(ada, now=NOW + timedelta(minutes=minutes))
    found = writer(NOW + timedelta(hours=1))
    assert found.state == "warn"
    assert found.says == (
        "The model is failing since 2026-05-04 09:50 UTC: It answered with status 500. Agents write."
    )
    llm.well()
    ask(ada, now=NOW + timedelta(hours=1))
    assert writer(NOW + timedelta(hours=1)).state == "ok"


@pytest.mark.django_db
def test_one_that_nobody_asked_of_late_is_knocked_at(llm, settings):
    assert "is there; nobody asked it" in writer(NOW).says
    settings.LLM_TIP_GENERATOR = "qwen2.5:3b"
    found = writer(NOW)
    assert found.state == "warn"
    assert "has no model 'qwen2.5:3b'" in found.says
    assert "ollama pull" in found.fix
    llm.fault("html", times=1)
    assert writer(NOW).state == "warn"
    settings.OLLAMA_URL = "http://someone:canary@127.0.0.1:9"
    found = writer(NOW)
    assert (found.state, found.fix) == ("warn", "Look at 127.0.0.1:9.")
    assert "canary" not in found.says


@pytest.mark.django_db
def test_a_cloud_that_is_not_allowed_is_said_plainly(llm, settings):
    settings.OLLAMA_URL, settings.LITELLM_URL = "", llm.url
    found = writer(NOW)
    assert found.state == "warn"
    assert (
        found.says == "No model: agents write. It is in the cloud, and LLM_REMOTE_ALLOWED is off."
    )
    assert llm.requests == 0


@pytest.mark.django_db
def test_what_was_not_asked_says_nothing_about_the_model(llm, ada, settings):
    ask(ada)
    settings.LLM_USER_TOKENS = 1
    assert refusal(ada, now=NOW + timedelta(minutes=5)).outcome == "spent"
    assert LlmCall.objects.count() == 2
    assert writer(NOW + timedelta(minutes=6)).state == "ok"


# --- checks ---------------------------------------------------------------------------------------


def test_as_it_comes_there_is_nothing_to_say():
    assert (
        ids(llm_settings_make_sense) == ids(llm_can_be_asked) == ids(llm_packages_are_clean) == []
    )


@pytest.mark.parametrize("name", sorted(checks.RANGES))
def test_a_number_that_makes_no_sense_is_an_error_that_names_it(settings, name):
    low, high = checks.RANGES[name]
    for wrong in (low - 1, high + 1):
        setattr(settings, name, wrong)
        (said,) = llm_settings_make_sense(None)
        assert said.id == "agents.E003"
        assert name in said.msg
    setattr(settings, name, low)
    assert llm_settings_make_sense(None) == []


def test_an_address_that_is_none_is_an_error(settings):
    settings.LLM_CLOUD_URL = "api.openai.com"
    assert ids(llm_settings_make_sense) == ["agents.E004"]


def test_what_is_set_up_and_never_asked_is_a_warning(settings):
    settings.OLLAMA_URL = "http://localhost:11434"
    assert ids(llm_can_be_asked) == []
    settings.OLLAMA_URL, settings.LITELLM_URL = "", "http://localhost:4000"
    assert ids(llm_can_be_asked) == ["agents.W003"] * 3
    settings.LLM_REMOTE_ALLOWED, settings.LLM_EMBEDDER = True, "off"
    assert ids(llm_can_be_asked) == ["agents.W007"]
    settings.LLM_PRICE = 5.0
    assert ids(llm_can_be_asked) == []
    settings.LITELLM_URL, settings.LLM_CLOUD_URL = "", "https://api.openai.com/v1"
    assert ids(llm_can_be_asked) == ["agents.W002"] * 2
    settings.LLM_CLOUD_URL, settings.LLM_JUDGE = "", "proxy:judge"
    assert ids(llm_can_be_asked) == ["agents.W002"]


def test_a_provider_that_anybody_could_listen_to_is_an_error(settings):
    settings.LLM_CLOUD_URL = "http://api.example.com/v1"
    assert ids(llm_settings_make_sense) == ["agents.E006"]
    for fine in ("https://api.example.com/v1", "http://localhost:8000/v1", "http://127.0.0.1:1/v1"):
        settings.LLM_CLOUD_URL = fine
        assert ids(llm_settings_make_sense) == []


def test_an_ollama_that_may_be_anybodys_is_a_warning(settings):
    settings.LLM_TIP_GENERATOR = settings.LLM_EMBEDDER = settings.LLM_JUDGE = "off"
    settings.OLLAMA_URL = "https://api.openai.com"
    assert ids(llm_can_be_asked) == ["agents.W006"]
    settings.OLLAMA_LOCAL = True
    assert ids(llm_can_be_asked) == []


# --- what came with the packages ------------------------------------------------------------------


@pytest.mark.parametrize("version", supply.MALICIOUS)
def test_a_release_that_steals_is_an_error(monkeypatch, version):
    monkeypatch.setattr(checks, "version_installed", lambda: version)
    (said,) = llm_packages_are_clean(None)
    assert said.id == "agents.E005"
    assert version in said.msg


def test_a_file_that_runs_at_every_start_is_found(tmp_path, monkeypatch):
    (tmp_path / "litellm_init.pth").write_text("import os, subprocess; subprocess.Popen(['x'])\n")
    (tmp_path / "distutils-precedence.pth").write_text("import os; os\n")
    (tmp_path / "__editable__.oo-1.pth").write_text("import __editable___oo\n")
    (tmp_path / "paths.pth").write_text("/somewhere/else\n")
    (tmp_path / "late.pth").write_text("/somewhere\nimport\tos\n")
    found = supply.strange_starts([tmp_path])
    assert [file.name for file in found] == ["late.pth", "litellm_init.pth"]
    monkeypatch.setattr(checks, "strange_starts", lambda: found)
    assert ids(llm_packages_are_clean) == ["agents.W004"] * 2


@pytest.mark.once
def test_here_nothing_runs_at_every_start_that_nobody_knows():
    assert supply.strange_starts() == []
    assert supply.version_installed()


@pytest.mark.once
def test_litellm_is_one_release_with_its_hashes_and_not_one_of_the_bad_ones():
    lines = (ROOT / "requirements.txt").read_text().splitlines()
    (at,) = [n for n, line in enumerate(lines) if line.startswith("litellm")]
    name, exactly, version = lines[at].removesuffix(" \\").partition("==")
    assert (name, exactly) == ("litellm", "==")
    assert "--hash=sha256:" in lines[at + 1]
    assert tuple(map(int, version.split("."))) >= (1, 83, 10)
    (asked,) = [
        line for line in (ROOT / "requirements.in").read_text().splitlines() if "litellm==" in line
    ]
    for bad in supply.MALICIOUS:
        assert bad != version
        assert f"!={bad}" in asked


# --- luggage --------------------------------------------------------------------------------------


def fresh(code: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


@pytest.mark.once
def test_neither_the_web_nor_the_way_to_the_model_carries_litellm_before_it_is_asked():
    code = """
import sys
from oo.wsgi import application
from django.urls import get_resolver
get_resolver().url_patterns
import agents.llm.gateway, agents.llm.health, agents.jobs
from agents.llm import gateway
gateway.configured("tip-generator"), gateway.remote("tip-generator")
print(*(m for m in ("litellm", "openai", "boto3", "tokenizers") if m in sys.modules))
"""
    assert fresh(code) == ""


@pytest.mark.once
def test_importing_it_asks_nobody():
    """By default it fetches a list of prices."""
    code = """
import os, socket
os.environ.pop("LITELLM_LOCAL_MODEL_COST_MAP", None)
asked = []
socket.getaddrinfo = lambda *a, **k: asked.append(a) or (_ for _ in ()).throw(OSError())
socket.socket.connect = lambda *a, **k: asked.append(a) or (_ for _ in ()).throw(OSError())
import django
os.environ["DJANGO_SETTINGS_MODULE"] = "oo.settings"
django.setup()
from agents.llm import calling
litellm, _ = calling.libraries()
assert not litellm.callbacks and not litellm.success_callback and litellm.turn_off_message_logging
print(asked)
"""
    assert fresh(code) == "[]"
