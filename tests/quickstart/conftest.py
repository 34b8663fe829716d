"""A checkout whose service is a stub, so that the launcher itself can be tried in seconds."""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from quickstart.layout import CHECKOUT
from quickstart.ports import free_port

STUB = Path(__file__).with_name("stub")
PATIENCE = 60.0


class Running:
    """``python -m quickstart`` in a checkout, with what it has printed so far."""

    def __init__(self, checkout: Path, **environment: str) -> None:
        self.checkout = checkout
        self._output = tempfile.TemporaryFile("w+")  # noqa: SIM115  closed by close
        self.process = subprocess.Popen(
            [sys.executable, "-m", "quickstart"],
            cwd=checkout,
            env=clean_environment() | environment,
            stdin=subprocess.DEVNULL,
            stdout=self._output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )

    @property
    def output(self) -> str:
        self._output.seek(0)
        return self._output.read()

    def until(self, condition: Callable[[], object]) -> None:
        """Wait for a condition, as long as the launcher runs and patience lasts."""
        deadline = time.monotonic() + PATIENCE
        while not condition():
            assert time.monotonic() < deadline, self.output
            assert self.process.poll() is None or condition(), self.output
            time.sleep(0.05)

    def until_says(self, words: str) -> None:
        self.until(lambda: words in self.output)

    def ended(self, number: int = signal.SIGINT) -> int:
        """Send the signal and wait for the end; the exit code."""
        self.process.send_signal(number)
        return self.process.wait(PATIENCE)

    def pid_of(self, name: str) -> int:
        return int((self.checkout / ".run" / f"{name}.pid").read_text().split()[0])

    def close(self) -> None:
        if self.process.poll() is None:
            self.ended(signal.SIGTERM)
        self._output.close()


def clean_environment() -> dict[str, str]:
    """This process's environment without what the tests' settings put there."""
    ours = {"DATABASE_URL", "DATABASE_OWNER_URL", "REDIS_URL", "INFERENCE_URL", "SECRET_KEY"}
    return {name: value for name, value in os.environ.items() if name not in ours}


def make_stub_checkout(place: Path) -> Path:
    """The launcher's own files, and a service that does nothing."""
    shutil.copytree(STUB, place)
    shutil.copytree(CHECKOUT / "quickstart", place / "quickstart")
    for name in ("deploy/roles.sql", "requirements/service.txt"):
        (place / name).parent.mkdir()
        shutil.copy(CHECKOUT / name, place / name)
    return place


@pytest.fixture
def checkout(tmp_path: Path) -> Iterator[Path]:
    """A stub checkout; its database is removed with it, wherever it lies."""
    place = make_stub_checkout(tmp_path / "checkout")
    yield place
    command = [sys.executable, "-m", "quickstart.cleaning"]
    subprocess.run(command, cwd=place, env=clean_environment(), check=True, capture_output=True)


@pytest.fixture
def launch(checkout: Path) -> Iterator[Callable[..., Running]]:
    """Starts the launcher in the stub checkout on a free port; ended at the end."""
    started: list[Running] = []
    port = str(free_port())

    def start(**environment: str) -> Running:
        started.append(Running(checkout, **{"PORT": port, **environment}))
        return started[-1]

    yield start
    for running in started:
        running.close()
