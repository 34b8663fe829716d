"""An engine that costs next to nothing, so that what is measured is the client.

    python -m benchmarks.paced --tokens 600 [--rate 20] [--rendered JSON] [--single]

speaks vLLM's /v1/completions on a bare protocol: every event is made once, and one clock writes to
all streams, a twentieth of them at a time. ``stream_interval`` is heeded as vLLM does, unless
``--single`` has every token come by itself, as engines do that know no such thing. Prints
``{"url": ...}`` and serves until it is killed. Answers are whole: thinking, summary, token ids.
"""

import argparse
import asyncio
import itertools
import json
import re
import time
from collections.abc import Sequence
from functools import cache
from typing import Any

import uvloop

from tests.engine.voices import DONE, END_TOKEN, FINGERPRINT, event

TEXT = """\
Zuerst ist zu klären, wann die Kündigung zugegangen ist, denn erst von da an läuft die Frist. Der
Vertrag nennt drei Monate zum Ende eines Quartals; das Gesetz verlangt nur einen Monat, und die
längere Frist geht vor, solange sie für beide Seiten gilt. Die Kundin schreibt, sie habe den Brief
am vierten April eingeworfen. Das genügt nicht: Es kommt darauf an, wann mit der Leerung des
Kastens zu rechnen war. Nimmt man den nächsten Werktag an, so endet das Verhältnis am dreißigsten
September, sofern niemand widerspricht. Offen bleibt, ob die Bank vorher hätte mahnen müssen.
Dafür spricht der Wortlaut der zweiten Klausel, dagegen ihre Stellung im Abschnitt über den
Zahlungsverzug. """
TOKENS = re.findall(r"\W?\w{1,6}|\W", TEXT.replace("\n", " "))
"""The text in pieces such as a tokenizer makes, a little longer than a model's own."""
HEAD = (
    b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream; charset=utf-8\r\n"
    b"Transfer-Encoding: chunked\r\nConnection: close\r\n\r\n"
)
PHASES = 20
"""Parts of a second's rhythm: streams write in turn, as requests that came at different times."""
WINDOW = 40_960
PROMPT_LIMIT = 1 << 20


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--tokens", type=int, required=True, help="of each answer")
    parser.add_argument("--first", type=int, help="of the very first one, for loading everything")
    parser.add_argument("--rate", type=float, default=20.0, help="tokens a second and stream")
    parser.add_argument("--rendered", type=json.loads, default=[1], help="/tokenize of messages")
    parser.add_argument("--single", action="store_true", help="never several tokens a piece")
    uvloop.run(serve(parser.parse_args()))


async def serve(options: argparse.Namespace) -> None:
    """Answer whoever comes."""
    engine = Engine(options)
    server = await asyncio.get_running_loop().create_server(
        lambda: Stream(engine), "127.0.0.1", 0, backlog=2048
    )
    port = server.sockets[0].getsockname()[1]
    print(json.dumps({"url": f"http://127.0.0.1:{port}"}), flush=True)
    await engine.tick()


class Engine:
    """The clock and the events that it sends."""

    def __init__(self, options: argparse.Namespace) -> None:
        self.options = options
        self._lengths = itertools.chain(
            [options.first or options.tokens], itertools.repeat(options.tokens)
        )
        self._phases: list[set[Stream]] = [set() for _phase in range(PHASES)]
        self._places = itertools.cycle(range(PHASES))

    def begin(self, stream: "Stream", interval: int) -> None:
        """Have the clock write to the stream. The clock ticks PHASES times per piece of a token."""
        stream.interval = 1 if self.options.single else interval
        stream.pieces = pieces(next(self._lengths), stream.interval)
        self._phases[next(self._places)].add(stream)

    async def tick(self) -> None:
        """For ever: each phase's streams in turn, late ticks made up for."""
        started, pause = time.monotonic(), 1 / self.options.rate / PHASES
        for number in itertools.count():
            await asyncio.sleep(started + number * pause - time.monotonic())
            turn = self._phases[number % PHASES]
            for stream in list(turn):
                if stream.write():
                    turn.discard(stream)


