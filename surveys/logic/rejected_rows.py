"""The form in which rejected rows go out, and come in again: some columns in front, and no formula for spreadsheets."""

from __future__ import annotations

from collections.abc import Sequence

from surveys.logic.cells import Cell, as_number

ADDED = ("rejected row", "rejected columns", "rejected values", "reasons")
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


def harmless(text: str) -> str:
    """Text that no spreadsheet takes for a formula; numbers stay numbers. `armed` undoes it."""
    return f"'{text}" if _is_formula(text) or _is_disarmed(text) else text


def armed(text: str) -> str:
    """The text that `harmless` was given."""
    return text[1:] if _is_disarmed(text) else text


def _is_formula(text: str) -> bool:
    return text.startswith(FORMULA_STARTS) and as_number(text) is None


def _is_disarmed(text: str) -> bool:
    return text.startswith("'") and _is_formula(text.lstrip("'"))


def is_rejects(header: Sequence[str]) -> bool:
    """Whether a table is a file of rejected rows, by its header."""
    return tuple(header[: len(ADDED)]) == ADDED


def as_before(cells: Sequence[Cell]) -> list[Cell]:
    """The original cells of a row of a file of rejected rows."""
    return [armed(cell) if isinstance(cell, str) else cell for cell in cells[len(ADDED) :]]
