"""The response clock of an incident: what must have happened how long after it was opened.

Times are elapsed time, nights and weekends included: a wave of complaints does not wait for office hours.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta


@dataclass(frozen=True, slots=True)
class Phase:
    """A stretch of the clock, from `starts` to `ends` after the opening, and the steps due by its end."""

    code: str
    starts: timedelta
    ends: timedelta
    steps: tuple[str, ...]


PHASES = (
    Phase("confirm", timedelta(0), timedelta(hours=2), ("numbers", "customers", "extent")),
    Phase("explain", timedelta(hours=2), timedelta(hours=4), ("cause", "agents", "department")),
    Phase("contain", timedelta(hours=4), timedelta(hours=12), ("stop", "segment")),
    Phase("mend", timedelta(hours=12), timedelta(hours=48), ("mended", "informed")),
    Phase("learn", timedelta(weeks=1), timedelta(weeks=2), ("usual", "lesson", "review")),
)


def due_steps(opened_at: datetime) -> list[tuple[str, str, datetime]]:
    """Every step of the checklist in its order: phase, step, when it is due."""
    return [(phase.code, step, opened_at + phase.ends) for phase in PHASES for step in phase.steps]


def running_phase(elapsed: timedelta) -> str:
    """The phase the clock is in; empty in the quiet days between two phases and after the last."""
    return next((phase.code for phase in PHASES if phase.starts <= elapsed < phase.ends), "")
