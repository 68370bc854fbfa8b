"""Clusters of a person's tasks: made by workers of words that stay where they are."""

from datetime import timedelta

import numpy as np
import pytest
from django.core import serializers
from django.db import connection as database
from django.test.utils import CaptureQueriesContext

from agents import jobs
from agents.cluster import cluster
from agents.gather import gather
from agents.llm.gateway import Unavailable
from agents.models import Candidate, TaskCluster
from integrations import snapshot
from integrations.models import Task
from tests.people import NOW, Item, add_tasks, person

pytestmark = pytest.mark.django_db

GARDEN = ("Mow the lawn", "Hecke schneiden", "Water the plants")
HEALTH = ("Call the dentist", "Rezept abholen")
LATER = NOW + timedelta(hours=1)


def ada(*titles: str, email: str = "ada@example.com"):
    return person(email, *map(Item, titles))


def clusters(someone) -> dict[str, str]:
    rows = dict(TaskCluster.objects.values_list("task_id", "cluster"))
    return {title: rows.get(task.pk, "none") for title, task in someone.tasks.items()}


def name_of(someone, titles) -> str:
    (name,) = {clusters(someone)[title] for title in titles}
    assert name
    return name


def test_tasks_that_are_alike_get_the_same_name_and_the_others_none():
    someone = ada(*GARDEN, *HEALTH, "Quux")
    assert cluster([someone.user.pk], now=NOW) == 1
    assert name_of(someone, GARDEN) != name_of(someone, HEALTH)
    assert clusters(someone)["Quux"] == ""


def test_agents_and_candidates_hear_of_it_with_the_next_refresh():
    someone = ada(*GARDEN, "Quux")
    cluster([someone.user.pk], now=NOW)
    facts = {
        task.id: task for task in gather([someone.user.pk], now=NOW)[someone.user.pk].inputs.tasks
    }
    name = name_of(someone, GARDEN)
    assert {facts[someone.tasks[title].pk].cluster for title in GARDEN} == {name}
    assert facts[someone.tasks["Quux"].pk].cluster == ""
    someone.refreshed(LATER)
    about = dict(Candidate.objects.filter(kind="task").values_list("task_id", "cluster"))
    assert {about[someone.tasks[title].pk] for title in GARDEN} == {name}


def test_neither_words_nor_what_they_are_about_is_written_down():
    someone = ada("CANARY dentist", "CANARY pharmacy", "Quux CANARY")
    cluster([someone.user.pk], now=NOW)
    dump = serializers.serialize("json", TaskCluster.objects.all()).lower()
    for word in ("canary", "dentist", "pharmacy", "quux", "health"):
        assert word not in dump
    assert set(TaskCluster.objects.exclude(cluster="").values_list("cluster", flat=True)) == {
        f"c{someone.tasks['CANARY dentist'].pk}"
    }


def test_what_is_as_it_was_is_not_worked_out_again():
    someone = ada(*GARDEN, *HEALTH)
    cluster([someone.user.pk], now=NOW)
    with CaptureQueriesContext(
        database,
    ) as queries:
        assert cluster([someone.user.pk], now=LATER) == 0
    assert len(queries) == 2
    assert set(TaskCluster.objects.values_list("at", flat=True)) == {NOW}


def test_a_group_keeps_its_name_as_tasks_come_and_go():
    someone = ada(*GARDEN, *HEALTH)
    cluster([someone.user.pk], now=NOW)
    garden, health = name_of(someone, GARDEN), name_of(someone, HEALTH)
    Task.objects.filter(pk=someone.tasks["Mow the lawn"].pk).update(closed_at=NOW, closed_as="done")
    add_tasks(someone, [Item("Repot the monstera"), Item("Buy milk")])
    assert cluster([someone.user.pk], now=LATER) == 1
    assert name_of(someone, [*GARDEN[1:], "Repot the monstera"]) == garden
    assert name_of(someone, HEALTH) == health
    assert clusters(someone)["Mow the lawn"] == "none", "nothing is kept of what is done"


def test_a_task_that_is_renamed_is_looked_at_again():
    someone = ada(*GARDEN, "Quux")
    cluster([someone.user.pk], now=NOW)
    texts = snapshot.read(someone.connection.pk)
    texts[f"task:{someone.tasks['Quux'].external_id}"] = "Rake the leaves"
    snapshot.write(someone.connection.pk, texts, lasts=timedelta(hours=1))
    Task.objects.filter(pk=someone.tasks["Quux"].pk).update(text_hash="new")
    cluster([someone.user.pk], now=LATER)
    assert name_of(someone, [*GARDEN, "Quux"])


def test_where_the_words_can_not_be_had_what_was_known_stays():
    someone = ada(*GARDEN)
    cluster([someone.user.pk], now=NOW)
    before = clusters(someone)
    snapshot.drop(someone.connection.pk)
    Task.objects.update(text_hash="new")
    assert cluster([someone.user.pk], now=LATER) == 0
    assert clusters(someone) == before


