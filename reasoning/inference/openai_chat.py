"""Any OpenAI-compatible server: messages to /v1/chat/completions.

The server renders the prompt, so that no prompt ids are known, and may part thinking from answer
itself, which loses what lay between: such an answer is ``split_lossy``.
"""

from collections.abc import Sequence
from typing import Any

import msgspec

from reasoning.core.errors import EngineRefused
from reasoning.core.errors import gettext_noop as _
from reasoning.inference.events import NO_USAGE, Completion, Events
from reasoning.inference.requests import Channel, Chunk, EngineAddress, GenerationRequest, Message
from reasoning.inference.sse import EventReader
from reasoning.inference.transcript import Delta, Facts

PATH = "/v1/chat/completions"
Reader = EventReader


def body(address: EngineAddress, request: GenerationRequest) -> dict[str, Any]:
    """The request as JSON."""
    refuse_grammar(request)
    return {
        "model": address.model,
        "messages": turns(request),
        "stream": True,
        "stream_options": {"include_usage": True},
        "temperature": float(request.temperature),
        "top_p": float(request.top_p),
        "max_tokens": request.max_tokens,
        "seed": request.seed,
    }


def refuse_grammar(request: GenerationRequest) -> None:
    """A grammar is not part of chat protocols, and leaving it out is no choice."""
    if request.grammar is not None:
        raise EngineRefused(
            _("This engine cannot be given a grammar."), status=None, param="grammar"
        )


def turns(request: GenerationRequest) -> list[dict[str, str]]:
    """The messages as JSON."""
    return [{"role": message.role, "content": message.text} for message in request.messages]


class _Thinking(msgspec.Struct, gc=False):
    """The names it comes under, the newest first. A server that sends the same text under two is
    read once."""

    reasoning: str | None = None
    reasoning_content: str | None = None
    thinking: str | None = None


THINKING_FIELDS = _Thinking.__struct_fields__


class _Said(_Thinking, gc=False):
    content: str | None = None


class _Choice(msgspec.Struct, gc=False):
    delta: _Said | None = None
    finish_reason: str | None = None


_EVENTS, _NO_CHOICE, _NOTHING = Events(Completion[_Choice]), _Choice(), _Said()


def read(data: bytes) -> Delta:
    """One event."""
    event = _EVENTS.read(data)
    choice = event.choice() or _NO_CHOICE
    said, usage = choice.delta or _NOTHING, event.usage or NO_USAGE
    return Delta(
        pieces=parted(said.reasoning or said.reasoning_content or said.thinking, said.content),
        ids_known=False,
        facts=Facts(
            finish_reason=choice.finish_reason,
            model=event.model,
            fingerprint=event.system_fingerprint,
            request_id=event.id,
            prompt_tokens=usage.prompt_tokens,
            completion_tokens=usage.completion_tokens,
        ),
    )


def parted(thinking: str | None, content: str | None) -> tuple[Chunk, ...]:
    """The pieces of an event whose thinking may stand in a field of its own."""
    pieces = (Chunk(thinking or "", (), Channel.THINKING), Chunk(content or "", ()))
    return tuple(piece for piece in pieces if piece.text)


async def render(
    address: EngineAddress, messages: Sequence[Message]
) -> tuple[tuple[int, ...], str]:
    """This protocol cannot say what its prompt looks like. Raises EngineRefused."""
    raise EngineRefused(
        _("This engine cannot show the prompt that it makes."), status=None, param="messages"
    )
