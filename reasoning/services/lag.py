"""How long evidence has waited for the log, and who holds it up."""

from dataclasses import dataclass

from django.conf import settings
from django.db import connection

# What waits longest: past the cursor; the newest entry, should it lie before the cursor (in a
# restored database whose sequencer does not run); what has a place but no signature.
_OLDEST = """
WITH newest AS (SELECT id, recorded_at FROM reasoning_entry ORDER BY id DESC LIMIT 1)
SELECT extract(epoch FROM statement_timestamp() - least(
  (SELECT recorded_at FROM reasoning_entry entry
    WHERE (xid, id) > (head.cursor_xid::text::xid8, head.cursor_id)
      AND xid < pg_snapshot_xmax(pg_current_snapshot())
      AND (SELECT true FROM reasoning_leaf WHERE entry_id = entry.id) IS NULL
    ORDER BY entry.xid, entry.id LIMIT 1),
  (SELECT recorded_at FROM newest
    WHERE (SELECT true FROM reasoning_leaf WHERE entry_id = newest.id) IS NULL),
  (SELECT recorded_at FROM reasoning_leaf leaf
    JOIN reasoning_entry entry ON entry.id = leaf.entry_id
    WHERE leaf.index = (SELECT coalesce(max(size), 0) FROM reasoning_checkpoint))
))::float8
FROM reasoning_loghead head
"""
# A running transaction that has written holds a lock on its own id; a prepared one has no process.
_HOLDER = """
WITH oldest AS (SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint % 4294967296 AS xid)
SELECT coalesce(
  (SELECT format('process %s (role %s, database %s)', pid, usename, datname)
    FROM pg_stat_activity WHERE pid = lock.pid),
  (SELECT format('the prepared transaction %L (role %s, database %s)', gid, owner, database)
    FROM pg_prepared_xacts WHERE transaction = lock.transactionid), '')
FROM pg_locks lock JOIN oldest ON transactionid::text::bigint = oldest.xid
WHERE locktype = 'transactionid' AND mode = 'ExclusiveLock' AND granted
"""


@dataclass(frozen=True)
class Lag:
    """Seconds since the oldest committed entry without a signed place was recorded (0: none), and
    the oldest open transaction that has written, anywhere in the cluster ("" when there is none).
    """

    seconds: float
    holder: str

    @property
    def is_alarming(self) -> bool:
        return self.seconds > settings.SEQUENCER_ALARM_SECONDS

    def __str__(self) -> str:
        held = f"; the oldest open write transaction is {self.holder}" if self.holder else ""
        return f"evidence has waited {self.seconds:.0f} s for the log{held}"


def lag() -> Lag:
    """The present lag: a few index look-ups. For health checks, metrics and the sequencer."""
    with connection.cursor() as cursor:
        cursor.execute(_OLDEST)
        (seconds,) = cursor.fetchone()
        cursor.execute(_HOLDER)
        holder = cursor.fetchone()
    return Lag(max(0.0, seconds or 0.0), holder[0] if holder else "")
