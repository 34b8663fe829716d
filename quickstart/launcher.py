"""The way up, step by step, and the way down."""

import json
import os
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from pathlib import Path

from quickstart import (
    application,
    database,
    disk,
    engines,
    given,
    given_database,
    locks,
    ports,
    postgres,
    records,
    valkey,
)
from quickstart.interruption import Interruption, Stopped
from quickstart.layout import Layout
from quickstart.migrations import Migrations
from quickstart.processes import Process
from quickstart.screen import Screen
from quickstart.supervisor import Supervisor
from quickstart.trouble import Trouble
from quickstart.wishes import Wishes

QUESTIONS = Path(__file__).with_name("questions.json")
READY_WITHIN = 60.0
DEMONSTRATION = (
    "The model is SmolLM2-135M, for demonstration only: it is tiny, and mostly wrong. For real "
    "answers have vLLM serve Magistral-Small, then: INFERENCE_URL=http://host:8000 make run"
)


class Launcher:
    """One start of everything, from the first check to the last process ended."""

    def __init__(self, layout: Layout, wishes: Wishes, screen: Screen) -> None:
        self._layout = layout
        self._wishes = wishes
        self._screen = screen
        self._interruption = Interruption()
        self._supervisor = Supervisor(layout, screen, self._interruption)
        self._parts: dict[str, str] = {}

    def run(self) -> None:
        """Serve until somebody stops it. Trouble if that is not possible."""
        self._layout.make()
        self._interruption.listen()
        try:
            with locks.hold(self._layout.lock, f"{self._wishes.url} {os.getpid()}"):
                self._serve()
        except locks.Held as held:
            url, _, pid = held.note.partition(" ")
            raise Trouble(
                f"It runs already: {url or 'starting'} (process {pid or 'unknown'}). "
                "Ctrl-C there stops it."
            ) from None

    def _serve(self) -> None:
        try:
            self._check()
            self._start()
            self._supervisor.watch()
        except Stopped:
            self._screen.say("\nStopping …")
        finally:
            self._supervisor.stop()
        self._screen.say("Stopped. The data stay in .run; make run goes on with them.")

    def _check(self) -> None:
        disk.require(self._layout.run, disk.TO_RUN, "running")
        for leftover in records.leftovers(self._layout.run):
            with self._screen.step(f"Old {leftover.name} ended"):
                leftover.stop()
        ports.require_free(self._wishes.host, self._wishes.port)

    def _start(self) -> None:
        self._use_given()
        engine = self._begin_engine()
        self._start_database()
        self._start_broker()
        self._migrate()
        self._await_engine(engine)
        self._start_service()
        self._welcome()

    # The parts

    def _use_given(self) -> None:
        """Try what is given before anything is started."""
        wishes = self._wishes
        if wishes.databases:
            with self._screen.step("Your PostgreSQL"):
                kept = self._layout.run / "database.json"
                self._parts |= given_database.databases(wishes.databases, kept)
        if wishes.redis_url:
            with self._screen.step("Your Redis"):
                self._parts |= given.broker(wishes.redis_url)
        if wishes.inference_url:
            with self._screen.step("Your engine"):
                self._parts |= given.engine(wishes.inference_url, os.environ)

    def _begin_engine(self) -> Process | None:
        """The model loads while the database starts. Its port stays: deployments name it."""
        if "INFERENCE_URL" in self._parts:
            return None
        port = ports.same_port(self._layout.run / "engine.port")
        return self._supervisor.start(engines.program(port))

    def _await_engine(self, process: Process | None) -> None:
        if process:
            with self._screen.step("Model on llama.cpp"):
                engine = engines.wait_until_up(process, self._supervisor.pause)
            self._parts |= engine.environment()
            # What is beyond its slots waits with us, where what people ask goes first.
            self._parts["STREAMS_PER_DEPLOYMENT"] = str(engines.PARALLEL)

    def _start_database(self) -> None:
        if "DATABASE_URL" in self._parts:
            return
        with self._screen.step("PostgreSQL"):
            cluster = postgres.settle(self._layout.run)
            cluster.make()
            self._supervisor.start(cluster.program(postgres.DURABLE))
            database.wait_until_up(cluster, self._supervisor.pause)
            database.make(cluster)
        self._parts |= database.urls(cluster)

    def _start_broker(self) -> None:
        if "REDIS_URL" in self._parts:
            return
        with self._screen.step("Valkey"):
            server = valkey.Broker.at(self._layout.run / "valkey", ports.free_port())
            self._supervisor.start(server.program())
            valkey.wait_until_up(server, self._supervisor.pause)
        self._parts["REDIS_URL"] = server.url

    # The service

    def _manage(self, *arguments: str, environment: Mapping[str, str] | None = None) -> str:
        known = application.environment(self._layout, self._wishes, self._parts)
        program = application.manage(self._layout, known | dict(environment or {}), *arguments)
        return self._supervisor.run(program)

    def _migrate(self) -> None:
        owner = self._parts["DATABASE_OWNER_URL"]
        migrations = Migrations(self._layout.checkout, self._layout.run / "migrated.json")
        if not migrations.are_applied(owner):
            with self._screen.step("Migrations"):
                self._manage("migrate", "--no-input", environment={"DATABASE_URL": owner})
            migrations.remember(owner)

    def _seed(self) -> None:
        demo = ["--output", str(self._layout.demo), "--url", self._wishes.url]
        self._manage("seed_demo", *demo, "--questions", str(QUESTIONS))

    def _start_service(self) -> None:
        """The web server comes up while the demonstration is seeded.

        The others come after it: they go on with what was left, and that takes every core.
        """
        known = application.environment(self._layout, self._wishes, self._parts)
        settings = application.settings(self._layout, self._wishes, self._parts)
        application.keep_settings(self._layout, settings)
        web, *others = application.programs(self._layout, self._wishes, known)
        self._supervisor.start(web)
        with self._screen.step("Demonstration data"):
            self._seed()
        with self._screen.step("Web server, workers"):
            for program in others:
                self._supervisor.start(program)
            await_ready(self._wishes.url, self._supervisor.pause)

    def _welcome(self) -> None:
        demo = json.loads(self._layout.demo.read_text(encoding="utf-8"))
        notes = [] if self._wishes.inference_url else [DEMONSTRATION]
        self._screen.welcome(self._wishes.url, demo["people"], notes)


def await_ready(url: str, pause: Callable[[float], None]) -> None:
    """Return once the web server says that it can serve. Trouble if it does not in time."""
    deadline = time.monotonic() + READY_WITHIN
    while (answer := _readiness(url)) != "ready":
        if time.monotonic() > deadline:
            raise Trouble(f"The web server does not become ready: {answer}. See .run/logs/web.log.")
        pause(0.1)


def _readiness(url: str) -> str:
    try:
        with urllib.request.urlopen(f"{url}/readyz", timeout=5):  # noqa: S310
            return "ready"
    except urllib.error.HTTPError as error:
        return error.read().decode(errors="replace")[:200] or str(error)
    except OSError as error:
        return str(error)
