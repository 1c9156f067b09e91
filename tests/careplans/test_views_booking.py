from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from careplans.views.booking import quick_times

ZONE = ZoneInfo("Asia/Shanghai")


@pytest.mark.parametrize(
    ("clock", "offered"),
    [
        ("10:07", ["03T11:15", "03T18:30", "04T10:00", "04T18:30", "05T10:00"]),
        ("18:10", ["03T19:15", "04T10:00", "04T18:30", "05T10:00"]),
        ("23:50", ["04T10:00", "04T18:30", "05T10:00"]),
    ],
)
def test_quick_times_are_ahead_by_the_customers_clock(clock: str, offered: list[str]) -> None:
    hour, minute = map(int, clock.split(":"))
    now = datetime(2026, 3, 3, hour, minute, tzinfo=ZONE)
    assert [time.value.removeprefix("2026-03-") for time in quick_times(now)] == offered
