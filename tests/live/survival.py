"""A service of its own on parts of its own, each of which can be killed and started again."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import requests

from quickstart import database, launcher, valkey
from quickstart.layout import CHECKOUT
from quickstart.ports import free_port
from quickstart.processes import Program
from reasoning.core.prompts import Turn, load_tokenizer, render
from reasoning.inference.probing import MESSAGES
from tests import stack
from tests.live.fixtures import seed
from tests.live.service import Api, Service, build, wait_for

PACE = 0.1
WORDS = [f"Step {number}" for number in range(10, 50)]
TEXT = "<think>\n" + "".join(WORDS) + "\n</think>\n\nThe term is met."
"""Said in pieces of eight letters: an answer of some four seconds."""


@dataclass
class World:
    """The service, and its parts by name: ``postgresql``, ``valkey``, ``engine``."""

    service: Service
    server: "stack.Server"
    broker: valkey.Broker
    engine: str

    @property
    def analyst(self) -> Api:
        return self.service.api("analyst")

    def restart(self, name: str) -> None:
        """Start a part that was killed, and wait until it and the service answer."""
        process = self.service.start(name)
        alive = stack.still_running(process)
        if name == "postgresql":
            database.wait_until_up(self.server.cluster, alive)
        if name == "valkey":
            valkey.wait_until_up(self.broker, alive)
        launcher.await_ready(self.service.url, alive)

    def kill_at_once(self, name: str, how: signal.Signals = signal.SIGKILL) -> None:
        """For PostgreSQL ``SIGQUIT`` is ``pg_ctl stop -m immediate``: its children go with it."""
        process = self.service.processes.pop(name)
        os.kill(process.pid, how)
        process.finish(time.monotonic() + 10)

    def rows(self, query: str, *values: object) -> list[tuple[Any, ...]]:
        with psycopg.connect(self.server.url("magistral_owner")) as connection:
            return connection.execute(query.encode(), values).fetchall()

    def ask(self, count: int) -> list[dict[str, Any]]:
        return [self.analyst.ask(f"Question number {number}?") for number in range(count)]

    def kept(self, asked: list[dict[str, Any]]) -> dict[str, str]:
        """Once some of the text of every run is in the database: what is there, by run."""
        runs = [question["runs"][0]["id"] for question in asked]

        def look() -> dict[str, str] | bool:
            found = self.rows(
                "SELECT run_id::text, string_agg(text, '' ORDER BY sequence)"
                " FROM reasoning_partialoutput partial"
                " JOIN reasoning_attempt attempt ON attempt.id = attempt_id"
                " WHERE run_id = ANY(%s::uuid[]) GROUP BY 1",
                runs,
            )
            return len(found) == len(runs) and dict(found)

        return wait_for(look, 60, "partial text of every run")

    def traces(self, run: str) -> list[tuple[str, str]]:
        """How each attempt of a run ended, and what it had said."""
        return self.rows(
            "SELECT ending, raw_text FROM reasoning_trace trace"
            " JOIN reasoning_attempt attempt ON attempt.id = attempt_id"
            " WHERE trace.run_id = %s ORDER BY attempt.number",
            run,
        )

    def requests(self) -> list[dict[str, Any]]:
        """What the engine was asked since it was started."""
        found: list[dict[str, Any]] = requests.get(
            f"{self.engine}/fake/requests", timeout=10
        ).json()
        return found


@contextmanager
def world(directory: Path) -> Iterator[World]:
    """Everything started and seeded, on an engine that says TEXT slowly."""
    with stack.embedded_postgres(directory, durable=True) as server:
        broker = valkey.Broker.at(directory / "valkey", free_port())
        port = free_port()
        url = f"http://127.0.0.1:{port}"
        service = build(
            directory,
            {
                **database.urls(server.cluster),
                "LOG_DIR": str(directory / "log"),
                "REDIS_URL": broker.url,
                "INFERENCE_URL": url,
                "INFERENCE_ENGINE": "vllm",
                "INFERENCE_MODEL": "fake",
            },
        )
        own = {
            "postgresql": server.process.program,
            "valkey": broker.program(),
            "engine": _fake(port),
        }
        made = World(service, server, broker, url)
        service.processes["postgresql"] = server.process
        try:
            _start(made, own)
            yield made
        finally:
            service.stop()


def _start(made: World, own: dict[str, Program]) -> None:
    service = made.service
    service.programs |= own
    valkey.wait_until_up(made.broker, stack.still_running(service.start("valkey")))
    service.start("engine")
    wait_for(lambda: _answers(made.engine), 30, "the engine")
    database.make(made.server.cluster)
    owner = {**service.environment, "DATABASE_URL": made.server.url("magistral_owner")}
    migrate = [sys.executable, "manage.py", "migrate", "--verbosity", "0", "--skip-checks"]
    subprocess.run(migrate, env=owner, cwd=CHECKOUT, check=True)
    service.people = seed(service)
    plan(made)
    for name in service.programs.keys() - own.keys():
        service.start(name)
    launcher.await_ready(service.url, stack.still_running(service.processes["web"]))


def plan(made: World) -> None:
    """Have the engine say TEXT slowly."""
    body = {"text": TEXT, "pace": PACE}
    requests.post(f"{made.engine}/fake/plan", json=body, timeout=10).raise_for_status()


def _fake(port: int) -> Program:
    system, user = MESSAGES
    rendered = render(load_tokenizer(None), system.text, [Turn("user", user.text)]).token_ids
    said = ["--port", str(port), "--rendered", json.dumps(list(rendered))]
    return Program(
        name="engine",
        command=[sys.executable, "-m", "tests.engine.fake", *said],
        environment={"PATH": "/usr/bin:/bin"},
        directory=CHECKOUT,
    )


def _answers(url: str) -> bool:
    try:
        return requests.get(f"{url}/health", timeout=5).ok
    except requests.ConnectionError:
        return False
