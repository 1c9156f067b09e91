"""A share by score, as it is drawn."""

from __future__ import annotations

from typing import Any

import pytest
from django.template.loader import render_to_string

from loopcare.common.charts.curve import CurveChart, Line, Share, curve_chart

WORDS = {"name": "c", "title": "Hotline", "axis": "share", "counted": "acted"}
SHARES = [
    Share(0, 50, 20, 0.4, 0.28, 0.54, 0.4),
    Share(50, 100, 10, 0.1, 0.055, 0.174, 0.12),
    Share(100, 50, 8, 0.16, 0.08, 0.29, 0.12),
]


def chart(shares: list[Share], level: float | None = 25) -> CurveChart:
    words: dict[str, Any] = WORDS
    return curve_chart(shares, level=level, **words)


def test_curve_places_points_with_their_intervals() -> None:
    drawn = chart(SHARES)
    assert [(point.score, point.x, point.y, point.y_low, point.y_high, point.tone) for point in drawn.points] == [
        ("0", "9.00%", "59.3", "88.9", "24.8", "bad"),
        ("50", "53.00%", "133.3", "144.4", "115.1", "good"),
        ("100", "97.00%", "118.5", "138.3", "86.5", "good"),
    ]
    first = drawn.points[0]
    assert (first.n, first.count, first.share, first.low, first.high, first.smooth) == (
        *("50", "20", "40.0%"),
        *("28.0%", "54.0%", "40.0%"),
    )
    assert (drawn.level, drawn.level_x) == ("25", "31.00%")
    assert drawn.ticks == (("158.0", "0%"), ("108.7", "20%"), ("59.3", "40%"), ("10.0", "60%"))


def test_curve_steps_half_way_between_scores() -> None:
    assert chart(SHARES).steps == (
        Line("9.00%", "31.00%", "59.3", "59.3"),
        Line("31.00%", "31.00%", "59.3", "128.4"),
        Line("31.00%", "75.00%", "128.4", "128.4"),
        Line("75.00%", "75.00%", "128.4", "128.4"),
        Line("75.00%", "97.00%", "128.4", "128.4"),
    )


def test_curve_without_a_level_takes_no_side() -> None:
    drawn = chart(SHARES, level=None)
    assert ([point.tone for point in drawn.points], drawn.level) == (["open"] * 3, "")


def test_interval_of_few_is_cut_and_presses_no_other_flat() -> None:
    drawn = chart([Share(0, 3, 0, 0.0, 0.0, 0.56, 0.05), Share(100, 900, 45, 0.05, 0.038, 0.066, 0.05)])
    assert (drawn.ticks[-1], drawn.points[0].y_high) == (("10.0", "10%"), "10.0")


def test_small_shares_get_ticks_with_decimals() -> None:
    drawn = chart([Share(0, 9000, 9, 0.001, 0.0005, 0.0019, 0.001)])
    assert [text for _y, text in drawn.ticks] == ["0.0%", "0.5%", "1.0%"]


def test_scores_close_together_are_not_all_written() -> None:
    many = [Share(score, 30, 3, 0.1, 0.04, 0.25, 0.1) for score in range(0, 101, 5)]
    assert [point.score for point in chart(many).points if point.named] == [str(score) for score in range(0, 101, 10)]


@pytest.mark.parametrize(("shares", "words"), [(SHARES, "40.0%"), ([], "Nothing to show yet.")])
def test_curve_template_has_title_description_and_table(shares: list[Share], words: str) -> None:
    text = render_to_string("charts/curve.html", {"chart": chart(shares)})
    assert words in text
    assert ("<desc" in text, "<table" in text) == (bool(shares), bool(shares))
