"""Counts by day against the range that was expected: as values, and as a rendered page that stays well-formed."""

from __future__ import annotations

from xml.etree import ElementTree

import pytest
from django.template.loader import render_to_string

from loopcare.common.charts.days import Day, DaysChart, days_chart


def chart(*counts: int | None, low: int = 10, high: int = 30) -> DaysChart:
    days = [Day(f"2026-03-0{n}", count, alike=n == 1) for n, count in enumerate(counts, 1)]
    return days_chart(
        days, low=low, high=high, name="days", title="By <day>", axis="signals", band="usual: 10–30"
    )  # fmt: skip


def test_last_day_is_judged_and_those_like_it_stand_out() -> None:
    assert [column.tone for column in chart(12, 9, 41).columns] == ["alike", "other", "judged"]


def test_columns_stand_on_the_ground_and_share_a_scale_with_the_band() -> None:
    drawn = chart(0, 20, 40)
    assert [(column.y, column.height) for column in drawn.columns] == [
        ("140.0", "0.0"),
        ("78.0", "62.0"),
        ("16.0", "124.0"),
    ]
    assert drawn.band == ("47.0", "62.0")
    assert drawn.ticks == (("78.0", "20"), ("16.0", "40"))


def test_scale_holds_the_band_where_the_counts_are_small() -> None:
    assert float(chart(1, 2, 1).band[0]) >= 16


def test_unknown_day_is_a_question_mark_without_a_column() -> None:
    column = chart(12, None, 41).columns[1]
    assert (column.value, column.height) == ("?", "0.0")


def test_band_of_one_value_is_still_seen() -> None:
    assert chart(1, low=0, high=0).band[1] == "1.0"


@pytest.mark.parametrize("counts", [(5,), (12, None, 41)])
def test_page_of_the_chart_is_well_formed_and_says_all_numbers(counts: tuple[int | None, ...]) -> None:
    html = render_to_string("charts/days.html", {"chart": chart(*counts)})
    tree = ElementTree.fromstring(html)
    assert [cell.text for cell in tree.iter("td")] == ["?" if count is None else str(count) for count in counts]
    assert "By &lt;day&gt;" in html
