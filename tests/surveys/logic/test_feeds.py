"""Missing days are told from quiet ones."""

from __future__ import annotations

import numpy as np

from surveys.logic.feeds import missing_days


def missing(totals: list[float]) -> list[int]:
    return [int(index) for index in np.flatnonzero(missing_days(np.array(totals, dtype=float)))]


def test_silence_of_a_talkative_source_is_missing() -> None:
    totals = [20.0] * 57
    totals[30] = totals[56] = 0
    assert missing(totals) == [30, 56]


def test_silence_of_a_small_source_is_quiet() -> None:
    totals = [3.0] * 57
    totals[30] = totals[56] = 0
    assert missing(totals) == []


def test_days_before_the_first_are_missing() -> None:
    assert missing([0.0] * 40 + [20.0] * 17) == list(range(40))


def test_day_off_is_quiet() -> None:
    week = [20.0, 20, 20, 20, 20, 20, 0]
    assert missing(week * 8 + [20.0]) == []


def test_source_of_two_weeks_is_taken_at_its_word() -> None:
    assert missing([0.0] * 42 + [20.0] * 14 + [0]) == list(range(42))


def test_source_that_never_told_anything_is_missing() -> None:
    assert missing([0.0] * 57) == list(range(57))
