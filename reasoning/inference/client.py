"""Asking an engine, whichever it is, and bringing home all that it says.

Success is a finish reason without an error; ``[DONE]`` alone is none, since an engine that was
killed in mid-stream still says it. Nothing is tried twice here: that is for those who know the
question's state.
"""

import asyncio
import time
from collections.abc import Callable, Coroutine, Iterator, Sequence
from hashlib import sha256
from typing import Any, Protocol

import aiohttp
import orjson

from reasoning.core.errors import (
    EngineDisconnected,
    EngineError,
    EngineTimeout,
)
from reasoning.core.errors import gettext_noop as _
from reasoning.inference import llama_cpp, lm_studio, ollama, openai_chat, vllm
from reasoning.inference.identity import identify
from reasoning.inference.requests import (
    Chunk,
    Cut,
    EngineAddress,
    EngineKind,
    Generation,
    GenerationRequest,
    Message,
)
from reasoning.inference.resting import rest
from reasoning.inference.transcript import Delta, Transcript
from reasoning.inference.transport import failures, opened

__all__ = ["generate", "identify", "parameters", "render_with_engine"]


class EventSource(Protocol):
    """Cuts a response's body into events."""

    def feed(self, piece: bytes) -> Iterator[bytes]:
        """The data of the events that ``piece`` completes. Raises EngineFailed."""


class EngineProtocol(Protocol):
    """What a module per engine has to offer."""

    PATH: str

    def Reader(self) -> EventSource:  # noqa: N802 (a class, which makes one for each answer)
        """What cuts its stream."""

    def body(self, address: EngineAddress, request: GenerationRequest) -> dict[str, Any]:
        """The request as JSON."""

    def read(self, data: bytes) -> Delta:
        """One event of the answer. Raises EngineFailed for another shape than agreed, and the error
        that an event carries."""

    async def render(
        self, address: EngineAddress, messages: Sequence[Message]
    ) -> tuple[tuple[int, ...], str]:
        """Token ids and text of the prompt that the engine makes of messages."""


PROTOCOLS: dict[EngineKind, EngineProtocol] = {
    EngineKind.VLLM: vllm,
    EngineKind.LLAMA_CPP: llama_cpp,
    EngineKind.OLLAMA: ollama,
    EngineKind.LM_STUDIO: lm_studio,
    EngineKind.OPENAI: openai_chat,
}

DONE = b"[DONE]"
"""What OpenAI's protocol ends a stream with. It says nothing about success."""

NOT_PARAMETERS = {"model", "prompt", "messages", "grammar", "structured_outputs"}
"""Parts of a request that are recorded elsewhere."""

REST_SECONDS, REST_SHARE = 0.4, 0.02
"""How long pieces of an answer that nobody watches may wait to be read together, and how much of
the answer's length that may be. Reading is what costs: four pieces at once cost half of four."""

CUTS: dict[type[EngineError], Cut] = {
    EngineDisconnected: Cut.DISCONNECTED,
    EngineTimeout: Cut.TIMEOUT,
}


async def generate(
    address: EngineAddress,
    request: GenerationRequest,
    on_chunk: Callable[[Chunk], None] | None = None,
    transcript: Transcript | None = None,
    hurried: Callable[[], bool] = lambda: True,
) -> Generation:
    """The engine's whole answer.

    ``on_chunk`` is called on the loop's thread for every piece and must be quick. While nobody is
    ``hurried``, small pieces are read some together, up to ``REST_SECONDS`` late. Cancelling the
    task closes the socket at once, so that the engine drops the request. Pass a ``transcript`` to
    be able to read what has arrived while the answer is under way or after a cancellation. Raises
    EngineError with ``partial`` holding what had arrived.
    """
    transcript = transcript or Transcript(request)
    try:
        work = _receive(address, request, transcript, on_chunk, hurried)
        await _in_time(work, request.total_timeout)
    except EngineError as error:
        # A break after the end was announced costs a count of tokens at most.
        if not (isinstance(error, EngineDisconnected) and transcript.finished):
            error.partial = transcript.generation(CUTS.get(type(error), Cut.FAILED))
            raise
    return transcript.whole()


def parameters(address: EngineAddress, request: GenerationRequest) -> dict[str, str]:
    """What is sent besides the prompt, as JSON texts; of a grammar its digest."""
    body = PROTOCOLS[address.kind].body(address, request)
    sent = {
        name: value if isinstance(value, str) else orjson.dumps(value).decode()
        for name, value in body.items()
        if name not in NOT_PARAMETERS
    }
    if request.grammar is not None:
        sent["grammar"] = f"sha256:{sha256(request.grammar.encode()).hexdigest()}"
    return sent


async def render_with_engine(
    address: EngineAddress, messages: Sequence[Message]
) -> tuple[tuple[int, ...], str]:
    """Token ids and text of the prompt as the engine's own template makes it.

    For models whose tokenizer is not Mistral's. Raises EngineError.
    """
    return await PROTOCOLS[address.kind].render(address, messages)


async def _in_time(work: Coroutine[Any, Any, None], seconds: float | None) -> None:
    """Await ``work``, which may itself raise TimeoutError, for at most ``seconds``."""
    clock = asyncio.timeout(seconds)
    try:
        async with clock:
            await work
    except TimeoutError as error:
        if not clock.expired():
            raise
        raise EngineTimeout(_("The answer was not finished in the time allowed.")) from error


async def _receive(
    address: EngineAddress,
    request: GenerationRequest,
    transcript: Transcript,
    on_chunk: Callable[[Chunk], None] | None,
    hurried: Callable[[], bool],
) -> None:
    """Send the request and fill the transcript up to a proper end."""
    protocol = PROTOCOLS[address.kind]
    async with opened(
        address,
        protocol.PATH,
        protocol.body(address, request),
        connect_timeout=request.connect_timeout,
        read_timeout=request.read_timeout,
        request_id=request.request_id,
    ) as response:
        await _follow(response, protocol, transcript, on_chunk, hurried)
    if not transcript.finished:
        raise EngineDisconnected


async def _follow(
    response: aiohttp.ClientResponse,
    protocol: EngineProtocol,
    transcript: Transcript,
    on_chunk: Callable[[Chunk], None] | None,
    hurried: Callable[[], bool],
) -> None:
    """Read up to ``[DONE]`` or the end. Every byte is kept before it is looked at."""
    events = _Events(protocol)
    began = asked = time.monotonic()
    while piece := await _piece(response):
        came = time.monotonic()
        transcript.receive(piece)
        chunks = transcript.add(events.read(piece))
        if on_chunk is not None:
            for chunk in chunks:
                on_chunk(chunk)
        if events.ended:
            return
        if transcript.stalled():
            raise EngineTimeout
        waited, asked = came - asked, time.monotonic()
        pause = min(REST_SECONDS, REST_SHARE * (came - began))
        if waited < pause and not hurried():
            rest(response, pause)
            asked += pause


class _Events:
    """Those of one answer. ``ended`` once the engine has said that no more will come."""

    def __init__(self, protocol: EngineProtocol) -> None:
        self._feed, self._read = protocol.Reader().feed, protocol.read
        self.ended = False

    def read(self, piece: bytes) -> Iterator[Delta]:
        """What the events say that ``piece`` completes. Raises EngineError."""
        for data in self._feed(piece):
            if data == DONE:
                self.ended = True
                return
            yield self._read(data)


async def _piece(response: aiohttp.ClientResponse) -> bytes:
    """The next bytes, as they come from the network; empty at the end."""
    with failures():
        return await response.content.readany()
