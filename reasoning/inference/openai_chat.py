"""Any OpenAI-compatible server: messages to /v1/chat/completions.

The server renders the prompt, so that no prompt ids are known, and may part thinking from answer
itself, which loses what lay between: such an answer is ``split_lossy``.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from reasoning.core.errors import EngineRefused
from reasoning.core.errors import gettext_noop as _
from reasoning.inference import fields
from reasoning.inference.requests import Channel, Chunk, EngineAddress, GenerationRequest, Message
from reasoning.inference.sse import EventReader
from reasoning.inference.transcript import Delta

PATH = "/v1/chat/completions"
Reader = EventReader

THINKING_FIELDS = ("reasoning", "reasoning_content", "thinking")
"""Newest name first. A server that sends the same text under two names is read once."""


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


def read(event: Mapping[str, Any]) -> Delta:
    """One event."""
    choices = fields.objects(event, "choices")
    choice = choices[0] if choices else {}
    delta = fields.optional(choice, "delta", dict) or {}
    usage = fields.optional(event, "usage", dict) or {}
    return Delta(
        pieces=(Chunk(_thinking(delta), (), Channel.THINKING), Chunk(_content(delta), ())),
        ids_known=False,
        finish_reason=fields.optional(choice, "finish_reason", str),
        model=fields.optional(event, "model", str),
        fingerprint=fields.optional(event, "system_fingerprint", str),
        request_id=fields.optional(event, "id", str),
        prompt_tokens=fields.optional(usage, "prompt_tokens", int),
        completion_tokens=fields.optional(usage, "completion_tokens", int),
    )


async def render(
    address: EngineAddress, messages: Sequence[Message]
) -> tuple[tuple[int, ...], str]:
    """This protocol cannot say what its prompt looks like. Raises EngineRefused."""
    raise EngineRefused(
        _("This engine cannot show the prompt that it makes."), status=None, param="messages"
    )


def _thinking(delta: Mapping[str, Any]) -> str:
    for name in THINKING_FIELDS:
        text = fields.optional(delta, name, str)
        if text:
            return text
    return ""


def _content(delta: Mapping[str, Any]) -> str:
    return fields.optional(delta, "content", str) or ""
