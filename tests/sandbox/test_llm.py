"""The stand-in for a language model: OpenAI's protocol, and whatever mood it is put into."""

import base64
import json
import struct
import time
from typing import Any

import httpx
import pytest

from oo.sandbox.moods import MOODS, REFUSAL
from tests.sandbox.world import World

SCHEMA = {
    "type": "object",
    "properties": {
        "n": {"type": "integer", "minimum": 2, "maximum": 5},
        "share": {"type": "number", "minimum": 0, "maximum": 1},
        "kind": {"enum": ["advice", "task"]},
        "sure": {"type": "boolean"},
        "maybe": {"anyOf": [{"type": "string"}, {"type": "null"}]},
        "always": {"const": "this"},
        "tips": {"type": "array", "minItems": 4, "items": {"type": "string"}},
    },
}


def chat(world: World, **more: Any) -> httpx.Response:
    body = {"model": "tip-generator", "messages": [{"role": "user", "content": "canary?"}], **more}
    return world.http.post("/llm/v1/chat/completions", json=body)


def said(world: World, **more: Any) -> str:
    return chat(world, **more).raise_for_status().json()["choices"][0]["message"]["content"]


def shaped(**more: Any) -> dict[str, Any]:
    named = {"name": "reply", "strict": True, "schema": SCHEMA}
    return {"response_format": {"type": "json_schema", "json_schema": named}, **more}


def put(world: World, mood: str, **more: Any) -> None:
    world.control("POST", "/llm", mood=mood, **more).raise_for_status()


def embedded(world: World, *texts: str, **more: Any) -> list[Any]:
    body = {"model": "embedder", "input": list(texts), **more}
    rows = world.http.post("/llm/v1/embeddings", json=body).raise_for_status().json()["data"]
    return [row["embedding"] for row in rows]


def test_it_lists_its_models_and_has_no_others(world: World) -> None:
    names = [row["id"] for row in world.http.get("/llm/v1/models").json()["data"]]
    assert {"tip-generator", "embedder", "judge"} <= set(names)
    refused = chat(world, model="gpt-9")
    assert (refused.status_code, refused.json()["error"]["code"]) == (404, "model_not_found")


def test_a_good_answer_has_the_shape_that_was_asked_for(world: World) -> None:
    reply = chat(world, **shaped()).json()
    assert reply["object"] == "chat.completion"
    assert reply["choices"][0]["finish_reason"] == "stop"
    assert reply["usage"]["total_tokens"] > reply["usage"]["prompt_tokens"] > 0
    value = json.loads(reply["choices"][0]["message"]["content"])
    assert value["n"] == 2
    assert 0 <= value["share"] <= 1
    assert value["kind"] in ("advice", "task")
    assert (value["sure"], value["always"], len(value["tips"])) == (True, "this", 4)
    judged = [{"role": "user", "content": 'Answer {"reward": 0, "because": ""}'}]
    assert json.loads(said(world, messages=judged))["reward"] == 0.35


def test_what_does_not_fit_is_cut_off(world: World) -> None:
    reply = chat(world, **shaped(max_tokens=5)).json()["choices"][0]
    assert reply["finish_reason"] == "length"
    assert len(reply["message"]["content"]) == 20


@pytest.mark.parametrize("mood", ["cut off", "malformed", "refusing"])
def test_in_these_moods_it_says_no_json(world: World, mood: str) -> None:
    put(world, mood)
    for _ in range(5):
        with pytest.raises(ValueError):
            json.loads(said(world, **shaped()))


def test_in_a_wrong_schema_it_is_json_of_another_shape(world: World) -> None:
    put(world, "wrong schema")
    assert set(json.loads(said(world, **shaped()))) != set(SCHEMA["properties"])


def test_a_hostile_one_keeps_the_shape_and_tells_the_prompt(world: World) -> None:
    put(world, "hostile")
    texts = "".join(json.dumps(json.loads(said(world, **shaped()))["tips"]) for _ in range(20))
    for bad in ("evil.example", "<script>", "canary?", "SECRET_KEY", "Ignore all previous"):
        assert bad in texts, bad


def test_a_slow_one_is_late_and_one_that_falls_over_says_so(world: World) -> None:
    put(world, "slow", seconds=0.4)
    began = time.monotonic()
    assert said(world)
    assert time.monotonic() - began >= 0.4
    put(world, "429", seconds=7)
    assert (chat(world).status_code, chat(world).headers["retry-after"]) == (429, "7")
    put(world, "500")
    assert chat(world).json()["error"]["type"] == "server_error"
    put(world, "refusing")
    assert said(world) == REFUSAL


