"""Compiling what was installed, once, with all processors.

Otherwise every process that is the first to import a module compiles it, the service's own at the
same time, and, where ``PYTHONDONTWRITEBYTECODE`` is set, each of them at every start: a second
start took 10 s instead of 3.5.
"""

import subprocess

from quickstart.environment import Environment
from quickstart.layout import CHECKOUT

OURS = ("magistral_audit", "quickstart", "reasoning")
SELDOM = r"/(tests?|gis|locale|providers|pip|setuptools|graphql|mypy)/"
"""Half of all modules, which the service never imports or does not need many of."""


def compile_ahead(environment: Environment) -> None:
    """Whatever cannot be compiled or written is left for whoever imports it."""
    command = [str(environment.python), "-m", "compileall", "-q", "-j", "0", "-x", SELDOM]
    where = [str(environment.path / "lib"), *(str(CHECKOUT / name) for name in OURS)]
    subprocess.run([*command, *where], capture_output=True, check=False)
