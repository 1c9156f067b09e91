"""Who has which cause, kept once a day."""

from __future__ import annotations

from datetime import datetime
from time import perf_counter

from surveys.enums import AnalysisKind
from surveys.logic.causes.pareto import to_figures
from surveys.models import Analysis, PoolEntry
from surveys.selectors.cause_counts import count_causes
from surveys.services.analyses import keep_analysis
from surveys.services.causes.tree import resolve_merged


def make_causes(*, now: datetime) -> list[Analysis]:
    """Let open entries follow what was merged, then count their causes and keep it as the reading of the day.

    `figures`: `total` open entries; `causes`, the most named first, each with code, n, share, low, high (of all open
    entries, 95 % by Wilson) and `reached`, the entries that have it or one before it; `unknown`: those without a cause,
    n, share, low, high. Shares are in 0–1, null in an empty pool.
    """
    began = perf_counter()
    resolve_merged()
    figures = to_figures(count_causes(PoolEntry.objects.open()))
    seconds = perf_counter() - began
    return [keep_analysis(kind=AnalysisKind.CAUSES, figures=figures, seconds=seconds, now=now)]
