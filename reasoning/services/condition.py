"""How the whole service stands, for its administrators: figures, without content or persons' acts.

Bounded look-ups and estimates only: as quick with a million traces as with none.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import connection

from reasoning.models import Action, AuditEvent, Halt, RunState, RunStatus, User, Workspace
from reasoning.services import clock, halts, heartbeats, log_checks, log_health, people
from reasoning.services.depths import Depth, depths
from reasoning.services.engine_states import EngineState, engine_states
from reasoning.services.heartbeats import QUIET_SECONDS, Heartbeat
from reasoning.services.rights import SEQUENCER
from reasoning.services.storage import Storage, storage


@dataclass(frozen=True)
class Condition:
    """``heartbeats``: None when the broker does not answer. ``abandoned``: runs whose lease ran out
    over a minute ago and that nobody has taken up. ``sequencers``: how many are connected.
    ``damaged_at``: when a record was last found not to be as logged, since the last good check.
    """

    at: datetime
    depths: list[Depth]
    engines: list[EngineState]
    halts: list[Halt]
    heartbeats: list[Heartbeat] | None
    abandoned: int
    sequencers: int
    log: log_health.Health
    check: log_checks.Check | None
    damaged_at: datetime | None
    storage: Storage
    locked: list[User]


def condition(*, user: User, rooms: Iterable[Workspace]) -> Condition:
    """The present state; queue and people of these rooms, which the user administers."""
    rooms, now = list(rooms), clock.now()
    check = _last_check()
    return Condition(
        at=now,
        depths=depths(rooms),
        engines=engine_states(),
        halts=halts.overseen(rooms),
        heartbeats=heartbeats.heard(),
        abandoned=_abandoned(now),
        sequencers=_sequencers(),
        log=log_health.health(),
        check=check,
        damaged_at=_damaged_at(check),
        storage=storage(),
        locked=list(people.administered_by(user).filter(locked_at__isnull=False)),
    )


def _abandoned(now: datetime) -> int:
    late = now - timedelta(seconds=QUIET_SECONDS)
    return RunState.objects.filter(status=RunStatus.RUNNING, lease_until__lt=late).count()


def _sequencers() -> int:
    """Connections of the sequencer's role to this database; anybody may count them."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_stat_activity"
            " WHERE usename = %s AND datname = current_database()",
            [SEQUENCER],
        )
        count: int = cursor.fetchone()[0]
        return count


def _last_check() -> log_checks.Check | None:
    """The newest check with a result."""
    return next((check for check in log_checks.listed() if check.result), None)


def _damaged_at(check: log_checks.Check | None) -> datetime | None:
    alarms: Any = AuditEvent.objects.filter(action=Action.INTEGRITY_ALARM)
    if check and check.verdict and check.verdict.is_good:
        alarms = alarms.filter(recorded_at__gt=check.asked.recorded_at)
    found: datetime | None = (
        alarms.order_by("-recorded_at").values_list("recorded_at", flat=True).first()
    )
    return found