def test_a_task_noted_twice_is_offered_once_and_the_other_when_it_is_done():
    someone = ada("Buy milk", "buy some milk", "Quux")
    cluster([someone.user.pk], now=NOW)
    first, second = someone.tasks["Buy milk"], someone.tasks["buy some milk"]
    assert TaskCluster.objects.get(task=second).twin_id == first.pk
    someone.refreshed(LATER)
    live = Candidate.objects.live(LATER).filter(kind="task")
    assert {one.task_id for one in live} in [
        {first.pk, someone.tasks["Quux"].pk}, {second.pk, someone.tasks["Quux"].pk},
    ]  # fmt: skip
    shown = live.exclude(task=someone.tasks["Quux"]).get().task
    Task.objects.filter(pk=shown.pk).update(closed_at=LATER, closed_as="done")
    someone.refreshed(LATER)
    left = {first.pk, second.pk} - {shown.pk}
    assert left <= set(live.values_list("task_id", flat=True))


def test_another_persons_tasks_are_no_ones_twins_or_company():
    one, other = ada(*GARDEN), ada(*GARDEN, email="bob@example.com")
    assert cluster([one.user.pk, other.user.pk], now=NOW) == 2
    assert not set(clusters(one).values()) & set(clusters(other).values())
    assert not TaskCluster.objects.exclude(twin=None).exists()


def test_one_persons_trouble_does_not_cost_the_others_theirs(monkeypatch):
    one, other = ada(*GARDEN), ada(*HEALTH, email="bob@example.com")
    read = snapshot.read_many

    def broken(connections):
        if one.connection.pk in connections:
            raise RuntimeError("no")
        return read(connections)

    monkeypatch.setattr(snapshot, "read_many", broken)
    assert cluster([one.user.pk, other.user.pk], now=NOW) == 1
    assert name_of(other, HEALTH)


def test_more_tasks_than_can_be_compared_are_left_alone(monkeypatch):
    monkeypatch.setattr("agents.cluster.MOST", 2)
    someone = person(
        "ada@example.com",
        Item("Mow the lawn", age_days=9), Item("Hecke schneiden"), Item("Water the plants"),
    )  # fmt: skip
    cluster([someone.user.pk], now=NOW)
    assert name_of(someone, GARDEN[1:])
    assert clusters(someone)["Mow the lawn"] == ""
    assert cluster([someone.user.pk], now=LATER) == 0


def test_the_job_goes_through_all_who_are_about(monkeypatch):
    people = [ada(*GARDEN, email=f"p{number}@example.com") for number in range(5)]
    monkeypatch.setattr(jobs, "BATCH", 2)
    waiting: list[int] = [0]
    monkeypatch.setattr(jobs, "wake", lambda job, after: waiting.append(after))
    monkeypatch.setattr(jobs.timezone, "now", lambda: NOW)
    while waiting:
        jobs.cluster(waiting.pop())
    for someone in people:
        assert name_of(someone, GARDEN)


class Embedder:
    """Says that titles with the same last word mean the same."""

    def __init__(self, monkeypatch, *, remote: bool = False, broken: bool = False):
        self.asked: list[str] = []
        self.broken = broken
        monkeypatch.setattr("agents.embedding.configured", lambda alias: True)
        monkeypatch.setattr("agents.embedding.remote", lambda alias: remote)
        monkeypatch.setattr("agents.embedding.embed", self.embed)

    def embed(self, texts, *, user_id=None, now):
        if self.broken:
            raise Unavailable("timeout", "It took too long.")
        self.asked += texts
        rows = []
        for text in texts:
            rng = np.random.default_rng(sum(map(ord, text.split()[-1])))
            rows.append((1.0 + rng.normal(size=64)).tolist())
        return rows


UNKNOWN = ("Flurble snark", "Vexing snark", "Quimby zot")


def test_an_embedder_of_the_operators_own_is_asked_what_titles_mean(monkeypatch):
    model = Embedder(monkeypatch)
    someone = ada(*UNKNOWN)
    cluster([someone.user.pk], now=NOW)
    assert name_of(someone, UNKNOWN[:2])
    assert clusters(someone)[UNKNOWN[2]] == ""
    assert set(UNKNOWN) <= set(model.asked)


def test_an_embedder_in_the_cloud_is_never_told_a_title(monkeypatch):
    model = Embedder(monkeypatch, remote=True)
    someone = ada(*GARDEN)
    cluster([someone.user.pk], now=NOW)
    assert model.asked == []
    assert name_of(someone, GARDEN)


def test_without_an_answer_of_the_embedder_titles_are_grouped_all_the_same(monkeypatch):
    Embedder(monkeypatch, broken=True)
    someone = ada(*GARDEN, *UNKNOWN)
    assert cluster([someone.user.pk], now=NOW) == 1
    assert name_of(someone, GARDEN)


def test_an_embedder_is_not_asked_about_the_same_person_every_hour(monkeypatch):
    model = Embedder(monkeypatch)
    someone = ada(*GARDEN)
    cluster([someone.user.pk], now=NOW)
    add_tasks(someone, [Item("Repot the monstera")])
    asked = len(model.asked)
    assert cluster([someone.user.pk], now=LATER) == 0
    assert len(model.asked) == asked
    assert cluster([someone.user.pk], now=NOW + timedelta(hours=7)) == 1
    assert model.asked[asked:] == [*GARDEN, "Repot the monstera"], "its middle is known by now"
