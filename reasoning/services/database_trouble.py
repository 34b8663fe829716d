"""What the database's own errors mean for those who asked: it is away, or its disk is full."""

from django.db import InterfaceError, OperationalError

from reasoning.core.errors import DatabaseFull, DatabaseUnavailable

DISK_FULL = "53100"
AWAY = ("08", "53", "57P")
"""Classes of SQLSTATE (PostgreSQL, appendix A): the connection, resources, the server's ending."""


def trouble_of(error: Exception) -> DatabaseUnavailable | None:
    """The error in our words; None for all that is not the database being away or full.

    Without a SQLSTATE it was never asked, or did not get to an answer.
    """
    if not isinstance(error, OperationalError | InterfaceError):
        return None
    state: str = getattr(error.__cause__, "sqlstate", None) or ""
    if state == DISK_FULL:
        return DatabaseFull()
    return DatabaseUnavailable() if not state or state.startswith(AWAY) else None
