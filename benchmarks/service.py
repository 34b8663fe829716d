"""The whole service for benchmarks: a durable database, Valkey, and every process there is.

The engine is the caller's: its address goes into the environment as ``make run`` takes it.
"""

import json
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg

from benchmarks.stage import Stage, stage
from quickstart import application, database, launcher, valkey
from quickstart.layout import CHECKOUT, Layout
from quickstart.ports import free_port
from quickstart.processes import Process, Program
from quickstart.wishes import Wishes

QUESTION = "Welche Unterlagen fehlen noch, und warum?"


@dataclass(frozen=True)
class Running:
    """A running service: its address, its people's logins, its processes by name."""

    url: str
    people: Mapping[str, Mapping[str, str]]
    processes: dict[str, Process]
    programs: Mapping[str, Program]
    stage: Stage
    redis_url: str

    def headers(self, person: str) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.people[person]['api_token']}"}

    def count(self, query: str) -> int:
        """What a query for one number says."""
        with psycopg.connect(self.stage.url("magistral_owner")) as connection:
            row: Any = connection.execute(query.encode()).fetchone()
        return int(row[0])


@contextmanager
def service(
    engine: Mapping[str, str], *, streams: int, more: Mapping[str, str] | None = None
) -> Iterator[Running]:
    """Everything that ``make run`` starts, with one worker for so many streams at once."""
    with stage("magistral_owner") as made:
        broker = valkey.Broker.at(made.directory / "valkey", free_port())
        with process(broker.program(), made.directory):
            valkey.wait_until_up(broker, time.sleep)
            parts = {
                **database.urls(made.cluster),
                "LOG_DIR": str(made.directory / "log"),
                "REDIS_URL": broker.url,
                "RUNS_PER_WORKSPACE": "0",
                "STREAMS_PER_DEPLOYMENT": "0",
                **engine,
                **(more or {}),
            }
            with _started(made, parts, streams) as running:
                yield running


def rendered_probe() -> list[int]:
    """What a fake engine must make of the probe's messages to be one that renders as we do."""
    from reasoning.core.prompts import Turn, render
    from reasoning.core.tokenizers import load_tokenizer
    from reasoning.inference.probing import MESSAGES

    system, user = MESSAGES
    return list(render(load_tokenizer(None), system.text, [Turn("user", user.text)]).token_ids)


@contextmanager
def process(program: Program, directory: Path) -> Iterator[Process]:
    """A process that is ended whatever happens."""
    running = Process(program, directory / f"{program.name}.log", directory / f"{program.name}.pid")
    try:
        yield running
    finally:
        running.stop()


@contextmanager
def _started(made: Stage, parts: Mapping[str, str], streams: int) -> Iterator[Running]:
    wishes = Wishes(port=free_port())
    known = application.environment(Layout(), wishes, parts) | {"SECRET_KEY": "benchmark"}
    people = _seed(made, wishes.url, known)
    programs = {program.name: program for program in application.programs(Layout(), wishes, known)}
    command = programs["worker"].command
    command[list(command).index("-c") + 1] = str(streams)
    processes: dict[str, Process] = {}
    try:
        for name, program in programs.items():
            log, record = made.directory / f"{name}.log", made.directory / f"{name}.pid"
            processes[name] = Process(program, log, record)
        launcher.await_ready(wishes.url, time.sleep)
        yield Running(wishes.url, people, processes, programs, made, parts["REDIS_URL"])
    finally:
        for one in processes.values():
            one.stop()


def _seed(made: Stage, url: str, environment: Mapping[str, str]) -> dict[str, dict[str, str]]:
    output = made.directory / "demo.json"
    command = [sys.executable, "manage.py", "seed_demo", "--output", str(output), "--url", url]
    subprocess.run(command, env=environment, cwd=CHECKOUT, check=True, stdout=subprocess.DEVNULL)
    people: dict[str, dict[str, str]] = json.loads(output.read_text())["people"]
    return people
