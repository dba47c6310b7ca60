"""Valkey: sessions, limits, presence. Nothing in it is the only copy of a customer's word."""

from redis.asyncio import Redis
from redis.exceptions import RedisError


def connect(url: str) -> "Redis":
    """A pooled client that answers text. Commands give up after two seconds."""
    return Redis.from_url(
        url, decode_responses=True, socket_timeout=2, socket_connect_timeout=2, health_check_interval=30
    )


async def is_reachable(cache: "Redis") -> bool:
    try:
        return bool(await cache.ping())
    except (RedisError, OSError):
        return False