def test_a_mood_passes_after_so_many_questions_or_with_a_reset(world: World) -> None:
    put(world, "500", times=2)
    assert [chat(world).status_code for _ in range(3)] == [500, 500, 200]
    put(world, "500")
    world.control("POST", "/reset")
    assert chat(world).status_code == 200
    assert len(world.control("GET", "/llm").json()["asked"]) == 1


def test_replies_laid_out_come_first_and_what_was_asked_is_kept(world: World) -> None:
    put(world, "good", replies=["one", "two"])
    assert [said(world), said(world)] == ["one", "two"]
    assert said(world) not in ("one", "two")
    kept = world.control("GET", "/llm").json()
    assert kept["asked"][0]["body"]["messages"][0]["content"] == "canary?"
    assert kept["replies"] == []


@pytest.mark.parametrize(
    "body",
    [
        {"mood": "mild"},
        {"mood": "good", "times": -1},
        {"mood": "good", "times": True},
        {"mood": "slow", "seconds": -1},
        {"mood": "good", "replies": "one"},
        {"mood": "good", "replies": [1]},
        {"moods": "good"},
    ],
)
def test_a_mood_that_makes_no_sense_is_refused_with_a_reason(
    world: World, body: dict[str, Any]
) -> None:
    refused = world.http.post("/_control/llm", json=body)
    assert refused.status_code == 400
    assert refused.json()["error"]


@pytest.mark.parametrize(
    "body",
    [
        [],
        {"messages": [{"role": "user", "content": "x"}]},
        {"model": "judge"},
        {"model": "judge", "messages": []},
        {"model": "judge", "messages": [{"role": "user", "content": "x"}], "stream": True},
    ],
)
def test_a_question_that_makes_no_sense_is_an_error_in_openai_s_words(
    world: World, body: Any
) -> None:
    refused = world.http.post("/llm/v1/chat/completions", json=body)
    assert 400 <= refused.status_code < 500
    assert refused.json()["error"]["message"]


def test_vectors_are_the_same_for_the_same_text_and_alike_for_texts_spelt_alike(
    world: World,
) -> None:
    milk, again, oat, bank = embedded(
        world, "Buy milk", "Buy milk", "Buy oat milk", "Renew passport"
    )
    assert milk == again
    assert sum(x * x for x in milk) == pytest.approx(1)

    def alike(a: list[float], b: list[float]) -> float:
        return sum(x * y for x, y in zip(a, b, strict=True))

    assert alike(milk, oat) > alike(milk, bank) + 0.2
    (packed,) = embedded(world, "Buy milk", encoding_format="base64")
    assert struct.unpack("<64f", base64.b64decode(packed)) == pytest.approx(milk, abs=1e-6)


@pytest.mark.parametrize("mood", ["cut off", "malformed", "wrong schema", "refusing", "hostile"])
def test_in_these_moods_its_vectors_are_of_no_use(world: World, mood: str) -> None:
    put(world, mood)
    for packed in ("float", "base64"):
        rows = embedded(world, "Buy milk", "Renew passport", encoding_format=packed)
        lengths = {len(row) for row in rows}
        usable = len(rows) == 2 and lengths == {64} and all(any(row) for row in rows)
        assert not usable or max(abs(x) for row in rows for x in row) > 1e6


def test_faults_strike_it_in_its_own_words(world: World) -> None:
    for kind, status in (("429", 429), ("500", 500), ("403", 403), ("revoked", 401)):
        world.fault("/llm/", kind, times=1)
        refused = chat(world)
        assert (refused.status_code, set(refused.json())) == (status, {"error"})
    log = world.control("GET", "/requests").json()["requests"]
    assert {one["path"] for one in log} == {"/llm/v1/chat/completions"}


def test_the_control_page_shows_the_mood_and_changes_it(world: World) -> None:
    page = world.http.get("/").text
    assert "in a good mood" in page
    assert all(f'value="{mood}"' in page for mood in MOODS)
    assert world.http.post("/llm", data={"mood": "hostile"}).status_code == 303
    assert world.control("GET", "/llm").json()["mood"] == "hostile"
    assert world.http.post("/llm", data={"mood": "nonsense"}).status_code == 303
    assert world.control("GET", "/llm").json()["mood"] == "hostile"
