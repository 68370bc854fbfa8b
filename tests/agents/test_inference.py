"""Inference: below its minimum, unsure or broken it gives the default, and it never fails."""

import logging
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from agents.inference import values
from agents.inference.run import Outcome, run_inference
from agents.library.base import DoneFact, History, Inferred, Manifest, Param

NOW = datetime(2026, 11, 18, 11, 0, tzinfo=ZoneInfo("Europe/Berlin"))


def history(done: int) -> History:
    moments = [NOW.astimezone(UTC) - timedelta(hours=n) for n in range(done, 0, -1)]
    return History(7, NOW, ZoneInfo("Europe/Berlin"), tuple(map(DoneFact, moments)))


def param(infer: Callable[[History], Any], name: str = "calm", **more: Any) -> Param:
    wanted = values.whole(0, 10)
    return Param(
        name, default=3, min_history=5, meaning="How calm.", accepts=wanted, hint=wanted.hint,
        infer=infer, says=lambda value, evidence: f"{value}.", **more,
    )  # fmt: skip


def infer(*params: Param, done: int = 5) -> dict[str, Outcome]:
    manifest = Manifest("x", "1", "X.", listens=(), ttl=timedelta(hours=1), params=params)
    return run_inference(manifest, history(done))


def test_what_is_inferred_comes_with_its_confidence_evidence_and_amount():
    found = infer(param(lambda h: Inferred(8, 0.9, {"done": len(h.done)})))
    assert found == {"calm": Outcome("calm", 8, 0.9, {"done": 5}, history=5, why="")}


def test_with_one_fact_too_few_the_default_holds_and_nothing_is_asked():
    def forbidden(history: History) -> Inferred:
        raise AssertionError("asked")

    assert infer(param(forbidden), done=4)["calm"] == Outcome(
        "calm", 3, 0.0, {}, history=4, why="too_little"
    )


def test_the_amount_is_counted_by_the_parameters_own_measure():
    found = infer(param(lambda h: Inferred(8, 1.0), amount=lambda h: 4), done=99)
    assert (found["calm"].why, found["calm"].history) == ("too_little", 4)


def test_an_agent_that_can_not_tell_leaves_the_default():
    assert infer(param(lambda h: None))["calm"] == Outcome("calm", 3, 0.0, {}, 5, "unsure")


@pytest.mark.parametrize(
    "found",
    [
        Inferred(11, 0.5), Inferred("8", 0.5), Inferred(None, 0.5), Inferred(8, 1.01),
        Inferred(8, -0.1), Inferred(8, float("nan")), Inferred(8, 0.5, {"mean": float("nan")}),
        Inferred(8, 0.5, {"mean": float("inf")}),
        Inferred(8, 0.5, {"hours": (1, 2)}), Inferred(8, 0.5, {"hours": {1: 2}}),
        Inferred(8, 0.5, {"at": NOW}), "8", 8,
    ],
)  # fmt: skip
def test_a_value_out_of_range_or_evidence_that_can_not_be_stored_is_never_believed(found, caplog):
    with caplog.at_level(logging.CRITICAL):
        assert infer(param(lambda h: found))["calm"] == Outcome("calm", 3, 0.0, {}, 5, "failed")


def test_one_parameter_that_breaks_costs_neither_the_others_nor_anybody_else(caplog):
    def broken(history: History) -> Inferred:
        raise ZeroDivisionError("secret")

    with caplog.at_level(logging.ERROR):
        found = infer(param(broken, "bad"), param(lambda h: Inferred(8, 1.0), "good"))
    assert (found["bad"].value, found["bad"].why) == (3, "failed")
    assert found["good"].value == 8
    assert "bad of x for user 7" in caplog.text


def test_a_measure_of_the_amount_that_breaks_is_a_failure_too(caplog):
    def broken(history: History) -> int:
        raise IndexError

    with caplog.at_level(logging.CRITICAL):
        found = infer(param(lambda h: Inferred(8, 1.0), amount=broken))
    assert found["calm"] == Outcome("calm", 3, 0.0, {}, 0, "failed")


def test_a_default_is_a_copy_of_nothing_anybody_can_change():
    shared = replace(param(lambda h: None), default=[9], accepts=values.hours())
    first = infer(shared)["calm"]
    first.value.append(10)
    assert infer(shared)["calm"].value == [9]
