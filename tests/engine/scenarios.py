"""What can happen to an answer, by name. A name says it all: ``fake-<name>`` is also a model's
name."""

import asyncio
import socket
import struct
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from aiohttp import web

from tests.engine.voices import DONE, Answer, Voice

THINKING = "Two and two are four."
SUMMARY = "The answer is four."
PIECES = ("<think>\n", "Two and ", "two are four.", "\n</think>", "\n\nThe answer ", "is four.")
CHARACTERS = ("<think>\nعربى ", "日本語 ", "नेपाली 😀 é", "\n</think>\n\n", "Ελληνικά 🇫🇷 한국어")
GRAMMAR_ERROR = "Invalid grammar specification: Failed to convert the grammar from GBNF to Lark"
DEAD = "EngineCore encountered an issue. See stack trace (above) for the root cause."
SLOW = 0.1
"""Seconds between events."""

ANSWERS: Mapping[str, Answer] = {
    "empty": Answer(()),
    "length": Answer(PIECES[:5], "length", None),
    "no-end-of-thinking": Answer(PIECES[:3], "length", None),
    "no-thinking": Answer(PIECES[4:]),
    "nul": Answer((*PIECES[:2], "a\0b", *PIECES[3:])),
    "repetition": Answer(("<think>\n", *["again and "] * 60), "length", None),
    "split-characters": Answer(CHARACTERS),
}
"""Answers that differ in what is said; all others say PIECES."""


@dataclass(frozen=True)
class Refusal:
    """An answer that is no stream: a JSON object, or a text."""

    status: int
    body: Mapping[str, Any] | str
    headers: Mapping[str, str]


def _vllm(status: int, kind: str, message: str, param: str | None = None) -> Refusal:
    error = {"message": message, "type": kind, "param": param, "code": status}
    return Refusal(status, {"error": error}, {})


def _llama(status: int, kind: str, message: str, **more: int) -> Refusal:
    return Refusal(status, {"error": {"code": status, "message": message, "type": kind} | more}, {})


TOO_LONG = (
    "This model's maximum context length is 8192 tokens. However, your prompt contains 8200 input "
    "tokens, which exceeds this limit even without any output tokens. Please reduce the length of "
    "the input prompt. (parameter=input_tokens, value=8200)"
)
BUSY = (
    "The engine is currently busy and cannot accept new requests. Please try again later or on a "
    "different instance."
)
VLLM_REFUSALS: Mapping[str, Refusal] = {
    "prompt-too-long": _vllm(400, "BadRequestError", TOO_LONG, "input_tokens"),
    "unknown-model": _vllm(404, "NotFoundError", "The model `nobody` does not exist.", "model"),
    "busy": _vllm(503, "Service Unavailable", BUSY),
    "too-many": replace(
        _vllm(429, "RateLimitError", "Too many requests."), headers={"Retry-After": "7"}
    ),
    "dead": _vllm(500, "InternalServerError", DEAD),
    "proxy-alone": Refusal(502, "<html>Bad gateway</html>", {}),
    "router-alone": Refusal(
        500, "Request failed: error sending request for url (http://engine/v1/completions)", {}
    ),
    "not-json": Refusal(500, "Internal Server Error", {}),
}
LLAMA_REFUSALS: Mapping[str, Refusal] = {
    "prompt-too-long": _llama(
        400,
        "exceed_context_size_error",
        "request (600 tokens) exceeds the available context size (512 tokens), try increasing it",
        n_prompt_tokens=600,
        n_ctx=512,
    ),
    "busy": _llama(503, "unavailable_error", "Loading model"),
    "dead": _llama(500, "server_error", "Compute error."),
}

OLLAMA_REFUSALS: Mapping[str, Refusal] = {
    "prompt-too-long": Refusal(400, {"error": "the input length exceeds the context length"}, {}),
    "unknown-model": Refusal(404, {"error": "model 'nobody' not found"}, {}),
    "busy": Refusal(
        503, {"error": "server busy, please try again. maximum pending requests exceeded"}, {}
    ),
    "dead": Refusal(500, {"error": "llama runner process has terminated"}, {}),
}
"""From Ollama's source."""


