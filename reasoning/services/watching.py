"""Who watches which run: kept in Redis for a few seconds, and renewed for as long as they watch.

Workers ask which runs are watched, ten times a second and whatever the number of their runs;
nothing is sent for the others. Times are those of the Redis server.
"""

import logging
from uuid import UUID

import redis.asyncio
from redis.exceptions import RedisError

from reasoning.services.redis import redis_client

log = logging.getLogger(__name__)

KEY = "live:watched"
WATCH_SECONDS = 20
RENEW_SECONDS = 5.0

_WATCH = """
    local now = tonumber(redis.call('TIME')[1])
    redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now)
    redis.call('ZADD', KEYS[1], now + tonumber(ARGV[2]), ARGV[1])
"""
_WATCHED = "return redis.call('ZRANGEBYSCORE', KEYS[1], redis.call('TIME')[1], '+inf')"


def expect(run_id: UUID) -> None:
    """Somebody is about to watch: a page that shows the run is on its way to them."""
    try:
        redis_client().eval(_WATCH, 1, KEY, str(run_id), WATCH_SECONDS)
    except RedisError as error:
        log.warning("live view: %s", type(error).__name__)


async def announce(client: "redis.asyncio.Redis", run_id: UUID) -> None:
    """Somebody watches; to be said again every ``RENEW_SECONDS``. Raises RedisError."""
    await client.eval(_WATCH, 1, KEY, str(run_id), WATCH_SECONDS)


def watched() -> frozenset[UUID]:
    """The runs that somebody watches now; none when Redis is away."""
    try:
        found: list[bytes] = redis_client().eval(_WATCHED, 1, KEY)
    except RedisError as error:
        log.warning("live view: %s", type(error).__name__)
        return frozenset()
    return frozenset(UUID(run.decode()) for run in found)
