"""The time: always the database's, so that no client's or worker's clock is believed."""

from datetime import datetime
from typing import Any

from reasoning.services import prepared


def now() -> datetime:
    """The start of the present transaction, in UTC, as every row of it is stamped."""
    found: Any = prepared.first("SELECT transaction_timestamp()", [])
    moment: datetime = found[0]
    return moment
