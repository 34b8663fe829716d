"""This process's connections to Redis. What lies there is a hint, never evidence."""

from functools import cache

import redis
from django.conf import settings


@cache
def _pool(url: str) -> redis.ConnectionPool:
    return redis.ConnectionPool.from_url(url, socket_timeout=2, socket_connect_timeout=2)


def redis_client() -> "redis.Redis":
    """A client of the process's own pool; quick to say that nobody answers."""
    return redis.Redis(connection_pool=_pool(settings.REDIS_URL))
