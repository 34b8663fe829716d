"""``python -m quickstart.vllm``: real vLLM for the CPU in an environment of its own, for tests.

It lies in ``.run/vllm`` (3.5 GB) and holds requirements/vllm.txt. MAGISTRAL_VLLM names one that
somebody else looks after. Only x86-64 Linux with Python 3.11 has all the packages ready-made.
"""

import os
import platform
import sys
import time
from pathlib import Path

from quickstart import bootstrap, disk, locks
from quickstart.environment import Environment, pins
from quickstart.installing import install
from quickstart.layout import CHECKOUT, Layout
from quickstart.trouble import Trouble, spoken

LOCK = CHECKOUT / "requirements" / "vllm.txt"
TO_INSTALL = 7_000 * disk.MEGABYTE


def environment() -> Environment:
    """Where vLLM is, or will be."""
    elsewhere = os.environ.get("MAGISTRAL_VLLM")
    return Environment(Path(elsewhere) if elsewhere else Layout().run / "vllm")


def prepare(layout: Layout) -> None:
    """See to it that vLLM is installed. Trouble, in a sentence, where it cannot be."""
    wanted = environment()
    if os.environ.get("MAGISTRAL_VLLM"):
        if not wanted.runs():
            raise Trouble(f"MAGISTRAL_VLLM names {wanted.path}, where no Python starts.")
        return
    if wanted.holds(LOCK):
        return
    require_platform()
    layout.make()
    with locks.hold(layout.installing, "", wait=True):
        if not wanted.holds(LOCK):
            fill(wanted, layout)


def require_platform() -> None:
    """Trouble where vLLM's packages for the CPU are not to be had."""
    machine, version = (sys.platform, platform.machine()), sys.version_info[:2]
    if machine != ("linux", "x86_64") or version != (3, 11):
        raise Trouble(
            "vLLM for the CPU is tested on x86-64 Linux with Python 3.11, and this is "
            f"{platform.system()} on {platform.machine()} with Python {platform.python_version()}. "
            "make test needs no vLLM."
        )


def fill(wanted: Environment, layout: Layout) -> None:
    """Make the environment and install the lock into it."""
    disk.require(layout.checkout, TO_INSTALL, "installing vLLM")
    wanted.discard_unsound(layout.run / "discarded-environment")
    if not wanted.python.exists():
        bootstrap.make(wanted)
    wanted.begin()
    started = time.monotonic()
    bootstrap.announce(f"vLLM: {len(pins(LOCK))} packages, about 3.5 GB: some minutes")
    install(wanted, LOCK, layout.logs / "install-vllm.log")
    wanted.finish(LOCK)
    bootstrap.report("vLLM", started)


def main() -> None:
    with spoken(CHECKOUT):
        prepare(Layout())


if __name__ == "__main__":
    main()
