"""The schemas of the events: every event has one that fits, and what is generated is current."""

import dataclasses
import shutil
import subprocess
import types
import typing
import uuid
from datetime import UTC, datetime
from io import StringIO

import pytest
from django.core.management import call_command
from google.protobuf.descriptor import FieldDescriptor

from oo.events import catalogue, wire
from oo.events.catalogue import ConnectionChanged, RewardSettled, TaskCompleted, UnknownEvent
from oo.events.generated.bus_pb2 import Envelope
from tests import schemas

pytestmark = pytest.mark.once

KINDS = [catalogue.kind_of(subject) for subject in catalogue.subjects()]
WHEN = datetime(2026, 11, 21, 9, 30, 1, 250_000, tzinfo=UTC)
F = FieldDescriptor
TYPES = {int: F.TYPE_INT64, float: F.TYPE_DOUBLE, str: F.TYPE_STRING, bool: F.TYPE_BOOL}


def plain(kind: object) -> tuple[object, bool]:
    """A type without `| None`, and whether it had it."""
    if isinstance(kind, types.UnionType) or typing.get_origin(kind) is typing.Union:
        parts = [part for part in typing.get_args(kind) if part is not types.NoneType]
        assert len(parts) == 1, f"{kind} has no protobuf type"
        return parts[0], True
    return kind, False


def fields_of(kind: type) -> dict[str, object]:
    hints = typing.get_type_hints(kind)
    return {f.name: hints[f.name] for f in dataclasses.fields(kind) if f.name != "user_id"}


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.subject)
def test_every_field_of_every_event_is_in_its_schema_with_a_type_that_fits(kind):
    schema = wire.schema_of(kind)
    assert set(schema.fields_by_name) == set(fields_of(kind)), (
        f"{schema.full_name} and catalogue.{kind.__name__} have different fields: change "
        "oo/events/proto, then run python -m tests.schemas --write"
    )
    for name, hint in fields_of(kind).items():
        field = schema.fields_by_name[name]
        inner, optional = plain(hint)
        assert field.is_repeated == (typing.get_origin(inner) is list), name
        if field.is_repeated:
            (inner,) = typing.get_args(inner)
        assert optional == (field.has_presence and not field.is_repeated), name
        if typing.get_origin(inner) is typing.Literal:
            values = {f"{name.upper()}_{value.upper()}" for value in typing.get_args(inner)}
            zero = f"{name.upper()}_UNSPECIFIED"
            assert set(field.enum_type.values_by_name) == values | {zero}, name
            assert field.enum_type.values_by_number[0].name == zero
        else:
            wanted = TYPES[str if inner is uuid.UUID else inner]
            assert field.type == wanted, name


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.subject)
def test_a_subject_is_three_plain_words_of_a_stream(kind):
    """Purging a person counts on it: their messages are `signals.*.*.<pseudonym>`."""
    words = kind.subject.split(".")
    assert len(words) == 3
    assert words[0] in ("signals", "feedback")
    assert all(word.isidentifier() and word.islower() for word in words)
    assert wire.schema_of(kind).file.package == f"oo.{words[0]}.v1"


def example(kind: type) -> catalogue.Event:
    values: dict[str, object] = {}
    for number, (name, hint) in enumerate(fields_of(kind).items(), 1):
        inner, _ = plain(hint)
        if typing.get_origin(inner) is typing.Literal:
            values[name] = typing.get_args(inner)[-1]
        elif typing.get_origin(inner) is list:
            values[name] = []
        else:
            values[name] = {int: -number, float: 0.1, str: "ü", bool: True}[inner]
    return kind(user_id=7, **values)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.subject)
def test_every_event_comes_back_from_the_bus_as_it_went(kind):
    event = example(kind)
    uid = uuid.uuid4()
    envelope, back = wire.unseal(wire.seal(event, uid, "someone", WHEN), user_id=7)
    assert back == event
    assert (envelope.event_id, envelope.pseudonym) == (str(uid), "someone")
    assert envelope.occurred_at.ToDatetime(tzinfo=UTC) == WHEN


def test_the_number_of_a_user_is_not_in_a_message():
    fact = RewardSettled(user_id=123_456_789, decision_id="d", reward=0.5)
    data = wire.seal(fact, uuid.uuid4(), "someone", WHEN)
    assert b"123456789" not in data
    assert "123456789" not in str(Envelope.FromString(data))


