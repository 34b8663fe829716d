"""An engine that misbehaves on request, for tests of everything that talks to one.

It speaks vLLM's /v1/completions, llama.cpp's /completion, OpenAI's /v1/chat/completions and
Ollama's /api/chat, and the small questions around them (models, version, tokenizing, health). What
happens is chosen

- per request by the model's name: ``fake-<scenario>`` (see scenarios.py; ``normal``, ``reset``,
...), for chat also ``fake-reasoning``, ``fake-reasoning_content``, ``fake-thinking`` after where
thinking goes; - for all requests by ``fake.plan = Plan("error-event", pace=0.1)`` in this process,
or from another by ``POST /fake/plan {"scenario": "error-event", "pace": 0.1}``; ``DELETE
/fake/plan`` ends it.

``fake.received``, or ``GET /fake/requests``, tells what came in and whether the client went away.

    with serving() as fake:
        address = EngineAddress(EngineKind.VLLM, fake.url, "fake-cut")

As a process: ``python -m tests.engine.fake --port 0`` prints ``{"url": ...}`` and serves until it
is killed.
"""

import argparse
import asyncio
import json
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from typing import Any

from aiohttp import web

from tests.engine import documented
from tests.engine.scenarios import (
    ANSWERS,
    LLAMA_REFUSALS,
    OLLAMA_REFUSALS,
    PIECES,
    SCENARIOS,
    SLOW,
    VLLM_REFUSALS,
    Refusal,
    Stage,
)
from tests.engine.voices import (
    BYTE_TOKENS,
    FINGERPRINT,
    Answer,
    ChatVoice,
    LlamaVoice,
    OllamaVoice,
    VllmVoice,
    Voice,
    ids,
)

WINDOW = 8192
THINKING_FIELDS = ("reasoning", "reasoning_content", "thinking")
MODELS = ["fake", *(f"fake-{name}" for name in (*SCENARIOS, *VLLM_REFUSALS, *THINKING_FIELDS))]


@dataclass(frozen=True)
class Plan:
    """What happens to every request. ``text``, or the ``texts`` by turns, are said instead of the
    scenario's own answer, in pieces of so many letters."""

    scenario: str = "normal"
    pace: float | None = None
    text: str | None = None
    texts: Sequence[str] = ()
    piece: int = 8

    def words(self, number: int) -> str | None:
        """What is said to the request with this number; they begin at 0 with each plan."""
        return self.texts[number % len(self.texts)] if self.texts else self.text


@dataclass
class Received:
    """One request for an answer."""

    path: str
    headers: dict[str, str]
    body: dict[str, Any]
    scenario: str
    client_left: bool = False
    """The client closed the connection before all was said."""
    answered: bool = False


