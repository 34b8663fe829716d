"""What it costs that a row is evidence: a 30 KB trace recorded, against a plain INSERT of the row.

    python -m benchmarks.evidence_cost [--seconds 10] [--json FILE]

Recording draws salts, commits to every text, writes the canonical document and its entry, and goes
through the triggers; the plain INSERT puts the same row into the same table in a transaction of its
own. Writers are threads with a connection each, as in a worker; the disk syncs of the server count.
Both kinds run by turns, so that what else the machine does hits them alike.
"""

import copy
import random
import statistics
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

from benchmarks.stage import APPLICATION, Row, Stage, arguments, stage, tell

WRITERS = (1, 32)
TURNS = 4
TEXT = 30_000
MOST = 600
"""Traces a second that one process could write at most, and so many are prepared."""


def main() -> None:
    options = arguments("The cost of evidence.").parse_args()
    with stage(APPLICATION) as made:
        rows = [row for writers in WRITERS for row in compare(made, writers, options.seconds)]
    tell(rows, options.json)


def compare(made: Stage, writers: int, seconds: float) -> list[Row]:
    """Rates of both, and their ratio, with so many writers."""
    template = make_trace()
    rates: dict[str, list[float]] = {"plain": [], "evidence": []}
    for _turn in range(TURNS):
        for name, write in (("plain", insert_plainly), ("evidence", record_as_evidence)):
            rates[name].append(rate(template, write, writers, seconds / TURNS))
    plain, evidence = (statistics.median(rates[name]) for name in ("plain", "evidence"))
    note = f"{writers} writers"
    return [
        Row("traces recorded as evidence", evidence, "traces/s", note=note),
        Row("traces inserted plainly", plain, "traces/s", note=note),
        Row("evidence", evidence / plain, "ratio", against="plain INSERT", note=note),
    ]


def rate(template: Any, write: Callable[[Any], None], writers: int, seconds: float) -> float:
    """Traces a second, all writers together."""
    from django.db import connection

    rows = prepared(template, int(seconds * MOST) + writers)
    end = time.perf_counter() + seconds
    counts = []

    def work() -> None:
        count = 0
        while time.perf_counter() < end:
            write(next(rows))
            count += 1
        counts.append(count)
        connection.close()

    threads = [threading.Thread(target=work) for _ in range(writers)]
    started = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sum(counts) / (time.perf_counter() - started)


def insert_plainly(trace: Any) -> None:
    """What any application would do."""
    from django.db import transaction

    with transaction.atomic():
        type(trace).objects.bulk_create([trace])


def record_as_evidence(trace: Any) -> None:
    """What this one does."""
    from reasoning.services.evidence import SYSTEM, record

    record(SYSTEM, trace)


def prepared(template: Any, count: int) -> Iterator[Any]:
    """Rows to write, each for an attempt of its own, made beforehand."""
    from reasoning.core.identifiers import uuid7
    from reasoning.models import Attempt

    first = Attempt.objects.count()
    attempts = [attempt_of(template, first + number) for number in range(1, count + 1)]
    Attempt.objects.bulk_create(attempts, batch_size=1000)
    rows = []
    for attempt in attempts:
        row = copy.copy(template)
        row._state = copy.copy(template._state)
        row.id, row.attempt_id = uuid7(), attempt.pk
        rows.append(row)
    return iter(rows)


def attempt_of(template: Any, number: int) -> Any:
    from django.utils import timezone

    from reasoning.models import Attempt

    return Attempt(
        run_id=template.run_id,
        number=number,
        question_id=template.question_id,
        recorded_at=timezone.now(),
        actor_kind="system",
    )


def make_trace() -> Any:
    """A trace of 30 KB of text that is not stored yet, with its run."""
    from django.utils import timezone

    from reasoning.core.token_ids import pack
    from reasoning.models import Trace

    run = make_run()
    text = prose(TEXT)
    texts = {
        "raw_response": text.encode(),
        "raw_text": text,
        "thinking": text[: TEXT * 9 // 10],
        "summary": text[TEXT * 9 // 10 :],
        "prompt_rendered": prose(2000),
        "prompt_token_ids": pack(range(500)),
        "output_token_ids": pack(range(TEXT // 4)),
        "failure": "",
        "actor_name": "",
    }
    salts = {f"{name}_salt": bytes(32) for name in texts}
    words = {name: "" for name in Trace.PLAIN.split() if "tokens" not in name}
    numbers = {name: 1 for name in Trace.PLAIN.split() if "tokens" in name or name.endswith("_ms")}
    return Trace(
        run=run, question_id=run.question_id, recorded_at=timezone.now(), actor_kind="system",
        defects=[], **{**words, **numbers, **texts, **salts},
    )  # fmt: skip


def make_run() -> Any:
    """A question in the queue; its run."""
    from reasoning.models import User
    from reasoning.services import questions, seeding
    from tests import approving

    seeding.seed_people({})
    versions = [*seeding.seed_registry(), seeding.seed_deployment(deployment_columns())]
    approving.allow(*versions)
    asked = questions.Asked(workspace="finance", text="What does evidence cost?")
    return questions.submit(user=User.objects.get(username="analyst"), asked=asked).run


def deployment_columns() -> dict[str, Any]:
    from reasoning.core.think import ThinkForm
    from reasoning.core.tokenizers import load_tokenizer
    from reasoning.inference.requests import EngineKind
    from reasoning.models import Renderer

    tokenizer = load_tokenizer(None)
    return {
        "engine": EngineKind.VLLM.value, "engine_version": "0", "base_url": "http://127.0.0.1:9",
        "model": "m", "revision": "0" * 40, "tokenizer_sha256": tokenizer.sha256,
        "tokenizer_version": tokenizer.version, "renderer": Renderer.MISTRAL_COMMON,
        "think_form": ThinkForm.TEXT_TAGS.value, "window": 40_960, "grammar": "",
        "credential": "", "demonstration": False,
    }  # fmt: skip


def prose(length: int) -> str:
    """Words that compress about as well as a model's text does."""
    chance = random.Random(length)
    letters = "etaoinshrdlucmfwypvbgk"
    known = ["".join(chance.choices(letters, k=chance.randint(2, 9))) for _ in range(3000)]
    return " ".join(chance.choices(known, k=length // 4))[:length]


if __name__ == "__main__":
    main()
