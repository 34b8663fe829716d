"""llama.cpp's server: prompt ids to /completion, text with token ids back. Tried with b11549.

Its streamed ids are one per piece of text: where a character takes several tokens, all but the last
are missing, and the count of tokens shows it. Such an answer is known as text only.
"""

import secrets
from collections.abc import Sequence
from typing import Any

from msgspec import UNSET, UnsetType

from reasoning.core.errors import EngineFailed, EngineRefused
from reasoning.core.errors import gettext_noop as _
from reasoning.inference import fields
from reasoning.inference.events import Event, Events, TokenId
from reasoning.inference.requests import Chunk, EngineAddress, GenerationRequest, Message
from reasoning.inference.sse import EventReader
from reasoning.inference.transcript import Delta, Facts
from reasoning.inference.transport import ask

PATH = "/completion"
Reader = EventReader

FINISH_REASONS = {"eos": "stop", "word": "stop", "limit": "length"}
"""llama.cpp's word for the end to OpenAI's."""


def body(address: EngineAddress, request: GenerationRequest) -> dict[str, Any]:
    """The request as JSON, with the samplers of vLLM in vLLM's order and no others.

    No cached prompt is used: with one, the same seed gave another answer the second time.
    """
    if request.prompt_token_ids is None:
        raise EngineRefused(
            _("This engine takes its prompt as token ids."), status=None, param="prompt"
        )
    wanted: dict[str, Any] = {
        "model": address.model,
        "prompt": request.prompt_token_ids,
        "stream": True,
        "return_tokens": True,
        "n_predict": request.max_tokens,
        "samplers": ["temperature", "top_p"],
        "temperature": float(request.temperature),
        "top_p": float(request.top_p),
        "top_k": 0,
        "min_p": 0.0,
        "seed": request.seed,
        "cache_prompt": False,
    }
    if request.grammar is not None:
        wanted["grammar"] = request.grammar
    return wanted


class _Completion(Event, gc=False):
    content: str | UnsetType = UNSET
    tokens: tuple[TokenId, ...] | None = None
    stop: bool | None = None
    stop_type: str | UnsetType = UNSET
    model: str | None = None
    tokens_evaluated: int | None = None
    tokens_predicted: int | None = None


_EVENTS = Events(_Completion)


def read(data: bytes) -> Delta:
    """One event. The last one has ``stop`` true, no text, and says how the answer ended."""
    event = _EVENTS.read(data)
    text, ids = event.content, event.tokens
    if text is UNSET:
        raise EngineFailed(reason="content is missing")
    return Delta(
        pieces=(Chunk(text, ids or ()),) if text or ids else (),
        ids_known=ids is not None or not text,
        facts=Facts(
            finish_reason=_finish_reason(event) if event.stop else None,
            model=event.model,
            prompt_tokens=event.tokens_evaluated,
            completion_tokens=event.tokens_predicted,
        ),
    )


async def render(
    address: EngineAddress, messages: Sequence[Message]
) -> tuple[tuple[int, ...], str]:
    """The prompt by the model's own chat template: ids, and its text.

    Only the template's words become control tokens: what people wrote is cut out, tokenized as
    plain text and put back, so that a question cannot speak in another role's name.
    """
    marks = [secrets.token_hex(16) for _message in messages]
    turns = [{"role": m.role, "content": mark} for m, mark in zip(messages, marks, strict=True)]
    answer = await ask(address, "/apply-template", {"messages": turns})
    template = fields.required(answer, "prompt", str)
    ids: list[int] = []
    text = ""
    for mark, message in zip(marks, messages, strict=True):
        before, found, template = template.partition(mark)
        if not found:
            raise EngineFailed(reason="the chat template does not carry the messages in order")
        ids += await _tokenize(address, before, control=True, first=not ids)
        ids += await _tokenize(address, message.text, control=False)
        text += before + message.text
    ids += await _tokenize(address, template, control=True)
    return tuple(ids), text + template


async def _tokenize(
    address: EngineAddress, text: str, *, control: bool, first: bool = False
) -> tuple[int, ...]:
    """Token ids; ``first`` puts the token for the beginning before them, if the model has one."""
    wanted = {"content": text, "add_special": first, "parse_special": control}
    answer = await ask(address, "/tokenize", wanted)
    return fields.token_ids(answer, "tokens") or ()


def _finish_reason(event: _Completion) -> str:
    if event.stop_type is UNSET:
        raise EngineFailed(reason="stop_type is missing")
    return FINISH_REASONS.get(event.stop_type, event.stop_type)