@dataclass
class FakeEngine:
    """The engine's state. Written on the server's thread; ``plan`` may be set from any."""

    url: str = ""
    plan: Plan | None = None
    received: list[Received] = field(default_factory=list)
    begun: int = 0
    """Requests before the plan was told from another process."""
    version: str | None = "0.32.0"
    """None: the question is not let through."""
    behind_router: bool = False
    """Away, behind a router that finds itself well."""
    fingerprint: str | None = FINGERPRINT
    """What vLLM's answers call its configuration."""
    rendered: list[int] | None = None
    """What /tokenize makes of messages, where they are not to be a token for each byte."""

    def application(self) -> web.Application:
        """All routes."""
        app = web.Application(client_max_size=64 * 1024 * 1024)
        app.add_routes(
            [
                web.post("/v1/completions", self._completions),
                web.post("/completion", self._completion),
                web.post("/v1/chat/completions", self._chat),
                web.post("/api/chat", self._ollama),
                *documented.routes(MODELS),
                web.get("/v1/models", self._models),
                web.get("/version", self._version),
                web.get("/props", _props),
                web.get("/health", _health),
                web.post("/tokenize", self._tokenize),
                web.post("/detokenize", _detokenize),
                web.post("/apply-template", _apply_template),
                web.get("/fake/requests", self._requests),
                web.post("/fake/plan", self._set_plan),
                web.delete("/fake/plan", self._set_plan),
            ]
        )
        return app

    # Answers

    async def _completions(self, request: web.Request) -> web.StreamResponse:
        body = await request.json()
        if not body.get("stream"):
            choice = {"prompt_logprobs": _scored(body["prompt"])} if len(body["prompt"]) > 1 else {}
            return web.json_response({"choices": [choice], "system_fingerprint": self.fingerprint})
        voice = VllmVoice(body, request.headers.get("X-Request-Id", "none"), self.fingerprint)
        return await self._answer(request, body, voice, VLLM_REFUSALS)

    async def _completion(self, request: web.Request) -> web.StreamResponse:
        body = await request.json()
        return await self._answer(request, body, LlamaVoice(body), LLAMA_REFUSALS)

    async def _chat(self, request: web.Request) -> web.StreamResponse:
        body = await request.json()
        if not body.get("stream"):
            message = {"role": "assistant", "content": body["structured_outputs"]["regex"]}
            return web.json_response({"choices": [{"message": message}]})
        name = body["model"].removeprefix("fake-")
        place = name if name in THINKING_FIELDS else None
        voice = ChatVoice(body, request.headers.get("X-Request-Id", "none"), place)
        return await self._answer(request, body, voice, VLLM_REFUSALS)

    async def _ollama(self, request: web.Request) -> web.StreamResponse:
        body = await request.json()
        voice = OllamaVoice(body, parts=body["model"] == "fake-thinking")
        return await self._answer(request, body, voice, OLLAMA_REFUSALS)

    async def _answer(
        self,
        request: web.Request,
        body: dict[str, Any],
        voice: Voice,
        refusals: Mapping[str, Refusal],
    ) -> web.StreamResponse:
        plan = self.plan or _plan_of(body["model"])
        record = Received(request.path, _headers(request), body, plan.scenario)
        self.received.append(record)
        try:
            if plan.scenario == "hang":
                await asyncio.Event().wait()
            if plan.scenario in refusals:
                return _refused(refusals[plan.scenario])
            number = len(self.received) - self.begun - 1
            response = await _played(request, voice, plan, number)
            record.answered = True
            return response
        except (asyncio.CancelledError, ConnectionError):
            record.client_left = True
            raise

    # Small questions whose answers can be chosen

    async def _models(self, request: web.Request) -> web.Response:
        if self.behind_router:
            return _refused(VLLM_REFUSALS["router-alone"])
        return _models()

    async def _version(self, request: web.Request) -> web.Response:
        if self.version is None:
            return web.json_response({"detail": "Not Found"}, status=404)
        return web.json_response({"version": self.version})

    async def _tokenize(self, request: web.Request) -> web.Response:
        """Bytes as tokens: of the messages for vLLM, of the content for llama.cpp."""
        body = await request.json()
        if "messages" not in body:
            return web.json_response({"tokens": ids(body["content"])})
        tokens = self.rendered or ids(_template(body["messages"]))
        return web.json_response(
            {"count": len(tokens), "max_model_len": WINDOW, "tokens": tokens, "token_strs": None}
        )

    # Control from other processes

    async def _requests(self, request: web.Request) -> web.Response:
        return web.json_response([asdict(record) for record in self.received])

    async def _set_plan(self, request: web.Request) -> web.Response:
        self.plan = Plan(**await request.json()) if request.method == "POST" else None
        self.begun = len(self.received)
        return web.Response(status=204)


@contextmanager
def serving(port: int = 0) -> Iterator[FakeEngine]:
    """A fake engine in a thread of its own, on a free port unless one is given."""
    fake, ready, loop = FakeEngine(), threading.Event(), asyncio.new_event_loop()

    async def serve() -> web.AppRunner:
        # Cancelling the handler is how a fake learns that its client has left.
        runner = web.AppRunner(
            fake.application(), handler_cancellation=True, shutdown_timeout=0, access_log=None
        )
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", port).start()
        fake.url = "http://127.0.0.1:{1}".format(*runner.addresses[0])
        ready.set()
        return runner

    def work() -> None:
        runner = loop.run_until_complete(serve())
        loop.run_forever()
        loop.run_until_complete(runner.cleanup())
        loop.close()

    thread = threading.Thread(target=work, name="fake-engine", daemon=True)
    thread.start()
    assert ready.wait(10)
    try:
        yield fake
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join(10)


