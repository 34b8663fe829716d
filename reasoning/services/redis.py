"""This process's connections to Redis. What lies there is a hint, never evidence."""

from functools import cache

import redis
from django.conf import settings


def redis_client() -> "redis.Redis":
    """The process's own client, for any thread; quick to say that nobody answers."""
    return _client(settings.REDIS_URL)


@cache
def _client(url: str) -> "redis.Redis":
    return redis.Redis.from_url(url, socket_timeout=2, socket_connect_timeout=2)
