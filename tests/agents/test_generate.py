"""A model writes: off the request path, once for each context, and never to the harm of the pool."""

import json
import subprocess
import sys
from datetime import timedelta

import pytest

from agents import prompts
from agents.generate import COUNT, due, generate, mark, prepare
from agents.models import Candidate, Writing
from agents.pool import rest
from agents.prompts import prompt
from agents.writing import lint
from agents.writing.advices import ADVICES
from integrations import snapshot
from integrations.models import CalendarEvent, Task
from recommender.models import Decision, Score
from recommender.serving import serve_tip
from tests.agents.writers import Model, answer, data_of, install, tip, unavailable
from tests.people import NOW, Item, person
from tests.services.environment import ROOT

pytestmark = pytest.mark.django_db

TEXT = "A small first step: {title}"
LATER = timedelta(minutes=31)
BY_KEY = {f"advice:{one.id}": one.text for one in ADVICES}


def ada():
    return person(
        "ada@example.com",
        Item("Call Petra about the gift", due_on=NOW.date()),
        Item("Water the plants"),
    )


def good(messages) -> str:
    told = data_of(messages)
    tasks = [tip("task", TEXT if n == 0 else f"{'Maybe' if n == 1 else 'Perhaps'} now: {{title}}", one["id"])
             for n, one in enumerate(told["tasks"][:3])]  # fmt: skip
    advices = [tip("advice", one["says"], one["id"]) for one in told.get("advices", [])[:1]]
    return answer(*tasks, *advices)


def test_what_a_model_wrote_takes_the_place_of_the_plain_sentence(monkeypatch):
    someone = ada()
    install(monkeypatch, Model(good))
    before = Candidate.objects.get(key__startswith="task", task__due_on=NOW.date())
    assert generate(someone.user.pk, now=NOW) == "written"
    candidate = Candidate.objects.get(pk=before.pk)
    assert candidate.content == TEXT
    assert (candidate.model, candidate.prompt_version) == ("small", prompt().version)
    advice = Candidate.objects.get(kind="advice", model="small")
    assert (advice.source, advice.content) == ("oo", BY_KEY[advice.key])
    assert advice.expires_at <= NOW + timedelta(hours=1)  # eleven here: the morning ends at noon


def test_a_refresh_keeps_it_and_the_next_part_of_the_day_does_not(monkeypatch):
    someone = ada()
    install(monkeypatch, Model(good))
    generate(someone.user.pk, now=NOW)
    someone.refreshed(NOW + timedelta(minutes=10))
    assert Candidate.objects.filter(content=TEXT, retired_at=None).exists()
    someone.refreshed(NOW + timedelta(hours=1))
    assert not Candidate.objects.filter(content=TEXT).exists()
    assert not Candidate.objects.filter(model="small", retired_at=None).exists()


def test_a_task_that_moved_is_spoken_of_plainly_at_the_next_refresh(monkeypatch):
    someone = ada()
    install(monkeypatch, Model(good))
    generate(someone.user.pk, now=NOW)
    Task.objects.filter(due_on=NOW.date()).update(due_on=NOW.date() + timedelta(days=3))
    someone.refreshed(NOW + timedelta(minutes=1))
    assert not Candidate.objects.filter(content=TEXT).exists()
    assert Candidate.objects.filter(model="plain", kind="task", content="{title}").exists()


def test_a_task_that_is_gone_takes_its_sentence_with_it(monkeypatch):
    someone = ada()
    install(monkeypatch, Model(good))
    generate(someone.user.pk, now=NOW)
    Task.objects.filter(due_on=NOW.date()).update(closed_at=NOW, closed_as="done")
    someone.refreshed(NOW + timedelta(minutes=1))
    assert Candidate.objects.get(content=TEXT).retired_at is not None


def test_an_unchanged_context_costs_no_call(monkeypatch):
    someone = ada()
    model = install(monkeypatch, Model(good))
    generate(someone.user.pk, now=NOW)
    assert generate(someone.user.pk, now=NOW + timedelta(minutes=5)) == "resting"
    assert due([someone.user.pk], now=NOW + LATER) == []
    assert generate(someone.user.pk, now=NOW + LATER) == "unchanged"
    assert len(model.asked) == 1
    Task.objects.filter(due_on=NOW.date()).update(due_on=None)
    assert due([someone.user.pk], now=NOW + LATER) == [someone.user.pk]
    assert generate(someone.user.pk, now=NOW + LATER) == "written"
    assert len(model.asked) == 2


