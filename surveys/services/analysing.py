"""The analysis of a day: tiers told anew, comments read, and every reading of what customers said, made and kept."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from datetime import datetime

from loopcare.common.errors import Invalid
from surveys.enums import AnalysisKind
from surveys.models import Analysis, PoolEntry
from surveys.services.causes.coding import code_comments
from surveys.services.causes.pareto import make_causes
from surveys.services.daily import once_a_day
from surveys.services.drivers import make_drivers
from surveys.services.profile import make_profile
from surveys.services.tiers import make_tiers, retier

ANALYSIS = "analysis"
ANALYSIS_LOCK = 7_009

READINGS: dict[AnalysisKind, Callable[..., list[Analysis]]] = {
    AnalysisKind.CAUSES: make_causes,
    AnalysisKind.DRIVERS: make_drivers,
    AnalysisKind.PROFILE: make_profile,
    AnalysisKind.TIERS: make_tiers,
}


def analyse(*, now: datetime) -> list[Analysis]:
    """Bring tiers and causes up to date, then make every reading as it is at `now`.

    A second run of a day replaces the first one's figures.
    """
    retier(now=now)
    _code_comments(now)
    return [row for make in READINGS.values() for row in make(now=now)]


def _code_comments(now: datetime) -> None:
    if not PoolEntry.objects.open().exclude(comment="").exists():
        return  # a first reader would be trained for nobody
    # A tree without keywords teaches no reader; everything else can still be read.
    with suppress(Invalid):
        code_comments(now=now)


def analyse_daily(*, now: datetime) -> int:
    """The same on the first call of each local day; returns how many readings were made."""
    return len(once_a_day(lambda: analyse(now=now), name=ANALYSIS, lock=ANALYSIS_LOCK, now=now) or [])
