"""``python -m quickstart.bootstrap LOCK``: a virtual environment that holds requirements/LOCK.txt.

Runs on a bare Python 3.11 to 3.13, imports the standard library alone, and says nothing when
everything is there already.
"""

import importlib.util
import sys
import time
from pathlib import Path

from quickstart import disk, locks
from quickstart.bytecode import compile_ahead
from quickstart.environment import Environment, pins
from quickstart.installing import install
from quickstart.layout import CHECKOUT, Layout
from quickstart.trouble import Trouble, spoken


def prepare(layout: Layout, lock: Path) -> None:
    """See to it that the environment holds the lock. Trouble if that is not possible."""
    environment = Environment(layout.checkout / ".venv")
    if environment.holds(lock):
        return
    layout.make()
    with locks.hold(layout.installing, "", wait=True):
        if not environment.holds(lock):
            fill(environment, lock, layout)


def fill(environment: Environment, lock: Path, layout: Layout) -> None:
    """Make the environment and install the lock into it, a line for each."""
    disk.require(layout.checkout, disk.TO_INSTALL, "installing the packages")
    if environment.was_cut_short():
        print("An earlier installation did not finish; it is done again.")
    environment.discard_unsound(layout.run / "discarded-environment")
    if not environment.python.exists():
        started = time.monotonic()
        announce("Virtual environment")
        make(environment)
        report("Virtual environment", started)
    environment.begin()
    started = time.monotonic()
    announce(f"{len(pins(lock))} packages, about 700 MB: half a minute or so")
    install(environment, lock, layout.logs / "install.log")
    compile_ahead(environment)
    environment.finish(lock)
    report("Packages", started)


def make(environment: Environment) -> None:
    """Make the empty environment. Trouble where this Python cannot."""
    if importlib.util.find_spec("ensurepip") is None:
        raise Trouble(
            f"{sys.executable} cannot make virtual environments: its ensurepip module is missing. "
            "On Debian and Ubuntu: apt install python3-venv. Then start again."
        )
    environment.begin()
    if complaint := environment.create():
        raise Trouble(f"The virtual environment could not be made.\n{complaint.strip()}")


def announce(work: str) -> None:
    """Say what is going on, on the line where the finished step will stand."""
    if sys.stdout.isatty():
        print(f"  … {work}", end="\r", flush=True)


def report(step: str, started: float) -> None:
    """A finished step and how long it took, in the launcher's own form."""
    clear = "\033[K" if sys.stdout.isatty() else ""
    print(f"  ✓ {step:<22}{time.monotonic() - started:5.1f} s{clear}", flush=True)


def main() -> None:
    with spoken(CHECKOUT):
        prepare(Layout(), CHECKOUT / "requirements" / f"{sys.argv[1]}.txt")


if __name__ == "__main__":
    main()
