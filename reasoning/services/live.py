"""The live view: pieces of a running answer in a Redis stream for whoever is watching.

A hint, never evidence: when Redis is gone the run goes on and the stored trace shows everything.
Events are ``status`` {status, attempt}, ``thinking`` {text}, ``summary`` {text} and ``done``
{status, trace_id}. An event's id is the stream's, so ``Last-Event-ID`` resumes without a gap.

Nothing is sent for a run that nobody watches. What is in its stream is always the beginning of the
answer: who comes late, or comes back, makes the worker send the rest.
"""

import json
import logging
import time
from collections.abc import AsyncGenerator, Iterable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import redis.asyncio
from django.conf import settings
from redis.exceptions import RedisError

from reasoning.services import watching
from reasoning.services.redis import redis_client

log = logging.getLogger(__name__)

KEEP_SECONDS = 7200
"""How long a stream outlives its last event; afterwards watchers read the stored trace."""

BLOCK_MILLISECONDS = 5_000


@dataclass(frozen=True)
class Event:
    """One server-sent event. ``id`` is empty for one that was not read from the stream."""

    name: str
    data: dict[str, Any]
    id: str = ""


@dataclass(frozen=True)
class Batch:
    """New events of one run's attempt; ``begins``: the first ones that are sent of it."""

    run_id: UUID
    events: tuple[Event, ...]
    begins: bool


_TELL = """
    local until_then = redis.call('ZSCORE', KEYS[2], ARGV[1])
    local watched = until_then and tonumber(until_then) >= tonumber(redis.call('TIME')[1])
    if watched or redis.call('EXISTS', KEYS[1]) == 1 then
        redis.call('XADD', KEYS[1], '*', 'event', ARGV[2], 'data', ARGV[3])
        redis.call('EXPIRE', KEYS[1], ARGV[4])
    end
"""


def tell(run_id: UUID, *events: Event) -> None:
    """Append events to a run's stream if anybody watches it, or has. Never raises for Redis."""
    try:
        pipeline = redis_client().pipeline(transaction=False)
        for event in events:
            told = (event.name, json.dumps(event.data), KEEP_SECONDS)
            pipeline.eval(_TELL, 2, _key(run_id), watching.KEY, str(run_id), *told)
        pipeline.execute()
    except RedisError as error:
        log.warning("live view: %s", type(error).__name__)


def send(batches: Iterable[Batch]) -> set[UUID]:
    """Append what many runs have for their watchers, in one round trip.

    Returns the runs whose stream is not there any more: they must send everything again. When
    Redis is away those are all.
    """
    batches = list(batches)
    try:
        pipeline = redis_client().pipeline(transaction=False)
        for batch in batches:
            for event in batch.events:
                fields: Any = {"event": event.name, "data": json.dumps(event.data)}
                pipeline.xadd(_key(batch.run_id), fields, nomkstream=not batch.begins)
            pipeline.expire(_key(batch.run_id), KEEP_SECONDS)
        answers = iter(pipeline.execute())
    except RedisError as error:
        log.warning("live view: %s", type(error).__name__)
        return {batch.run_id for batch in batches}
    return {
        batch.run_id
        for batch in batches
        if None in [next(answers) for _each in (*batch.events, "expire")]
    }


async def follow(run_id: UUID, after: str) -> AsyncGenerator[list[Event]]:
    """The run's events after an id, as they come; an empty list each time none came for a while.

    Being followed is what makes a run watched.
    """
    # The client's own time-out must outlast the wait: by default it would cut off a quiet stream.
    client = redis.asyncio.Redis.from_url(
        settings.REDIS_URL,
        decode_responses=True,
        socket_timeout=BLOCK_MILLISECONDS / 1000 + 5,
        socket_connect_timeout=2,
    )
    announced = float("-inf")
    try:
        while True:
            if time.monotonic() - announced >= watching.RENEW_SECONDS:
                await watching.announce(client, run_id)
                announced = time.monotonic()
            # One stream is asked for, so the answer is [[its key, [(id, fields), ...]]] or empty.
            answer: Any = await client.xread(
                {_key(run_id): after}, count=500, block=BLOCK_MILLISECONDS
            )
            events = [_event(*item) for _stream, items in answer or () for item in items]
            after = events[-1].id if events else after
            yield events
    finally:
        await client.aclose()


def _event(key: str, fields: dict[str, str]) -> Event:
    return Event(fields["event"], json.loads(fields["data"]), key)


def _key(run_id: UUID) -> str:
    return f"live:{run_id}"
