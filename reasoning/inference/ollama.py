"""Ollama: messages to its own /api/chat, thinking and answer back on lines of JSON.

After Ollama's source of August 2026 (api/types.go, server/routes.go) and its API pages; not tried
on a running one. It renders the prompt itself and shows no token ids. Where it knows a model's form
of thinking it takes the answer apart and trims white space: such an answer is ``split_lossy``;
otherwise the tags stay in the content. It also has /v1/chat/completions, which ``openai_chat``
speaks; there the window cannot be asked for.
"""

from typing import Any

import msgspec

from reasoning.inference.events import Event, Events
from reasoning.inference.ndjson import LineReader
from reasoning.inference.openai_chat import parted, refuse_grammar, render, turns
from reasoning.inference.requests import EngineAddress, GenerationRequest
from reasoning.inference.transcript import Delta, Facts

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


class _Message(msgspec.Struct, gc=False):
    thinking: str | None = None
    content: str | None = None


class _Line(Event, gc=False):
    message: _Message | None = None
    done: bool | None = None
    done_reason: str | None = None
    model: str | None = None
    prompt_eval_count: int | None = None
    eval_count: int | None = None


_LINES, _NO_MESSAGE = Events(_Line), _Message()


def read(data: bytes) -> Delta:
    """One line. The last one has ``done`` true and the counts; without a reason it is no end."""
    line = _LINES.read(data)
    message = line.message or _NO_MESSAGE
    return Delta(
        pieces=parted(message.thinking, message.content),
        ids_known=False,
        facts=Facts(
            finish_reason=(line.done_reason or None) if line.done else None,
            model=line.model,
            prompt_tokens=line.prompt_eval_count,
            completion_tokens=line.eval_count,
        ),
    )
