"""What Todoist says, made into values; and whatever else somebody might say in its place."""

import json
from datetime import UTC, date, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from integrations.formats.facts import BadFormat, Closed, SeenTask
from integrations.formats.todoist import parse_due, parse_instant, parse_item, parse_sync
from tests.people import NOW

ITEM: dict[str, Any] = {
    "id": "6XR4GqQQCW6Gv9h4",
    "content": "Buy milk",
    "project_id": "6XR4H993xv8H5qCR",
    "priority": 1,
    "due": None,
    "checked": False,
    "is_deleted": False,
    "completed_at": None,
    "added_at": "2025-02-10T10:33:38.000000Z",
    "updated_at": "2025-02-10T10:39:38.000000Z",
}


def parsed(**changes: Any) -> SeenTask | Closed:
    return parse_item({**ITEM, **changes}, now=NOW)


def seen(**changes: Any) -> SeenTask:
    found = parsed(**changes)
    assert isinstance(found, SeenTask)
    return found


def reply(*items: Any, **more: Any) -> dict[str, Any]:
    return {"items": list(items), "sync_token": "token", "full_sync": True, **more}


def test_a_task():
    assert parsed() == SeenTask(
        external_id="6XR4GqQQCW6Gv9h4",
        title="Buy milk",
        project_id="6XR4H993xv8H5qCR",
        added_at=datetime(2025, 2, 10, 10, 33, 38, tzinfo=UTC),
    )


def test_fields_that_nobody_told_us_about_are_no_matter():
    assert parsed(goal_ids=[], duration={"amount": 1}, brand_new={"a": [1]}) == parsed()


def test_four_is_the_most_urgent_and_nonsense_is_normal():
    assert [seen(priority=p).priority for p in (1, 4, 2, 3)] == [1, 4, 2, 3]
    for nonsense in (0, 5, -1, None, "4", True, [], {}, 10**30):
        assert seen(priority=nonsense).priority == 1


def test_done_deleted_and_headers_are_closed():
    assert parsed(is_deleted=True) == Closed(ITEM["id"])
    assert parsed(checked=True, completed_at="2025-02-11T08:00:00Z") == Closed(
        ITEM["id"], datetime(2025, 2, 11, 8, tzinfo=UTC)
    )
    # Seen in the wild: completed, and `checked` false.
    assert parsed(completed_at="2025-02-11T08:00:00Z").completed_at
    assert parsed(checked=True, updated_at=None) == Closed(ITEM["id"], NOW)
    assert parsed(content="* Groceries") == Closed(ITEM["id"])


@pytest.mark.parametrize(
    ("due", "expected"),
    [
        ("2026-11-20", (date(2026, 11, 20), None, None)),
        (
            "2026-11-20T09:30:00",
            (date(2026, 11, 20), datetime.fromisoformat("2026-11-20T09:30"), None),
        ),
        (
            "2026-11-20T09:30:00.500000",
            (date(2026, 11, 20), datetime.fromisoformat("2026-11-20T09:30:00.5"), None),
        ),
        (
            "2026-11-20T09:30:00Z",
            (date(2026, 11, 20), None, datetime(2026, 11, 20, 9, 30, tzinfo=UTC)),
        ),
        (
            "2026-11-20T09:30:00.000000Z",
            (date(2026, 11, 20), None, datetime(2026, 11, 20, 9, 30, tzinfo=UTC)),
        ),
        (
            "2026-11-20T00:30:00+02:00",
            (date(2026, 11, 20), None, datetime(2026, 11, 19, 22, 30, tzinfo=UTC)),
        ),
    ],
)
def test_the_three_shapes_of_a_due_date(due: str, expected: tuple[Any, ...]):
    assert parse_due({"date": due, "is_recurring": True}) == (*expected, True)


@pytest.mark.parametrize(
    "due",
    [
        *("", "tomorrow", "2026-02-30", "2026-11-20T25:00:00", "2026-11-20T", "9" * 99),
        *("0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-12:00", "0001-01-01", "1066-10-14"),
        *("2026-11-20T09:30:00+99:00", "\x00" * 10, "२०२६-११-२०"),
    ],
)
def test_a_due_date_that_is_none_is_none(due: str):
    assert parse_due({"date": due})[:3] == (None, None, None)
    assert isinstance(parsed(due={"date": due}), SeenTask)


def test_timestamps_come_with_and_without_fractions():
    instant = datetime(2025, 2, 10, 10, 33, 38, tzinfo=UTC)
    for text in (
        "2025-02-10T10:33:38Z",
        "2025-02-10T10:33:38.000000Z",
        "2025-02-10T11:33:38+01:00",
    ):
        assert parse_instant(text) == instant
    for nonsense in (None, 7, "", "soon", "0001-01-01T00:00:00+14:00", ["2025-02-10"]):
        assert parse_instant(nonsense) is None


@pytest.mark.parametrize(
    "item",
    [
        *(None, [], "task", 7),
        {**ITEM, "id": 12345},
        {**ITEM, "id": ""},
        {**ITEM, "id": "x" * 65},
        {**ITEM, "id": "a\x00b"},
        {**ITEM, "id": "Ø"},
        {**ITEM, "content": None},
        {**ITEM, "content": "   "},
        {**ITEM, "content": ["Buy milk"]},
        {},
    ],
)
def test_an_entry_that_makes_no_sense_is_refused_and_the_others_are_not(item: Any):
    with pytest.raises(BadFormat):
        parse_item(item, now=NOW)
    pull = parse_sync(reply(item, ITEM), now=NOW)
    assert (len(pull.open), pull.refused) == (1, 1)


def test_text_that_no_encoding_can_write_is_mended():
    assert seen(content=json.loads(r'"half \ud83d of it"')).title == "half ? of it"
    assert seen(content="x" * 5000).title == "x" * 500
    assert seen(project_id="a\x00b").project_id == ""


@pytest.mark.parametrize(
    "body",
    [
        *(None, [], "ok", {}, {"items": []}, {"items": {}, "sync_token": "t"}),
        {"items": [], "sync_token": ""},
        {"items": [], "sync_token": ["t"]},
        {"items": [], "sync_token": "a\nb"},
        {"items": [], "sync_token": "x" * 1001},
    ],
)
def test_an_answer_that_is_no_sync_reply_is_refused_as_a_whole(body: Any):
    with pytest.raises(BadFormat):
        parse_sync(body, now=NOW)


def test_only_a_full_sync_that_says_so_is_complete():
    assert parse_sync(reply(), now=NOW).complete
    for said in (False, None, "yes", 1):
        assert not parse_sync(reply(full_sync=said), now=NOW).complete


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=5,
)


@given(st.dictionaries(st.sampled_from(sorted(ITEM)), anything))
@settings(max_examples=200, deadline=None)
def test_no_field_of_any_type_brings_more_than_a_refusal(changes: dict[str, Any]):
    try:
        found = parse_item({**ITEM, **changes}, now=NOW)
    except BadFormat:
        return
    assert isinstance(found, SeenTask | Closed)
    if isinstance(found, SeenTask):
        found.title.encode()
        assert 1 <= found.priority <= 4


@given(anything)
@settings(max_examples=100, deadline=None)
def test_no_due_of_any_type_brings_an_error(due: Any):
    assert len(parse_due(due)) == 4
    assert len(parse_due({"date": due})) == 4
