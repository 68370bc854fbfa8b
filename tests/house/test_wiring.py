"""The roof holds: timetable, settings page, checks, registries, event catalogue."""

import ast
import dataclasses
import typing
from importlib import import_module
from io import StringIO

import pytest
from celery import current_app
from django.conf import settings
from django.core.management import call_command
from django_celery_beat.models import IntervalSchedule, PeriodicTask

from agents.registry import agents
from integrations.freshness import SLAS
from integrations.source import sources
from oo.events import catalogue
from oo.lib.registry import Registry
from oo.schedule import TIMETABLE
from recommender.bandit.feature_list import WITHIN
from recommender.registry import policies
from tests.house.floors import dotted, tree
from tests.house.floors import sources as modules

OURS = PeriodicTask.objects.filter(name__startswith="oO: ")


def sync() -> None:
    call_command("sync_timetable", stdout=StringIO())


def test_every_entry_of_the_timetable_names_a_job_that_is_there_and_is_said_in_words():
    current_app.loader.import_default_modules()
    for entry in TIMETABLE:
        assert entry.job in current_app.tasks, entry
        module, _, function = entry.job.rpartition(".")
        assert callable(getattr(import_module(module), function))
        assert entry.says.endswith("."), entry
        assert entry.every_seconds >= 15, entry
    assert len({entry.name for entry in TIMETABLE}) == len(TIMETABLE)


@pytest.mark.django_db
def test_every_entry_expires_so_that_none_piles_up_while_no_worker_runs():
    sync()
    rows = list(OURS.all())
    assert len(rows) == len(TIMETABLE)
    for row in rows:
        assert row.expire_seconds is not None
        assert 60 <= row.expire_seconds <= 86_400
        assert row.enabled


@pytest.mark.django_db
def test_what_ops_changed_stays_and_what_left_the_timetable_goes():
    sync()
    slower, _ = IntervalSchedule.objects.get_or_create(every=999, period="seconds")
    OURS.filter(name="oO: sync").update(interval=slower, enabled=False, expire_seconds=77)
    PeriodicTask.objects.create(name="oO: of old", task="x", interval=slower)
    PeriodicTask.objects.create(name="ops' own", task="x", interval=slower)
    sync()
    row = OURS.get(name="oO: sync")
    assert (row.interval.every, row.enabled, row.expire_seconds) == (999, False, 77)
    assert not PeriodicTask.objects.filter(name="oO: of old").exists()
    assert PeriodicTask.objects.filter(name="ops' own").exists()


def test_the_page_of_settings_is_current():
    call_command("settings_doc", "--check")


def test_the_page_of_features_is_current():
    call_command("features_doc", "--check")


def test_the_age_of_a_feature_is_what_its_input_promises():
    promised = {kind: sla.within for kind, sla in SLAS.items()}
    for kind, within in WITHIN.items():
        assert within == promised[kind], kind


def messages_of_checks() -> list[tuple[str, ast.Call]]:
    return [
        (module, node)
        for module, path in modules()
        if module.rpartition(".")[2] == "checks"
        for node in ast.walk(tree(path))
        if isinstance(node, ast.Call) and dotted(node.func) in ("Error", "Warning")
    ]


def test_every_system_check_has_an_id_of_its_own_and_a_hint():
    seen: dict[str, str] = {}
    for module, call in messages_of_checks():
        given = {keyword.arg: keyword.value for keyword in call.keywords}
        where = f"{module}:{call.lineno}"
        assert "hint" in given, where
        assert isinstance(given["id"], ast.Constant), where
        check_id = str(given["id"].value)
        # The floor's, also where a room on it has checks of its own.
        floors = module.removeprefix("oo.").split(".")[:-1] or ["oo"]
        level = "E" if dotted(call.func) == "Error" else "W"
        assert check_id.startswith(f"{floors[0]}.{level}"), where
        assert check_id not in seen, f"{where} and {seen.get(check_id)}"
        seen[check_id] = where
    assert len(seen) > 8


@pytest.mark.parametrize("registry", [sources, agents, policies], ids=lambda r: r._setting)
def test_the_registry_of_each_kind_loads_all_it_names(registry: Registry):
    fresh = Registry(registry._setting, registry._base)
    assert len(fresh) == len(getattr(settings, registry._setting)) > 0
    assert all(plugin_id and plugin_id == plugin.id for plugin_id, plugin in
               zip(fresh.ids(), fresh, strict=True))  # fmt: skip


# A string in an event is an id, or one of a few words; a sentence has no place there.
IDS = {"connection_id", "decision_id"}
WORDS = {"source", "kind", "policy", "reaction", "key"}  # ids of plug-ins, and words of ours


def test_events_carry_ids_words_of_ours_and_numbers_and_never_text():
    assert len(catalogue.subjects()) >= 5
    for event in catalogue._by_subject.values():
        hints = typing.get_type_hints(event)
        for field in dataclasses.fields(event):
            kind, where = hints[field.name], f"{event.__name__}.{field.name}"
            if typing.get_origin(kind) is typing.Literal or kind in (
                int,
                float,
                bool,
                float | None,
            ):
                continue
            assert kind is str, where
            assert field.name in IDS | WORDS, where


def test_the_subjects_that_others_rely_on_are_there():
    assert {
        "signals.task.synced", "signals.task.completed", "signals.tip.served",
        "signals.tip.feedback", "feedback.reward.settled",
    } <= set(catalogue.subjects())  # fmt: skip
