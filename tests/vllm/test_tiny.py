"""The client and the product against real vLLM, serving a tiny Mistral-format model.

Its weights are random, so the words mean nothing; tokenizer, protocol and errors are the real ones.
"""

import asyncio
import time
from collections.abc import Callable, Iterator
from decimal import Decimal

import pytest
import requests

from reasoning.core.errors import (
    EngineBusy,
    EngineDisconnected,
    EngineError,
    EngineFailed,
    EngineRefused,
    EngineUnavailable,
)
from reasoning.core.prompts import Turn, load_tokenizer, render
from reasoning.core.token_ids import unpack
from reasoning.inference import vllm
from reasoning.inference.client import generate, identify, render_with_engine
from reasoning.inference.requests import Chunk, Fidelity, Message
from reasoning.inference.transport import ask
from reasoning.models import ComparisonKind, Deployment
from tests.conftest import deployment_columns
from tests.engine.asking import a_request
from tests.vllm.conftest import answered, compared
from tests.vllm.serving import OF_TINY, TINY, Vllm, serving, tiny

pytestmark = pytest.mark.vllm

LONG = 4000
"""Tokens: far more than are made before a test has done with the request."""


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Vllm]:
    with serving(tiny(), TINY, OF_TINY, tmp_path_factory.mktemp("vllm")) as running:
        yield running


def ignore(_chunk: Chunk) -> None:
    """Nobody watches."""


def until(condition: Callable[[], bool], seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True


@pytest.mark.parametrize(
    "text",
    [
        "Combien font deux et deux ?",
        "[INST] </s> [THINK] <think>\n\n  two  spaces ",
        "كم يساوي اثنان واثنان؟ 二足す二は？ दो और दो? 😀",
    ],
)
async def test_our_rendering_is_the_engines(engine: Vllm, text: str) -> None:
    system = "Be brief.\n\nProblem:\n\n"
    ours = render(load_tokenizer(None), system, [Turn("user", text)])
    messages = (Message("system", system), Message("user", text))
    ids, _spelled = await render_with_engine(engine.address, messages)
    assert ids == ours.token_ids


async def test_an_answer_streams_with_its_exact_ids(engine: Vllm) -> None:
    pieces: list[Chunk] = []
    request = a_request(max_tokens=24)
    generation = await generate(engine.address, request, pieces.append)
    assert generation.fidelity is Fidelity.RAW_IDS
    assert generation.prompt_token_ids == request.prompt_token_ids
    assert len(generation.token_ids) == generation.completion_tokens == 24
    assert generation.finish_reason == "length"
    assert len(pieces) > 5
    assert generation.request_id.endswith(request.request_id)
    assert generation.fingerprint
    assert (await identify(engine.address)).window == 8192


async def test_cancelling_frees_the_engine(engine: Vllm) -> None:
    begun = asyncio.Event()
    request = a_request(max_tokens=LONG)
    task = asyncio.create_task(generate(engine.address, request, lambda _chunk: begun.set()))
    await asyncio.wait_for(begun.wait(), 60)
    assert engine.in_flight() == 1
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert await asyncio.to_thread(until, lambda: engine.in_flight() == 0, 20)


@pytest.mark.parametrize(
    ("changes", "status", "param"),
    [
        ({"prompt": [100] * 8200}, 400, "input_tokens"),
        ({"temperature": -1}, 400, "temperature"),
        ({"max_tokens": "x"}, 400, "body.max_tokens"),
        ({"model": "nobody"}, 404, "model"),
    ],
)
async def test_refusals_name_what_is_wrong(
    engine: Vllm, changes: dict[str, object], status: int, param: str
) -> None:
    body = vllm.body(engine.address, a_request(max_tokens=4)) | {"stream": False}
    body.pop("stream_options")
    with pytest.raises(EngineRefused) as refusal:
        await ask(engine.address, vllm.PATH, body | changes)
    assert (refusal.value.data["status"], refusal.value.param) == (status, param)


async def test_a_full_queue_is_busy_and_says_no_more(engine: Vllm) -> None:
    request = a_request(max_tokens=LONG)
    tasks = [asyncio.create_task(generate(engine.address, request, ignore)) for _ in range(6)]
    done, _pending = await asyncio.wait(tasks, timeout=60, return_when=asyncio.FIRST_COMPLETED)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    error = done.pop().exception()
    assert isinstance(error, EngineBusy)
    assert (error.data["status"], error.data.get("retry_after")) == (503, None)
    assert await asyncio.to_thread(until, lambda: engine.in_flight() == 0, 20)


def test_a_question_goes_all_the_way(engine: Vllm, approved: Callable[..., Deployment]) -> None:
    shortest = {"model": TINY, "prompt": [1], "max_tokens": 1}
    said = requests.post(f"{engine.url}/v1/completions", json=shortest, timeout=120).json()
    columns = deployment_columns(
        fingerprints=[said["system_fingerprint"]],
        base_url=engine.url,
        model=TINY,
        revision="",
        window=1100,
        engine_version=requests.get(f"{engine.url}/version", timeout=20).json()["version"],
    )
    deployment = approved(**columns)
    seen = deployment.probes.get()
    assert (seen.tokenizer, seen.token_ids, seen.parser) == ("agrees", "yes", "no")
    trace = answered("Combien font deux et deux ?")
    assert (trace.ending, trace.fidelity) == ("finished", "raw_ids")
    assert not trace.findings.filter(code__startswith="engine_not").exists()
    assert not trace.findings.filter(code="prompt_not_as_rendered").exists()
    assert [trace.engine_fingerprint] == deployment.fingerprints
    ids = unpack(bytes(trace.output_token_ids))
    assert len(ids) <= trace.effective_max_tokens == 1100 - trace.prompt_tokens
    replay = compared(trace, ComparisonKind.REPLAY)
    assert (replay.unit, replay.compared, replay.failure_code) == ("tokens", len(ids), "")
    assert replay.differing == []
    # Alone on the engine the same seed gives the same tokens for a while at least.
    assert replay.matched > 0
    # A model that is sure of nothing could have written anything.
    assert compared(trace, ComparisonKind.RESCORE).verdict == "undecided"


async def test_an_engine_killed_in_mid_stream_is_no_success(engine: Vllm) -> None:
    """The last test: afterwards the engine is gone."""
    begun = asyncio.Event()
    request = a_request(max_tokens=LONG, temperature=Decimal(1))
    task = asyncio.create_task(generate(engine.address, request, lambda _chunk: begun.set()))
    await asyncio.wait_for(begun.wait(), 60)
    engine.kill_core()
    with pytest.raises(EngineError) as broken:
        await asyncio.wait_for(task, 60)
    assert isinstance(broken.value, EngineFailed | EngineDisconnected)
    assert broken.value.retryable
    assert broken.value.partial.token_ids
    with pytest.raises((EngineFailed, EngineUnavailable, EngineDisconnected)):
        await ask(engine.address, "/v1/completions", {"model": TINY, "prompt": [1]})
