"""Compiling ahead: for whoever imports later, and never in anybody's way."""

import sys
from importlib.util import cache_from_source
from pathlib import Path

import pytest

from quickstart import bytecode
from quickstart.environment import Environment
from quickstart.layout import CHECKOUT


@pytest.fixture
def environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Environment:
    """An interpreter and three modules, nothing of this checkout."""
    monkeypatch.setattr(bytecode, "CHECKOUT", tmp_path / "nowhere")
    made = Environment(tmp_path / ".venv")
    made.python.parent.mkdir(parents=True)
    made.python.symlink_to(sys.executable)
    for name in ("whole.py", "broken.py", "tests/test_it.py"):
        module = made.path / "lib" / name
        module.parent.mkdir(exist_ok=True, parents=True)
        module.write_text("ready = True\n" if name != "broken.py" else "ready =\n")
    return made


def compiled(environment: Environment, name: str) -> bool:
    return Path(cache_from_source(str(environment.path / "lib" / name))).exists()


def test_modules_are_compiled_whatever_the_environment_asks_of_others(
    environment: Environment, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONDONTWRITEBYTECODE", "1")

    bytecode.compile_ahead(environment)

    assert compiled(environment, "whole.py")
    assert not compiled(environment, "broken.py")
    assert not compiled(environment, "tests/test_it.py")


def test_the_service_is_compiled_too() -> None:
    assert all((CHECKOUT / name / "__init__.py").is_file() for name in bytecode.OURS)
