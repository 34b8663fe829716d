"""How long a bundle takes: putting together a thousand decisions, and verifying them offline.

    python -m benchmarks.bundles [--decisions 1000] [--json FILE]

Each decision brings its question, run, attempt and a trace of 30 KB of text, with proofs. Verifying
is ``magistral-verify`` in a process of its own, against hashlib.sha256 over the unpacked files.
"""

import copy
import hashlib
import subprocess
import sys
import time
import zipfile
from pathlib import Path
from typing import Any

from benchmarks.evidence_cost import make_trace
from benchmarks.stage import APPLICATION, Row, Stage, arguments, stage, tell
from benchmarks.verification import as_role, take_in


def main() -> None:
    parser = arguments("Bundles: putting together and verifying offline.")
    parser.add_argument("--decisions", type=int, default=1_000)
    options = parser.parse_args()
    with stage(APPLICATION) as made:
        rows = measure(made, options.decisions)
    tell(rows, options.json)


def measure(made: Stage, count: int) -> list[Row]:
    from django.conf import settings

    settings.EXPORT_DIR = made.directory / "exports"
    as_role(APPLICATION)
    write_decisions(count)
    take_in(made)
    as_role(APPLICATION)
    started = time.perf_counter()
    path, entries = build()
    building = time.perf_counter() - started
    verifying, hashing = verify(path, the_key()), hash_files(path)
    size = path.stat().st_size / 1e6
    note = f"{count:,} decisions, {entries:,} entries, {size:,.0f} MB"
    return [
        Row("putting a bundle together", building, "s", note=note),
        Row("verifying it offline", verifying, "s", note=note),
        Row("verifying it offline", entries / verifying, "entries/s", note=note),
        Row(
            "verifying it offline", verifying / hashing, "ratio",
            "unpacking and hashing the files alone", note,
        ),
    ]  # fmt: skip


def write_decisions(count: int) -> None:
    """Decided questions, as the services would leave them."""
    template = make_trace()
    for _number in range(count):
        write_decision(template)


def write_decision(template: Any) -> None:
    from django.db import transaction

    from reasoning.core.identifiers import uuid7
    from reasoning.models import Attempt, Decision, Meaning
    from reasoning.services.evidence import SYSTEM, record

    question, run = copy.copy(template.run.question), copy.copy(template.run)
    question.id, question.idempotency_key, run.id = uuid7(), None, uuid7()
    run.question_id = question.id
    attempt = Attempt(run_id=run.id, number=1, question_id=question.id)
    trace = copy.copy(template)
    for row in (question, run, trace):
        row._state = copy.copy(row._state)
        row._state.adding = True
    trace.id, trace.run_id, trace.attempt_id = uuid7(), run.id, attempt.id
    trace.question_id = question.id
    with transaction.atomic():
        entries = record(SYSTEM, question, run, attempt, trace)
        decision = Decision(
            trace_id=trace.id, question_id=question.id, meaning=Meaning.APPROVED,
            rationale="I have checked it against the sources.", statement="I sign.",
            signer_role="reviewer", authentication_method="password", asked_anew="",
            trace_document_sha256=hashlib.sha256(entries[-1].document).hexdigest(),
        )  # fmt: skip
        record(SYSTEM, decision)


def build() -> tuple[Path, int]:
    """Ask for everything decided; the file and how many entries it has."""
    from reasoning.models import ExportJob, ExportStatus, User
    from reasoning.services import bundles, export_requests

    auditor = User.objects.get(username="auditor")
    job = export_requests.ask(user=auditor, scope=export_requests.Scope(decided=True))
    status = bundles.build(job_id=job.pk)
    job = ExportJob.objects.get(pk=job.pk)
    if status != ExportStatus.READY:
        raise SystemExit(f"The bundle is {status}: {job.failure_code} {job.failure}")
    return export_requests.file_of(job), job.entries


def verify(path: Path, key: str) -> float:
    """Seconds of the command, its start included; anything but verified ends the benchmark."""
    started = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-m", "reasoning.offline", str(path), "--vkey", key],
        capture_output=True,
        text=True,
        check=False,
    )
    took = time.perf_counter() - started
    if done.returncode:
        raise SystemExit(done.stdout[-2000:])
    return took


def the_key() -> str:
    from reasoning.services import log_keys

    return str(log_keys.load().verifier)


def hash_files(path: Path) -> float:
    started = time.perf_counter()
    with zipfile.ZipFile(path) as archive:
        for member in archive.infolist():
            hashlib.sha256(archive.read(member)).digest()
    return time.perf_counter() - started


if __name__ == "__main__":
    main()
