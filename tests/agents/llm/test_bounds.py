"""How much may be asked: budgets, how many at once, and a model that is left alone. Redis is real."""

import threading
import time
from datetime import timedelta

import pytest

from accounts.models import User
from agents.llm import breaker, budget, gateway
from agents.llm.counters import PREFIX, counters
from agents.llm.slots import KEY, Full, slot
from agents.models import LlmCall
from tests.agents.llm.conftest import NOW, QUESTION, ask, outcomes, refusal

pytestmark = pytest.mark.django_db


def used(user: User | None = None) -> int:
    key = f"{PREFIX}tokens:{NOW.date()}" + (f":{user.pk}" if user else "")
    return int(counters().get(key) or 0)


# --- budgets --------------------------------------------------------------------------------------


def test_what_a_call_took_is_counted_for_the_user_and_for_all(llm, ada):
    said = ask(ada)
    assert used(ada) == used() == said.tokens_in + said.tokens_out
    ask()
    assert used() > used(ada)


def test_a_user_who_used_up_the_day_is_not_asked_for_and_others_are(llm, ada, settings):
    settings.LLM_USER_TOKENS = 800
    other = User.objects.create_user(email="ben@example.com")
    while used(ada) < 100:
        ask(ada)
    settings.LLM_USER_TOKENS = 700
    before = len(llm.asked)
    said = refusal(ada)
    assert (said.outcome, said.note) == ("spent", "What one user may use in a day is used up.")
    assert len(llm.asked) == before
    assert ask(other).text
    assert ask(ada, now=NOW + timedelta(days=1)).text, "tomorrow is another day"


def test_what_all_may_use_holds_for_everybody(llm, ada, settings):
    settings.LLM_ALL_TOKENS = 100
    assert refusal(ada).note == refusal().note == "What all may use in a day is used up."
    assert llm.asked == []
    assert used() == used(ada) == 0, "what was not asked is not counted"


def test_what_a_cloud_may_cost_holds_and_does_not_stop_a_model_of_one_s_own(llm, settings):
    settings.OLLAMA_URL, settings.LITELLM_URL = "", llm.url
    settings.LLM_REMOTE_ALLOWED = True
    settings.LLM_ALL_DOLLARS = 0.0002
    assert ask().cost == 0.00012
    ask()
    assert refusal().note == "What all may cost in a day is used up."
    settings.LITELLM_LOCAL = True
    assert ask().cost == 0


def test_counters_that_redis_lost_are_counted_again_from_the_log(llm, ada, redis_server):
    ask(ada)
    LlmCall.objects.create(
        user=ada, alias="tip-generator", model="m", outcome="ok", tokens_in=300, tokens_out=45,
        at=NOW - timedelta(hours=9),
    )  # fmt: skip
    LlmCall.objects.create(
        user=ada, alias="tip-generator", model="m", outcome="ok", tokens_in=9000,
        at=NOW - timedelta(hours=10),
    )  # fmt: skip
    first = LlmCall.objects.order_by("pk")[0]
    redis_server.empty()
    held = budget.reserve(ada.pk, 10, remote=False, now=NOW)
    assert used(ada) == used() == first.tokens_in + first.tokens_out + 345 + 10
    budget.settle(held, tokens=0, dollars=0)
    assert used(ada) == used() == first.tokens_in + first.tokens_out + 345


def test_counters_that_are_lost_while_a_model_answers_don_t_give_anything_away(
    llm, ada, redis_server
):
    llm.is_("slow", seconds=2.0, times=1)
    meanwhile = llm.after_asking(redis_server.empty)
    said = ask(ada)
    meanwhile.join()
    assert used(ada) == 0
    held = budget.reserve(ada.pk, 0, remote=False, now=NOW)
    assert used(ada) == used() == said.tokens_in + said.tokens_out
    assert all(counters().ttl(key) > 0 for key in held.keys)


