"""Who may be asked, for whom, and what is kept of it."""

import json
import logging
from contextlib import contextmanager, suppress
from datetime import timedelta

import pytest
from django.core.management import call_command
from django.db import connection
from django.utils import timezone

from accounts import consents
from accounts.models import Consent, User
from agents.jobs import prune_model_calls
from agents.llm import callog, gateway
from agents.llm.config import Model, model_of
from agents.llm.gateway import Unavailable
from agents.models import LlmCall
from tests.agents.llm.conftest import NOW, ask, outcomes, refusal

pytestmark = pytest.mark.django_db

REMOTE = Consent.Document.REMOTE_MODEL


# --- which model ----------------------------------------------------------------------------------


@pytest.fixture
def addresses(settings):
    settings.OLLAMA_URL, settings.LITELLM_URL = "http://a:11434", "http://b:4000"
    settings.LLM_CLOUD_URL = "https://c.example/v1"
    settings.LITELLM_KEY, settings.LLM_CLOUD_KEY = "sk-proxy", "sk-cloud"
    return settings


def test_a_model_on_one_s_own_machines_comes_first(addresses):
    model = model_of("tip-generator")
    assert model == Model(
        "tip-generator", "tip-generator", "ollama", "http://a:11434/v1", "none", False
    )
    assert model.trusted == ("a:11434",)
    addresses.LITELLM_LOCAL = True
    model = model_of("tip-generator")
    assert (model.gateway, model.key, model.remote) == ("proxy", "sk-proxy", False)


def test_a_name_can_say_where_it_is_asked(addresses):
    addresses.LLM_TIP_GENERATOR = "cloud:gpt-4o-mini"
    addresses.LLM_JUDGE = "proxy:big"
    addresses.LLM_EMBEDDER = "nomic-embed-text:v1.5"
    writer, judge, embedder = (model_of(alias) for alias in ("tip-generator", "judge", "embedder"))
    assert (writer.name, writer.base, writer.key) == (
        "gpt-4o-mini", "https://c.example/v1", "sk-cloud",
    )  # fmt: skip
    assert writer.remote
    assert writer.trusted == ()
    assert (judge.name, judge.gateway, judge.remote) == ("big", "proxy", True)
    assert (embedder.name, embedder.gateway) == ("nomic-embed-text:v1.5", "ollama")


def test_a_provider_in_the_cloud_knows_no_alias_of_ours(addresses):
    addresses.OLLAMA_URL = addresses.LITELLM_URL = ""
    assert model_of("tip-generator") is None
    assert gateway.remote("tip-generator"), "where there is no telling, it counts as remote"
    addresses.LLM_TIP_GENERATOR = "gpt-4o-mini"
    assert model_of("tip-generator").gateway == "cloud"
    addresses.LLM_TIP_GENERATOR = "OFF"
    assert model_of("tip-generator") is None


@pytest.mark.parametrize(
    ("address", "name", "remote"),
    [
        ("http://localhost:11434", "qwen2.5:7b", False),
        ("http://gpu.local:11434", "cloudy:7b", False),
        ("http://ollama:11434", "cloud", False),
        ("http://192.168.1.9:11434", "m", False),
        ("http://[fd00::1]:11434", "m", False),
        ("http://10.0.0.1:11434", "m", False),
        ("http://[::1]:11434", "m", False),
        ("http://gpu.lan:11434", "m", True),
        ("http://8.8.8.8:11434", "m", True),
        ("https://api.openai.com", "m", True),
        ("https://openrouter.ai/api", "m", True),
        ("https://OLLAMA.com", "m", True),
        ("https://ollama.com.", "m", True),
        ("http://localhost.evil.example:11434", "m", True),
        ("http://10.0.0.1.example", "m", True),
        ("http://localhost:11434", "GPT-OSS:120B-Cloud", True),
        ("http://a:1", "m:cloud.", True),
        ("http://localhost:11434", "qwen3-coder:480b-cloud@sha256", True),
        ("http://localhost:11434", "gpt-oss:120b-cloud", True),
        ("http://localhost:11434", "glm-4.6:cloud", True),
        ("https://ollama.com", "gpt-oss:120b", True),
        ("https://api.ollama.com", "gpt-oss:120b", True),
    ],
)
def test_an_ollama_that_hands_questions_on_is_a_cloud(settings, address, name, remote):
    settings.OLLAMA_URL, settings.LLM_TIP_GENERATOR = address, name
    assert gateway.remote("tip-generator") is remote
    assert gateway.configured("tip-generator") is not remote


def test_the_operator_may_say_that_a_server_with_a_public_name_is_theirs(settings):
    settings.OLLAMA_URL, settings.LLM_TIP_GENERATOR = "https://gpu.example.org", "m"
    assert gateway.remote("tip-generator")
    settings.OLLAMA_LOCAL = True
    assert not gateway.remote("tip-generator")
    settings.LLM_TIP_GENERATOR = "m-cloud"
    assert gateway.remote("tip-generator"), "its name says otherwise"


