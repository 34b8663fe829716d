"""vLLM: prompt ids to /v1/completions, text with token ids back. Tried with 0.32.0.

Neither the server's chat template nor its reasoning parser has a part in this: ids go in, ids and
plain text come out. The end token comes last among the ids and not in the text.
"""

from collections.abc import Sequence
from typing import Any

import msgspec

from reasoning.core.errors import EngineRefused
from reasoning.core.errors import gettext_noop as _
from reasoning.inference import fields
from reasoning.inference.events import NO_USAGE, Completion, Events, TokenId
from reasoning.inference.requests import Chunk, EngineAddress, GenerationRequest, Message
from reasoning.inference.sse import EventReader
from reasoning.inference.transcript import Delta, Facts
from reasoning.inference.transport import ask

PATH = "/v1/completions"
Reader = EventReader


def body(address: EngineAddress, request: GenerationRequest) -> dict[str, Any]:
    """The request as JSON. What a server's own defaults could change is said outright."""
    if request.prompt_token_ids is None:
        raise EngineRefused(
            _("This engine takes its prompt as token ids."), status=None, param="prompt"
        )
    wanted: dict[str, Any] = {
        "model": address.model,
        "prompt": request.prompt_token_ids,
        "stream": True,
        "stream_options": {"include_usage": True},
        "return_token_ids": True,
        "skip_special_tokens": False,
        "temperature": float(request.temperature),
        "top_p": float(request.top_p),
        "top_k": 0,
        "min_p": 0.0,
        "max_tokens": request.max_tokens,
        "seed": request.seed,
    }
    if request.grammar is not None:
        wanted["structured_outputs"] = {"grammar": request.grammar}
    if request.stream_interval is not None:
        wanted["stream_interval"] = request.stream_interval
    return wanted


class _Choice(msgspec.Struct, gc=False):
    text: str | None = None
    token_ids: tuple[TokenId, ...] | None = None
    finish_reason: str | None = None
    prompt_token_ids: tuple[TokenId, ...] | None = None


_EVENTS, _NO_CHOICE = Events(Completion[_Choice]), _Choice()


def read(data: bytes) -> Delta:
    """One event. The last one has no choices, only the usage and the fingerprint."""
    event = _EVENTS.read(data)
    choice = event.choice() or _NO_CHOICE
    usage = event.usage or NO_USAGE
    text, ids = choice.text or "", choice.token_ids
    return Delta(
        (Chunk(text, ids or ()),) if text or ids else (),
        ids is not None or not text,
        Facts(
            choice.finish_reason,
            choice.prompt_token_ids,
            event.model,
            event.system_fingerprint,
            event.id,
            usage.prompt_tokens,
            usage.completion_tokens,
        ),
    )


async def render(
    address: EngineAddress, messages: Sequence[Message]
) -> tuple[tuple[int, ...], str]:
    """The prompt as the server's tokenizer and template make it: ids, and their text."""
    turns = [{"role": message.role, "content": message.text} for message in messages]
    answer = await ask(address, "/tokenize", {"model": address.model, "messages": turns})
    ids = fields.token_ids(answer, "tokens") or ()
    spelled = await ask(address, "/detokenize", {"model": address.model, "tokens": ids})
    return ids, fields.required(spelled, "prompt", str)
