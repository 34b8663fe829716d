"""The events of engines' streams, read with suspicion into declared shapes.

A shape says which fields matter and what they may hold; msgspec reads and checks an event in one
pass, which costs a sixth of looking at each field in Python. Fields that are not declared are
skipped: engines add new ones, and the verbatim response keeps them.
"""

from typing import Annotated, Any, Generic, TypeVar

import msgspec
from msgspec import UNSET, UnsetType

from reasoning.core.errors import EngineFailed
from reasoning.inference.transport import meaning_of

TokenId = Annotated[int, msgspec.Meta(ge=0, lt=2**32)]


class Event(msgspec.Struct, gc=False):
    """What an event of any engine may hold. Fields that may be missing have a value for that."""

    error: Any = None


C = TypeVar("C")
E = TypeVar("E", bound=Event)


class Usage(msgspec.Struct, gc=False):
    """How many tokens an engine of OpenAI's family counted."""

    prompt_tokens: int | None = None
    completion_tokens: int | None = None


class Completion(Event, Generic[C], gc=False):
    """An event of OpenAI's family. What a choice holds differs."""

    choices: list[C] | UnsetType = UNSET
    id: str | None = None
    model: str | None = None
    system_fingerprint: str | None = None
    usage: Usage | None = None

    def choice(self) -> C | None:
        """The answer's part; None where the event is about the whole. Raises EngineFailed."""
        if self.choices is UNSET:
            raise EngineFailed(reason="choices is missing")
        return self.choices[0] if self.choices else None


NO_USAGE = Usage()


class Events(Generic[E]):
    """Reads events of one shape."""

    def __init__(self, shape: type[E]) -> None:
        self._decode = msgspec.json.Decoder(shape).decode

    def read(self, data: bytes) -> E:
        """One event. Raises EngineFailed for another shape, and the error that an event carries."""
        try:
            event = self._decode(data)
        except (msgspec.DecodeError, RecursionError) as error:
            raise EngineFailed(reason=str(error)) from error
        if event.error is not None:
            raise meaning_of(event.error)
        return event
