"""What an endpoint takes: exactly its schema, and ten thousand spoilt bodies are read or refused."""

import json
import random
from datetime import UTC, date, datetime

import pytest

from integrations.formats.facts import Closed
from integrations.formats.standard_webhooks import BadSignature, Signed, signed, verify
from integrations.formats.webhook import SCHEMA, BadBody, parse_posted
from tests.integrations.battery import NONSENSE, spoilt
from tests.people import NOW

GOOD = {
    "tasks": [
        {
            "op": "upsert",
            "id": "a",
            "title": " Water the fern ",
            "due": "2026-11-24",
            "priority": 4,
        },
        {"op": "upsert", "id": "b", "title": "Zoë", "due": "2026-11-24T17:30"},
        {"op": "upsert", "id": "c", "title": "Rent", "due": "2026-11-24T17:30:00+01:00"},
        {"op": "upsert", "id": "d", "title": "Some day", "due": None},
        {"op": "done", "id": "e"},
        {"op": "done", "id": "f", "at": "2026-11-17T08:00:00Z"},
        {"op": "removed", "id": "g"},
    ]
}


def parse(body):
    return parse_posted(json.dumps(body).encode(), now=NOW)


def faults(*tasks) -> list[tuple[str, str]]:
    with pytest.raises(BadBody) as caught:
        parse({"tasks": list(tasks)})
    return caught.value.faults


def test_all_that_it_may_say_is_understood():
    pull = parse(GOOD)
    fern, zoe, rent, some_day = pull.open
    assert (fern.title, fern.priority, fern.due_on) == ("Water the fern", 4, date(2026, 11, 24))
    assert zoe.due_local == datetime(2026, 11, 24, 17, 30)  # noqa: DTZ001 wherever she is
    assert zoe.due_on == date(2026, 11, 24)
    assert rent.due_at == datetime(2026, 11, 24, 16, 30, tzinfo=UTC)
    assert some_day.due_on is None
    assert pull.closed == [
        Closed("e", NOW), Closed("f", datetime(2026, 11, 17, 8, tzinfo=UTC)), Closed("g"),
    ]  # fmt: skip
    assert not pull.complete


@pytest.mark.parametrize(
    ("task", "where"),
    [
        ({"op": "upsert", "id": "a"}, "/tasks/0/title"),
        ({"op": "upsert", "title": "T"}, "/tasks/0/id"),
        ({"op": "upsert", "id": "a", "title": "T", "note": "n"}, "/tasks/0/note"),
        ({"op": "upsert", "id": "a", "title": "T", "priority": True}, "/tasks/0/priority"),
        ({"op": "upsert", "id": "a", "title": "T", "priority": 1.0}, "/tasks/0/priority"),
        ({"op": "upsert", "id": "a", "title": "T", "due": "2026-W48-2"}, "/tasks/0/due"),
        ({"op": "upsert", "id": "a", "title": "T", "due": "20261124"}, "/tasks/0/due"),
        ({"op": "upsert", "id": "a", "title": "T", "due": "2026-02-30"}, "/tasks/0/due"),
        (
            {"op": "upsert", "id": "a", "title": "T", "due": "0001-01-01T00:00+14:00"},
            "/tasks/0/due",
        ),
        ({"op": "upsert", "id": "a", "title": "T", "due": 20261124}, "/tasks/0/due"),
        ({"op": "upsert", "id": "a b", "title": "T"}, "/tasks/0/id"),
        ({"op": "upsert", "id": 7, "title": "T"}, "/tasks/0/id"),
        ({"op": "upsert", "id": "a" * 65, "title": "T"}, "/tasks/0/id"),
        ({"op": "upsert", "id": "a", "title": "x" * 501}, "/tasks/0/title"),
        ({"op": "upsert", "id": "a", "title": "\ud800"}, "/tasks/0/title"),
        ({"op": "upsert", "id": "a", "title": "a\0b"}, "/tasks/0/title"),
        ({"op": "done", "id": "a", "at": "2026-11-17T08:00"}, "/tasks/0/at"),
        ({"op": "removed", "id": "a", "at": "2026-11-17T08:00:00Z"}, "/tasks/0/at"),
        ("upsert", "/tasks/0"),
    ],
)
def test_what_is_wrong_is_named_by_its_place(task, where):
    assert [at for at, _ in faults(task)] == [where]


