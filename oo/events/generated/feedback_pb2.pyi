from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from typing import ClassVar as _ClassVar, Optional as _Optional

DESCRIPTOR: _descriptor.FileDescriptor

class RewardSettled(_message.Message):
    __slots__ = ("decision_id", "reward")
    DECISION_ID_FIELD_NUMBER: _ClassVar[int]
    REWARD_FIELD_NUMBER: _ClassVar[int]
    decision_id: str
    reward: float
    def __init__(self, decision_id: _Optional[str] = ..., reward: _Optional[float] = ...) -> None: ...
