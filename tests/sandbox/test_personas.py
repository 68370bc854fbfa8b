"""The people: believable, reproducible, alive."""

from collections import Counter
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from oo.sandbox.personas import PERSONAS, Persona, outline
from oo.sandbox.todoist.due import read_phrase
from tests.sandbox.world import World

BUSY = [persona for persona in PERSONAS if persona.id != "sam"]
DAY = 86_400


def today(persona: Persona) -> date:
    return datetime.now(ZoneInfo(persona.time_zone)).date()


def day_of(task: dict[str, Any]) -> date:
    return date.fromisoformat(task["due"]["date"][:10])


def test_there_are_people_enough_and_no_two_are_confused() -> None:
    assert len(PERSONAS) >= 7
    for name in ("id", "name", "email", "user_id", "google_sub", "time_zone"):
        assert len({getattr(persona, name) for persona in PERSONAS}) == len(PERSONAS)
    assert all(persona.email.endswith("@example.com") for persona in PERSONAS)
    assert all(ZoneInfo(persona.time_zone) for persona in PERSONAS)


@pytest.mark.parametrize("persona", BUSY, ids=lambda persona: persona.id)
def test_a_list_is_believable(world: World, persona: Persona) -> None:
    tasks = world.tasks_of(persona.id)
    now = today(persona)
    dated = [task for task in tasks if task["due"]]
    assert len(tasks) >= 150 if persona.id == "priya" else 15 <= len(tasks) <= 60
    assert len({task["id"] for task in tasks}) == len(tasks)
    assert any(day_of(task) < now for task in dated)
    assert any(day_of(task) == now for task in dated)
    assert any(now < day_of(task) <= now + timedelta(days=7) for task in dated)
    assert any(task["due"] is None for task in tasks)
    assert any("T" in task["due"]["date"] for task in dated)
    assert any(task["due"]["is_recurring"] for task in dated)
    assert {1, 3, 4} <= {task["priority"] for task in tasks}
    assert len({task["project_id"] for task in tasks}) >= 4
    assert any(task["labels"] for task in tasks)
    assert not any(day_of(task) < now for task in dated if task["due"]["is_recurring"])


@pytest.mark.parametrize("persona", BUSY, ids=lambda persona: persona.id)
def test_there_is_a_past_of_sixty_days(world: World, persona: Persona) -> None:
    now = datetime.now(ZoneInfo(persona.time_zone))
    log = world.connect(persona.id).get(
        "/activities", date_from=f"{now - timedelta(days=61):%Y-%m-%d}", limit=200
    )["results"]
    assert len(log) >= 20
    days = {event["event_date"][:10] for event in log}
    assert len(days) >= 20
    assert min(days) < (now - timedelta(days=40)).date().isoformat()


def test_the_lists_hold_what_breaks_careless_programs(world: World) -> None:
    titles = [task["content"] for persona in BUSY for task in world.tasks_of(persona.id)]
    assert 'Buy <b>bold</b> markers & "tape"' in titles
    assert any(len(title) > 250 for title in titles)
    assert any("🐈" in title for title in titles)
    assert any("寄報價單" in title for title in titles)
    assert any("évier" in title for title in titles)
    fixed = [task for task in world.tasks_of("mei") if task["due"] and task["due"]["timezone"]]
    assert [task["due"]["timezone"] for task in fixed] == ["Asia/Taipei"]
    assert fixed[0]["due"]["date"].endswith("Z")
    assert any(task["parent_id"] for task in world.tasks_of("mei"))


def test_a_fresh_start_is_empty(world: World) -> None:
    assert world.tasks_of("sam") == []
    world.shift_clock(5 * DAY)
    assert world.tasks_of("sam") == []


def test_the_same_day_grows_the_same_world(world: World) -> None:
    before = {persona.id: world.tasks_of(persona.id) for persona in BUSY}
    assert before == {persona.id: world.tasks_of(persona.id) for persona in BUSY}
    world.control("POST", "/reset").raise_for_status()

    def essence(tasks: list[dict[str, Any]]) -> list[tuple[Any, ...]]:
        return [(task["id"], task["content"], task["due"], task["added_at"]) for task in tasks]

    for persona in BUSY:
        assert essence(world.tasks_of(persona.id)) == essence(before[persona.id])


def test_days_pass_and_the_list_lives(world: World) -> None:
    before = {task["id"]: task for task in world.tasks_of("ruth")}
    world.shift_clock(6 * DAY)
    after = {task["id"]: task for task in world.tasks_of("ruth")}
    assert after.keys() > before.keys(), "what was there stays, something new has come"
    assert len(after.keys() - before.keys()) <= 18
    moved = [id for id in before if after[id]["due"] != before[id]["due"]]
    assert len(moved) >= 3
    assert all(before[id]["due"]["is_recurring"] for id in moved)
    assert world.tasks_of("ruth") == list(after.values()), "a day is lived once"


def test_a_list_left_alone_for_a_year_is_neither_dead_nor_flooded(world: World) -> None:
    count = len(world.tasks_of("harald"))
    world.shift_clock(365 * DAY)
    tasks = world.tasks_of("harald")
    assert count <= len(tasks) <= count + 15
    titles = Counter(task["content"] for task in tasks)
    assert max(titles.values()) == 1
    coming = [task for task in tasks if task["due"] and task["due"]["is_recurring"]]
    next_year = today(PERSONAS[4]) + timedelta(days=365)
    assert sum(day_of(task) >= next_year for task in coming) >= len(coming) / 2


@pytest.mark.parametrize("persona", PERSONAS, ids=lambda persona: persona.id)
def test_the_outline_can_be_read_to_its_last_note(persona: Persona) -> None:
    written = outline.read(persona.id)
    for entry in written.every():
        assert entry.title == entry.title.strip()
        assert len(entry.title) <= 500
        if entry.phrase:
            when = read_phrase(entry.phrase, date(2026, 11, 21))
            assert when is not None
            assert when.rule is not None
    assert all(entry.done is not None and entry.done < 0 for entry in written.done)
    titles = Counter(entry.title for entry in written.every())
    assert [title for title, times in titles.items() if times > 1] == []


@pytest.mark.parametrize("text", ["- no bar", "- x | p4", "- x | someday", "loose words"])
def test_an_outline_with_a_slip_is_refused_with_its_line(text: str) -> None:
    with pytest.raises(ValueError, match="cannot read|no bar"):
        outline.parse(text)
