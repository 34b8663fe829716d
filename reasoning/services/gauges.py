"""What operators watch: queue, engines, stops and the log, without content or persons."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.db import connection

from reasoning.models.halt import Scope
from reasoning.services.gates import FORGOTTEN_SECONDS
from reasoning.services.lag import lag

# Both statuses have indexes of their own: runs that are over are not read.
_RUNS = """
SELECT status, deployment.name || '@' || deployment.number, count(*),
       extract(epoch FROM now() - min(least(queued_at, now())))::float8
  FROM reasoning_runstate JOIN reasoning_deployment deployment ON deployment.id = deployment_id
 WHERE status = {0} GROUP BY 1, 2
"""
_GATES = f"""
SELECT trouble, count(*) FROM reasoning_gate
 WHERE closed_until > now() - make_interval(secs => {FORGOTTEN_SECONDS}) GROUP BY 1
"""  # noqa: S608  nothing in it comes from outside
_HALTS = """
SELECT count(*) FILTER (WHERE workspace_id IS NULL AND deployment_id IS NULL),
       count(workspace_id), count(deployment_id) FROM reasoning_halt
"""
_LOG = """
SELECT coalesce((SELECT size FROM reasoning_loghead), 0),
       coalesce((SELECT max(size) FROM reasoning_checkpoint), 0)
"""


@dataclass(frozen=True)
class Sample:
    """One figure, and what it is of."""

    value: float
    labels: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Gauge:
    """One measure: its name, what it says (in seconds where it is a time), and its figures."""

    name: str
    says: str
    samples: list[Sample]


def gauges() -> Iterator[Gauge]:
    """All figures as they are now: a few look-ups, however long queue and log are."""
    runs = [row for status in ("'queued'", "'running'") for row in _rows(_RUNS.format(status))]
    yield Gauge(
        "runs",
        "Runs that wait (queued) or are being answered (running), by deployment.",
        [Sample(count, _labels(status, name)) for status, name, count, _age in runs],
    )
    yield Gauge(
        "runs_oldest_seconds",
        "Age of the oldest of these runs, since it was due.",
        [Sample(age, _labels(status, name)) for status, name, _count, age in runs],
    )
    yield Gauge(
        "gates_closed",
        "Engines that are given less, or nothing, because they were full or away.",
        [Sample(count, {"trouble": trouble}) for trouble, count in _rows(_GATES)],
    )
    [stopped] = _rows(_HALTS)
    yield Gauge(
        "halts",
        "What administrators have stopped.",
        [Sample(n, {"scope": scope}) for scope, n in zip(Scope.values, stopped, strict=True)],
    )
    yield from _log()


def _log() -> Iterator[Gauge]:
    [(size, signed)] = _rows(_LOG)
    behind = "Seconds for which the oldest entry has waited for a signed place in the log."
    yield Gauge("log_lag_seconds", behind, [Sample(lag().seconds)])
    yield Gauge("log_size", "Entries that the sequencer has given a place.", [Sample(size)])
    yield Gauge("log_signed_size", "Entries under the newest checkpoint.", [Sample(signed)])


def _labels(status: str, deployment: str) -> dict[str, str]:
    return {"status": status, "deployment": deployment}


def _rows(query: str) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(query)
        rows: list[tuple[Any, ...]] = cursor.fetchall()
    return rows
