"""Events as protobuf: the catalogue is how the house says a fact, a schema how the bus does.

A kind of event and its message have the same name and the same fields. An enum's value `reconnect` of
a field `status` is STATUS_RECONNECT.
"""

import uuid
from datetime import UTC, datetime
from typing import Any, cast

from google.protobuf.descriptor import Descriptor, FieldDescriptor
from google.protobuf.message import DecodeError, Message
from google.protobuf.message_factory import GetMessageClass

from oo.events import catalogue
from oo.events.catalogue import Event, UnknownEvent
from oo.events.generated import feedback_pb2, signals_pb2
from oo.events.generated.bus_pb2 import Envelope

FILES = (signals_pb2.DESCRIPTOR, feedback_pb2.DESCRIPTOR)


class Garbled(Exception):
    """Bytes that are not what they should be. The message says what is wrong."""


_schemas = {name: schema for file in FILES for name, schema in file.message_types_by_name.items()}


def schema_of(kind: type[Event]) -> Descriptor:
    """The message of a kind of event. Raises UnknownEvent when it has none."""
    try:
        return _schemas[kind.__name__]
    except KeyError as error:
        raise UnknownEvent(f"{kind.subject} has no schema in oo/events/proto") from error


def to_message(event: Event) -> Message:
    """Raises UnknownEvent when the event doesn't fit its schema."""
    schema = schema_of(type(event))
    try:
        fields = {
            name: _outward(schema.fields_by_name[name], value)
            for name, value in event.payload().items()
            if value is not None
        }
        return GetMessageClass(schema)(**fields)
    except (KeyError, TypeError, ValueError) as error:
        raise UnknownEvent(f"{event.subject} doesn't fit its schema: {error}") from error


def from_message(subject: str, user_id: int, message: Message) -> Event:
    """Fields that we don't know are passed over: the sender may be newer. Raises UnknownEvent."""
    payload: dict[str, Any] = {}
    for field in message.DESCRIPTOR.fields:
        if not field.has_presence or message.HasField(field.name):
            payload[field.name] = _inward(
                cast(FieldDescriptor, field), getattr(message, field.name)
            )
        else:
            payload[field.name] = None
    return catalogue.restore(subject, user_id, payload)


def seal(event: Event, uid: uuid.UUID, pseudonym: str, occurred_at: datetime) -> bytes:
    """The message that goes to the bus. Raises UnknownEvent."""
    envelope = Envelope(event_id=str(uid), subject=event.subject, pseudonym=pseudonym)
    envelope.occurred_at.FromDatetime(occurred_at.astimezone(UTC))
    envelope.event.Pack(to_message(event), deterministic=True)
    return envelope.SerializeToString(deterministic=True)


def unseal(data: bytes, user_id: int = 0) -> tuple[Envelope, Event]:
    """What a message of the bus says. Raises Garbled or UnknownEvent."""
    try:
        envelope = Envelope.FromString(data)
        message = GetMessageClass(schema_of(catalogue.kind_of(envelope.subject)))()
        fits = envelope.event.Unpack(message)
    except DecodeError as error:
        raise Garbled("not an Envelope of oo.bus.v1") from error
    if not fits:
        raise Garbled(f"{envelope.subject} holds a {envelope.event.TypeName()}")
    return envelope, from_message(envelope.subject, user_id, message)


def _prefix(field: FieldDescriptor) -> str:
    return f"{field.name.upper()}_"


def _outward(field: FieldDescriptor, value: Any) -> Any:
    return _prefix(field) + value.upper() if field.enum_type and isinstance(value, str) else value


def _inward(field: FieldDescriptor, value: Any) -> Any:
    if field.is_repeated:
        return list(value)
    if not field.enum_type:
        return value
    known = field.enum_type.values_by_number.get(value)
    if known is None or value == 0:
        raise UnknownEvent(f"{field.full_name} is {value}, which this version doesn't know")
    return known.name.removeprefix(_prefix(field)).lower()
