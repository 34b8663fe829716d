"""``kill -9`` of a worker in the middle of an answer."""

import os
import signal
from pathlib import Path

import pytest

from benchmarks.overhead import children_of
from tests.live.service import Service, wait_for

pytestmark = pytest.mark.live


def test_the_run_is_picked_up_again_and_stored_once(service: Service, live_database: None) -> None:
    from reasoning.models import Attempt, Trace

    analyst = service.api("analyst")
    asked = analyst.ask("Describe every duty of a bank's compliance officer in detail.")
    run = asked["runs"][0]["id"]
    wait_for(lambda: _kept(run), 120, "partial text in the database")
    (beside,) = children_of(service.processes["worker"].pid)
    service.kill("worker")
    wait_for(lambda: not Path(f"/proc/{beside}").exists(), 10, "the end of the process beside it")
    service.start("worker")
    question = analyst.finished(asked["id"])

    assert question["status"] == "in_review"
    traces = list(Trace.objects.filter(run=run).order_by("attempt__number"))
    assert [trace.ending for trace in traces] == ["worker_lost", "finished"]
    assert traces[0].raw_text.startswith("<think>")
    assert "cut_off" in set(traces[0].findings.values_list("code", flat=True))
    assert Attempt.objects.filter(run=run).count() == 2
    assert question["runs"][0]["trace_id"] == str(traces[1].pk)


def test_a_run_lasts_when_the_process_beside_the_worker_is_killed(
    service: Service, live_database: None
) -> None:
    """The worker itself holds none of the models, before and after."""
    from reasoning.models import Attempt

    analyst, worker = service.api("analyst"), service.processes["worker"].pid
    asked = analyst.ask("Which duties does a bank's data protection officer have?")
    run = asked["runs"][0]["id"]
    wait_for(lambda: _kept(run), 120, "partial text in the database")
    (beside,) = children_of(worker)
    assert _libraries(beside) == {"numpy", "tiktoken", "pydantic_core"}
    os.kill(beside, signal.SIGKILL)

    assert analyst.finished(asked["id"])["status"] == "in_review"
    assert Attempt.objects.filter(run=run).count() == 1
    (other,) = children_of(worker)
    assert other != beside
    assert _libraries(worker) == set()


def test_a_stopping_worker_gives_its_runs_back(service: Service, live_database: None) -> None:
    """More questions than the engine answers in the seconds a stopping worker is given."""
    from reasoning.models import Trace

    analyst = service.api("analyst")
    asked = [analyst.ask(f"Describe duty number {number} of an auditor.") for number in range(8)]
    runs = [question["runs"][0]["id"] for question in asked]
    wait_for(lambda: any(_kept(run) for run in runs), 120, "partial text in the database")
    service.processes.pop("worker").stop()
    given_back = set(Trace.objects.filter(run__in=runs, ending="worker_lost").values_list("run"))
    service.start("worker")
    assert given_back
    for question in asked:
        assert analyst.finished(question["id"])["status"] == "in_review"
    for run in runs:
        assert Trace.objects.filter(run=run, ending="finished").count() == 1


def test_a_run_the_broker_lost_is_found_again(service: Service, valkey: str) -> None:
    import redis

    analyst = service.api("analyst")
    service.kill("worker")
    try:
        asked = analyst.ask("Who keeps the keys?")
        with redis.Redis.from_url(valkey) as broker:
            assert broker.delete("celery") == 1
    finally:
        service.start("worker")
    assert analyst.finished(asked["id"])["status"] == "in_review"


def _libraries(pid: int) -> set[str]:
    """Which of the models' compiled modules a process has."""
    mapped = Path(f"/proc/{pid}/maps").read_text()
    return {name for name in ("numpy", "tiktoken", "pydantic_core") if f"/{name}/" in mapped}


def _kept(run: str) -> bool:
    """Whether a sentence's worth of the answer is in the database already."""
    from reasoning.models import PartialOutput

    rows = PartialOutput.objects.filter(attempt__run=run)
    return sum(len(row.text) for row in rows) > 40
