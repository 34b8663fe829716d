"""What one process pays for hundreds of streams: our client, and the ``openai`` package.

    python -m benchmarks.client_cpu [--streams 512] [--seconds 15] [--json FILE]

An engine that costs next to nothing (paced.py, a process of its own) sends 20 tokens a second in
each stream. Each client is a process of its own too and hears as many streams at once, on uvloop.
Ours runs as in a worker (our_streams.py), at one token a piece and at the sixteen that unwatched
runs ask vLLM for; ``openai`` is installed from requirements.txt into a temporary environment. CPU
is the client's own, user and system; memory its peak.
"""

import json
import subprocess
import sys
import tempfile
import venv
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from benchmarks.service import rendered_probe
from benchmarks.stage import Row, arguments, tell
from quickstart.layout import CHECKOUT

RATE = 20
INTERVAL = 16
HERE = Path(__file__).resolve().parent
Taken = dict[str, float]


def main() -> None:
    parser = arguments("CPU and memory of a client that hears many streams.")
    parser.set_defaults(seconds=15.0)
    parser.add_argument("--streams", type=int, default=512)
    options = parser.parse_args()
    tokens = int(options.seconds * RATE)
    with tempfile.TemporaryDirectory() as directory, paced(tokens) as url:
        asked = [url, str(options.streams), str(tokens)]
        ours = [sys.executable, "-m", "benchmarks.our_streams", *asked]
        single = took(ours)
        pieces = took([*ours, "--interval", str(INTERVAL)])
        theirs = took([openai_python(Path(directory)), str(HERE / "openai_streams.py"), *asked])
    note = f"{options.streams} streams of {tokens} tokens"
    tell([*rows(single, pieces, theirs, note, options.streams)], options.json)


def rows(single: Taken, pieces: Taken, theirs: Taken, note: str, streams: int) -> Iterator[Row]:
    """The table."""
    yield Row("ours: CPU per chunk", per_chunk(single), "us", note=note)
    yield Row("openai: CPU per chunk", per_chunk(theirs), "us", note=note)
    yield Row("CPU per chunk", per_chunk(theirs) / per_chunk(single), "ratio", "ours", note)
    yield Row("ours: peak memory, Django and all", single["megabytes"], "MB", note=note)
    yield Row("openai: peak memory", theirs["megabytes"], "MB", note=note)
    yield Row("ours: CPU per trace", 1e3 * single["cpu"] / streams, "ms", note="a token a piece")
    sixteen = f"{INTERVAL} tokens a piece"
    yield Row("ours: CPU per trace", 1e3 * pieces["cpu"] / streams, "ms", note=sixteen)
    yield Row("CPU per trace", pieces["cpu"] / single["cpu"], "ratio", "a token a piece", sixteen)
    yield Row("ours: peak memory", pieces["megabytes"], "MB", note=sixteen)


def per_chunk(taken: Taken) -> float:
    """Microseconds."""
    return 1e6 * taken["cpu"] / taken["chunks"]


def took(command: Sequence[str | Path]) -> Taken:
    """What a client says that it took."""
    done = subprocess.run(command, cwd=CHECKOUT, check=True, stdout=subprocess.PIPE)
    said: Taken = json.loads(done.stdout)
    return said


def openai_python(directory: Path) -> Path:
    """The interpreter of an environment that has ``openai`` and what goes with it."""
    venv.create(directory, with_pip=True)
    python = directory / "bin" / "python"
    wanted = ["--quiet", "--no-deps", "--require-hashes", "-r", str(HERE / "requirements.txt")]
    subprocess.run([python, "-m", "pip", "install", *wanted], check=True)
    return python


@contextmanager
def paced(tokens: int, *more: str) -> Iterator[str]:
    """The cheap engine; its address."""
    rendered = json.dumps(rendered_probe())
    command = [sys.executable, "-m", "benchmarks.paced", "--tokens", str(tokens)]
    command += ["--rate", str(RATE), "--rendered", rendered, *more]
    with subprocess.Popen(command, stdout=subprocess.PIPE, cwd=CHECKOUT, text=True) as process:
        try:
            yield json.loads(process.stdout.readline())["url"]  # type: ignore[union-attr]
        finally:
            process.kill()


if __name__ == "__main__":
    main()
