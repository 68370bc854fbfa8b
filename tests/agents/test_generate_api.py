"""POST /api/generate: candidates for now, and a worker asked to write more; no model in the request."""

import pytest
from django.test import Client

from agents.doors import generate as door
from agents.generate import generate
from agents.models import Candidate
from agents.prompts import prompt
from tests.agents.test_generate import TEXT, ada, good
from tests.agents.writers import Model, install
from tests.people import NOW, Item, person

pytestmark = pytest.mark.django_db


@pytest.fixture
def woken(monkeypatch):
    found = []
    monkeypatch.setattr(
        door, "wake_soon", lambda job, key, *, seconds: found.append((job.name, key))
    )
    monkeypatch.setattr(door.timezone, "now", lambda: NOW)
    return found


def ask(user, **body):
    client = Client()
    client.force_login(user, "allauth.account.auth_backends.AuthenticationBackend")
    return client.post("/api/generate", body, content_type="application/json")


def test_it_gives_typed_candidates_and_wakes_the_writer_without_asking_a_model(woken, monkeypatch):
    someone = ada()
    model = install(monkeypatch, Model(good))
    reply = ask(someone.user, count=3)
    assert reply.status_code == 200
    found = reply.json()
    assert len(found["candidates"]) == 3
    assert found["written"] is None
    first = found["candidates"][0]
    assert set(first) == {
        "id", "kind", "content", "topic", "source", "model", "prompt_version", "confidence", "expires_at",
    }  # fmt: skip
    assert not model.asked
    assert woken == [
        ("agents.jobs.refresh_user", someone.user.pk), ("agents.jobs.write_for", someone.user.pk)
    ]  # fmt: skip


def test_what_a_model_wrote_is_among_them_with_its_name_and_its_prompt(woken, monkeypatch):
    someone = ada()
    install(monkeypatch, Model(good))
    generate(someone.user.pk, now=NOW)
    found = ask(someone.user, count=20).json()
    (one,) = (c for c in found["candidates"] if c["content"] == TEXT)
    assert (one["model"], one["prompt_version"]) == ("small", prompt().version)
    assert found["written"]["outcome"] == "written"
    assert found["written"]["tries"] == [3]


def test_only_the_kinds_that_were_asked_for_and_only_ones_own(woken):
    someone = ada()
    person("eve@example.com", Item("Eve's"))
    found = ask(someone.user, count=50, kinds=["advice"]).json()["candidates"]
    assert {one["kind"] for one in found} == {"advice"}
    ids = {one["id"] for one in ask(someone.user, count=50).json()["candidates"]}
    assert ids == {str(c.pk) for c in Candidate.objects.filter(user=someone.user)}


@pytest.mark.parametrize(
    "body", [{"count": 0}, {"count": 51}, {"count": "x"}, {"kinds": ["order"]}]
)
def test_what_makes_no_sense_is_answered_with_what_would(woken, body):
    reply = ask(ada().user, **body)
    assert reply.status_code == 400
    assert "count is 1 to 50" in reply.json()["detail"]
    assert not woken


def test_a_stranger_gets_nothing():
    assert Client().post("/api/generate").status_code in (401, 403)
