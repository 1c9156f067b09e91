"""What one cell of a table says."""

from __future__ import annotations

import math
import re
from datetime import date, datetime, time, tzinfo
from typing import TypeAlias

Cell: TypeAlias = str | int | float | bool | date | datetime | time | None

SPREADSHEET_ERRORS = frozenset(
    {"#DIV/0!", "#N/A", "#NAME?", "#NULL!", "#NUM!", "#REF!", "#VALUE!", "#GETTING_DATA", "#SPILL!", "#CALC!"}
)
ISO_ORDER = re.compile(r"\d{4}-\d{2}-\d{2}")
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


def as_day(value: Cell, date_format: str, zone: tzinfo) -> date | None:
    """A day, also one written as text: in `date_format` (as of strptime) if given, else in ISO order.

    A moment that names its own zone counts for the day it was in `zone`.
    """
    if isinstance(value, date) and not isinstance(value, datetime):
        return value
    moment = as_moment(value, date_format, zone)
    return moment.astimezone(zone).date() if moment else None


def as_moment(value: Cell, date_format: str, zone: tzinfo, *, end_of_day: bool = False) -> datetime | None:
    """A moment, aware: one without a zone is in `zone`; a bare day is its first or its last."""
    if isinstance(value, datetime):
        moment = value
    elif isinstance(value, date):
        moment = datetime(value.year, value.month, value.day)  # noqa: DTZ001 - the zone is added below
    elif (read := _written_moment(written(value), date_format)) is not None:
        moment = read
    else:
        return None
    if end_of_day and not is_timed(value):
        moment = datetime.combine(moment.date(), time(23, 59, 59))
    return moment if moment.tzinfo else moment.replace(tzinfo=zone)


def _written_moment(text: str, date_format: str) -> datetime | None:
    """A moment in `date_format`, or in full ISO order: so a real day of a workbook is written among rejected rows."""
    if date_format:
        try:
            return datetime.strptime(text, date_format)  # noqa: DTZ007 - the zone is added by the caller
        except ValueError:
            if not ISO_ORDER.match(text):
                return None
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return None


def is_timed(value: Cell) -> bool:
    """Whether a cell that holds a day tells the time of day too."""
    return isinstance(value, datetime) or (isinstance(value, str) and ":" in value)
