"""vLLM: prompt ids to /v1/completions, text with token ids back. Tried with 0.32.0.

Neither the server's chat template nor its reasoning parser has a part in this: ids go in, ids and
plain text come out. The end token comes last among the ids and not in the text.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from reasoning.core.errors import EngineRefused
from reasoning.core.errors import gettext_noop as _
from reasoning.inference import fields
from reasoning.inference.requests import Chunk, EngineAddress, GenerationRequest, Message
from reasoning.inference.sse import EventReader
from reasoning.inference.transcript import Delta
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


def read(event: Mapping[str, Any]) -> Delta:
    """One event. The last one has no choices, only the usage and the fingerprint."""
    choices = fields.objects(event, "choices")
    choice = choices[0] if choices else {}
    text = fields.optional(choice, "text", str) or ""
    ids = fields.token_ids(choice, "token_ids")
    usage = fields.optional(event, "usage", dict)
    return Delta(
        pieces=(Chunk(text, ids or ()),),
        ids_known=ids is not None or not text,
        finish_reason=fields.optional(choice, "finish_reason", str),
        prompt_token_ids=fields.token_ids(choice, "prompt_token_ids"),
        model=fields.optional(event, "model", str),
        fingerprint=fields.optional(event, "system_fingerprint", str),
        request_id=fields.optional(event, "id", str),
        prompt_tokens=fields.optional(usage, "prompt_tokens", int) if usage else None,
        completion_tokens=fields.optional(usage, "completion_tokens", int) if usage else None,
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
