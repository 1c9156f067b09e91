"""Defects of a file that are reported."""

from __future__ import annotations

from surveys.logic.cells import Cell
from surveys.logic.observing import Observer


def warnings(columns: dict[str, list[Cell]], *, hidden: frozenset[str] = frozenset()) -> list[str]:
    observer = Observer(list(columns), hidden=hidden)
    for cells in zip(*columns.values(), strict=True):
        observer.look(cells)
    return [str(sentence) for sentence in observer.warnings()]


def test_equal_columns_are_reported() -> None:
    twins: list[Cell] = [n % 7 for n in range(40)]
    assert warnings({"a": twins, "b": twins, "c": [n % 5 for n in range(40)]}) == [
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


def test_hidden_column_is_not_looked_at() -> None:
    assert warnings({"Name": ["Li", "LI"]}, hidden=frozenset({"Name"})) == []