@dataclass(frozen=True)
class Stage:
    """Where a scenario plays: an opened stream, and seconds to wait after each event."""

    request: web.Request
    response: web.StreamResponse
    pace: float

    async def say(self, *events: bytes) -> None:
        """Send events."""
        for data in events:
            await self.response.write(data)
            await asyncio.sleep(self.pace)

    def hang_up(self, *, reset: bool = False) -> None:
        """Close the connection without a proper end of the body."""
        transport = self.request.transport
        assert transport is not None
        if reset:
            linger = struct.pack("ii", 1, 0)
            sock = transport.get_extra_info("socket")
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        transport.close()


Scenario = Callable[[Stage, Voice, list[bytes]], Awaitable[None]]
"""Plays an answer, given as events of which the last says how it ended."""


async def _whole(stage: Stage, voice: Voice, events: list[bytes]) -> None:
    await stage.say(*events, *voice.closing())


async def _half(stage: Stage, events: list[bytes]) -> None:
    await stage.say(*events[: len(events) // 2])


async def _error_event(stage: Stage, voice: Voice, events: list[bytes]) -> None:
    await _half(stage, events)
    await stage.say(voice.error(500, DEAD), DONE)


async def _refused_in_stream(stage: Stage, voice: Voice, events: list[bytes]) -> None:
    await stage.say(voice.error(400, GRAMMAR_ERROR), DONE)


async def _error_after_finish(stage: Stage, voice: Voice, events: list[bytes]) -> None:
    await stage.say(*events, voice.error(500, DEAD), DONE)


async def _truncated(stage: Stage, voice: Voice, events: list[bytes]) -> None:
    await _half(stage, events)


async def _done_without_finish(stage: Stage, voice: Voice, events: list[bytes]) -> None:
    await _half(stage, events)
    await stage.say(DONE)


async def _cut(stage: Stage, voice: Voice, events: list[bytes]) -> None:
    await _half(stage, events)
    stage.hang_up()


async def _cut_after_finish(stage: Stage, voice: Voice, events: list[bytes]) -> None:
    await stage.say(*events)
    stage.hang_up()


async def _reset(stage: Stage, voice: Voice, events: list[bytes]) -> None:
    await _half(stage, events)
    await asyncio.sleep(0.05)  # A reset overtakes what is still on its way.
    stage.hang_up(reset=True)


async def _stall(stage: Stage, voice: Voice, events: list[bytes]) -> None:
    await _half(stage, events)
    await asyncio.Event().wait()


async def _keep_alive_only(stage: Stage, voice: Voice, events: list[bytes]) -> None:
    await _half(stage, events)
    while True:
        await stage.say(b": keep-alive\n\n")
        await asyncio.sleep(0.05)


async def _split_characters(stage: Stage, voice: Voice, events: list[bytes]) -> None:
    body = b"".join([*events, *voice.closing()])
    for start in range(0, len(body), 7):
        await stage.response.write(body[start : start + 7])
        await asyncio.sleep(0)


def _then(garbage: bytes) -> Scenario:
    """Half an answer, then bytes that make no sense."""

    async def play(stage: Stage, voice: Voice, events: list[bytes]) -> None:
        await _half(stage, events)
        await stage.say(garbage, *events[len(events) // 2 :], *voice.closing())

    return play


SCENARIOS: Mapping[str, Scenario] = {
    "normal": _whole,
    "slow": _whole,
    **dict.fromkeys(set(ANSWERS) - {"split-characters"}, _whole),
    "split-characters": _split_characters,
    "error-event": _error_event,
    "refused-in-stream": _refused_in_stream,
    "error-after-finish": _error_after_finish,
    "truncated": _truncated,
    "done-without-finish": _done_without_finish,
    "cut": _cut,
    "cut-after-finish": _cut_after_finish,
    "reset": _reset,
    "stall": _stall,
    "keep-alive-only": _keep_alive_only,
    "invalid-json": _then(b'data: {"choices": [\n\n'),
    "invalid-utf8": _then(b'data: {"choices": [{"text": "\xff"}], "content": "\xff"}\n\n'),
    "not-an-object": _then(b"data: 7\n\n"),
    "wrong-shape": _then(b'data: {"choices": [{"text": 7}], "content": 7}\n\n'),
    "oversized": _then(b"data: " + b"x" * (9 * 1024 * 1024)),
}
"""Streams. Besides these: the refusals above, and ``hang``, which sends not even headers."""