def test_another_advice_is_no_reason_to_ask_a_model_again(monkeypatch):
    """What comes and goes by the minute must not leave room for another task either."""
    install(monkeypatch, Model(good))
    someone = person(
        "many@example.com",
        *[
            Item(f"Write to number {n} about the thing", age_days=n, priority=1 + n % 4)
            for n in range(32)
        ],
    )
    someone.refreshed(NOW)
    contexts, shown = set(), set()
    for _ in range(8):
        (ready,) = prepare([someone.user.pk], now=NOW)
        contexts.add(ready.context)
        advice = Candidate.objects.live(NOW).filter(kind="advice").order_by("key").first()
        shown.add(advice.key)
        rest(advice, until=NOW + timedelta(days=1))
        someone.refreshed(NOW)
    assert len(shown) == 8
    assert len(contexts) == 1


def test_a_changed_prompt_invalidates_what_was_written_with_the_old_one(monkeypatch, tmp_path):
    someone = ada()
    install(monkeypatch, Model(good))
    generate(someone.user.pk, now=NOW)
    old = prompt().version
    for path in prompts.FOLDER.glob("*.txt"):
        (tmp_path / path.name).write_text(path.read_text())
    (tmp_path / "again.txt").write_text("Once more:\n$faults\nWrite $count.\n")
    monkeypatch.setattr(prompts, "FOLDER", tmp_path)
    prompts.read.cache_clear()
    try:
        assert prompt().version != old
        someone.refreshed(NOW + timedelta(minutes=1))
        living = Candidate.objects.filter(retired_at=None)
        assert not living.filter(prompt_version=old).exists()
        assert not living.filter(content=TEXT).exists()
        assert due([someone.user.pk], now=NOW + LATER) == [someone.user.pk]
    finally:
        prompts.read.cache_clear()


def test_faults_are_quoted_back_twice_at_most_and_then_the_plain_writer_stands(monkeypatch):
    someone = ada()
    before = list(Candidate.objects.order_by("key").values("key", "content", "model", "retired_at"))
    model = install(
        monkeypatch, Model(lambda _: answer(tip("task", "Hurry up, Petra: {title}", "t1")))
    )
    assert generate(someone.user.pk, now=NOW) == "refused"
    assert len(model.asked) == 3
    assert "can't be shown" not in model.asked[0][-1]["content"]
    for asked in model.asked[1:]:
        quoted = asked[-1]["content"].partition("can't be shown")[2]
        assert "The task about t1: " in quoted
        assert "Hurry" not in quoted
        assert "Petra" not in quoted
    after = list(Candidate.objects.order_by("key").values("key", "content", "model", "retired_at"))
    assert after == before
    writing = Writing.objects.get()
    assert (writing.tries, writing.tips) == ([0, 0, 0], [])
    assert writing.faults["wording"] >= 3


def test_a_clarification_that_helps_is_taken_and_counted(monkeypatch):
    someone = ada()
    says = iter(["no json", answer(tip("task", "Call Petra: {title}", "t1"))])
    model = install(monkeypatch, Model(lambda asked: next(says, None) or good(asked)))
    assert generate(someone.user.pk, now=NOW) == "written"
    assert len(model.asked) == 3
    assert Writing.objects.get().tries == [0, 0, 3]


@pytest.mark.parametrize("outcome", ["timeout", "failed", "spent", "open", "busy", "broken"])
def test_a_model_that_gives_no_answer_leaves_the_pool_as_it_is_and_is_asked_again_later(
    monkeypatch, outcome
):
    someone = ada()
    before = list(Candidate.objects.order_by("key").values())
    model = install(monkeypatch, Model(lambda _: unavailable(outcome)))
    assert generate(someone.user.pk, now=NOW) == outcome
    assert list(Candidate.objects.order_by("key").values()) == before
    assert Writing.objects.get().outcome == outcome
    assert generate(someone.user.pk, now=NOW + timedelta(minutes=1)) == "resting"
    model.mind = good
    assert generate(someone.user.pk, now=NOW + timedelta(minutes=16)) == "written"


def test_a_model_that_falls_silent_half_way_leaves_what_it_had_written_well(monkeypatch):
    someone = ada()
    says = iter([answer(tip("task", TEXT, "t1"), tip("task", "Hurry!", "t2"))])
    install(monkeypatch, Model(lambda _: next(says, None) or unavailable()))
    assert generate(someone.user.pk, now=NOW) == "partly"
    assert Candidate.objects.filter(content=TEXT).exists()


