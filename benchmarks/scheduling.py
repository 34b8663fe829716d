"""What it costs to choose the next run, by how many wait and how many are in flight.

    python -m benchmarks.scheduling [--seconds 5] [--json FILE]

Runs of three workspaces and ten priorities wait, 512 are in flight. Choosing reads the first row of
an index for each lane, and the rows in flight: with a hundred times as many waiting it should cost
about the same. Claiming is choosing, the conditional UPDATE, the attempt as evidence, and a commit
that reaches the disk. It is serialised: its rate is the most that all workers together can begin.
"""

import statistics
import time
from collections.abc import Callable
from typing import Any

from benchmarks.evidence_cost import make_run
from benchmarks.stage import OWNER, Row, arguments, stage, tell

SIZES = (1_000, 100_000)
IN_FLIGHT = 512

# Runs beside the one there is, of the same question, spread over workspaces and priorities.
_RUNS = """
INSERT INTO reasoning_run (id, recorded_at, actor_kind, question_id, number, prompt_version_id,
                           sampling_profile_id, deployment_id, seed)
SELECT gen_random_uuid(), now(), 'system', question_id, 1 + place, prompt_version_id,
       sampling_profile_id, deployment_id, 1
  FROM reasoning_run, generate_series(%s, %s) place WHERE number = 1
"""
_STATES = """
INSERT INTO reasoning_runstate (run_id, workspace_id, deployment_id, status, priority, queued_at,
                                not_before, deadline, fence, troubles, worker, base_url, updated_at)
SELECT run.id, room.id, run.deployment_id,
       CASE WHEN run.number <= %s THEN 'running' ELSE 'queued' END,
       run.number %% 10, now() - run.number * interval '1 second', now() - interval '1 hour',
       now() + interval '1 day', 0, 0, '', deployment.base_url, now()
  FROM reasoning_run run
  JOIN reasoning_deployment deployment ON deployment.id = run.deployment_id
  JOIN (SELECT id, row_number() OVER () - 1 AS place FROM reasoning_workspace) room
    ON room.place = run.number %% 3
 WHERE NOT EXISTS (SELECT FROM reasoning_runstate state WHERE state.run_id = run.id)
"""


def main() -> None:
    parser = arguments("Choosing the next run.")
    parser.set_defaults(seconds=5.0)
    options = parser.parse_args()
    with stage(OWNER):
        from django.conf import settings

        settings.RUNS_PER_WORKSPACE = settings.STREAMS_PER_DEPLOYMENT = 0
        make_run()
        rows = measured(options.seconds)
    tell(rows, options.json)


def measured(seconds: float) -> list[Row]:
    from reasoning.services import scheduling

    rows, medians, present = [], [], 0
    for size in SIZES:
        fill(present, size + IN_FLIGHT)
        present = size + IN_FLIGHT
        median = median_of(scheduling.anything, seconds)
        medians.append(median)
        note = f"{size:,} wait, {IN_FLIGHT} in flight"
        rows.append(Row("choosing the next run", median * 1000, "ms", note=note))
    few, many = medians
    rows.append(Row("choosing among a hundred times as many", many / few, "ratio", "1,000 waiting"))
    claiming = median_of(lambda: scheduling.take_next(worker="benchmark:1"), seconds)
    note = f"{SIZES[-1]:,} wait, durable"
    rows.append(Row("claiming the next run", claiming * 1000, "ms", note=note))
    rows.append(Row("claims, all workers together", 1 / claiming, "claims/s", note=note))
    return rows


def fill(present: int, wanted: int) -> None:
    """Have so many runs beside the first."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(_RUNS, [present + 1, wanted])
        cursor.execute(_STATES, [IN_FLIGHT + 1])
        cursor.execute("VACUUM ANALYZE reasoning_runstate")


def median_of(act: Callable[[], Any], seconds: float) -> float:
    """Seconds that it takes, for as long as it is tried."""
    taken, end = [], time.perf_counter() + seconds
    while (started := time.perf_counter()) < end:
        act()
        taken.append(time.perf_counter() - started)
    return statistics.median(taken)


if __name__ == "__main__":
    main()