def test_a_task_is_in_one_delivery_once_and_no_delivery_has_too_many():
    twice = {"op": "removed", "id": "a"}
    assert faults(twice, twice) == [("/tasks/1/id", "A task can be in one delivery once.")]
    assert faults(*[{"op": "removed", "id": str(n)} for n in range(101)])[0][0] == "/tasks"
    assert faults()[0][0] == "/tasks"


@pytest.mark.parametrize(
    "body",
    [b"", b"[]", b"nul", b"\xff", b"[" * 50_000, b'{"a":' * 5_000, b'{"tasks":[NaN]}',
     b'{"tasks":[],"tasks":[]}', b"1" * 10_000, b'\xef\xbb\xbf{"tasks":[]}', b'{"tasks":null}'],
)  # fmt: skip
def test_what_is_no_such_document_is_refused_in_a_sentence(body):
    with pytest.raises(BadBody) as caught:
        parse_posted(body, now=NOW)
    assert len(str(caught.value)) < 200


def test_nothing_of_what_was_sent_is_quoted_back():
    words = "secret-word"
    for body in ({words + " x": 1}, {"tasks": [{"op": words}]}, {"tasks": [{"op": "upsert", "id": "a",
                 "title": 3, words + "!": words, "due": words}]}):  # fmt: skip
        with pytest.raises(BadBody) as caught:
            parse(body)
        assert words not in str(caught.value) + repr(caught.value.faults)


def test_the_schema_that_is_shown_is_the_one_that_holds():
    """Walks the schema and holds the parser to each of its bounds."""
    assert SCHEMA["properties"]["tasks"]["maxItems"] == 100
    for op in ("upsert", "done", "removed"):
        shape = SCHEMA["$defs"][op]
        good = next(task for task in GOOD["tasks"] if task["op"] == op)
        assert set(good) <= set(shape["properties"])
        parse({"tasks": [{key: good[key] for key in shape["required"]}]})
        for key in shape["required"]:
            assert faults({k: v for k, v in good.items() if k != key})
        assert faults({**good, "other": 1}), "additionalProperties is false"
    upsert = {"op": "upsert", "id": "a", "title": "T"}
    title = SCHEMA["$defs"]["upsert"]["properties"]["title"]
    parse({"tasks": [{**upsert, "title": "x" * title["maxLength"]}]})
    assert faults({**upsert, "title": "x" * (title["maxLength"] + 1)})
    priority = SCHEMA["$defs"]["upsert"]["properties"]["priority"]
    for number in (priority["minimum"], priority["maximum"]):
        parse({"tasks": [{**upsert, "priority": number}]})
    assert faults({**upsert, "priority": priority["maximum"] + 1})


def test_ten_thousand_spoilt_bodies_are_read_or_refused_and_none_is_stuck():
    chance = random.Random(20261121)
    plain = json.dumps(GOOD).encode()
    read, said = 0, []
    for number in range(10_000):
        if number % 2:
            body = json.dumps(spoilt(GOOD, chance)).encode()
        else:
            body = bytearray(plain)
            for _ in range(chance.randint(1, 4)):
                where = chance.randrange(len(body))
                cut = chance.choice((0, 1, 1, 3))
                body[where : where + cut] = chance.choice(
                    (b"", b'"', b"{", b"]", b"\x00", b"\xff", b"\\u0000", b"9" * 50, b",", b"\\")
                )
        try:
            pull = parse_posted(bytes(body), now=NOW)
        except BadBody as error:
            said.append((error.faults, str(error)))
            continue
        read += 1
        for task in pull.open:
            assert task.title.encode()
            assert "\0" not in task.title + task.external_id
            assert 1 <= task.priority <= 4
    assert read > 500
    assert len(said) > 5_000
    assert all(faults and sentence.endswith((".", "more.")) for faults, sentence in said)


def test_any_headers_are_read_or_refused():
    chance = random.Random(7)
    names = ("webhook-id", "webhook-timestamp", "webhook-signature")
    texts = [str(one) for one in NONSENSE] + ["v1," + "A" * 44, "1763719200", "v1, v1,", "ÿ" * 9]
    said = []
    for _ in range(3_000):
        headers = {name: chance.choice(texts) for name in names if chance.random() < 0.95}
        try:
            given = signed(headers)
            assert isinstance(given, Signed)
            verify(given, b"{}", ["whsec_" + "A" * 32], now=NOW)
        except BadSignature as error:
            said.append(str(error))
        else:
            pytest.fail("nobody signed that")
    assert all(sentence.endswith(".") for sentence in said)
