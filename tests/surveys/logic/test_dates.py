"""How days are written, and when that cannot be said."""

from __future__ import annotations

from datetime import date, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from surveys.logic.cells import Cell
from surveys.logic.dates import day_problem, formats_of, is_ambiguous, is_serial


@pytest.mark.parametrize(
    ("values", "formats"),
    [
        (["2026-03-01", "2026-03-02T10:00:00Z", "2026-03-03 08:30"], ("",)),
        (["20260301"], ("",)),
        ([date(2026, 3, 1)], ("",)),
        (["2026/3/1"], ("%Y/%m/%d",)),
        (["2026-3-1", "2026-03-02"], ("%Y-%m-%d",)),
        (["2026-13-02", "2026-03-02"], ("%Y-%d-%m",)),
        (["01.03.2026"], ("%d.%m.%Y",)),
        (["03.13.2026"], ("%m.%d.%Y",)),
        (["01.03.2026 14:30"], ("%d.%m.%Y %H:%M",)),
        (["13/04/2026", "03/04/2026"], ("%d/%m/%Y",)),
        (["04/13/2026", "03/04/2026"], ("%m/%d/%Y",)),
        (["4/13/2026 3:15 PM"], ("%m/%d/%Y %I:%M %p",)),
        (["2026年3月1日"], ("%Y年%m月%d日",)),
        (["2026年3月1日 14:30:05"], ("%Y年%m月%d日 %H:%M:%S",)),
        (["1 Mar 2026", "2 May 2026"], ("%d %b %Y",)),
        (["March 1, 2026"], ("%B %d, %Y",)),
        (["2026/03/01 10:00 +08:00"], ("%Y/%m/%d %H:%M %z",)),
        (["2026/03/01 10:00:00.250"], ("%Y/%m/%d %H:%M:%S.%f",)),
        (["31/12/99"], ("%d/%m/%y",)),
        ([None, "", "2026/3/1"], ("%Y/%m/%d",)),
        (["2026/3/1"] * 3 + ["2026/3/2", "2026/3/3", "2026/3/4", "2026/3/5", "n/a"], ("%Y/%m/%d",)),
        (["31/02/2026"], ()),
        (["soon", "2026/3/1"], ()),
        (["2026/3/1", "1.3.2026"], ()),
        (["46082"], ()),
        ([46082, 7.5, True], ()),
        ([], ()),
    ],
)
def test_formats_of_a_column(values: list[Cell], formats: tuple[str, ...]) -> None:
    assert formats_of(values) == formats
    assert not is_ambiguous(formats)


@pytest.mark.parametrize(
    ("values", "formats"),
    [
        (["03/04/2026"], ("%d/%m/%Y", "%m/%d/%Y")),
        (["01/03/2026", "02/03/2026", "09/03/2026"], ("%d/%m/%Y", "%m/%d/%Y")),
        (["03/01/2026", "03/02/2026", "03/09/2026"], ("%m/%d/%Y", "%d/%m/%Y")),
        (["03-04-26 10:00"], ("%d-%m-%y %H:%M", "%m-%d-%y %H:%M", "%y-%m-%d %H:%M")),
        (["26-03-01", "26-03-30"], ("%y-%m-%d", "%d-%m-%y")),
    ],
)
def test_ambiguous_days_are_found_and_the_closer_reading_comes_first(
    values: list[Cell], formats: tuple[str, ...]
) -> None:
    assert formats_of(values) == formats
    assert is_ambiguous(formats)


@settings(max_examples=200, deadline=None)
@given(
    st.lists(st.dates(date(1970, 1, 1), date(2060, 12, 31)), min_size=1, max_size=20),
    st.sampled_from(
        ["%Y/%m/%d", "%d.%m.%Y", "%d/%m/%Y", "%m/%d/%Y", "%d-%b-%Y", "%Y年%m月%d日", "%Y%m%d", "%d/%m/%Y %H:%M"]
    ),
)
def test_the_format_in_which_days_were_written_is_among_those_found(days: list[date], written: str) -> None:
    texts = [datetime(day.year, day.month, day.day, 9, 5).strftime(written) for day in days]  # noqa: DTZ001
    found = formats_of(texts)
    read = [[datetime.strptime(text, form or "%Y%m%d").date() for text in texts] for form in found]  # noqa: DTZ007
    assert days in read


def test_the_question_shows_a_value_and_the_two_formats() -> None:
    problem = day_problem("Day", ["03/03/2026", "03/04/2026"], "")
    assert str(problem) == (
        "The column Day holds days such as 03/04/2026, which can be read in two ways: say which is meant, with "
        'date_format = "%m/%d/%Y" or date_format = "%d/%m/%Y".'
    )


@pytest.mark.parametrize(
    ("values", "date_format", "sentence"),
    [
        (
            ["13.04.2026"],
            "",
            'The column Day holds days such as 13.04.2026: say how they are written, with date_format = "%d.%m.%Y".',
        ),
        (
            ["46082", 46083],
            "",
            "The column Day holds 46082 and the like, which look like a spreadsheet's numbers for days: "
            "format the column as a date and save the file again.",
        ),
        (["03/04/2026"], "%d/%m/%Y", "None"),
        (["2026-03-04"], "", "None"),
        (["03/03/2026"], "%m/%d/%Y", "None"),
        (["soon"], "", "None"),
        ([date(2026, 3, 1), None], "", "None"),
        ([], "", "None"),
    ],
)
def test_problem_of_a_column_of_days(values: list[Cell], date_format: str, sentence: str) -> None:
    assert str(day_problem("Day", values, date_format)) == sentence


@pytest.mark.parametrize(
    ("values", "serial"), [([46082, "46083.5"], True), ([46082, "x"], False), ([19_999], False), ([], False)]
)
def test_numbers_of_a_spreadsheet_for_days(values: list[Cell], serial: bool) -> None:
    assert is_serial(values) is serial
