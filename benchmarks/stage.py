"""What the database benchmarks share: a durable PostgreSQL of their own, and how results are told.

The server syncs its files as in production. Everything lies in a temporary directory.
"""

import argparse
import json
import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from quickstart import database, postgres
from quickstart.processes import Process

OWNER, APPLICATION, SEQUENCER = "magistral_owner", "magistral_app", "magistral_sequencer"
SETTINGS = {**postgres.DURABLE, "shared_buffers": "512MB", "max_wal_size": "4GB"}


@dataclass(frozen=True)
class Row:
    """One result. ``against`` says what a ratio was measured against."""

    name: str
    value: float
    unit: str
    against: str = ""
    note: str = ""


@dataclass(frozen=True)
class Stage:
    """A migrated database and a directory for files."""

    cluster: postgres.Cluster
    directory: Path
    name: str = database.DATABASE

    def url(self, role: str) -> str:
        return self.cluster.url(role, self.name)

    def environment(self, role: str) -> dict[str, str]:
        """For a process of the service that connects as the role."""
        return {
            **os.environ,
            "SECRET_KEY": "benchmark",
            "DATABASE_URL": self.url(role),
            "LOG_DIR": str(self.directory / "log"),
            "DJANGO_SETTINGS_MODULE": "magistral_audit.settings",
        }


@contextmanager
def stage(role: str) -> Iterator[Stage]:
    """The database, and Django set up to use it as the role (which it stays in this process)."""
    home = Path(tempfile.mkdtemp(prefix="magistral-benchmark-"))
    home.chmod(0o755)
    try:
        with server(home, SETTINGS) as cluster:
            database.make(cluster)
            made = Stage(cluster, home)
            set_up(made, role)
            yield made
    finally:
        shutil.rmtree(home)


@contextmanager
def server(home: Path, settings: dict[str, str]) -> Iterator[postgres.Cluster]:
    """A running PostgreSQL server whose files lie in ``home``, made there if there are none."""
    cluster = postgres.settle(home)
    cluster.make()
    process = Process(cluster.program(settings), home / "postgres.log", home / "postgres.pid")
    try:
        database.wait_until_up(cluster, time.sleep)
        yield cluster
    finally:
        process.stop()


def set_up(made: Stage, role: str) -> None:
    """Migrate the database as its owner, and have Django use it as the role from now on."""
    os.environ.update(made.environment(OWNER))
    import django
    from django.core.management import call_command

    django.setup()
    connect(made, OWNER)
    call_command("migrate", verbosity=0)
    connect(made, role)


def connect(made: Stage, role: str) -> None:
    """Have Django, which is set up, use this database as the role."""
    from django.db import connection

    connection.close()
    connection.close_pool()
    os.environ.update(made.environment(role))
    connection.settings_dict["NAME"], connection.settings_dict["USER"] = made.name, role


def arguments(description: str) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--json", type=Path, help="also write the rows to this file")
    parser.add_argument("--seconds", type=float, default=10.0, help="for each rate (default 10)")
    return parser


def tell(rows: list[Row], file: Path | None) -> None:
    """Print the table, and write it."""
    for row in rows:
        value = f"{row.value:,.3g}" if row.value < 100 else f"{row.value:,.0f}"
        against = f"  against {row.against}" if row.against else ""
        print(f"{row.name:<52} {value:>10} {row.unit:<12}{against}  {row.note}".rstrip())
    if file:
        file.write_text(json.dumps([asdict(row) for row in rows], indent=1) + "\n")
