"""Records what a real engine answers, so that the fake engine can be held against it.

    python -m tests.engine.record vllm http://127.0.0.1:8000 MODEL [--kill PID]
    python -m tests.engine.record llama_cpp http://127.0.0.1:8080 MODEL
    python -m tests.engine.record openai http://127.0.0.1:8080 MODEL

writes ``tests/engine/recorded/<engine>.json``: for each exchange the request and the status, the
headers that matter and the body, to the byte. ``--kill`` ends vLLM's engine process in the middle
of the last exchange. The requests are those of ``reasoning.inference``, changed where an exchange
is about a mistake.

vLLM was started as INFERENCE.md says (the tiny Mistral-format model with random weights) and with
``--max-model-len 8192 --max-num-batched-tokens 8192 --enable-request-id-headers --max-num-seqs 1
--max-num-queued-reqs 1``; llama.cpp by ``python -m quickstart.engine --context 512 --parallel 1``;
as ``openai``, llama.cpp's own chat by ``python -m tests.engine.thinking_llama``.
"""

import argparse
import asyncio
import json
import os
import re
import signal
from collections.abc import Callable, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

import aiohttp

from reasoning.inference import llama_cpp, openai_chat, vllm
from reasoning.inference.identity import identify
from reasoning.inference.requests import EngineAddress, EngineKind, GenerationRequest
from reasoning.inference.transport import close
from tests.engine.asking import MESSAGES, REQUEST_ID, a_request

DIRECTORY = Path(__file__).with_name("recorded")
HEADERS = ("content-type", "transfer-encoding", "retry-after", "x-request-id")
THINK = 'root ::= "<think>\\n" [a-c]{3} "</think>\\n\\n" [x-z]{3}'
CHARACTERS = "root ::= [ぁ-ん]{3} [😀-😏]{2}"

Exchange = tuple[str, Mapping[str, Any] | None]
"""A path and a body; a GET if there is none."""


def main() -> None:
    """Record one engine."""
    parser = argparse.ArgumentParser()
    parser.add_argument("engine", choices=list(EXCHANGES))
    parser.add_argument("url")
    parser.add_argument("model")
    parser.add_argument("--kill", type=int, help="the engine process to kill at the end")
    given = parser.parse_args()
    address = EngineAddress(EngineKind(given.engine), given.url, given.model)
    document = asyncio.run(record(address, given.kill))
    path = DIRECTORY / f"{given.engine}.json"
    path.write_text(json.dumps(document, ensure_ascii=False, indent=1) + "\n")


async def record(address: EngineAddress, kill: int | None) -> dict[str, Any]:
    """All exchanges with the engine, by name."""
    about = await identify(address)
    exchanges = EXCHANGES[address.kind](address)
    recorded = {}
    connector = aiohttp.TCPConnector(force_close=True)
    async with aiohttp.ClientSession(address.base_url, connector=connector) as session:
        for name, (path, body) in exchanges.items():
            recorded[name] = await answer(session, path, body)
        if address.kind == "vllm":
            recorded["busy"] = await busy(session, address)
        if kill:
            recorded["killed"] = await killed(session, address, kill)
    await close()
    return {"engine": about.engine, "version": about.version, "exchanges": recorded}


async def answer(
    session: aiohttp.ClientSession,
    path: str,
    body: Mapping[str, Any] | None,
    on_piece: Callable[[bytes], None] = lambda piece: None,
) -> dict[str, Any]:
    """One request and all that comes back, truncated or not."""
    method, received, whole = "GET" if body is None else "POST", b"", True
    headers = {"X-Request-Id": REQUEST_ID}
    async with session.request(method, path, json=body, headers=headers) as response:
        try:
            async for piece in response.content.iter_any():
                received += piece
                on_piece(piece)
        except aiohttp.ClientPayloadError:
            whole = False
    return {
        "request": {"method": method, "path": path, "body": brief(body)},
        "status": response.status,
        "headers": {name: response.headers[name] for name in HEADERS if name in response.headers},
        "body": without_paths(received.decode()),
        "whole": whole,
    }


async def busy(session: aiohttp.ClientSession, address: EngineAddress) -> dict[str, Any]:
    """The refusal of one request too many."""
    body = vllm.body(address, short(max_tokens=2000)) | {"ignore_eos": True}
    tasks = []
    for _number in range(6):
        tasks.append(asyncio.create_task(answer(session, vllm.PATH, body)))
        await asyncio.wait(tasks, timeout=0.5, return_when=asyncio.FIRST_COMPLETED)
    refused = next(task.result() for task in tasks if task.done())
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    return refused


async def killed(
    session: aiohttp.ClientSession, address: EngineAddress, process: int
) -> dict[str, Any]:
    """The engine's process is killed after the third piece."""
    pieces = []

    def kill_at_third(piece: bytes) -> None:
        pieces.append(piece)
        if len(pieces) == 3:
            os.kill(process, signal.SIGKILL)

    body = vllm.body(address, short(max_tokens=2000)) | {"ignore_eos": True}
    return await answer(session, vllm.PATH, body, kill_at_third)


