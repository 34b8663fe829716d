"""How deep the queue is, by workspace. The cost does not grow with its length."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db import connection

from reasoning.models import Workspace
from reasoning.services.counting import Count
from reasoning.services.scheduling import LANES, STREAMS

MOST = 10_000
"""Runs that are counted of one lane (priority, workspace, deployment)."""

_DEPTHS = f"""
WITH RECURSIVE {LANES},
stream AS MATERIALIZED ({STREAMS}),
waiting AS (
  SELECT lane.workspace_id, sum(least(here.n, %(most)s)) AS n, bool_or(here.n > %(most)s) AS more,
         min(here.since) AS since
    FROM lane CROSS JOIN LATERAL (
      SELECT count(*) AS n, min(queued_at) AS since FROM (
        SELECT queued_at FROM reasoning_runstate state
         WHERE state.status = 'queued' AND state.priority = lane.priority
           AND state.workspace_id = lane.workspace_id AND state.deployment_id = lane.deployment_id
         ORDER BY queued_at LIMIT %(most)s + 1) oldest) here
   GROUP BY 1)
SELECT workspace.id, coalesce(waiting.n, 0)::int, coalesce(waiting.more, false), waiting.since,
       (SELECT coalesce(sum(n), 0) FROM stream WHERE stream.workspace_id = workspace.id)::int
  FROM reasoning_workspace workspace LEFT JOIN waiting ON waiting.workspace_id = workspace.id
 WHERE workspace.id = ANY(%(rooms)s)
"""  # noqa: S608  nothing in these comes from outside


@dataclass(frozen=True)
class Depth:
    """A workspace's runs: how many wait, since when the oldest has been due, how many are being
    answered."""

    workspace: Workspace
    waiting: Count
    since: datetime | None
    running: int


def depths(rooms: Iterable[Workspace]) -> list[Depth]:
    """Of each of these workspaces, in the order given. One query."""
    named = {room.pk: room for room in rooms}
    with connection.cursor() as cursor:
        cursor.execute(_DEPTHS, {"rooms": list(named), "most": MOST})
        found = {row[0]: row[1:] for row in cursor.fetchall()}
    return [_depth(room, *found[pk]) for pk, room in named.items()]


def _depth(room: Workspace, n: int, more: bool, since: datetime | None, running: int) -> Depth:
    return Depth(room, Count(n, more), since, running)