def _headers(request: web.Request) -> dict[str, str]:
    """By lower-case name."""
    return {name.lower(): value for name, value in request.headers.items()}


def _plan_of(model: str) -> Plan:
    name = model.removeprefix("fake").removeprefix("-")
    known = name == "hang" or name in SCENARIOS or name in VLLM_REFUSALS
    return Plan(name if known else "normal")


def _refused(refusal: Refusal) -> web.Response:
    if isinstance(refusal.body, str):
        return web.Response(status=refusal.status, text=refusal.body)
    return web.json_response(
        refusal.body, status=refusal.status, headers=refusal.headers, dumps=_compact
    )


async def _played(
    request: web.Request, voice: Voice, plan: Plan, number: int
) -> web.StreamResponse:
    """Open the stream and play the scenario."""
    response = web.StreamResponse(headers={"Content-Type": voice.content_type})
    if "X-Request-Id" in request.headers:
        response.headers["X-Request-Id"] = request.headers["X-Request-Id"]
    await response.prepare(request)
    pace = plan.pace if plan.pace is not None else SLOW * (plan.scenario == "slow")
    events = voice.events(_answer_of(plan, number))
    await SCENARIOS[plan.scenario](Stage(request, response, pace), voice, events)
    return response


def _answer_of(plan: Plan, number: int) -> Answer:
    words = plan.words(number)
    if words is not None:
        starts = range(0, len(words), plan.piece)
        return Answer([words[start : start + plan.piece] for start in starts])
    return ANSWERS.get(plan.scenario, Answer(PIECES))


# Small questions --------------------------------------------------------------------------------


def _models() -> web.Response:
    entries = [
        {
            "id": name,
            "object": "model",
            "created": 1_795_394_813,
            "owned_by": "vllm",
            "root": f"/models/{name}",
            "max_model_len": WINDOW,
            "aliases": [name],
            "tags": ["sha256:" + "0" * 64],
        }
        for name in MODELS
    ]
    return web.json_response({"object": "list", "data": entries})


async def _props(request: web.Request) -> web.Response:
    settings = {"n_ctx": WINDOW}
    return web.json_response({"default_generation_settings": settings, "build_info": "b0-fake"})


async def _health(request: web.Request) -> web.Response:
    return web.json_response({"status": "ok"})


def _scored(prompt: list[int]) -> list[Any]:
    """As prompt_logprobs has it. The fake is sure of tokens for bytes, and of no others."""

    def listed(token: int) -> dict[str, Any]:
        others = {
            str(BYTE_TOKENS + 300 + number): {"logprob": -4.0 - number, "rank": 2 + number}
            for number in range(4)
        }
        sure = {str(BYTE_TOKENS + 256): {"logprob": -0.1, "rank": 1}}
        mine = (
            {"logprob": -0.1, "rank": 1} if token >= BYTE_TOKENS else {"logprob": -12.0, "rank": 99}
        )
        return others | sure | {str(token): mine}

    return [None, *map(listed, prompt[1:])]


async def _detokenize(request: web.Request) -> web.Response:
    tokens = (await request.json())["tokens"]
    text = bytes(token - 1000 for token in tokens if 1000 <= token < 1256).decode(errors="replace")
    return web.json_response({"prompt": text})


async def _apply_template(request: web.Request) -> web.Response:
    return web.json_response({"prompt": _template((await request.json())["messages"])})


def _template(messages: list[dict[str, str]]) -> str:
    return "".join(f"<{message['role']}>{message['content']}" for message in messages)


def _compact(document: Any) -> str:
    return json.dumps(document, separators=(",", ":"))


def main() -> None:
    """Serve until killed."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--rendered", type=json.loads, help="a JSON list: see FakeEngine.rendered")
    options = parser.parse_args()
    with serving(options.port) as fake:
        fake.rendered = options.rendered
        print(json.dumps({"url": fake.url}), flush=True)
        threading.Event().wait()


if __name__ == "__main__":
    main()
