"""Exact limits: how much one caller may do in a while, counted in Redis in one atomic step.

The window opens with the first thing that is counted and is then forgotten whole, so across its end a caller may get
through twice the limit within one window's length, never more. What is refused is not counted: a caller who asks again
too early does not push the end away. Redis may vanish; then everybody passes and the log says so, because a lost
counter must not lose customers' complaints.
"""

from __future__ import annotations

import logging
import math
import time
from functools import lru_cache

import redis
from django.conf import settings
from django.utils.translation import gettext as _
from redis.backoff import NoBackoff
from redis.commands.core import Script
from redis.retry import Retry

from loopcare.common.errors import TooMany

logger = logging.getLogger(__name__)

# KEYS[1] the counter; ARGV cost, limit, window in milliseconds. Answers -1, or the milliseconds until the window ends.
TAKE = """
local used = tonumber(redis.call('GET', KEYS[1]) or '0')
if used + tonumber(ARGV[1]) > tonumber(ARGV[2]) then
    return math.max(redis.call('PTTL', KEYS[1]), 0)
end
redis.call('INCRBY', KEYS[1], ARGV[1])
if used == 0 then redis.call('PEXPIRE', KEYS[1], ARGV[3]) end
return -1
"""

PATIENCE = 0.5
"""Seconds one answer of Redis is waited for; after a failure it is not asked again for `REST` seconds."""
REST = 2.0

_asleep_until = 0.0


def spend(*, purpose: str, who: str, limit: int, cost: int = 1, seconds: int = 60) -> None:
    """Count `cost` things of one caller. Raises TooMany, and counts nothing, where they would exceed `limit`.

    Limits of different purposes do not know each other. A cost above the limit can never pass: say so before.
    """
    wait = _take(f"limit:{purpose}:{who}", cost, limit, seconds)
    if wait is None:
        return
    retry_after = max(1, math.ceil(wait))
    raise TooMany(
        _("The limit of %(limit)s in %(seconds)s seconds is used up; try again in %(wait)s seconds.")
        % {"limit": limit, "seconds": seconds, "wait": retry_after},
        headers={"Retry-After": str(retry_after)},
        limit=limit,
        window_seconds=seconds,
        retry_after=retry_after,
    )


def _take(key: str, cost: int, limit: int, seconds: int) -> float | None:
    """Seconds until the window of a full counter ends; None where it was counted, or cannot be."""
    global _asleep_until  # noqa: PLW0603 - one connection and one pause per process
    if time.monotonic() < _asleep_until:
        return None
    try:
        left = int(_script(settings.CACHE_URL)(keys=[key], args=[cost, limit, seconds * 1_000]))
    except redis.RedisError:
        _asleep_until = time.monotonic() + REST
        logger.warning("Redis does not answer; limits are not counted for the next %.0f s", REST)
        return None
    return None if left < 0 else left / 1_000


@lru_cache(maxsize=1)
def _script(url: str) -> Script:
    # A connection that an earlier server left behind is tried once more; a late answer is not, it may have counted.
    again = Retry(NoBackoff(), 1, supported_errors=(redis.ConnectionError,))
    client = redis.Redis.from_url(url, socket_timeout=PATIENCE, socket_connect_timeout=PATIENCE, retry=again)
    return client.register_script(TAKE)
