"""Watching a run: server-sent events from the live stream, or from the stored trace.

The live stream is a hint that can be late, lost or restarted. So whenever nothing has come for a
while the run's state in the database is asked; once it is over, the stored trace ends the watch.
No database connection is held in between.
"""

import asyncio
import json
import re
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from typing import Any, TypeVar
from uuid import UUID

from asgiref.sync import sync_to_async
from django.db import connection
from django.http import StreamingHttpResponse
from drf_spectacular.utils import OpenApiParameter
from redis.exceptions import RedisError
from rest_framework.request import Request

from reasoning.api.base import ApiView
from reasoning.api.schema import operation
from reasoning.api.shapes.fields import Shape, Text
from reasoning.core.errors import InvalidInput, NotFound
from reasoning.core.errors import gettext_noop as _
from reasoning.models import Action, Place, Run, RunStatus, Trace, User
from reasoning.services import access, audit, live, withholding
from reasoning.services.waiting import waits

BEGINNING = "0"
PAUSE_SECONDS = 2.0
"""How long to leave Redis alone after it failed."""

HEADERS = {"Cache-Control": "no-store, no-transform", "X-Accel-Buffering": "no"}
OVER = {RunStatus.FINISHED, RunStatus.FAILED, RunStatus.CANCELLED}
T = TypeVar("T")

LAST_EVENT_ID = OpenApiParameter(
    "Last-Event-ID",
    {"type": "string", "pattern": "^[0-9]{1,20}-[0-9]{1,20}$"},
    OpenApiParameter.HEADER,
    description="The id of the last event that arrived: go on behind it.",
)

EVENT = {
    "type": "object",
    "description": "One event of the stream.",
    "properties": {
        "id": {"type": "string", "description": "Only where the stream can be resumed."},
        "event": {"enum": ["status", "thinking", "summary", "done"]},
        "data": {"type": "string", "contentMediaType": "application/json"},
    },
    "required": ["event", "data"],
}


class WatchShape(Shape):
    """`last_event_id` is for clients that cannot set the header."""

    last_event_id = Text(limit=41, required=False)


class RunEvents(ApiView):
    """What happens to one run, as it happens."""

    http_method_names = ["get"]

    @operation(
        "runs_events",
        "Watch a run",
        parameters=[WatchShape, LAST_EVENT_ID],
        answers={(200, "text/event-stream"): EVENT},
        refusals=[400, 403, 404],
    )
    def get(self, request: Request, pk: UUID) -> StreamingHttpResponse:
        """Server-sent events; the data of each is a JSON object.

        - `status` {status, attempt, waiting}: the text begins anew; drop what was shown before.
          While it is queued, `waiting` says for what, as in a run.
        - `thinking` {text}, `summary` {text}: what came since, to be appended.
        - `done` {status, trace_id}: the run is over, and the stream ends. Do not reconnect.

        A comment comes every few seconds when nothing else does. After a break, send the last id
        in `Last-Event-ID` (browsers do): nothing is repeated, or everything after a `status`.
        """
        after = _last_event_id(request.headers.get("Last-Event-ID"), self.query(WatchShape))
        run = access.readable_run(self.user, pk)
        self.question = run.question
        withholding.require_revealed(self.user, run.question)
        audit.remember(
            action=Action.VIEWED,
            place=Place.API,
            user=self.user,
            question=self.question,
            subject_id=run.pk,
        )
        _give_back()
        frames = _frames(watch(self.user, run.pk, after))
        return StreamingHttpResponse(frames, content_type="text/event-stream", headers=HEADERS)


async def watch(user: User, run_id: UUID, after: str) -> AsyncGenerator[list[live.Event]]:
    """The run's events in batches, to its end; an empty one each time nothing came for a while.

    ``after`` is the id of the last event seen, or empty. Ends early when the user may no longer
    read the run.
    """
    if not after:
        events = await _from_database(_standing, user, run_id)
        yield events
        if _ends(events):
            return
    async with aclosing(_steadily(run_id, after or BEGINNING)) as batches:
        async for events in batches:
            yield events
            if _ends(events):
                return
            if not events and (last := await _ending(user, run_id)) is not None:
                yield last
                return


async def _steadily(run_id: UUID, after: str) -> AsyncGenerator[list[live.Event]]:
    """The live stream, outliving Redis: while it is away nothing comes."""
    while True:
        try:
            async with aclosing(live.follow(run_id, after)) as batches:
                async for events in batches:
                    after = events[-1].id if events else after
                    yield events
        except RedisError:
            await asyncio.sleep(PAUSE_SECONDS)
            yield []


async def _from_database(question: Callable[..., T], *arguments: Any) -> T:
    """Ask the database, and give the connection back at once."""

    def ask() -> T:
        try:
            return question(*arguments)
        finally:
            _give_back()

    return await sync_to_async(ask)()


def _give_back() -> None:
    """Return this thread's connection to the pool; within a transaction it is not ours to give."""
    if not connection.in_atomic_block:
        connection.close()


async def _ending(user: User, run_id: UUID) -> list[live.Event] | None:
    """The last events of a run that is over; none at all when it may no longer be read."""
    try:
        events = await _from_database(_standing, user, run_id)
    except NotFound:
        return []
    return events if _ends(events) else None


def _standing(user: User, run_id: UUID) -> list[live.Event]:
    """Where the run stands; with all that came of it when it is over. May raise NotFound."""
    run = access.readable_run(user, run_id)
    status: dict[str, Any] = {"status": run.state.status, "attempt": run.state.fence}
    if run.state.status == RunStatus.QUEUED:
        status["waiting"] = waits([run.pk]).get(run.pk)
    events = [live.Event("status", status)]
    return [*events, *_stored(run)] if run.state.status in OVER else events


def _stored(run: Run) -> list[live.Event]:
    traces = Trace.objects.filter(run=run).only("thinking", "summary")
    trace = traces.order_by("-attempt__number").first()
    texts = {"thinking": trace.thinking, "summary": trace.summary} if trace else {}
    done = {"status": run.state.status, "trace_id": str(trace.pk) if trace else None}
    return [
        *(live.Event(name, {"text": text}) for name, text in texts.items() if text),
        live.Event("done", done),
    ]


def _ends(events: list[live.Event]) -> bool:
    return any(event.name == "done" for event in events)


async def _frames(batches: AsyncGenerator[list[live.Event]]) -> AsyncGenerator[str]:
    """Server-sent events (HTML, 9.2.5) as text; a comment for an empty batch."""
    async with aclosing(batches):
        async for events in batches:
            yield "".join(_frame(event) for event in events) or ": nothing new\n\n"


def _frame(event: live.Event) -> str:
    identifier = f"id: {event.id}\n" if event.id else ""
    data = json.dumps(event.data, ensure_ascii=False)
    return f"{identifier}event: {event.name}\ndata: {data}\n\n"


def _last_event_id(header: str | None, query: dict[str, str]) -> str:
    """Where to resume; empty for the beginning. Raises InvalidInput for what was never an id."""
    given = header or query.get("last_event_id", "")
    parts = re.fullmatch(r"([0-9]{1,20})-([0-9]{1,20})", given, re.ASCII)
    if not given or (parts and all(int(part) < 2**64 for part in parts.groups())):
        return given
    sentence = _("This is not the id of an event of this stream.")
    raise InvalidInput.of("Last-Event-ID", "malformed", sentence)