def test_a_failure_of_our_own_is_written_down_too_and_does_not_block_for_ever(monkeypatch):
    someone = ada()
    install(monkeypatch, Model(lambda _: RuntimeError("ours")))
    with pytest.raises(RuntimeError):
        generate(someone.user.pk, now=NOW)
    assert Writing.objects.get().outcome == "failed"
    install(monkeypatch, Model(good))
    assert generate(someone.user.pk, now=NOW + timedelta(minutes=16)) == "written"


def test_two_workers_do_not_ask_for_one_person_at_a_time(monkeypatch):
    someone = ada()
    others: list[str] = []

    def mind(messages):
        others.append(generate(someone.user.pk, now=NOW))
        return good(messages)

    model = install(monkeypatch, Model(mind))
    assert generate(someone.user.pk, now=NOW) == "written"
    assert others == ["resting"]
    assert len(model.asked) == 1


def test_nobody_is_written_for_at_night_and_without_a_model_nothing_is_looked_at(
    monkeypatch, django_assert_num_queries
):
    someone = ada()
    model = install(monkeypatch, Model(good))
    assert generate(someone.user.pk, now=NOW.replace(hour=1)) == "nothing"
    monkeypatch.setattr("agents.generate.configured", lambda alias: False)
    with django_assert_num_queries(0):
        assert generate(someone.user.pk, now=NOW) == "absent"
        assert due([someone.user.pk], now=NOW) == []
    assert not model.asked


def test_a_remote_model_is_told_no_words_and_only_by_who_consented(monkeypatch):
    from accounts import consents
    from accounts.models import Consent

    someone = ada()
    CalendarEvent.objects.create(
        user=someone.user, connection=someone.connection, external_id="e", text_hash="",
        starts_at=NOW + timedelta(hours=1), ends_at=NOW + timedelta(hours=2),
    )  # fmt: skip
    texts = snapshot.read(someone.connection.pk)
    snapshot.write(
        someone.connection.pk, {**texts, "event:e": "Dentist Mauritz"}, lasts=timedelta(hours=1)
    )
    model = install(monkeypatch, Model(good, remote=True))
    assert generate(someone.user.pk, now=NOW) == "nothing"
    assert not model.asked
    consents.give(someone.user, Consent.Document.REMOTE_MODEL, now=NOW)
    assert generate(someone.user.pk, now=NOW) == "written"
    said = json.dumps(list(model.asked), ensure_ascii=False)
    for word in ("Petra", "gift", "plants", "Water", "Mauritz", "Dentist", "ada@example.com"):
        assert word not in said
    left = {one["part"]: one["why"] for one in Writing.objects.get().left_out}
    assert left["title:t1"] == "stays here"


def test_a_model_of_ones_own_is_told_the_titles_and_no_other_users(monkeypatch):
    someone = ada()
    person("eve@example.com", Item("Secret plan of Zebulon"))
    model = install(monkeypatch, Model(good))
    generate(someone.user.pk, now=NOW)
    said = json.dumps(model.asked, ensure_ascii=False)
    assert "Call Petra about the gift" in said
    assert "Zebulon" not in said
    assert "example.com" not in said


def test_nothing_of_the_users_words_is_kept_with_what_was_written(monkeypatch):
    someone = ada()
    install(monkeypatch, Model(lambda _: answer(tip("task", "Ring Petra: {title}", "t1"))))
    generate(someone.user.pk, now=NOW)
    assert "Petra" not in str(Writing.objects.values())
    assert "Ring" not in str(Writing.objects.values())


def test_the_model_and_the_prompt_reach_the_score_of_the_tip_that_was_shown(monkeypatch):
    import numpy as np

    someone = ada()
    install(monkeypatch, Model(good, name="small/x:7b"))
    generate(someone.user.pk, now=NOW)
    Candidate.objects.exclude(content=TEXT).delete()
    tip_shown = serve_tip(someone.user, now=NOW, rng=np.random.default_rng(1))
    assert tip_shown.text == "A small first step: Call Petra about the gift"
    score = Score.objects.get(decision=Decision.objects.get())
    assert (score.model, score.prompt_version) == ("small/x:7b", prompt().version)


def test_a_model_that_the_operator_gave_no_name_is_called_unnamed(monkeypatch):
    someone = ada()
    install(monkeypatch, Model(good, name="<a href=//evil.example>small</a>"))
    generate(someone.user.pk, now=NOW)
    assert set(Candidate.objects.values_list("model", flat=True)) == {"plain", "unnamed"}


def test_a_prompt_stays_small_enough_for_a_small_model(monkeypatch):
    someone = person(
        "ada@example.com", *[Item(f"A rather long title of a task number {n}") for n in range(90)]
    )
    model = install(monkeypatch, Model(good))
    generate(someone.user.pk, now=NOW)
    size = sum(len(message["content"].encode()) for message in model.asked[0])
    assert size / 4 < 1200  # about so many tokens; with the answer it has to go into 2048
    assert Writing.objects.get().left_out


