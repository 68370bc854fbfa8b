from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class TaskSynced(_message.Message):
    __slots__ = ("connection_id", "added", "changed", "gone")
    CONNECTION_ID_FIELD_NUMBER: _ClassVar[int]
    ADDED_FIELD_NUMBER: _ClassVar[int]
    CHANGED_FIELD_NUMBER: _ClassVar[int]
    GONE_FIELD_NUMBER: _ClassVar[int]
    connection_id: str
    added: int
    changed: int
    gone: int
    def __init__(self, connection_id: _Optional[str] = ..., added: _Optional[int] = ..., changed: _Optional[int] = ..., gone: _Optional[int] = ...) -> None: ...

class TaskCompleted(_message.Message):
    __slots__ = ("task_id", "where", "completed_at")
    class Where(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
        __slots__ = ()
        WHERE_UNSPECIFIED: _ClassVar[TaskCompleted.Where]
        WHERE_SOURCE: _ClassVar[TaskCompleted.Where]
        WHERE_OO: _ClassVar[TaskCompleted.Where]
    WHERE_UNSPECIFIED: TaskCompleted.Where
    WHERE_SOURCE: TaskCompleted.Where
    WHERE_OO: TaskCompleted.Where
    TASK_ID_FIELD_NUMBER: _ClassVar[int]
    WHERE_FIELD_NUMBER: _ClassVar[int]
    COMPLETED_AT_FIELD_NUMBER: _ClassVar[int]
    task_id: int
    where: TaskCompleted.Where
    completed_at: float
    def __init__(self, task_id: _Optional[int] = ..., where: _Optional[_Union[TaskCompleted.Where, str]] = ..., completed_at: _Optional[float] = ...) -> None: ...

class CalendarChanged(_message.Message):
    __slots__ = ("connection_id", "coming")
    CONNECTION_ID_FIELD_NUMBER: _ClassVar[int]
    COMING_FIELD_NUMBER: _ClassVar[int]
    connection_id: str
    coming: int
    def __init__(self, connection_id: _Optional[str] = ..., coming: _Optional[int] = ...) -> None: ...

class WebhookReceived(_message.Message):
    __slots__ = ("connection_id", "tasks")
    CONNECTION_ID_FIELD_NUMBER: _ClassVar[int]
    TASKS_FIELD_NUMBER: _ClassVar[int]
    connection_id: str
    tasks: int
    def __init__(self, connection_id: _Optional[str] = ..., tasks: _Optional[int] = ...) -> None: ...

class HealthSampled(_message.Message):
    __slots__ = ("connection_id", "added", "changed", "gone")
    CONNECTION_ID_FIELD_NUMBER: _ClassVar[int]
    ADDED_FIELD_NUMBER: _ClassVar[int]
    CHANGED_FIELD_NUMBER: _ClassVar[int]
    GONE_FIELD_NUMBER: _ClassVar[int]
    connection_id: str
    added: int
    changed: int
    gone: int
    def __init__(self, connection_id: _Optional[str] = ..., added: _Optional[int] = ..., changed: _Optional[int] = ..., gone: _Optional[int] = ...) -> None: ...

class ConnectionChanged(_message.Message):
    __slots__ = ("connection_id", "source", "status")
    class Status(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
        __slots__ = ()
        STATUS_UNSPECIFIED: _ClassVar[ConnectionChanged.Status]
        STATUS_CONNECTED: _ClassVar[ConnectionChanged.Status]
        STATUS_RECONNECT: _ClassVar[ConnectionChanged.Status]
        STATUS_DISCONNECTED: _ClassVar[ConnectionChanged.Status]
    STATUS_UNSPECIFIED: ConnectionChanged.Status
    STATUS_CONNECTED: ConnectionChanged.Status
    STATUS_RECONNECT: ConnectionChanged.Status
    STATUS_DISCONNECTED: ConnectionChanged.Status
    CONNECTION_ID_FIELD_NUMBER: _ClassVar[int]
    SOURCE_FIELD_NUMBER: _ClassVar[int]
    STATUS_FIELD_NUMBER: _ClassVar[int]
    connection_id: str
    source: str
    status: ConnectionChanged.Status
    def __init__(self, connection_id: _Optional[str] = ..., source: _Optional[str] = ..., status: _Optional[_Union[ConnectionChanged.Status, str]] = ...) -> None: ...

class ProfileChanged(_message.Message):
    __slots__ = ("what", "key")
    class What(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
        __slots__ = ()
        WHAT_UNSPECIFIED: _ClassVar[ProfileChanged.What]
        WHAT_PREFERENCE: _ClassVar[ProfileChanged.What]
        WHAT_CONSENT: _ClassVar[ProfileChanged.What]
        WHAT_CONTEXT: _ClassVar[ProfileChanged.What]
    WHAT_UNSPECIFIED: ProfileChanged.What
    WHAT_PREFERENCE: ProfileChanged.What
    WHAT_CONSENT: ProfileChanged.What
    WHAT_CONTEXT: ProfileChanged.What
    WHAT_FIELD_NUMBER: _ClassVar[int]
    KEY_FIELD_NUMBER: _ClassVar[int]
    what: ProfileChanged.What
    key: str
    def __init__(self, what: _Optional[_Union[ProfileChanged.What, str]] = ..., key: _Optional[str] = ...) -> None: ...

class TipServed(_message.Message):
    __slots__ = ("decision_id", "kind", "policy")
    DECISION_ID_FIELD_NUMBER: _ClassVar[int]
    KIND_FIELD_NUMBER: _ClassVar[int]
    POLICY_FIELD_NUMBER: _ClassVar[int]
    decision_id: str
    kind: str
    policy: str
    def __init__(self, decision_id: _Optional[str] = ..., kind: _Optional[str] = ..., policy: _Optional[str] = ...) -> None: ...

class TipFeedback(_message.Message):
    __slots__ = ("decision_id", "reaction", "dwell_ms")
    DECISION_ID_FIELD_NUMBER: _ClassVar[int]
    REACTION_FIELD_NUMBER: _ClassVar[int]
    DWELL_MS_FIELD_NUMBER: _ClassVar[int]
    decision_id: str
    reaction: str
    dwell_ms: int
    def __init__(self, decision_id: _Optional[str] = ..., reaction: _Optional[str] = ..., dwell_ms: _Optional[int] = ...) -> None: ...

class OutsideNoted(_message.Message):
    __slots__ = ("kind", "value")
    KIND_FIELD_NUMBER: _ClassVar[int]
    VALUE_FIELD_NUMBER: _ClassVar[int]
    kind: str
    value: float
    def __init__(self, kind: _Optional[str] = ..., value: _Optional[float] = ...) -> None: ...
