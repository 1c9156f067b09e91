"""What a cell says of a moment."""

from __future__ import annotations

from datetime import date, datetime
from zoneinfo import ZoneInfo

import pytest

from surveys.logic.cells import Cell, as_day

SHANGHAI = ZoneInfo("Asia/Shanghai")


@pytest.mark.parametrize(
    ("value", "date_format", "day"),
    [
        ("31.03.2026", "%d.%m.%Y", date(2026, 3, 31)),
        ("2026-03-31", "", date(2026, 3, 31)),
        (20260331, "", date(2026, 3, 31)),
        (20260331.0, "", date(2026, 3, 31)),
        ("2026-03-31T20:00:00Z", "", date(2026, 4, 1)),
        # a real day of a workbook, as a file of rejected rows writes it
        ("2026-03-31", "%d.%m.%Y", date(2026, 3, 31)),
        ("2026-03-31T00:00:00", "%d.%m.%Y", date(2026, 3, 31)),
        ("2026-03-05", "%Y-%d-%m", date(2026, 5, 3)),
        ("20260331", "%d.%m.%Y", None),
        ("31.03.2026", "", None),
        (46112, "", None),
        (True, "", None),
        (None, "", None),
    ],
)
def test_day_of_a_cell(value: Cell, date_format: str, day: date | None) -> None:
    assert as_day(value, date_format, SHANGHAI) == day


def test_real_days_need_no_format() -> None:
    assert as_day(date(2026, 3, 31), "%d.%m.%Y", SHANGHAI) == date(2026, 3, 31)
    assert as_day(datetime(2026, 3, 31, 23, 59), "%d.%m.%Y", SHANGHAI) == date(2026, 3, 31)  # noqa: DTZ001
