"""``make bench``: every benchmark, one after the other, as one table and one list in a file.

    python -m benchmarks [--json .run/bench.json] [NAME …]

Each is a command of its own (``python -m benchmarks.NAME --help``). One that fails does not keep
the others from running; the exit code says that something failed.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
SHARED = {"__init__", "__main__", "our_streams", "openai_streams", "prefork_streams"}
SHARED |= {"paced", "service", "stage", "copies", "pages", "records"}


def main() -> int:
    options = arguments()
    rows: list[dict[str, Any]] = []
    failed = []
    with tempfile.TemporaryDirectory() as directory:
        for name in options.names or names():
            print(f"\n{name}", flush=True)
            found = run(name, Path(directory) / f"{name}.json")
            rows += found or []
            failed += [name] if found is None else []
    options.json.parent.mkdir(parents=True, exist_ok=True)
    options.json.write_text(json.dumps(rows, indent=1, ensure_ascii=False) + "\n")
    if failed:
        print(f"\nfailed: {', '.join(failed)}")
    return len(failed)


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="benchmarks", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--json", type=Path, default=HERE.parent / ".run" / "bench.json")
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of: {', '.join(names())}")
    return parser.parse_args()


def names() -> list[str]:
    """Every benchmark there is, by its module's name."""
    return sorted(path.stem for path in HERE.glob("*.py") if path.stem not in SHARED)


def run(name: str, file: Path) -> list[dict[str, Any]] | None:
    """One benchmark in a process of its own; its rows, or None if it failed."""
    done = subprocess.run(
        [sys.executable, "-m", f"benchmarks.{name}", "--json", str(file)], check=False
    )
    if done.returncode or not file.exists():
        return None
    found: list[dict[str, Any]] = json.loads(file.read_text())
    return found


if __name__ == "__main__":
    sys.exit(main())