def short(**changes: Any) -> GenerationRequest:
    """A request of six tokens."""
    return a_request(**({"max_tokens": 6} | changes))


def vllm_exchanges(address: EngineAddress) -> dict[str, Exchange]:
    """What is asked of vLLM."""

    def ask(extra: Mapping[str, Any] | None = None, **changes: Any) -> Exchange:
        return vllm.PATH, vllm.body(address, short(**changes)) | (extra or {})

    turns = [{"role": message.role, "content": message.text} for message in MESSAGES]
    return {
        "version": ("/version", None),
        "models": ("/v1/models", None),
        "tokenize": ("/tokenize", {"model": address.model, "messages": turns}),
        "detokenize": ("/detokenize", {"model": address.model, "tokens": [1, 3, 1081, 4]}),
        "one_token": (vllm.PATH, {"model": address.model, "prompt": [1], "max_tokens": 1}),
        "normal": ask(max_tokens=40, grammar=THINK),
        "length": ask(),
        "empty": ask({"logit_bias": {"2": 100}}),
        "characters": ask({"allowed_token_ids": [1240, 1159, 1152, 1128]}, max_tokens=12),
        "pieces_of_four": ask(max_tokens=10, stream_interval=4),
        "clamped": ask(prompt_token_ids=(100,) * 8189, max_tokens=500),
        "prompt_too_long": ask(prompt_token_ids=(100,) * 8200),
        "prompt_fills_window": ask(prompt_token_ids=(100,) * 8192),
        "max_tokens_above_window": ask(max_tokens=9000),
        "bad_temperature": ask(temperature=Decimal(-1)),
        "wrong_type": ask({"max_tokens": "x"}),
        "unknown_model": ask({"model": "nobody"}),
        "unknown_token": ask(prompt_token_ids=(1, 999_999)),
        "bad_grammar": ask(grammar="root ::= ("),
        "chat": (openai_chat.PATH, openai_chat.body(address, short())),
    }


def llama_exchanges(address: EngineAddress) -> dict[str, Exchange]:
    """What is asked of llama.cpp."""

    def ask(extra: Mapping[str, Any] | None = None, **changes: Any) -> Exchange:
        return llama_cpp.PATH, llama_cpp.body(address, short(**changes)) | (extra or {})

    turns = [{"role": message.role, "content": message.text} for message in MESSAGES]
    plain = {"content": "Two <|im_end|>", "add_special": True, "parse_special": False}
    return {
        "models": ("/v1/models", None),
        "props": ("/props", None),
        "apply_template": ("/apply-template", {"messages": turns}),
        "tokenize": ("/tokenize", plain),
        "normal": ask(max_tokens=40, grammar=THINK),
        "length": ask(),
        "empty": ask({"logit_bias": [[2, 100.0]]}),
        "characters": ask(max_tokens=60, grammar=CHARACTERS),
        "clamped": ask({"ignore_eos": True}, prompt_token_ids=(100,) * 509, max_tokens=500),
        "prompt_too_long": ask(prompt_token_ids=(100,) * 600),
        "bad_temperature": ask({"temperature": "x"}),
        "unknown_model": ask({"model": "nobody"}),
        "unknown_token": ask(prompt_token_ids=(1, 999_999)),
        "bad_grammar": ask(grammar="root ::= ("),
        "chat": (openai_chat.PATH, openai_chat.body(address, short())),
    }


def chat_exchanges(address: EngineAddress) -> dict[str, Exchange]:
    """What is asked of llama.cpp's chat, with the forms in which it leaves or parts thinking."""

    def ask(form: str, **changes: Any) -> Exchange:
        body = openai_chat.body(address, short(**changes))
        return openai_chat.PATH, body | {"grammar": THINK, "reasoning_format": form}

    return {
        "models": ("/v1/models", None),
        "kept": ask("none", max_tokens=40),
        "parted": ask("deepseek", max_tokens=40),
        "parted_auto": ask("auto", max_tokens=40),
        "cut_in_thinking": ask("deepseek", max_tokens=8),
    }


EXCHANGES: dict[str, Callable[[EngineAddress], dict[str, Exchange]]] = {
    EngineKind.VLLM: vllm_exchanges,
    EngineKind.LLAMA_CPP: llama_exchanges,
    EngineKind.OPENAI: chat_exchanges,
}


def brief(body: Mapping[str, Any] | None) -> Mapping[str, Any] | None:
    """The body, with a very long prompt replaced by its first ids."""
    if body is None or len(body.get("prompt", ())) < 100:
        return body
    return {**body, "prompt": [*body["prompt"][:3], f"... {len(body['prompt'])} ids"]}


def without_paths(body: str) -> str:
    """The body without the directories of the machine it was recorded on."""
    return re.sub(r'(?<=")/[^"]*/(?=[^"/]+")', "/models/", body)


if __name__ == "__main__":
    main()
