"""Which processes have said lately that they work. In Redis: a hint for operators, never evidence.

Workers say so every two seconds, the reaper at each sweep. Times are those of the Redis server.
"""

import logging
from dataclasses import dataclass
from enum import StrEnum

from redis.exceptions import RedisError

from reasoning.services.redis import redis_client

log = logging.getLogger(__name__)

KEY = "heartbeats"
KEPT_SECONDS = 600
QUIET_SECONDS = 60
"""After how long a process that says nothing is taken to be gone."""

_BEAT = """
    local now = tonumber(redis.call('TIME')[1])
    redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now - tonumber(ARGV[2]))
    redis.call('ZADD', KEYS[1], now, ARGV[1])
"""
_HEARD = "return {redis.call('TIME')[1], redis.call('ZREVRANGE', KEYS[1], 0, -1, 'WITHSCORES')}"


class Kind(StrEnum):
    WORKER = "worker"
    REAPER = "reaper"


@dataclass(frozen=True)
class Heartbeat:
    """A process, and how many seconds ago it was heard of."""

    kind: Kind
    name: str
    seconds: int

    @property
    def is_fresh(self) -> bool:
        return self.seconds < QUIET_SECONDS


def beat(kind: Kind, name: str) -> None:
    """This process works. Never raises for Redis."""
    try:
        redis_client().eval(_BEAT, 1, KEY, f"{kind} {name}", KEPT_SECONDS)
    except RedisError as error:
        log.warning("heartbeat: %s", type(error).__name__)


def heard() -> list[Heartbeat] | None:
    """Who was heard of in the last ten minutes, the latest first; None when Redis is away."""
    try:
        now, found = redis_client().eval(_HEARD, 1, KEY)
    except RedisError:
        return None
    pairs = zip(found[::2], found[1::2], strict=True)
    return [_heartbeat(member.decode(), int(now) - int(at)) for member, at in pairs]


def _heartbeat(member: str, seconds: int) -> Heartbeat:
    kind, _space, name = member.partition(" ")
    return Heartbeat(Kind(kind), name, seconds)
