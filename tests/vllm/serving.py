"""Real vLLM on the CPU: two small models to serve, and a server for either.

Loading takes half a minute to two minutes, and the server both cores of a small machine.
"""

import json
import os
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import requests

from quickstart.engine import WEIGHTS, weights
from quickstart.layout import CHECKOUT, Layout
from quickstart.ports import free_port
from quickstart.processes import Process, Program
from quickstart.vllm import environment
from reasoning.core.tokenizers import shipped_tekken
from reasoning.inference.requests import EngineAddress, EngineKind
from tests.stack import running, still_running

TINY = "magistral-tiny"
SMOLLM2 = "SmolLM2-135M-Instruct"
PARAMETERS = {
    "dim": 128,
    "n_layers": 2,
    "head_dim": 32,
    "hidden_dim": 256,
    "n_heads": 4,
    "n_kv_heads": 2,
    "vocab_size": 131072,
    "norm_eps": 1e-5,
    "rope_theta": 1e9,
    "max_seq_len": 40960,
}
"""A Mistral-format model of nearly nothing. Its weights are random: the words mean nothing."""
OF_TINY = (
    *("--tokenizer-mode", "mistral", "--config-format", "mistral", "--load-format", "dummy"),
    *("--max-model-len", "8192", "--max-num-batched-tokens", "8192"),
    *("--max-num-seqs", "1", "--max-num-queued-reqs", "1"),
)
OF_SMOLLM2 = ("--max-model-len", "2048", "--max-num-seqs", "16")
PATIENCE = 1200.0


@dataclass(frozen=True)
class Vllm:
    """A running server."""

    address: EngineAddress
    process: Process

    @property
    def url(self) -> str:
        return self.address.base_url

    def in_flight(self) -> int:
        """Requests that the engine works on or holds back, by its own metrics."""
        lines = requests.get(f"{self.url}/metrics", timeout=20).text.splitlines()
        names = ("vllm:num_requests_running{", "vllm:num_requests_waiting{")
        return int(sum(float(line.split()[-1]) for line in lines if line.startswith(names)))

    def kill_core(self) -> None:
        """``kill -9`` of the process that computes; the one that speaks HTTP goes on."""
        cores = [pid for pid in descendants(self.process.pid) if "EngineCore" in title(pid)]
        assert cores, "no engine process was found"
        for pid in cores:
            os.kill(pid, signal.SIGKILL)


def descendants(pid: int) -> list[int]:
    """All processes below one."""
    listed = subprocess.run(
        ["ps", "-A", "-o", "pid=,ppid="], capture_output=True, text=True, check=True
    )
    pairs = [tuple(map(int, line.split())) for line in listed.stdout.splitlines()]
    found, look = [], [pid]
    while look:
        parent = look.pop()
        children = [child for child, of in pairs if of == parent]
        found += children
        look += children
    return found


def title(pid: int) -> str:
    """What a process calls itself."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_text().replace("\0", " ")
    except OSError:
        return ""


def tiny() -> Path:
    """The tiny Mistral-format model; made once."""
    directory = Layout().run / "models" / "tiny"
    directory.mkdir(parents=True, exist_ok=True)
    (directory / "tekken.json").write_bytes(shipped_tekken())
    (directory / "params.json").write_text(json.dumps(PARAMETERS))
    return directory


def smollm2() -> Path:
    """SmolLM2 as transformers keeps models, in bfloat16; made once from the GGUF file."""
    directory = Layout().run / "models" / "smollm2"
    if not (directory / "tokenizer.json").exists():
        script = Path(__file__).with_name("dequantise.py")
        given = [weights().parent, WEIGHTS, directory]
        subprocess.run(
            [environment().python, script, *given], env=_environment(), check=True, cwd=CHECKOUT
        )
    return directory


@contextmanager
def serving(model: Path, name: str, options: tuple[str, ...], logs: Path) -> Iterator[Vllm]:
    """A server that answers, ended at the end whatever happened."""
    port = free_port()
    program = Program(
        name=f"vllm-{name}",
        command=[
            environment().python,
            *("-m", "vllm.entrypoints.openai.api_server", "--model", model),
            *("--served-model-name", name, "--host", "127.0.0.1", "--port", str(port)),
            *("--dtype", "bfloat16", "--generation-config", "vllm"),
            *("--enable-request-id-headers", *options),
        ],
        environment=_environment(),
        grace=20.0,
        niceness=5,
    )
    with running(program, logs) as process:
        url = f"http://127.0.0.1:{port}"
        _wait(url, process)
        yield Vllm(EngineAddress(EngineKind.VLLM, url, name), process)


def _wait(url: str, process: Process) -> None:
    deadline, pause = time.monotonic() + PATIENCE, still_running(process)
    while time.monotonic() < deadline:
        try:
            if requests.get(f"{url}/health", timeout=5).ok:
                return
        except requests.RequestException:
            pass
        pause(0.5)
    raise AssertionError(f"vLLM did not become ready:\n{process.last_lines(30)}")


def _environment() -> dict[str, str]:
    quiet = {
        "VLLM_CPU_KVCACHE_SPACE": "1",
        "VLLM_NO_USAGE_STATS": "1",
        "HF_HUB_OFFLINE": "1",
        "XDG_CACHE_HOME": str(Layout().run / "cache"),
    }
    path = f"{environment().path / 'bin'}{os.pathsep}{os.environ.get('PATH', '')}"
    return {**os.environ, **quiet, "PATH": path}
