"""Whatever is killed in mid-stream: each question is answered exactly once, and all text kept.

The broker, PostgreSQL and the engine of a service of this module's own are killed while answers are
on their way; and the stop switch and cancelling end them on purpose.
"""

import signal
from collections.abc import Iterator
from typing import Any

import pytest

from tests.live.service import wait_for
from tests.live.survival import TEXT, World, plan, world

pytestmark = pytest.mark.live

RUNS = 3


@pytest.fixture(scope="module")
def ours(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with world(tmp_path_factory.mktemp("survival")) as made:
        yield made


def answered_once(ours: World, asked: list[dict[str, Any]], kept: dict[str, str]) -> list[str]:
    """Each has one whole answer; what was in the database before is in a trace of its run. How the
    attempts ended that did not finish."""
    broken: list[str] = []
    for question in asked:
        end = ours.analyst.finished(question["id"])
        assert end["status"] == "in_review"
        run = question["runs"][0]["id"]
        traces = ours.traces(run)
        *earlier, (ending, text) = traces
        assert (ending, text) == ("finished", TEXT)
        assert all(TEXT.startswith(said) for _ending, said in earlier)
        assert any(said.startswith(kept.get(run, "")) for _ending, said in traces[:1])
        assert "finished" not in [ending for ending, _said in earlier]
        assert len(end["runs"][0]["attempts"]) == len(traces)
        broken += [ending for ending, _said in earlier]
    assert ours.rows("SELECT count(*) FROM reasoning_partialoutput") == [(0,)]
    return broken


def test_the_broker(ours: World) -> None:
    """Answers on their way go on; what is asked meanwhile is stored, and answered afterwards."""
    asked = ours.ask(RUNS)
    kept = ours.kept(asked)
    ours.kill_at_once("valkey")
    asked += ours.ask(1)
    ours.restart("valkey")
    assert answered_once(ours, asked, kept) == []


def test_postgresql(ours: World) -> None:
    """Stopped at once (-m immediate). The log goes on too: every entry gets its signed place."""
    asked = ours.ask(RUNS)
    kept = ours.kept(asked)
    ours.kill_at_once("postgresql", signal.SIGQUIT)
    ours.restart("postgresql")
    assert set(answered_once(ours, asked, kept)) <= {"worker_lost"}
    unsigned = "SELECT count(*) = (SELECT max(size) FROM reasoning_checkpoint) FROM reasoning_entry"
    assert wait_for(lambda: ours.rows(unsigned) == [(True,)], 60, "a checkpoint over everything")


def test_the_engine(ours: World) -> None:
    asked = ours.ask(RUNS)
    kept = ours.kept(asked)
    ours.kill_at_once("engine")
    runs = [question["runs"][0]["id"] for question in asked]
    wait_for(lambda: all(ours.traces(run) for run in runs), 60, "the broken attempts' traces")
    ours.service.start("engine")
    wait_for(lambda: planned(ours), 30, "the engine")
    broken = answered_once(ours, asked, kept)
    assert broken.count("disconnected") >= RUNS
    assert set(broken) <= {"disconnected", "engine_error"}


def planned(ours: World) -> bool:
    """Whether the engine that was started has heard what it is to say."""
    import requests

    try:
        plan(ours)
    except requests.ConnectionError:
        return False
    return True


def test_the_stop_switch(ours: World) -> None:
    """What is in flight ends as labelled traces and lets the engine go; all goes on afterwards."""
    admin = ours.service.api("admin")
    asked = ours.ask(RUNS)
    kept = ours.kept(asked)
    stopped = admin.post("halts/", {"workspace": "finance", "reason": "A drill."})
    assert stopped.status_code == 201, stopped.text
    runs = [question["runs"][0]["id"] for question in asked]
    wait_for(lambda: all(ours.traces(run) for run in runs), 60, "the stopped attempts' traces")
    assert wait_for(lambda: all_gone(ours), 60, "the engine to be let go")
    asked += ours.ask(1)
    for question in asked:
        now = ours.analyst.question(question["id"])
        assert (now["status"], now["runs"][0]["waiting"]) == ("queued", "stopped")
    resumed = admin.post(f"halts/{stopped.json()['id']}/resume/", {"reason": "Done."})
    assert resumed.status_code == 204, resumed.text
    assert answered_once(ours, asked, kept) == ["halted"] * RUNS


def test_cancelling_lets_the_engine_go(ours: World) -> None:
    asked = ours.ask(1)
    (text,) = ours.kept(asked).values()
    run = asked[0]["runs"][0]["id"]
    assert ours.analyst.post(f"runs/{run}/cancel/").status_code in {200, 202}
    assert wait_for(lambda: all_gone(ours), 60, "the engine to be let go")
    assert ours.analyst.finished(asked[0]["id"])["status"] == "cancelled"
    [(ending, said)] = ours.traces(run)
    assert ending == "cancelled"
    assert said.startswith(text)
    assert said != TEXT


def all_gone(ours: World) -> bool:
    """Whether the engine is answering nobody."""
    return all(one["answered"] or one["client_left"] for one in ours.requests())
