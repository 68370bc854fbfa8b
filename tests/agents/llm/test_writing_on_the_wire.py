"""A model at the other end of a wire, in whatever mood: only what is good reaches a pool, and the tip
on the page waits for none of it.
"""

import time
from datetime import timedelta

import numpy as np
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from agents.generate import generate, mark
from agents.models import Candidate, LlmCall, Writing
from agents.prompts import prompt
from agents.writing import lint
from recommender.serving import serve_tip
from tests.people import NOW, Item, person

pytestmark = pytest.mark.django_db

BAD = ("cut off", "malformed", "wrong schema", "refusing", "hostile", "429", "500")


def ada():
    return person(
        "ada@example.com", Item("Call Petra", due_on=NOW.date()),
        Item("Plants", due_on=NOW.date(), due_at=NOW + timedelta(hours=1)), Item("Bike"),
    )  # fmt: skip


def pool() -> list[dict]:
    return list(Candidate.objects.order_by("key").values("key", "content", "model", "retired_at"))


def test_a_model_in_a_good_mood_writes_tips_of_several_kinds_at_the_first_try(llm):
    someone = ada()
    assert generate(someone.user.pk, now=NOW) == "written"
    written = Candidate.objects.filter(prompt_version=prompt().version)
    assert set(written.values_list("kind", flat=True)) >= {"task", "reminder", "advice"}
    row = Writing.objects.get()
    assert len(row.tries) == 1
    assert row.tokens_in > 100
    assert not row.faults
    call = LlmCall.objects.get()
    assert (call.prompt_version, call.user_id, call.alias) == (
        prompt().version, someone.user.pk, "tip-generator",
    )  # fmt: skip


@pytest.mark.parametrize("mood", BAD)
def test_a_model_in_a_bad_mood_leaves_the_pool_as_it_was(llm, mood):
    someone = ada()
    before = pool()
    llm.is_(mood)
    generate(someone.user.pk, now=NOW)
    assert pool() == before
    assert Writing.objects.get().tips == []
    assert 1 <= len(llm.asked) <= 3
    assert mark() not in str(list(LlmCall.objects.values()))


def test_a_slow_model_is_waited_for_so_long_and_no_longer(llm, settings):
    settings.LLM_TIMEOUT_SECONDS = 0.4
    someone = ada()
    before = pool()
    llm.is_("slow", seconds=12)
    began = time.monotonic()
    assert generate(someone.user.pk, now=NOW) == "timeout"
    assert time.monotonic() - began < 10
    assert pool() == before
    llm.is_("good")
    assert generate(someone.user.pk, now=NOW + timedelta(minutes=16)) == "written"


def test_a_model_that_comes_to_its_senses_is_taken_at_the_second_try(llm):
    someone = ada()
    llm.is_("malformed", times=1)
    assert generate(someone.user.pk, now=NOW) == "written"
    tries = Writing.objects.get().tries
    assert tries[0] == 0
    assert tries[1] > 0
    assert "can't be shown" in llm.asked[-1]["body"]["messages"][-1]["content"]


@pytest.mark.parametrize("mood", ["good", *BAD])
def test_the_tip_takes_the_same_queries_whatever_became_of_the_model(llm, mood):
    someone, other = ada(), person("eve@example.com", Item("Call"), Item("Plants"), Item("Bike"))
    llm.is_(mood)
    generate(someone.user.pk, now=NOW)
    asked = len(llm.asked)

    def queries(user) -> list[str]:
        with CaptureQueriesContext(connection) as seen:
            assert serve_tip(user, now=NOW, rng=np.random.default_rng(1))
        return [query["sql"].split(" ")[0] for query in seen]

    queries(person("first@example.com", Item("Call")).user)  # the first of all is counted in
    assert queries(someone.user) == queries(other.user)
    assert len(llm.asked) == asked
    for candidate in Candidate.objects.all():
        assert lint.faults(candidate.content, candidate.kind) == []
