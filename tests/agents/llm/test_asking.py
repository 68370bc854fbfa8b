"""What a model answers, and what it can come to instead. The stand-in is a real server on localhost."""

import gzip
import json
import time

import pytest

from agents.llm import gateway
from agents.llm.gateway import Unavailable
from agents.models import LlmCall
from tests.agents.llm.conftest import NOW, QUESTION, ask, outcomes, refusal
from tests.lib.dripping import dripping

pytestmark = pytest.mark.django_db

SCHEMA = {
    "type": "object",
    "properties": {
        "tips": {
            "type": "array",
            "minItems": 2,
            "maxItems": 2,
            "items": {
                "type": "object",
                "properties": {
                    "content": {"type": "string"},
                    "kind": {"enum": ["advice", "task"]},
                },
                "required": ["content", "kind"],
                "additionalProperties": False,
            },
        }
    },
    "required": ["tips"],
    "additionalProperties": False,
}


def test_an_answer_says_who_gave_it_and_what_it_took(llm, ada):
    said = ask(ada, prompt_version="abc123")
    assert said.text
    assert (said.model, said.remote, said.cost) == ("tip-generator", False, 0.0)
    assert said.tokens_in > 5
    assert said.tokens_out > 3
    row = LlmCall.objects.get()
    assert (row.user_id, row.alias, row.model) == (ada.pk, "tip-generator", "tip-generator")
    assert (row.outcome, row.prompt_version, row.at) == ("ok", "abc123", NOW)
    assert (row.tokens_in, row.tokens_out) == (said.tokens_in, said.tokens_out)
    assert row.latency_ms > 0


def test_a_schema_goes_along_and_comes_back_filled(llm):
    said = json.loads(ask(schema=SCHEMA).text)
    assert [set(tip) for tip in said["tips"]] == [{"content", "kind"}] * 2
    (asked,) = llm.asked
    assert asked["body"]["response_format"]["json_schema"]["schema"] == SCHEMA
    assert asked["body"]["messages"] == QUESTION
    assert asked["body"]["max_tokens"] == 600


@pytest.mark.parametrize(
    "mood", ["good", "cut off", "malformed", "wrong schema", "refusing", "hostile"]
)
def test_whatever_a_model_says_is_handed_on_unjudged(llm, mood):
    """It is the gate that judges. Here it is text, and nothing that is done."""
    llm.is_(mood)
    for _ in range(13):  # each of the things that the hostile one says
        assert isinstance(ask(schema=SCHEMA).text, str)
    assert set(outcomes()) == {"ok"}


def test_a_reply_laid_out_is_said_word_for_word(llm):
    llm.is_("good", replies=["one", "two"])
    assert [ask().text, ask().text] == ["one", "two"]


@pytest.mark.parametrize(
    ("fault", "outcome"),
    [
        ("429", "refused"),
        ("403", "refused"),
        ("revoked", "refused"),
        ("500", "failed"),
        ("truncated", "broken"),
        ("garbage", "broken"),
        ("html", "broken"),
        ("wrong_types", "broken"),
    ],
)
@pytest.mark.filterwarnings("ignore:Pydantic serializer warnings")  # from a thread of litellm's
def test_a_bad_day_is_an_outcome_and_not_an_exception_of_a_library(llm, ada, fault, outcome):
    llm.fault(fault, seconds=0)
    said = refusal(ada)
    assert said.outcome == outcome
    assert "canary" not in said.note
    with pytest.raises(Unavailable) as raised:
        gateway.embed(["Buy milk"], now=NOW)
    assert raised.value.outcome == outcome
    assert outcomes() == [outcome, outcome]
    assert llm.requests == 2, "neither is asked a second time"
    llm.well()
    assert ask(ada).text


@pytest.mark.parametrize("fault", ["hang", "slow"])
def test_a_model_that_takes_too_long_is_left_in_time(llm, settings, fault):
    settings.LLM_TIMEOUT_SECONDS = 0.5
    llm.fault(fault, seconds=20)
    began = time.monotonic()
    said = refusal()
    assert time.monotonic() - began < 10
    assert (said.outcome, said.note) == ("timeout", "No answer in 0.5 s.")
    assert llm.requests <= 1, "it is not asked a second time"


