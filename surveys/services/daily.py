"""What happens once a day, whoever rings: no scheduler is needed, and a day that nobody was there is made up for."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import TypeVar

from django.db import connection
from django.utils.timezone import localdate

from surveys.models import Watermark

T = TypeVar("T")


def once_a_day(work: Callable[[], T], *, name: str, lock: int, now: datetime) -> T | None:
    """Do `work` on the first call of each local day; None when it is done, or when another process is at it.

    `lock` is the number of an advisory lock, which ends with its process. Work that fails is tried again by the next
    call, so it must be harmless to repeat.
    """
    if _is_done(name, now):
        return None
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s)", [lock])
        (alone,) = cursor.fetchone()
        if not alone:
            return None
        try:
            if _is_done(name, now):
                return None
            result = work()
            Watermark.objects.update_or_create(name=name, defaults={"until": now})
            return result
        finally:
            cursor.execute("SELECT pg_advisory_unlock(%s)", [lock])


def _is_done(name: str, now: datetime) -> bool:
    mark = Watermark.objects.filter(name=name).first()
    return mark is not None and localdate(mark.until) >= localdate(now)
