"""The laboratory's pages: what a run gave, and the decisions of it that were kept."""

import pytest
from django.utils import timezone

from recommender.models import SimRun
from tests.console.world import simulated

pytestmark = pytest.mark.django_db


def test_a_run_shows_its_scores_with_their_errors(console):
    run = simulated(timezone.now())
    page = console.get(f"/admin/recommender/simrun/{run.pk}/change/").content.decode()
    assert "0.610 ± 0.020" in page
    assert page.count("<polyline") == 1
    assert "&lt;linucb&gt;" in page
    assert "<linucb>" not in page
    assert f"run__id__exact={run.pk}" in page
    listed = console.get("/admin/recommender/simrun/").content.decode()
    assert "0.61 linucb" in listed


def test_a_run_that_gave_nothing_shows_that_too(console):
    run = SimRun.objects.create(
        world="life", policies=["urgency"], seeds=[0], people=1, decisions=1, status="interrupted",
        started_at=timezone.now(),
    )  # fmt: skip
    page = console.get(f"/admin/recommender/simrun/{run.pk}/change/").content.decode()
    assert "oo-simulation" not in page
    assert console.get("/admin/recommender/simrun/?world=life").status_code == 200


def test_the_decisions_of_one_run_are_those_of_that_run(console):
    first, second = simulated(timezone.now()), simulated(timezone.now())
    reply = console.get(f"/admin/recommender/simevent/?run__id__exact={first.pk}")
    assert [event.run_id for event in reply.context["cl"].result_list] == [first.pk]
    assert second.events.count() == 1
