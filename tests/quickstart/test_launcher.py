"""The launcher with real PostgreSQL, Valkey, engine, Celery and uvicorn round a stub service."""

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from quickstart.records import identity_of

Launch = Callable[..., Any]
UP = "Ctrl-C stops everything."
PARTS = ("postgresql", "valkey", "engine", "worker", "reaper", "web")


def test_the_life_of_one_start(launch: Launch, checkout: Path) -> None:
    first = launch()
    first.until_says(UP)

    second = launch()
    assert second.process.wait(30) == 1
    assert f"It runs already: http://127.0.0.1:{_port(first)}" in second.output
    refused = subprocess.run(
        [sys.executable, "-m", "quickstart.cleaning"],
        cwd=checkout,
        capture_output=True,
        text=True,
        check=False,
    )
    assert refused.returncode == 1
    assert "It is running. Stop it first" in refused.stderr

    pids = [first.pid_of(name) for name in PARTS]
    assert all(identity_of(pid) for pid in pids)
    assert first.ended(signal.SIGINT) == 0
    assert not any(identity_of(pid) for pid in pids)
    assert not list((checkout / ".run").glob("*.pid"))
    assert first.output.endswith("make run goes on with them.\n")

    shell = ["sh", "-c", '. .run/settings.sh; echo "$DJANGO_SETTINGS_MODULE $DATABASE_URL"']
    told = subprocess.run(shell, cwd=checkout, capture_output=True, text=True, check=True).stdout
    assert told.startswith("magistral_audit.settings postgresql://magistral_app@")

    assert _roles_used(checkout) == {
        "migrate": "postgresql://magistral_owner",
        "seed_demo": "postgresql://magistral_app",
        "reap": "postgresql://magistral_app",
    }
    for secret in ("secret_key", "settings.sh", "valkey", "valkey/valkey.conf"):
        assert (checkout / ".run" / secret).stat().st_mode & 0o077 == 0


def test_a_killed_launcher_leaves_nothing_and_the_next_goes_on(
    launch: Launch, checkout: Path
) -> None:
    running = launch()
    running.until_says(UP)
    kept = {name: (checkout / ".run" / name).read_text() for name in ("secret_key", "engine.port")}
    pids = [running.pid_of(name) for name in PARTS]
    running.process.kill()
    running.process.wait()

    again = launch()
    again.until_says(UP)

    assert _commands_run(checkout).count("migrate") == 1
    assert not any(identity_of(pid) for pid in pids)
    assert kept == {name: (checkout / ".run" / name).read_text() for name in kept}
    assert again.ended(signal.SIGTERM) == 0


def test_a_part_that_dies_is_named_and_started_again(launch: Launch) -> None:
    running = launch()
    running.until_says(UP)
    pids = {name: running.pid_of(name) for name in PARTS}

    for pid in pids.values():
        os.kill(pid, signal.SIGKILL)

    for name, pid in pids.items():
        running.until_says(f"The {name} ended (SIGKILL)")
        assert f".run/logs/{name}.log" in running.output
        running.until(lambda name=name, pid=pid: running.pid_of(name) != pid)
    assert running.ended(signal.SIGHUP) == 0
    assert not any(identity_of(pid) for pid in pids.values())


def test_an_unfinished_start_is_explained_undone_and_repaired(
    launch: Launch, checkout: Path
) -> None:
    (checkout / "fail_migrate").write_text("relation is in the way")
    first = launch()
    assert first.process.wait(60) == 1
    assert "The migrate ended (exit code 1):\n    relation is in the way" in first.output
    assert "Traceback" not in first.output
    assert not list((checkout / ".run").glob("*.pid"))

    home = _home(checkout)
    (home / "data").rename(home / "data.unfinished")
    (home / "data.unfinished" / "PG_VERSION").unlink()
    (checkout / "fail_migrate").write_text("OSError: [Errno 28] No space left on device")
    second = launch()
    assert second.process.wait(60) == 1
    assert "The disk is full, so the migrate ended. Free some space" in second.output
    assert not (home / "data.unfinished").exists()
    assert (home / "data" / "PG_VERSION").exists()


def test_a_taken_port_is_named_before_anything_is_started(launch: Launch, checkout: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]

        running = launch(PORT=str(port))

        assert running.process.wait(30) == 1
    assert f"Port {port} is taken by" in running.output
    assert f"(process {os.getpid()})" in running.output
    assert "Traceback" not in running.output
    assert not (checkout / ".run" / "postgresql").exists()


def _roles_used(checkout: Path) -> dict[str, str]:
    calls = [json.loads(line) for line in (checkout / "asked_for.jsonl").read_text().splitlines()]
    return {call["arguments"][0]: call["database"].partition("@")[0] for call in calls}


def _commands_run(checkout: Path) -> list[str]:
    lines = (checkout / "asked_for.jsonl").read_text().splitlines()
    return [json.loads(line)["arguments"][0] for line in lines]


def _port(running: Any) -> str:
    note: str = (running.checkout / ".run" / "lock").read_text()
    return note.partition(" ")[0].rpartition(":")[2]


def _home(checkout: Path) -> Path:
    pointer = checkout / ".run" / "postgresql.elsewhere"
    return Path(pointer.read_text().strip()) if pointer.exists() else checkout / ".run/postgresql"