def test_an_event_that_does_not_fit_its_schema_is_refused_with_the_reason():
    odd = ConnectionChanged(user_id=1, connection_id="c", source="s", status="haunted")  # type: ignore[arg-type]
    with pytest.raises(UnknownEvent, match="HAUNTED"):
        wire.to_message(odd)


def test_an_enum_value_of_a_newer_sender_is_not_taken_for_another():
    message = wire.to_message(TaskCompleted(user_id=1, task_id=1, where="oo"))
    message.where = 99  # type: ignore[attr-defined]
    with pytest.raises(UnknownEvent, match="99"):
        wire.from_message(TaskCompleted.subject, 1, message)


@pytest.mark.parametrize("data", [b"\xff\xff", b"title=Call mum"])
def test_what_is_not_an_envelope_is_garbled(data):
    with pytest.raises((wire.Garbled, UnknownEvent)):
        wire.unseal(data)


def test_an_envelope_with_another_fact_inside_is_garbled():
    fact = RewardSettled(user_id=1, decision_id="d", reward=0.5)
    envelope = Envelope.FromString(wire.seal(fact, uuid.uuid4(), "someone", WHEN))
    envelope.subject = "signals.tip.served"
    with pytest.raises(wire.Garbled):
        wire.unseal(envelope.SerializeToString())


def test_generated_classes_are_current():
    assert schemas.stale() == [], "run python -m tests.schemas --write"


def test_a_changed_schema_makes_them_stale(tmp_path, monkeypatch):
    copy = tmp_path / "proto"
    for path in schemas.PROTO.rglob("*.proto"):
        to = copy / path.relative_to(schemas.PROTO)
        to.parent.mkdir(parents=True, exist_ok=True)
        to.write_text(path.read_text().replace("int64 gone = 4", "int64 gone = 5"))
    monkeypatch.setattr(schemas, "PROTO", copy)
    assert schemas.stale() == ["signals_pb2.py"]


def test_the_page_of_events_is_current_and_names_every_subject():
    call_command("events_doc", "--check", stdout=StringIO())
    text = (schemas.ROOT / "docs" / "events.md").read_text()
    for subject in catalogue.subjects():
        assert f"`{subject}`" in text


def test_without_buf_it_is_said_that_nothing_was_compared(monkeypatch, capsys):
    monkeypatch.setattr(schemas, "buf", lambda: None)
    assert schemas.check() == schemas.NOT_DONE
    assert "NOT COMPARED" in capsys.readouterr().out


@pytest.fixture
def released(tmp_path, monkeypatch):
    """A repository whose last release has our schemas."""
    if schemas.buf() is None:
        pytest.skip("buf can't be had here")
    shutil.copytree(schemas.PROTO, tmp_path / "oo/events/proto")
    shutil.copy(schemas.ROOT / "buf.yaml", tmp_path)
    monkeypatch.setattr(schemas, "ROOT", tmp_path)
    monkeypatch.setattr(schemas, "PROTO", tmp_path / "oo/events/proto")
    monkeypatch.setattr(schemas, "stale", list)
    for words in (
        ["init", "-q", "-b", "main"],
        ["add", "."],
        ["-c", "user.name=a", "-c", "user.email=a@b", "commit", "-qm", "one"],
    ):
        subprocess.run(["git", *words], cwd=tmp_path, check=True)
    return tmp_path / "oo/events/proto/oo/signals/v1/signals.proto"


def test_a_new_field_keeps_every_promise_and_another_number_breaks_one(released, capfd):
    text = released.read_text()
    released.write_text(
        text.replace("int64 gone = 4;", "int64 gone = 4;\n  // More.\n  int64 kept = 5;", 1)
    )
    assert schemas.check() == 0
    assert "compatible with main" in capfd.readouterr().out
    subprocess.run(["git", "tag", "v1.0.0"], cwd=schemas.ROOT, check=True)
    released.write_text(text.replace("int64 gone = 4;", "int64 gone = 5;", 1))
    assert schemas.check() == 1
    said = capfd.readouterr().out
    assert "gone" in said
    assert "Readers of v1.0.0 would not understand" in said


def test_a_schema_in_bad_style_is_named(released, capfd):
    released.write_text(released.read_text().replace("task_id", "taskId"))
    assert schemas.check() == 1
    assert "taskId" in capfd.readouterr().out
