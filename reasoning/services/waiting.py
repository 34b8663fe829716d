"""What queued runs wait for: the stop switch, an engine that is full or away, or their turn."""

from collections.abc import Iterable
from uuid import UUID

from django.db import connection

from reasoning.models import Wait
from reasoning.services.gates import FORGOTTEN_SECONDS
from reasoning.services.scheduling import HALTED, STREAMS

# An engine is out of reach while each of its addresses has a gate that lets no stream more through.
_WAITS = f"""
WITH stream AS MATERIALIZED ({STREAMS})
SELECT state.run_id, {HALTED.format("state")}, NOT EXISTS (
  SELECT FROM unnest(array_prepend(deployment.base_url, deployment.replicas)) url (address)
   WHERE NOT EXISTS (
     SELECT FROM reasoning_gate gate WHERE gate.base_url = url.address
        AND gate.closed_until > now() - make_interval(secs => {FORGOTTEN_SECONDS})
        AND gate.room <= (
          SELECT coalesce(sum(n), 0) FROM stream WHERE stream.base_url = url.address)))
  FROM reasoning_runstate state
  JOIN reasoning_deployment deployment ON deployment.id = state.deployment_id
 WHERE state.run_id = ANY(%s) AND state.status = 'queued'
"""  # noqa: S608  nothing in these comes from outside


def waits(runs: Iterable[UUID]) -> dict[UUID, Wait]:
    """What each of these runs waits for; those that are not queued are left out. One query."""
    identifiers = list(runs)
    if not identifiers:
        return {}
    with connection.cursor() as cursor:
        cursor.execute(_WAITS, [identifiers])
        return {run: _wait(halted, shut) for run, halted, shut in cursor.fetchall()}


def _wait(halted: bool, shut: bool) -> Wait:
    if halted:
        return Wait.STOPPED
    return Wait.ENGINE if shut else Wait.TURN
