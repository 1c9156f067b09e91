"""Calendar months and local hours of the follow-up waves."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evaluation.logic.waves import due_at, due_on

BERLIN = ZoneInfo("Europe/Berlin")


@pytest.mark.parametrize(
    ("anchor", "due"),
    [
        (date(2025, 1, 31), [date(2025, 2, 28), date(2025, 3, 31), date(2025, 4, 30)]),
        (date(2024, 1, 31), [date(2024, 2, 29), date(2024, 3, 31), date(2024, 4, 30)]),
        (date(2025, 11, 30), [date(2025, 12, 30), date(2026, 1, 30), date(2026, 2, 28)]),
        (date(2025, 12, 15), [date(2026, 1, 15), date(2026, 2, 15), date(2026, 3, 15)]),
        (date(2100, 1, 29), [date(2100, 2, 28), date(2100, 3, 29), date(2100, 4, 29)]),
    ],
)
def test_due_on_counts_calendar_months_from_the_anchor(anchor: date, due: list[date]) -> None:
    assert [due_on(anchor, wave) for wave in (1, 2, 3)] == due


def test_due_on_agrees_with_walking_the_calendar_on_ten_thousand_days() -> None:
    for offset in range(10_000):
        anchor = date(2019, 12, 1) + timedelta(days=offset)
        for wave in (1, 2, 3):
            day, months = anchor, 0
            while months < wave:
                day += timedelta(days=1)
                months += day.day == 1
            last = day
            while last.day < anchor.day and (last + timedelta(days=1)).month == day.month:
                last += timedelta(days=1)
            assert due_on(anchor, wave) == last


@pytest.mark.parametrize("wave", [0, 4, -1])
def test_due_on_refuses_a_wave_that_does_not_exist(wave: int) -> None:
    with pytest.raises(ValueError, match="waves 1, 2 and 3"):
        due_on(date(2025, 1, 1), wave)


@pytest.mark.parametrize(
    ("anchor", "hour", "due"),
    [
        (date(2025, 2, 15), 10, datetime(2025, 3, 15, 9, tzinfo=UTC)),
        (date(2025, 3, 15), 10, datetime(2025, 4, 15, 8, tzinfo=UTC)),
        (date(2025, 2, 28), 2, datetime(2025, 3, 28, 1, tzinfo=UTC)),
        (date(2025, 2, 28), 10, datetime(2025, 3, 28, 9, tzinfo=UTC)),
    ],
)
def test_due_at_keeps_the_local_hour_across_summer_time(anchor: date, hour: int, due: datetime) -> None:
    assert due_at(anchor, 1, BERLIN, hour=hour) == due


def test_due_at_moves_a_skipped_hour_forward() -> None:
    due = due_at(date(2026, 2, 28), 1, BERLIN, hour=2)
    skipped = due_at(date(2025, 12, 29), 3, BERLIN, hour=2)
    assert due == datetime(2026, 3, 28, 1, tzinfo=UTC)
    assert skipped.astimezone(BERLIN) == datetime(2026, 3, 29, 3, tzinfo=BERLIN)


def test_due_at_takes_the_first_of_a_doubled_hour() -> None:
    assert due_at(date(2025, 9, 26), 1, BERLIN, hour=2) == datetime(2025, 10, 26, 0, tzinfo=UTC)


@given(
    st.dates(date(2000, 1, 1), date(2037, 1, 1)),
    st.sampled_from((1, 2, 3)),
    st.sampled_from(("Asia/Shanghai", "America/New_York", "Europe/London", "Australia/Lord_Howe")),
)
def test_due_at_stands_on_the_due_day_at_the_local_hour(anchor: date, wave: int, name: str) -> None:
    local = due_at(anchor, wave, ZoneInfo(name)).astimezone(ZoneInfo(name))
    assert (local.date(), local.hour, local.minute) == (due_on(anchor, wave), 10, 0)
