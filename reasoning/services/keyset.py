"""Long lists: the beginnings of several indexes as one, and cursors: time and id of the last row
shown, as text that fits an address."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from django.db.models import QuerySet

from reasoning.core.errors import InvalidInput
from reasoning.core.errors import gettext_noop as _


def cursor_of(moment: datetime, identifier: UUID) -> str:
    """The cursor of the rows after this one."""
    key = f"{moment.astimezone(UTC).isoformat()}|{identifier}"
    return urlsafe_b64encode(key.encode()).decode().rstrip("=")


def parsed(cursor: str) -> tuple[datetime, UUID]:
    """The time and id in a cursor. Raises InvalidInput for one that no list gave out."""
    try:
        padded = cursor + "=" * (-len(cursor) % 4)
        moment, _bar, identifier = urlsafe_b64decode(padded).decode().partition("|")
        if not moment.endswith("+00:00"):
            raise ValueError(moment)
        return datetime.fromisoformat(moment), UUID(identifier)
    except ValueError as error:
        sentence = _("This cursor was not given out by this list.")
        raise InvalidInput.of("cursor", "malformed", sentence) from error


def united(parts: "Sequence[QuerySet[Any, Any]]", *order: str) -> "QuerySet[Any, Any]":
    """One statement for the rows of several, each of them sliced, in their common order."""
    first, *others = parts
    return first.union(*others, all=True).order_by(*order) if others else first