class Stream(asyncio.Protocol):
    """One connection: a request, its answer, the end."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._request = b""
        self._beats = 0
        self._next = 0
        self.interval = 1
        self.pieces: Sequence[bytes] = ()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport: Any = transport

    def data_received(self, data: bytes) -> None:
        self._request += data
        head, found, body = self._request.partition(b"\r\n\r\n")
        length = int(_header(head, b"content-length:") or 0)
        if found and len(body) >= length:
            self._request = b""
            self._answer(head.split(b" ", 2)[1].decode(), json.loads(body or b"{}"))

    def _answer(self, path: str, wanted: dict[str, Any]) -> None:
        if wanted.get("stream"):
            first = _document([_choice("", []) | {"prompt_token_ids": wanted["prompt"]}])
            self._transport.write(HEAD + _chunk(event(first)))
            self._engine.begin(self, wanted.get("stream_interval", 1))
        else:
            body = json.dumps(small(path, wanted, self._engine.options.rendered)).encode()
            head = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\n"
            self._transport.write(head + b"Content-Length: %d\r\n\r\n" % len(body) + body)
            self._transport.close()

    def write(self) -> bool:
        """One beat of the clock; whether all is said."""
        self._beats += 1
        if self._transport.is_closing():
            return True
        if self._beats % self.interval and self._next < len(self.pieces) - 1:
            return False
        self._transport.write(self.pieces[self._next])
        self._next += 1
        done = self._next == len(self.pieces)
        if done:
            self._transport.close()
        return done


@cache
def pieces(tokens: int, interval: int) -> list[bytes]:
    """The chunks of an answer, so many tokens in each; the last one is the end of it all."""
    thinking = itertools.islice(itertools.cycle(TOKENS), tokens - 4)
    words = ["<think>\n", *thinking, "\n</think>", "\n\n", "Gewahrt."]
    ids = [1000 + number % 50_000 for number in range(len(words))]
    said = [
        _choice("".join(words[at : at + interval]), ids[at : at + interval])
        for at in range(0, len(words), interval)
    ]
    said[-1] |= {"finish_reason": "stop", "token_ids": [*said[-1]["token_ids"], END_TOKEN]}
    usage = {"prompt_tokens": None, "total_tokens": tokens, "completion_tokens": len(ids) + 1}
    last = _document([]) | {"usage": usage, "system_fingerprint": FINGERPRINT}
    chunks = [_chunk(event(_document([one]))) for one in said]
    return [*chunks, _chunk(event(last)) + _chunk(DONE) + b"0\r\n\r\n"]


def small(path: str, wanted: dict[str, Any], rendered: list[int]) -> dict[str, Any]:
    """What the service asks an engine before it trusts it."""
    model = {"id": "paced", "object": "model", "owned_by": "vllm", "max_model_len": WINDOW}
    answers: dict[str, dict[str, Any]] = {
        "/v1/models": {"object": "list", "data": [model]},
        "/version": {"version": "0.32.0"},
        "/health": {},
        "/tokenize": {"tokens": rendered, "count": len(rendered)},
        "/detokenize": {"prompt": ""},
        "/v1/completions": {"choices": [{}], "system_fingerprint": FINGERPRINT},
    }
    if path == "/v1/chat/completions":
        return {"choices": [{"message": {"content": wanted["structured_outputs"]["regex"]}}]}
    return answers[path]


def _choice(text: str, ids: list[int]) -> dict[str, Any]:
    return {
        "index": 0,
        "text": text,
        "logprobs": None,
        "finish_reason": None,
        "stop_reason": None,
        "prompt_token_ids": None,
        "token_ids": ids,
    }


def _document(choices: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "id": "cmpl-1b9e8b1a-6f5f-4b53-9a8f-0d5f5a3f1c2e",
        "object": "text_completion",
        "created": 1_795_394_842,
        "model": "paced",
        "choices": choices,
    }


def _chunk(data: bytes) -> bytes:
    return b"%x\r\n%b\r\n" % (len(data), data)


def _header(head: bytes, name: bytes) -> bytes:
    for line in head.lower().split(b"\r\n"):
        if line.startswith(name):
            return line[len(name) :].strip()
    return b""


if __name__ == "__main__":
    main()
