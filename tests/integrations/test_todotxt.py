"""A todo.txt file: its marks, and ids that stay the same while a line changes around its words."""

import io
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from integrations.connect import take_file
from integrations.formats.facts import BadFormat, SeenTask, TaskPull
from integrations.formats.todotxt import MOST_LINES, NO_TASK, NOT_ONE, TOO_MANY, parse
from integrations.models import Task
from integrations.source import AcceptsFile, sources
from tests.people import NOW, person

BERLIN = ZoneInfo("Europe/Berlin")


def read(text: str | bytes) -> TaskPull:
    return parse(text.encode() if isinstance(text, str) else text, zone=BERLIN, now=NOW)


def only(line: str) -> SeenTask:
    (task,) = read(line).open
    return task


@pytest.mark.parametrize(
    ("mark", "priority"),
    [("(A) ", 4), ("(B) ", 3), ("(C) ", 2), ("(D) ", 1), ("(Z) ", 1), ("", 1), ("(a) ", 1)],
)
def test_its_letters_are_priorities(mark, priority):
    assert only(f"{mark}Call Zoë").priority == priority


def test_dates_projects_and_recurrence_are_read_and_not_shown():
    task = only("(A) 2026-11-01 Call Zoë +home @phone due:2026-11-20 rec:+1w t:2026-11-10")
    assert task.title == "Call Zoë +home @phone"
    assert task.due_on == date(2026, 11, 20)
    assert task.due_at is task.due_local is None
    assert task.recurring
    assert task.project_id == "home"
    assert task.added_at == datetime(2026, 11, 1, 11, tzinfo=UTC)


@pytest.mark.parametrize(
    "line",
    ["Pay due:soon", "Pay due:2026-02-30", "Pay due:9999-99-99", "Pay due:", "Pay due:0001-01-01"],
)
def test_a_date_that_there_is_not_leaves_the_task(line):
    assert only(line).due_on is None


@pytest.mark.parametrize("line", ["xylophone lesson", "X marks it", "(A)", "see (B) later", "x"])
def test_what_only_looks_like_a_mark_is_text(line):
    assert only(line).title == line


def test_lines_without_a_word_are_no_tasks():
    assert [task.title for task in read("----\n\n  \nbread\r\nmilk\reggs\n").open] == [
        "bread", "milk", "eggs",
    ]  # fmt: skip


@pytest.mark.parametrize(
    "after",
    [
        "(C) Call Zoë +home",
        "2026-11-03 Call Zoë +home",
        "(A) 2026-11-03 Call Zoë +home due:2026-12-01",
        "Call Zoë due:2026-12-01 +home rec:1w",
        "  Call  Zoë   +home  ",
        "other\nCall Zoë +home",
    ],
)
def test_priority_dates_and_place_do_not_change_which_task_it_is(after):
    before = only("Call Zoë +home").external_id
    assert before in [task.external_id for task in read(after).open]


def test_lines_that_say_the_same_are_that_many_tasks():
    one, other = read("Water the plants\n(A) Water the plants due:2026-11-20").open
    assert one.external_id != other.external_id
    (closed,) = read("Water the plants\nx 2026-11-17 Water the plants").closed
    assert closed.external_id == other.external_id


def test_what_was_done_says_when():
    dated, bare, ahead = read(
        "x 2026-11-17 2026-11-01 Post it\nx Buy bread\nx 2027-01-01 Not yet\nopen one"
    ).closed
    assert dated.completed_at == datetime(2026, 11, 17, 11, tzinfo=UTC)
    assert bare.completed_at == NOW
    assert ahead.completed_at == NOW


def test_a_task_that_recurs_stays_the_same_task_and_its_last_time_is_known():
    pull = read(
        "x 2026-11-10 Water it rec:1w due:2026-11-10\nx 2026-11-17 Water it rec:1w due:2026-11-17\n"
        "Water it rec:1w due:2026-11-24"
    )
    (task,) = pull.open
    assert task.external_id == only("Water it").external_id
    assert pull.done == {task.external_id: [datetime(2026, 11, 17, 11, tzinfo=UTC)]}
    assert task.external_id not in [one.external_id for one in pull.closed]


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (b"", NO_TASK),
        (b"----\n", NO_TASK),
        (b"\xff\xfe\x00c", NOT_ONE),
        ("Zoë".encode("latin-1"), NOT_ONE),
        (b"BEGIN:VCALENDAR\r\n", NOT_ONE),
        (b"<html>", NOT_ONE),
        (b"a\n" * (MOST_LINES + 1), TOO_MANY),
    ],
)
def test_another_file_is_refused_with_a_sentence(data, sentence):
    with pytest.raises(BadFormat) as caught:
        read(data)
    assert str(caught.value) == sentence


@pytest.mark.django_db
def test_what_is_gone_is_gone_and_what_was_done_was_done():
    user = person("ada@example.com").user
    source = sources.get("todotxt")
    assert isinstance(source, AcceptsFile)

    def upload(text: str, now: datetime) -> dict[str, str]:
        take_file(user, source, io.BytesIO(text.encode()), now=now)
        rows = Task.objects.filter(connection__source="todotxt").order_by("pk")
        return {row.external_id: row.closed_as for row in rows}

    first = upload("Call Zoë\nPost it +town\nBuy bread", NOW)
    assert list(first.values()) == ["", "", ""]
    later = NOW + timedelta(days=1)
    second = upload("(A) Call Zoë due:2026-11-21\nx 2026-11-18 Post it +town", later)
    assert list(second) == list(first)
    assert list(second.values()) == ["", "done", "deleted"]
    kept = repr(list(Task.objects.values()))
    assert "Zo" not in kept
    assert "town" not in kept
