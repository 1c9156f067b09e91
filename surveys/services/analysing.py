"""The analysis of a day: customers tiered anew, comments read, and every reading of the pool made and kept."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from surveys.enums import AnalysisKind
from surveys.models import Analysis
from surveys.services.daily import once_a_day
from surveys.services.drivers import make_drivers

ANALYSIS = "analysis"
ANALYSIS_LOCK = 7_008

READINGS: dict[AnalysisKind, Callable[..., Analysis | list[Analysis]]] = {
    AnalysisKind.DRIVERS: make_drivers,
}
"""Every reading, in the order of the pages; tiers and comments come first, because the others look at them."""


def analyse(*, now: datetime) -> list[Analysis]:
    """Tier all customers, read new comments, and make every reading of the pool as it is at `now`.

    A second run of a day replaces the first one's figures.
    """
    made: list[Analysis] = []
    for make in READINGS.values():
        rows = make(now=now)
        made += rows if isinstance(rows, list) else [rows]
    return made


def analyse_daily(*, now: datetime) -> int:
    """The same on the first call of each local day; returns how many readings were made."""
    return len(once_a_day(lambda: analyse(now=now), name=ANALYSIS, lock=ANALYSIS_LOCK, now=now) or [])
