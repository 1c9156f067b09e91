"""Defects of a file that are reported."""

from __future__ import annotations

from datetime import date, datetime

import pytest

from surveys.logic.cells import Cell
from surveys.logic.observing import Observer


def warnings(columns: dict[str, list[Cell]], *, hidden: frozenset[str] = frozenset()) -> list[str]:
    observer = Observer(list(columns), hidden=hidden)
    for cells in zip(*columns.values(), strict=True):
        observer.look(cells)
    return [str(sentence) for sentence in observer.warnings()]


def test_equal_columns_are_reported() -> None:
    twins: list[Cell] = [n % 7 for n in range(40)]
    assert warnings({"a": twins, "b": twins, "c": list(range(40))}) == [
        "The columns a and b are equal in every row: one may be a mistake."
    ]


def test_equal_columns_of_a_short_file_are_chance() -> None:
    assert warnings({"a": [1, 2, 3], "b": [1, 2, 3]}) == []


def test_constant_column_is_reported() -> None:
    assert warnings({"a": list(range(40)), "b": ["x"] * 40}) == ["The column b holds the same value in every row: x."]


def test_spellings_are_reported() -> None:
    assert warnings({"a": ["VOLTE", "VoLTE", "CSFB"]}) == [
        "The column a spells one value in several ways: VOLTE, VoLTE."
    ]


def test_stray_numbers_are_reported() -> None:
    assert warnings({"a": [*"bcdefghijklmnopqrstuvwxyz", 0]}) == ["The column a holds text and 1 numbers: 0."]


def test_spreadsheet_errors_are_reported() -> None:
    assert warnings({"a": [1, "#DIV/0!", 2]}) == ["The column a holds 1 spreadsheet errors; they count as missing."]


def test_repeated_rows_are_counted() -> None:
    assert warnings({"a": [1, 2, 1, 1], "b": ["x", "x", "x", "y"]}) == [
        "1 rows are equal to an earlier row in every column."
    ]


def test_repeated_rows_are_counted_in_hidden_columns_too() -> None:
    assert warnings({"Name": ["Li", "Li"], "a": [1, 1]}, hidden=frozenset({"Name"})) == [
        "1 rows are equal to an earlier row in every column."
    ]
    assert warnings({"Name": ["Li", "Wu"], "a": [1, 1]}, hidden=frozenset({"Name"})) == []


def test_empty_columns_are_named_together() -> None:
    columns: dict[str, list[Cell]] = {"a": list(range(40)), "b": [None] * 40, "c": [""] * 40, "d": [" "] * 40}
    assert warnings(columns) == ["Nothing stands in these columns: b, c, d."]
    columns |= {name: [None] * 40 for name in "efg"}
    assert warnings(columns) == ["Nothing stands in these columns: b, c, d, e, f … (6)."]


@pytest.mark.parametrize(
    ("usual", "value"),
    [
        ([1, 2, 3, 4, 5], 99),
        (["1", "2", "3", "4", "5"], "9"),
        ([18, 25, 33, 41, 67], 999),
        ([18, 25, 33, 41, 67], -1),
        ([3.5, 7.2, 9.9, 12.1], 1_000_000),
        ([0, 500, 900, 1400, 1900], 999),
        (["North", "South", "East"], "N/A"),
        (["North", "South", "East"], "null"),
        (["很好", "信号差", "太慢"], "无"),
        (["很好", "信号差", "太慢"], "未知"),
        (["2026-01-01", "2026-01-02", "2026-01-03"], "0000-00-00"),
        ([date(2026, 1, 1), date(2026, 1, 2), date(2026, 1, 3)], datetime(1900, 1, 1)),  # noqa: DTZ001
        (["a@x.org", "b@x.org", "c@x.org"], "test"),
    ],
)
def test_placeholders_are_reported(usual: list[Cell], value: Cell) -> None:
    often = 50 if 1900 in usual else 3  # among other numbers it is told by how often it comes
    column = [usual[n % len(usual)] for n in range(40)] + [value] * often
    (warning,) = warnings({"id": list(range(len(column))), "a": column})
    assert warning.startswith("The value ")
    assert warning.endswith(f" looks like a placeholder for a missing one: a ({often / len(column):.0%}).")


@pytest.mark.parametrize(
    ("usual", "value", "often"),
    [
        ([1, 2, 3, 4, 5], 99, 1),  # once is a slip of the pen
        ([5], -1, 20),  # chosen and not chosen
        (["有"], "无", 20),  # yes and no
        ([1, 2, 3, 4, 5], 6, 3),
        ([6, 7, 8, 10], 9, 40),
        ([1, 2, 3, 4, 5, 6, 7], 8, 3),
        ([95, 96, 97, 98, 100], 99, 3),
        ([-3, -2, 0, 4], -1, 3),
        ([0, 10, 20, 30], 25, 3),
    ],
)
def test_ordinary_values_are_no_placeholders(usual: list[Cell], value: Cell, often: int) -> None:
    column = [usual[n % len(usual)] for n in range(40)] + [value] * often
    assert warnings({"id": list(range(len(column))), "a": column}) == []


def test_one_placeholder_of_many_columns_is_one_warning() -> None:
    column: list[Cell] = [*[n % 5 + 1 for n in range(45)], *[99] * 5]
    shifted: list[Cell] = [*[(n + 1) % 5 + 1 for n in range(45)], *[99] * 5]
    assert warnings({"id": list(range(50)), "a": column, "b": shifted}) == [
        "The value 99 looks like a placeholder for a missing one: a (10%), b (10%)."
    ]


def test_many_rows_are_looked_at_in_turns_and_the_later_ones_not_at_all() -> None:
    observer = Observer(["id", "a"])
    for n in range(10_000):
        observer.look([n, "x"])
    for n in range(50):
        observer.look([n, "y"])
    assert [str(sentence) for sentence in observer.warnings()] == ["The column a holds the same value in every row: x."]


def test_short_and_long_rows_are_looked_at_as_far_as_the_header_goes() -> None:
    observer = Observer(["a", "b"])
    for n in range(40):
        observer.look([n] if n % 2 else [n, "x", "beyond"])
    assert observer.warnings() == []


def test_hidden_column_is_not_looked_at() -> None:
    assert warnings({"Name": ["Li", "LI"]}, hidden=frozenset({"Name"})) == []
