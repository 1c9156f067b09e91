"""Days that are missing rather than quiet: a source that usually tells something told nothing at all.

Series are daily totals of a whole source, oldest first, ending with the judged day (57 of them).
"""

from __future__ import annotations

import numpy as np

from surveys.logic.alarms import HISTORY, LEAST_EXPECTED, LEAST_WEEKS, WEEKDAYS, WEEKS, Flags, Floats

USUALLY = 0.75
"""Share of the same weekdays with any feedback, from which silence is not taken for quiet."""


def missing_days(totals: Floats) -> Flags:
    """Which days nobody knows: those before the source's first, and empty ones of a weekday that usually is not empty
    and brings five or more. Small sources are often empty and are taken at their word."""
    told = totals > 0
    begun = np.logical_or.accumulate(told)
    weeks = begun[:HISTORY].reshape(WEEKS, WEEKDAYS)
    known = weeks.sum(0)
    counts = np.where(weeks, totals[:HISTORY].reshape(WEEKS, WEEKDAYS), 0.0)
    usual = (
        (known >= LEAST_WEEKS) & ((counts > 0).sum(0) >= USUALLY * known) & (counts.sum(0) >= LEAST_EXPECTED * known)
    )
    return np.asarray(~begun | ~told & np.resize(usual, HISTORY + 1))