def test_a_provider_without_a_price_is_not_asked_until_it_has_one(llm, settings, monkeypatch):
    settings.OLLAMA_URL, settings.LLM_CLOUD_URL = "", f"{llm.url}/v1"
    settings.LLM_TIP_GENERATOR, settings.LLM_REMOTE_ALLOWED = "cloud:tip-generator", True
    monkeypatch.setattr(Model, "trusted", (llm.url.split("/")[2],))
    assert refusal().note == "Nobody knows what it costs: set LLM_PRICE."
    assert llm.asked == []
    settings.LLM_PRICE = 10.0
    said = ask()
    assert said.cost == pytest.approx((said.tokens_in + said.tokens_out) * 1e-5)


def test_a_provider_is_not_asked_where_others_could_read_it(llm, settings):
    settings.OLLAMA_URL, settings.LLM_CLOUD_URL = "", "http://cloud.example/v1"
    settings.LLM_TIP_GENERATOR, settings.LLM_REMOTE_ALLOWED = "gpt-4o-mini", True
    assert (refusal().outcome, gateway.configured("tip-generator")) == ("barred", False)
    settings.LLM_CLOUD_URL = "https://cloud.example/v1"
    assert gateway.configured("tip-generator")


def test_what_must_stay_here_goes_to_no_cloud_whoever_agreed(llm, settings, ada):
    settings.OLLAMA_URL, settings.LITELLM_URL = "", llm.url
    settings.LLM_REMOTE_ALLOWED = True
    consents.give(ada, REMOTE, now=NOW)
    assert refusal(ada, only_here=True).outcome == "barred"
    assert llm.asked == []
    assert ask(ada).text


# --- the cloud ------------------------------------------------------------------------------------


@pytest.fixture
def cloud(llm, settings):
    """The stand-in as a proxy, of which nobody says that its models are on machines of ours."""
    settings.OLLAMA_URL, settings.LITELLM_URL = "", llm.url
    settings.LITELLM_KEY = "sk-canary-key"
    return llm


def test_a_cloud_is_not_asked_unless_the_operator_turned_it_on(cloud, ada):
    consents.give(ada, REMOTE, now=NOW)
    assert gateway.remote("tip-generator")
    assert not gateway.configured("tip-generator")
    assert refusal(ada).outcome == "barred"
    assert refusal().outcome == "barred"
    assert cloud.asked == []


def test_a_cloud_is_not_asked_for_who_did_not_agree(cloud, ada, settings):
    settings.LLM_REMOTE_ALLOWED = True
    assert gateway.configured("tip-generator")
    assert refusal(ada).note == "This user did not agree to a model in the cloud."
    assert cloud.asked == []
    consents.give(ada, REMOTE, now=NOW)
    said = ask(ada)
    assert said.remote
    assert said.cost == 0.00012
    row = LlmCall.objects.get(outcome="ok")
    assert row.remote
    assert float(row.cost) == 0.00012
    consents.withdraw(ada.pk, REMOTE, now=NOW)
    assert refusal(ada).outcome == "barred"
    other = User.objects.create_user(email="ben@example.com")
    assert refusal(other).outcome == "barred"
    assert len(cloud.asked) == 1


@pytest.mark.parametrize("leaves", [False, True])
def test_who_takes_it_back_while_a_place_is_waited_for_is_not_asked_for(
    cloud, ada, settings, monkeypatch, leaves
):
    settings.LLM_REMOTE_ALLOWED = True
    consents.give(ada, REMOTE, now=NOW)
    truly = gateway.slot

    @contextmanager
    def slow(**more):
        with truly(**more):
            if leaves:
                User.objects.filter(pk=ada.pk).update(is_active=False)
            else:
                consents.withdraw(ada.pk, REMOTE, now=NOW)
            yield

    monkeypatch.setattr(gateway, "slot", slow)
    assert refusal(ada).outcome == "barred"
    assert cloud.asked == []


def test_users_own_words_are_never_compared_in_a_cloud(cloud, ada, settings):
    settings.LLM_REMOTE_ALLOWED = True
    consents.give(ada, REMOTE, now=NOW)
    assert not gateway.configured("embedder")
    for user_id in (ada.pk, None):
        with pytest.raises(Unavailable) as raised:
            gateway.embed(["Buy milk"], user_id=user_id, now=NOW)
        assert raised.value.outcome == "barred"
    assert cloud.asked == []


def test_what_was_meant_for_a_model_here_never_ends_up_in_a_cloud(llm, settings, httpserver):
    """Not even where the one here is down and the other is allowed."""
    settings.OLLAMA_URL = "http://127.0.0.1:9"
    settings.LITELLM_URL = httpserver.url_for("").rstrip("/")
    settings.LLM_REMOTE_ALLOWED = True
    assert not gateway.remote("tip-generator")
    assert refusal().outcome == "failed"
    assert httpserver.log == []


