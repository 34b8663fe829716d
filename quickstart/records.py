"""``.run/NAME.pid``: which processes were started, to tell ones left behind from strangers.

A process is the recorded one only if its pid *and* the moment of its start agree; a pid alone may
have been given to somebody else since.
"""

import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

BOOT = Path("/proc/sys/kernel/random/boot_id")
PATIENCE = 10.0


@dataclass(frozen=True)
class Leftover:
    """A process of an earlier start that still runs."""

    name: str
    pid: int
    identity: str
    end: signal.Signals

    def runs(self) -> bool:
        return identity_of(self.pid) == self.identity

    def stop(self) -> None:
        """Ask it to end, wait, and force it after ``PATIENCE`` seconds."""
        self._send(self.end)
        deadline = time.monotonic() + PATIENCE
        while self.runs() and time.monotonic() < deadline:
            time.sleep(0.05)
        self._send(signal.SIGKILL)

    def _send(self, number: signal.Signals) -> None:
        if self.runs():
            os.kill(self.pid, number)


def write(record: Path, pid: int, end: signal.Signals) -> None:
    """Record a process that was just started (and not yet waited for, so its pid is its own).

    Whoever reads meanwhile finds the record before or this one, never half of it.
    """
    whole = record.with_suffix(".written")
    whole.write_text(f"{pid} {int(end)} {identity_of(pid)}\n", encoding="utf-8")
    whole.replace(record)


def leftovers(directory: Path) -> list[Leftover]:
    """The recorded processes that still run, latest first. Stale records are removed."""
    found = []
    for record in sorted(directory.glob("*.pid"), key=_age):
        leftover = _read(record)
        if leftover and leftover.runs():
            found.append(leftover)
        else:
            record.unlink()
    return found


def identity_of(pid: int) -> str | None:
    """A word that no other process of this machine ever has; None if none runs there."""
    return _identity_on_linux(pid) if sys.platform == "linux" else _identity_by_ps(pid)


def _age(record: Path) -> float:
    return -record.stat().st_mtime


def _read(record: Path) -> Leftover | None:
    """What the record says; None if it was cut short in the writing."""
    parts = record.read_text(encoding="utf-8").split(maxsplit=2)
    if len(parts) != 3 or not (parts[0].isdigit() and parts[1].isdigit()):
        return None
    return Leftover(record.stem, int(parts[0]), parts[2].strip(), signal.Signals(int(parts[1])))


def _identity_on_linux(pid: int) -> str | None:
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except (FileNotFoundError, ProcessLookupError):
        return None
    fields = stat.rpartition(")")[2].split()
    state, started = fields[0], fields[19]
    return None if state in "ZX" else f"{BOOT.read_text(encoding='utf-8').strip()}:{started}"


def _identity_by_ps(pid: int) -> str | None:
    done = subprocess.run(
        ["ps", "-o", "lstart=", "-p", str(pid)], capture_output=True, text=True, check=False
    )
    return done.stdout.strip() or None
