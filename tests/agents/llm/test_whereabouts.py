"""A model that Ollama only hands on, under whatever name, counts as a cloud."""

import pytest

from agents.llm import gateway, whereabouts
from tests.agents.llm.conftest import QUESTION, ask, outcomes, refusal

pytestmark = pytest.mark.django_db

LOOK = whereabouts.look


@pytest.fixture
def ollama(httpserver, settings, monkeypatch):
    """A server that tells of its models; `tell` lays out what."""
    monkeypatch.setattr(whereabouts, "look", LOOK)
    settings.OLLAMA_URL = httpserver.url_for("").rstrip("/")

    def tell(**more):
        httpserver.clear()
        httpserver.expect_request("/api/show", method="POST").respond_with_json(
            more.pop("told", {}), **more
        )
        whereabouts._seen.clear()
        return httpserver

    return tell


def test_one_that_runs_there_is_here_and_is_looked_at_once(ollama):
    server = ollama(told={"details": {}, "remote_host": ""})
    assert not gateway.remote("tip-generator")
    assert not gateway.remote("tip-generator")
    (asked,) = [one[0] for one in server.log]
    assert asked.json == {"model": "tip-generator"}


@pytest.mark.parametrize(
    "told", [{"remote_host": "https://ollama.com:443"}, {"remote_model": "gpt-oss:120b"}]
)
def test_a_copy_of_one_in_the_cloud_is_in_the_cloud_whatever_it_is_called(ollama, told):
    server = ollama(told=told)
    assert gateway.remote("tip-generator")
    said = refusal()
    assert said.outcome == "barred"
    assert "cloud" in said.note
    assert {one[0].path for one in server.log} == {"/api/show"}


@pytest.mark.parametrize(
    "more", [{"status": 404}, {"status": 500}, {"told": ["x"]}, {"told": "here"}]
)
def test_where_it_does_not_say_it_counts_as_away_and_is_told_nothing(ollama, more):
    server = ollama(**more)
    assert gateway.remote("tip-generator")
    assert refusal().outcome == "failed"
    assert outcomes() == ["failed"]
    assert not [
        one for one in server.log if QUESTION[1]["content"] in one[0].get_data(as_text=True)
    ]


def test_one_that_is_not_there_counts_as_away(settings, monkeypatch):
    monkeypatch.setattr(whereabouts, "look", LOOK)
    settings.OLLAMA_URL = "http://127.0.0.1:9"
    assert gateway.remote("tip-generator")
    assert refusal().outcome == "failed"


def test_a_server_of_another_make_is_here_when_the_operator_says_so(llm, settings, monkeypatch):
    def never(model):
        raise AssertionError

    monkeypatch.setattr(whereabouts, "look", never)
    settings.OLLAMA_LOCAL = True
    assert not gateway.remote("tip-generator")
    assert ask().text


def test_the_stand_in_says_that_it_is_here(llm, monkeypatch):
    monkeypatch.setattr(whereabouts, "look", LOOK)
    whereabouts._seen.clear()
    assert not gateway.remote("tip-generator")
    assert ask().text