def test_many_at_once_don_t_get_past_a_budget(ada, settings):
    """Reserved at its worst before the call, in one step."""
    settings.LLM_USER_TOKENS = 1000
    budget.settle(budget.reserve(ada.pk, 1, remote=False, now=NOW), tokens=0, dollars=0)
    got = []

    def run() -> None:
        try:
            budget.reserve(ada.pk, 150, remote=False, now=NOW)
            got.append(True)
        except budget.Spent:
            pass

    threads = [threading.Thread(target=run) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(got) == 6
    assert used(ada) == 900


def test_a_question_that_never_got_an_answer_counts_as_read(llm, ada, settings):
    settings.LLM_TIMEOUT_SECONDS = 0.3
    llm.fault("hang")
    refusal(ada)
    texts = [one["content"] for one in QUESTION]
    assert used(ada) == LlmCall.objects.get().tokens_in == gateway.tokens_of(*texts, "")
    llm.well()
    llm.fault("500")
    before = used(ada)
    refusal(ada)
    assert used(ada) == before, "nobody is paid for falling over"


@pytest.mark.parametrize(
    "usage",
    [None, {}, {"prompt_tokens": 0, "completion_tokens": 0}, {"prompt_tokens": -5, "completion_tokens": -5},
     {"prompt_tokens": 1, "completion_tokens": 1}],
)  # fmt: skip
def test_a_server_that_counts_too_little_is_not_believed(llm, ada, settings, httpserver, usage):
    said = "Rest a while. " * 40
    answer = {
        "id": "1", "object": "chat.completion", "created": 1, "model": "m",
        "choices": [{"index": 0, "message": {"role": "assistant", "content": said},
                     "finish_reason": "stop"}],
    }  # fmt: skip
    settings.OLLAMA_URL = httpserver.url_for("").rstrip("/")
    httpserver.expect_request("/v1/chat/completions").respond_with_json(
        answer if usage is None else {**answer, "usage": usage}
    )
    told = ask(ada)
    assert told.tokens_out == gateway.tokens_of(said)
    assert used(ada) == used() == told.tokens_in + told.tokens_out
    assert told.tokens_in > sum(len(one["content"]) for one in QUESTION) / 12


def dollars() -> float:
    return float(counters().get(f"{PREFIX}dollars:{NOW.date()}") or 0)


def test_dollars_are_counted_at_their_worst_before_a_call(settings, redis_server):
    settings.LLM_ALL_DOLLARS = 0.01
    held = [budget.reserve(None, 10, dollars=0.004, remote=True, now=NOW) for _ in range(2)]
    with pytest.raises(budget.Spent):
        budget.reserve(None, 10, dollars=0.004, remote=True, now=NOW)
    assert dollars() == pytest.approx(0.008)
    budget.settle(held[0], tokens=5, dollars=0.001)
    assert dollars() == pytest.approx(0.005)
    assert budget.reserve(None, 10, dollars=0.004, remote=True, now=NOW)


@pytest.mark.parametrize(
    ("fault", "counted"), [("hang", True), ("truncated", True), ("500", False)]
)
def test_what_may_be_on_the_bill_without_an_answer_stays_counted(llm, settings, fault, counted):
    settings.OLLAMA_URL, settings.LITELLM_URL = "", llm.url
    settings.LLM_REMOTE_ALLOWED, settings.LLM_PRICE = True, 10.0
    settings.LLM_TIMEOUT_SECONDS = 0.5
    llm.fault(fault, seconds=20)
    refusal()
    worst = (gateway.tokens_of(*(one["content"] for one in QUESTION), "") + 600) * 1e-5
    assert dollars() == pytest.approx(worst if counted else 0)
    assert float(LlmCall.objects.get().cost) == pytest.approx(worst if counted else 0)


# --- at once --------------------------------------------------------------------------------------


def test_no_more_than_so_many_are_under_way(llm, settings):
    settings.LLM_AT_ONCE = 1
    with slot(at_once=1, lease_seconds=5, wait_seconds=0):
        said = refusal()
        assert said.outcome == "busy"
    assert ask().text


def test_a_place_is_waited_for_a_little(llm, settings, monkeypatch):
    settings.LLM_AT_ONCE = 1
    monkeypatch.setattr(gateway, "WAIT_SECONDS", 30.0)
    inside = threading.Event()

    def occupy() -> None:
        with slot(at_once=1, lease_seconds=5, wait_seconds=0):
            inside.set()
            time.sleep(0.5)

    other = threading.Thread(target=occupy)
    other.start()
    inside.wait(5)
    assert ask().text
    other.join()


def test_who_dies_with_a_place_gives_it_back_when_the_lease_ends():
    with slot(at_once=1, lease_seconds=60, wait_seconds=0):
        with pytest.raises(Full), slot(at_once=1, lease_seconds=60, wait_seconds=0):
            pass
        ((mine, until),) = counters().zrange(KEY, 0, -1, withscores=True)
        assert 50 <= until - time.time() <= 61
        counters().zadd(KEY, {mine: time.time() - 1})  # the time is up
        with slot(at_once=1, lease_seconds=60, wait_seconds=0):
            pass


def test_a_call_that_fails_gives_its_place_back(llm, settings):
    settings.LLM_AT_ONCE = 1
    llm.fault("500")
    refusal()
    llm.well()
    assert ask().text


# --- left alone -----------------------------------------------------------------------------------


def left_alone(name: str = "tip-generator") -> int:
    return counters().ttl(f"{PREFIX}open:{name}")


def time_is_up(name: str = "tip-generator") -> None:
    counters().delete(f"{PREFIX}open:{name}")


def test_a_model_that_fails_again_and_again_is_left_alone_then_tried_once(llm, settings):
    settings.LLM_BREAKER_FAILURES, settings.LLM_BREAKER_SECONDS = 3, 120
    llm.fault("500")
    assert [refusal().outcome for _ in range(5)] == ["failed"] * 3 + ["open"] * 2
    assert llm.requests == 3
    assert 60 < left_alone() <= 120
    time_is_up()
    assert refusal().outcome == "failed", "the one that tries"
    assert refusal().outcome == "open"
    assert 180 < left_alone() <= 240, "twice as long this time"
    time_is_up()
    llm.well()
    assert ask().text
    llm.fault("500")
    assert [refusal().outcome for _ in range(3)] == ["failed"] * 3, "it has a clean slate"


def test_only_one_tries_a_model_that_failed(settings):
    settings.LLM_BREAKER_FAILURES = 1
    breaker.failed("judge")
    assert not breaker.admits("judge", trial_seconds=60)
    time_is_up("judge")
    assert [breaker.admits("judge", trial_seconds=60) for _ in range(3)] == [True, False, False]
    assert 50 <= counters().ttl(f"{PREFIX}trial:judge") <= 60, "should it die, another may"
    assert breaker.admits("embedder", trial_seconds=60), "each model by itself"


def test_an_answer_from_before_it_failed_does_not_open_the_way_again(settings):
    settings.LLM_BREAKER_FAILURES = 2
    for _ in range(2):
        breaker.failed("judge")
    breaker.answered("judge")
    assert not breaker.admits("judge", trial_seconds=5)
    time_is_up("judge")
    assert [breaker.admits("judge", trial_seconds=5) for _ in range(2)] == [True, False]
    breaker.answered("judge")
    assert [breaker.admits("judge", trial_seconds=5) for _ in range(2)] == [True, True]


def test_nobody_is_left_alone_for_more_than_half_an_hour(settings):
    settings.LLM_BREAKER_FAILURES = 1
    for _ in range(40):
        breaker.failed("judge")
    assert 1700 < left_alone("judge") <= 1800


def test_a_model_that_asks_to_be_left_alone_is(llm):
    llm.fault("429", seconds=60, times=1)
    assert refusal().outcome == "refused"
    assert refusal().outcome == "open"
    assert 30 < left_alone() <= 60


def test_a_question_that_is_at_fault_is_not_held_against_the_model(llm, settings, httpserver):
    settings.LLM_BREAKER_FAILURES = 1
    settings.OLLAMA_URL = httpserver.url_for("").rstrip("/")
    httpserver.expect_request("/v1/chat/completions").respond_with_json(
        {"error": {"message": "canary: no", "code": "content_filter"}}, status=400
    )
    assert [refusal().outcome for _ in range(3)] == ["refused"] * 3
    assert "canary" not in "".join(LlmCall.objects.values_list("note", flat=True))


def test_what_was_not_asked_is_told_once_and_not_each_time(llm, settings):
    settings.LLM_BREAKER_FAILURES = 1
    llm.fault("500")
    for _ in range(20):
        refusal()
    assert outcomes() == ["failed", "open"]


# --- without Redis --------------------------------------------------------------------------------


def test_without_redis_nothing_is_asked_and_nobody_waits(llm, ada, redis_server):
    ask(ada)
    redis_server.stop()
    began = time.monotonic()
    said = refusal(ada)
    assert time.monotonic() - began < 15
    assert said.outcome == "failed"
    assert "Redis" in said.note
    assert len(llm.asked) == 1
    redis_server.start()
    assert ask(ada).text


def test_redis_that_goes_while_a_model_answers_takes_no_answer_away(llm, ada, redis_server):
    llm.is_("slow", seconds=2.0, times=1)
    meanwhile = llm.after_asking(redis_server.stop)
    assert ask(ada).text
    meanwhile.join()
    assert not redis_server.running
    assert LlmCall.objects.get().outcome == "ok"
