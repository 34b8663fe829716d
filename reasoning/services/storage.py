"""What the service's data take up: the database, its largest tables, disks, bundles."""

import shutil
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings
from django.db import connection, models

from reasoning.models import ExportJob, ExportStatus, SearchPending
from reasoning.services.counting import Count, count_up_to

LARGEST = 10
PENDING = 10_000
"""Traces that are counted while they wait for the search index."""

# Rows as PostgreSQL last estimated them: counting them would read the tables.
_TABLES = """
SELECT relname, pg_total_relation_size(oid), nullif(reltuples, -1)::bigint FROM pg_class
 WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' ORDER BY 2 DESC LIMIT %s
"""


@dataclass(frozen=True)
class Table:
    """A table with its indexes and large values: bytes, and about how many rows (None: unknown)."""

    name: str
    size: int
    rows: int | None


@dataclass(frozen=True)
class Disk:
    """The disk that a directory is on, in bytes; None where this process cannot see it."""

    directory: Path
    free: int | None
    total: int | None

    @property
    def is_nearly_full(self) -> bool:
        return self.free is not None and self.total is not None and 10 * self.free < self.total


@dataclass(frozen=True)
class Storage:
    """Sizes are in bytes. ``pending``: traces that searches do not find yet."""

    database: int
    tables: list[Table]
    disks: list[Disk]
    bundles: int
    bundles_size: int
    pending: Count


def storage() -> Storage:
    """As it is now: sizes of files and estimates, no table is read but that of export jobs."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_database_size(current_database())")
        (database,) = cursor.fetchone()
        cursor.execute(_TABLES, [LARGEST])
        tables = [Table(*row) for row in cursor.fetchall()]
    ready = ExportJob.objects.filter(status=ExportStatus.READY)
    found = ready.aggregate(n=models.Count("pk"), size=models.Sum("size"))
    return Storage(
        database=database,
        tables=tables,
        disks=[disk_of(one) for one in (settings.EXPORT_DIR, settings.LOG_DIR)],
        bundles=found["n"],
        bundles_size=found["size"] or 0,
        pending=count_up_to(SearchPending.objects.all(), PENDING),
    )


def disk_of(directory: Path) -> Disk:
    """The disk under a directory."""
    try:
        usage = shutil.disk_usage(directory)
    except OSError:
        return Disk(directory, None, None)
    return Disk(directory, usage.free, usage.total)
