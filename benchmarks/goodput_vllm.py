"""Goodput of the whole path against a bare client, on the same real vLLM at the same concurrency.

    python -m benchmarks.goodput_vllm [--questions 64] [--rounds 2] [--json FILE]

Needs vLLM (``make test-vllm`` installs it). The whole path: questions are submitted, queued in
PostgreSQL, taken by a Celery worker with 16 threads, answered by SmolLM2 in bfloat16 on the CPU and
stored with findings and log entries; the clock runs from the first submission to the last stored
trace. The bare client sends the very same requests, 16 at a time, and throws the answers away.
Rounds alternate, so that a machine that grows slower harms both. Goodput is output tokens a second.
"""

import asyncio
import json
import sys
import time
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from benchmarks.stage import APPLICATION, Row, Stage, arguments, stage, tell

AT_ONCE = 16
TOKENS = 96
PATIENCE = 900.0
LOOK_SECONDS = 0.2
"""Between looks at how many were answered: the engine has both cores, and looking costs."""
QUESTION = "Question %d: why does a lender ask for the accounts of the last three years?"


@dataclass(frozen=True)
class Round:
    """Output tokens, and the seconds they took."""

    tokens: int
    seconds: float

    @property
    def rate(self) -> float:
        return self.tokens / self.seconds


def main() -> None:
    parser = arguments("Goodput with real vLLM.")
    parser.add_argument("--questions", type=int, default=64)
    parser.add_argument("--rounds", type=int, default=2)
    options = parser.parse_args()
    from quickstart.vllm import environment

    if not environment().runs():
        print("vLLM is not installed here: make test-vllm installs it.")
        tell([], options.json)
        return
    with stage(APPLICATION) as made:
        rows = measured(made, options.questions, options.rounds)
    tell(rows, options.json)


def measured(made: Stage, questions: int, rounds: int) -> list[Row]:
    from django.conf import settings

    from tests.stack import embedded_valkey, running
    from tests.vllm.serving import OF_SMOLLM2, SMOLLM2, serving, smollm2

    with (
        embedded_valkey(made.directory) as broker,
        serving(smollm2(), SMOLLM2, OF_SMOLLM2, made.directory) as engine,
    ):
        settings.REDIS_URL = settings.CELERY_BROKER_URL = broker
        settle(engine)
        with running(worker(made, broker), made.directory):
            whole(questions=AT_ONCE)
            pairs = [(whole(questions), bare(engine, questions)) for _round in range(rounds)]
    ours, theirs = (total(one) for one in zip(*pairs, strict=True))
    note = f"{questions} questions a round, {AT_ONCE} at once, up to {TOKENS} tokens"
    return [
        Row("goodput, whole path", ours.rate, "tokens/s", note=note),
        Row("goodput, bare client", theirs.rate, "tokens/s"),
        Row("goodput ratio, real vLLM", ours.rate / theirs.rate, "", "bare client"),
    ]


def total(rounds: Iterable[Round]) -> Round:
    """Several rounds as one."""
    rounds = list(rounds)
    return Round(sum(one.tokens for one in rounds), sum(one.seconds for one in rounds))


def worker(made: Stage, broker: str) -> Any:
    """A Celery worker as in production, with as many threads as the bare client has requests."""
    from quickstart.processes import Program

    options = ["-P", "threads", "-c", str(AT_ONCE), "--prefetch-multiplier", "1"]
    return Program(
        name="worker",
        command=[
            *(sys.executable, "-m", "celery", "-A", "magistral_audit", "worker"),
            *(*options, "--without-mingle", "--without-gossip"),
        ],
        environment={**made.environment(APPLICATION), "REDIS_URL": broker},
        grace=6.0,
    )


def settle(engine: Any) -> None:
    """People, a room, and the deployment: looked at, approved, allowed."""
    import requests

    from reasoning.models import ProbeOccasion, Renderer, Workspace
    from reasoning.services import probes, registry, seeding
    from tests.conftest import deployment_columns

    seeding.seed_people({})
    columns = deployment_columns(
        base_url=engine.url,
        model=engine.address.model,
        revision="",
        window=2048,
        renderer=Renderer.ENGINE,
        tokenizer_sha256="",
        tokenizer_version="",
        engine_version=requests.get(f"{engine.url}/version", timeout=20).json()["version"],
    )
    deployment = seeding.seed_deployment(columns)
    probes.probe(deployment=deployment, occasion=ProbeOccasion.ASKED)
    prompt, _recommended = seeding.seed_registry()
    profile = registry.propose_profile(
        author=None, name="short", temperature="0.7", top_p="0.95", max_tokens=TOKENS
    )
    seeding.allow(prompt, profile, deployment)
    Workspace.objects.filter(slug="finance").update(default_profile="short")


def whole(questions: int) -> Round:
    """Through submission, queue, worker and store."""
    from reasoning import tasks
    from reasoning.models import RunState, RunStatus, Trace, User
    from reasoning.services import questions as service

    asker = User.objects.get(username="analyst")
    started = time.monotonic()
    runs = []
    for number in range(questions):
        asked = service.Asked(workspace="finance", text=QUESTION % number)
        runs.append(service.submit(user=asker, asked=asked).run.pk)
        tasks.dispatch(runs[-1])
    mine = RunState.objects.filter(pk__in=runs)
    while (finished := mine.filter(status=RunStatus.FINISHED).count()) < questions:
        assert time.monotonic() - started < PATIENCE, f"{finished} of {questions} were answered"
        time.sleep(LOOK_SECONDS)
    seconds = time.monotonic() - started
    traces = Trace.objects.filter(run__in=runs).values_list("output_token_ids", flat=True)
    return Round(sum(len(bytes(ids)) // 4 for ids in traces), seconds)


def bare(engine: Any, questions: int) -> Round:
    """The requests of the newest runs again, by aiohttp and nothing else."""
    return asyncio.run(_bare(engine.url, bodies(engine, questions)))


def bodies(engine: Any, questions: int) -> list[dict[str, Any]]:
    from decimal import Decimal

    from reasoning.core.token_ids import unpack
    from reasoning.inference import vllm
    from reasoning.inference.requests import GenerationRequest
    from reasoning.models import Trace

    newest = Trace.objects.select_related("run").order_by("-recorded_at")[:questions]
    return [
        vllm.body(
            engine.address,
            GenerationRequest(
                request_id="bare",
                prompt_token_ids=tuple(unpack(bytes(trace.prompt_token_ids or b""))),
                messages=(),
                temperature=Decimal("0.7"),
                top_p=Decimal("0.95"),
                max_tokens=TOKENS,
                seed=trace.run.seed,
            ),
        )
        for trace in newest
    ]


async def _bare(url: str, wanted: list[dict[str, Any]]) -> Round:
    import aiohttp

    places = asyncio.Semaphore(AT_ONCE)

    async def one(session: aiohttp.ClientSession, body: dict[str, Any]) -> int:
        async with places, session.post("/v1/completions", json=body) as response:
            received = await response.read()
        last = received.rsplit(b"\n\ndata: ", 2)[1]
        return int(json.loads(last.removeprefix(b"data: "))["usage"]["completion_tokens"])

    unhurried = aiohttp.ClientTimeout(total=PATIENCE)
    async with aiohttp.ClientSession(url, timeout=unhurried) as session:
        started = time.monotonic()
        counts = await asyncio.gather(*(one(session, body) for body in wanted))
        return Round(sum(counts), time.monotonic() - started)


if __name__ == "__main__":
    main()
