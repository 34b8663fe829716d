"""Rate limits, counted in Redis so that all processes share them.

A window's count is a key that expires with it. When Redis is away nothing is limited here, for a
moment at a time, and a line in the log says so; what guards passwords then is the lock in
PostgreSQL (``credentials``).
"""

import logging
import time
from dataclasses import dataclass
from functools import cache

import redis
from django.conf import settings
from redis.exceptions import RedisError

from reasoning.core.errors import TooManyRequests

log = logging.getLogger(__name__)

PATIENCE = 0.25
"""Seconds that Redis has to answer."""

PAUSE = 5.0
"""Seconds without asking Redis again after it failed to answer."""


@dataclass(frozen=True)
class Limit:
    """What is counted, and the setting that says how often a minute it may be; 0 is no limit."""

    name: str
    setting: str

    @property
    def allowed(self) -> int:
        return int(getattr(settings, self.setting))


SIGN_IN = Limit("sign-in", "SIGN_IN_RATE")
API_ADDRESS = Limit("api-address", "API_ADDRESS_RATE")
API_PERSON = Limit("api-person", "API_RATE")

SECONDS = 60


def require(limit: Limit, who: str) -> None:
    """Count one more for ``who``; raises TooManyRequests beyond what a minute allows."""
    if not limit.allowed or not who:
        return
    moment = time.time()
    count = _count(f"limit:{limit.name}:{who}:{int(moment // SECONDS)}")
    if count > limit.allowed:
        raise TooManyRequests(seconds=int(SECONDS - moment % SECONDS) + 1)


def _count(key: str) -> int:
    """How often the key was counted, with this time; 0 when Redis cannot say."""
    counter = _counter(settings.REDIS_URL)
    if time.monotonic() < counter.pause_until:
        return 0
    try:
        pipeline = counter.client.pipeline(transaction=False)
        pipeline.incr(key)
        pipeline.expire(key, SECONDS)
        count, _expiry = pipeline.execute()
    except RedisError as error:
        counter.pause_until = time.monotonic() + PAUSE
        log.warning("rate limits are off for %.0f s: %s", PAUSE, type(error).__name__)
        return 0
    return int(count)


@dataclass
class _Counter:
    """A client, and until when (``time.monotonic``) it is not worth asking."""

    client: redis.Redis
    pause_until: float = 0.0


@cache
def _counter(url: str) -> _Counter:
    return _Counter(
        redis.Redis.from_url(url, socket_timeout=PATIENCE, socket_connect_timeout=PATIENCE)
    )