def test_briefs_for_many_cost_queries_for_the_batch(monkeypatch, django_assert_max_num_queries):
    install(monkeypatch, Model(good))
    people = [person(f"p{n}@example.com", Item("Thing")).user.pk for n in range(6)]
    with django_assert_max_num_queries(16):
        assert len(prepare(people, now=NOW)) == 6


def test_every_candidate_of_every_writer_passes_the_lint(monkeypatch):
    someone = ada()
    install(monkeypatch, Model(good))
    generate(someone.user.pk, now=NOW)
    for candidate in Candidate.objects.all():
        assert lint.faults(candidate.content, candidate.kind) == []


def test_the_mark_of_the_page_is_this_installations_own(settings):
    first = mark()
    settings.SECRET_KEY = "another"
    assert mark() != first
    assert mark().isalpha()


def test_the_web_process_never_loads_the_writer_the_gateway_or_litellm():
    code = (
        "import sys, django; django.setup(); import oo.urls; from django.urls import get_resolver; "
        "get_resolver().url_patterns; import oo.wsgi; "
        "print([m for m in sys.modules if m.split('.')[0] == 'litellm' "
        "or m in ('agents.generate', 'agents.llm.gateway', 'agents.llm.calling')])"
    )
    ran = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=True,
        env={**__import__("os").environ, "DJANGO_SETTINGS_MODULE": "oo.settings"},
    )  # fmt: skip
    assert ran.stdout.strip() == "[]"


def test_how_many_are_asked_for_is_less_when_some_are_there(monkeypatch):
    someone = ada()
    says = iter([answer(tip("task", TEXT, "t1"), tip("task", "Hurry!", "t2"))])
    model = install(monkeypatch, Model(lambda asked: next(says, None) or good(asked)))
    generate(someone.user.pk, now=NOW)
    assert f"Write {COUNT} tips" in model.asked[0][-1]["content"]
    assert f"Write {COUNT - 1} new tips" in model.asked[1][-1]["content"]


def test_the_timetable_has_only_those_written_for_of_whom_there_is_news(monkeypatch):
    from agents import jobs

    news, none = ada(), person("eve@example.com", Item("Thing"))
    install(monkeypatch, Model(good))
    monkeypatch.setattr(jobs.timezone, "now", lambda: NOW)
    generate(none.user.pk, now=NOW - LATER)
    batches, sent = [], []
    monkeypatch.setattr(
        jobs.write_for_users, "apply_async", lambda args, **more: batches.append((args, more))
    )
    monkeypatch.setattr(
        jobs.write_for, "apply_async", lambda args, **more: sent.append((args, more))
    )
    jobs.write_tips()
    assert batches == [(([news.user.pk, none.user.pk],), {"expires": jobs.WRITE_SECONDS})]
    jobs.write_for_users([news.user.pk, none.user.pk])
    assert sent == [((news.user.pk,), {"expires": jobs.WRITE_SECONDS})]
    jobs.write_for(news.user.pk)
    assert Candidate.objects.filter(user=news.user, content=TEXT).exists()


def test_for_the_sake_of_a_few_nobody_is_asked_again(monkeypatch):
    someone = person("ada@example.com", *[Item(f"Thing {n}") for n in range(4)])
    three = [tip("task", f"{word} now: {{title}}", f"t{n + 1}")
             for n, word in enumerate(("Maybe", "Perhaps", "Begin"))]  # fmt: skip
    model = install(monkeypatch, Model(lambda _: answer(*three, tip("task", "Hurry!", "t4"))))
    assert generate(someone.user.pk, now=NOW) == "written"
    assert len(model.asked) == 1
    assert Writing.objects.get().tries == [3]


def test_who_comes_second_to_a_claim_leaves_it_to_the_first(monkeypatch):
    from django.db.models import QuerySet

    someone = ada()
    model = install(monkeypatch, Model(good))
    generate(someone.user.pk, now=NOW)
    Task.objects.filter(due_on=NOW.date()).update(due_on=None)
    read = QuerySet.first

    def overtaken(rows):
        row = read(rows)
        if rows.model is Writing:
            Writing.objects.update(again_at=NOW + LATER + timedelta(minutes=3))
        return row

    monkeypatch.setattr(QuerySet, "first", overtaken)
    assert generate(someone.user.pk, now=NOW + LATER) == "resting"
    assert len(model.asked) == 1