def test_one_that_sends_a_byte_now_and_then_is_left_in_time_too(llm, settings):
    settings.LLM_TIMEOUT_SECONDS = 0.6
    head = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 900\r\n\r\n"
    with dripping(head + b" " * 900, pause=0.1, at_once=len(head)) as port:
        settings.OLLAMA_URL = f"http://localhost:{port}"
        began = time.monotonic()
        assert refusal().outcome == "timeout"
        assert time.monotonic() - began < 10


def test_one_that_is_not_there_is_said_at_once(llm, settings):
    settings.OLLAMA_URL = "http://127.0.0.1:9"
    assert refusal().outcome == "failed"


def test_one_that_never_ends_is_cut_off(llm, settings, httpserver):
    answer = {
        "id": "1", "object": "chat.completion", "created": 1, "model": "m",
        "choices": [{"index": 0, "message": {"role": "assistant", "content": "Rest."},
                     "finish_reason": "stop"}],
    }  # fmt: skip
    settings.OLLAMA_URL = httpserver.url_for("").rstrip("/")
    httpserver.expect_request("/v1/chat/completions").respond_with_data(
        json.dumps(answer) + " " * 6_000_000, content_type="application/json"
    )
    assert refusal().outcome == "broken"


def test_one_that_packs_what_it_sends_is_not_unpacked(llm, settings, httpserver):
    """What was not asked for: a small piece could unpack to more than fits."""
    settings.OLLAMA_URL = httpserver.url_for("").rstrip("/")
    httpserver.expect_request("/v1/chat/completions").respond_with_data(
        gzip.compress(b"{}"), headers={"Content-Encoding": "gzip"}
    )
    assert refusal().outcome == "failed"
    assert httpserver.log[0][0].headers["Accept-Encoding"] == "identity"


def test_one_that_sends_us_elsewhere_is_not_followed(llm, settings, httpserver):
    settings.OLLAMA_URL = httpserver.url_for("").rstrip("/")
    httpserver.expect_request("/v1/chat/completions").respond_with_data(
        status=307, headers={"Location": f"{llm.url}/v1/chat/completions"}
    )
    assert refusal().outcome == "failed"
    assert llm.asked == []


def test_a_model_that_the_server_does_not_have_is_said_so(llm, settings):
    settings.LLM_TIP_GENERATOR = "missing:7b"
    said = refusal()
    assert (said.outcome, said.note) == ("refused", "It has no such model.")


def test_an_empty_answer_is_no_answer(llm):
    llm.is_("good", replies=["  \n"])
    assert refusal().outcome == "broken"


def test_no_answer_at_all_is_asked_for_without_a_model(settings):
    settings.OLLAMA_URL = ""
    assert not gateway.configured("tip-generator")
    assert refusal().outcome == "barred"
    with pytest.raises(Unavailable):
        gateway.embed(["Buy milk"], now=NOW)
    assert outcomes() == []


def test_a_prompt_that_would_be_cut_without_a_word_is_not_sent(llm):
    long = [{"role": "user", "content": "milk " * 10_000}]
    assert "too long" in refusal(messages=long).note
    assert llm.asked == []


# --- vectors --------------------------------------------------------------------------------------


def test_each_text_has_its_vector_in_order_however_many_there_are(llm, ada):
    texts = [f"Task {n}" for n in range(130)]
    vectors = gateway.embed(texts, user_id=ada.pk, now=NOW)
    assert len(vectors) == 130
    assert len({len(vector) for vector in vectors}) == 1
    assert vectors[77] == gateway.embed(["Task 77"], now=NOW)[0]
    assert [len(one["body"]["input"]) for one in llm.asked] == [64, 64, 2, 1]
    assert outcomes() == ["ok"] * 4


def test_no_texts_have_no_vectors_and_cost_nothing(llm):
    assert gateway.embed([], now=NOW) == []
    assert llm.asked == []


def test_every_text_has_the_prefix_that_the_model_wants(llm, settings):
    settings.LLM_EMBEDDER_PREFIX = "clustering:"
    gateway.embed(["Buy milk"], now=NOW)
    assert llm.asked[0]["body"]["input"] == ["clustering: Buy milk"]


@pytest.mark.parametrize("mood", ["cut off", "malformed", "wrong schema", "refusing", "hostile"])
def test_vectors_that_can_t_be_used_are_never_handed_on(llm, mood):
    llm.is_(mood)
    for _ in range(2):
        with pytest.raises(Unavailable) as raised:
            gateway.embed(["Buy milk", "Call the bank"], now=NOW)
        assert raised.value.outcome == "broken"
