"""Counts for people: exact while they are small, and never a scan of a large table."""

from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet

LIMIT = 1000


@dataclass(frozen=True)
class Count:
    """How many rows there are; ``more`` when counting stopped at ``value``."""

    value: int
    more: bool = False


def count_up_to(rows: "QuerySet[Any, Any]", limit: int = LIMIT) -> Count:
    """Count rows, but no more than ``limit`` of them."""
    found = rows[: limit + 1].count()
    return Count(min(found, limit), found > limit)
