"""Ollama: messages to its own /api/chat, thinking and answer back on lines of JSON.

After Ollama's source of August 2026 (api/types.go, server/routes.go) and its API pages; not tried
on a running one. It renders the prompt itself and shows no token ids. Where it knows a model's form
of thinking it takes the answer apart and trims white space: such an answer is ``split_lossy``;
otherwise the tags stay in the content. It also has /v1/chat/completions, which ``openai_chat``
speaks; there the window cannot be asked for.
"""

from collections.abc import Mapping
from typing import Any

from reasoning.inference import fields
from reasoning.inference.ndjson import LineReader
from reasoning.inference.openai_chat import refuse_grammar, render, turns
from reasoning.inference.requests import Channel, Chunk, EngineAddress, GenerationRequest
from reasoning.inference.transcript import Delta

__all__ = ["PATH", "Reader", "body", "read", "render"]

PATH = "/api/chat"
Reader = LineReader


def body(address: EngineAddress, request: GenerationRequest) -> dict[str, Any]:
    """The request as JSON, with nothing left to the model's file or to Ollama's defaults.

    A prompt that is too long is to be an error, and so is running out of the window: by default
    the oldest messages are dropped and the text is shifted, both without a word.
    """
    refuse_grammar(request)
    options: dict[str, Any] = {
        "temperature": float(request.temperature),
        "top_p": float(request.top_p),
        "top_k": 0,
        "min_p": 0.0,
        "typical_p": 1.0,
        "repeat_penalty": 1.0,
        "presence_penalty": 0.0,
        "frequency_penalty": 0.0,
        "num_predict": request.max_tokens,
        "seed": request.seed,
    }
    if request.window is not None:
        options["num_ctx"] = request.window
    return {
        "model": address.model,
        "messages": turns(request),
        "stream": True,
        "truncate": False,
        "shift": False,
        "options": options,
    }


def read(event: Mapping[str, Any]) -> Delta:
    """One line. The last one has ``done`` true and the counts; without a reason it is no end."""
    message = fields.optional(event, "message", dict) or {}
    done = fields.optional(event, "done", bool) or False
    return Delta(
        pieces=(
            Chunk(fields.optional(message, "thinking", str) or "", (), Channel.THINKING),
            Chunk(fields.optional(message, "content", str) or "", ()),
        ),
        ids_known=False,
        finish_reason=(fields.optional(event, "done_reason", str) or None) if done else None,
        model=fields.optional(event, "model", str),
        prompt_tokens=fields.optional(event, "prompt_eval_count", int),
        completion_tokens=fields.optional(event, "eval_count", int),
    )
