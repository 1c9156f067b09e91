"""The analysis of a day: every reading of what customers said, made and kept."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from surveys.enums import AnalysisKind
from surveys.models import Analysis
from surveys.services.daily import once_a_day
from surveys.services.drivers import make_drivers

ANALYSIS = "analysis"
ANALYSIS_LOCK = 7_009

READINGS: dict[AnalysisKind, Callable[..., list[Analysis]]] = {AnalysisKind.DRIVERS: make_drivers}


def analyse(*, now: datetime) -> list[Analysis]:
    """Make every reading as it is at `now`. A second run of a day replaces the first one's figures."""
    return [row for make in READINGS.values() for row in make(now=now)]


def analyse_daily(*, now: datetime) -> int:
    """The same on the first call of each local day; returns how many readings were made."""
    return len(once_a_day(lambda: analyse(now=now), name=ANALYSIS, lock=ANALYSIS_LOCK, now=now) or [])