def test_a_provider_in_the_cloud_has_no_private_address(llm, settings):
    """An address that was typed wrong, or a name that leads inside, gets nothing."""
    settings.OLLAMA_URL, settings.LLM_CLOUD_URL = "", f"{llm.url}/v1"
    settings.LLM_TIP_GENERATOR, settings.LLM_REMOTE_ALLOWED = "gpt-4o-mini", True
    assert refusal().outcome == "failed"
    assert llm.requests == 0


def test_a_public_price_is_known_without_asking_anybody(llm, settings, monkeypatch):
    settings.OLLAMA_URL, settings.LLM_CLOUD_URL = "", f"{llm.url}/v1"
    settings.LLM_TIP_GENERATOR, settings.LLM_REMOTE_ALLOWED = "gpt-4o-mini", True
    monkeypatch.setattr(Model, "trusted", (llm.url.split("/")[2],))
    said = ask()
    assert said.cost == pytest.approx(said.tokens_in * 0.15e-6 + said.tokens_out * 0.60e-6)


def test_the_key_goes_to_its_gateway_and_nowhere_else(cloud, ada, settings, httpserver):
    settings.LLM_REMOTE_ALLOWED = True
    settings.LITELLM_URL = httpserver.url_for("").rstrip("/")
    httpserver.expect_request("/v1/chat/completions").respond_with_data("sk-canary-key", status=500)
    said = refusal()
    assert httpserver.log[0][0].headers["Authorization"] == "Bearer sk-canary-key"
    assert "canary" not in said.note + LlmCall.objects.get().note
    settings.OLLAMA_URL = settings.LITELLM_URL
    refusal()
    assert httpserver.log[1][0].headers["Authorization"] == "Bearer none"


# --- what is kept ---------------------------------------------------------------------------------


def everything(redis_server) -> str:
    """All rows and all that is in Redis, as bytes would show them."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM llm_calls")
        rows = repr(cursor.fetchall())
    client = redis_server.client
    return rows + repr([(key, client.dump(key)) for key in client.scan_iter()])


MOODS = ("good", "refusing", "malformed", "hostile", "429", "500")


@pytest.fixture
def talked(llm, ada, settings, caplog):
    """Asked in all moods, with everything logged that anybody logs."""

    def talk() -> str:
        settings.LLM_BREAKER_FAILURES = 99
        caplog.set_level(logging.DEBUG)
        for mood in MOODS:
            llm.is_(mood, replies=["canary-reply"] if mood == "good" else [])
            with suppress(Unavailable):
                ask(ada, prompt_version="v1")
            with suppress(Unavailable):
                gateway.embed(["canary-text"], user_id=ada.pk, now=NOW)
        for fault in ("garbage", "html", "wrong_types", "truncated"):
            llm.fault(fault, times=1)
            refusal(ada)
        return caplog.text

    return talk


def test_what_was_said_is_neither_logged_nor_kept(talked, ada, redis_server, capfd, recwarn):
    said = talked()
    assert len(outcomes()) > len(MOODS)
    told = capfd.readouterr()
    shown = "".join(str(one.message) for one in recwarn)
    for place in (said, told.out + told.err, everything(redis_server), shown):
        assert "canary" not in place
        assert "Zlatan" not in place
    assert {call.text for call in LlmCall.objects.all()} == {""}


def test_while_a_problem_is_looked_into_it_is_kept_sealed_and_ends(
    llm, ada, settings, redis_server, capsys
):
    settings.LLM_LOG_TEXT_HOURS = 2.0
    llm.is_("good", replies=["canary-reply"])
    ask(ada)
    row = LlmCall.objects.get()
    kept = json.loads(row.text)
    assert kept[1]["content"].endswith("canary-title")
    assert kept[-1] == {"answer": "canary-reply"}
    assert row.text_until == NOW + timedelta(hours=2)
    assert "canary" not in everything(redis_server)
    call_command("model_calls")
    assert "canary" not in capsys.readouterr().out
    call_command("model_calls", "--text")
    assert "canary-title" in capsys.readouterr().out
    assert callog.prune(now=NOW + timedelta(hours=1, minutes=59)) == (0, 0)
    assert callog.prune(now=NOW + timedelta(hours=2)) == (1, 0)
    row.refresh_from_db()
    assert (row.text, row.text_until, row.outcome) == ("", None, "ok")
    call_command("model_calls", "--text")
    assert "tip-generator ok" in capsys.readouterr().out


def test_calls_are_forgotten_after_a_month(llm, ada):
    ask(ada)
    assert callog.prune(now=NOW + timedelta(days=30)) == (0, 0)
    assert callog.prune(now=NOW + timedelta(days=30, seconds=1)) == (0, 1)


def test_the_job_prunes(ada):
    LlmCall.objects.create(
        user=ada,
        alias="judge",
        model="m",
        outcome="ok",
        text="x",
        text_until=NOW,
        at=timezone.now(),
    )
    prune_model_calls()
    assert [call.text for call in LlmCall.objects.all()] == [""]
