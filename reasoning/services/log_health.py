"""How the log stands: its newest checkpoint, who witnessed it, how it is kept."""

from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.db import connection
from django.db.models import Max

from reasoning.models import Checkpoint, Cosignature, LogHead, TimestampToken
from reasoning.services import checkpoints, witnesses
from reasoning.services.lag import Lag, lag


@dataclass(frozen=True)
class Witnessing:
    """A witness that is set up, and the newest checkpoint that it cosigned (None: none yet)."""

    name: str
    size: int | None
    at: datetime | None


@dataclass(frozen=True)
class Health:
    """What pages about the log show; sizes in bytes. ``began_at``: its first checkpoint's time."""

    size: int
    began_at: datetime | None
    checkpoint: Checkpoint | None
    signed_note: str
    witnessed: Checkpoint | None
    quorum: int
    witnesses: list[Witnessing]
    timestamp: TimestampToken | None
    lag: Lag
    database_size: int


def health() -> Health:
    """The present state: a few look-ups, however long the log is."""
    newest = checkpoints.newest()
    return Health(
        began_at=Checkpoint.objects.order_by("size").values_list("signed_at", flat=True).first(),
        size=LogHead.objects.values_list("size", flat=True).first() or 0,
        checkpoint=newest,
        signed_note=checkpoints.cosigned_note(newest).decode() if newest else "",
        witnessed=checkpoints.newest_witnessed(),
        quorum=settings.LOG_WITNESS_QUORUM,
        witnesses=[_witnessing(one) for one in witnesses.configured()],
        timestamp=TimestampToken.objects.order_by("-checkpoint").first(),
        lag=lag(),
        database_size=_database_size(),
    )


def _witnessing(witness: witnesses.Witness) -> Witnessing:
    rows = Cosignature.objects.filter(key=str(witness.key))
    size = rows.aggregate(size=Max("checkpoint"))["size"]
    at = rows.filter(checkpoint=size).aggregate(at=Max("received_at"))["at"] if size else None
    return Witnessing(witness.key.name, size, at)


def _database_size() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_database_size(current_database())")
        size: int = cursor.fetchone()[0]
        return size
