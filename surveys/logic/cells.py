"""What one cell of a table says."""

from __future__ import annotations

import math
import re
from datetime import date, datetime, time
from typing import TypeAlias

Cell: TypeAlias = str | int | float | bool | date | datetime | time | None

SPREADSHEET_ERRORS = frozenset(
    {"#DIV/0!", "#N/A", "#NAME?", "#NULL!", "#NUM!", "#REF!", "#VALUE!", "#GETTING_DATA", "#SPILL!", "#CALC!"}
)
NUMBER = re.compile(r"[+-]?\d{1,15}(\.\d{1,15})?")


def is_missing(value: Cell) -> bool:
    """Whether a cell holds nothing: empty, blank, not a number, or a spreadsheet's error."""
    if value is None:
        return True
    if isinstance(value, str):
        stripped = value.strip()
        return not stripped or stripped in SPREADSHEET_ERRORS
    return isinstance(value, float) and not math.isfinite(value)


def as_number(value: Cell) -> float | None:
    """A number, also one written as text; None for anything else."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int | float):
        return float(value)
    if isinstance(value, str) and NUMBER.fullmatch(value.strip()):
        return float(value)
    return None


def written(value: Cell) -> str:
    """A cell as text: whole numbers without a fraction, dates in ISO order, no NUL, which the database cannot hold."""
    if value is None:
        return ""
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    if isinstance(value, date | time):
        return value.isoformat()
    return str(value).replace("\0", "").strip()


def as_day(value: Cell, date_format: str) -> date | None:
    """A day, also one written as text: in `date_format` (as of strptime) if given, else in ISO order."""
    if isinstance(value, datetime):
        return value.date()
    if isinstance(value, date):
        return value
    if not isinstance(value, str):
        return None
    try:
        if date_format:
            return datetime.strptime(value.strip(), date_format).date()  # noqa: DTZ007 - a day has no zone
        return datetime.fromisoformat(value.strip()).date()
    except ValueError:
        return None
