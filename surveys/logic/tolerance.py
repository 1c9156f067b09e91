"""The expectation–service model: perceived service against the adequate and the desired level.

Levels are on the 0–100 scale. Between adequate and desired lies the zone of tolerance; a customer whose
perceived service is below adequate is dissatisfied. Judge each respondent, then count: a group whose mean
gap is positive still contains dissatisfied people.
"""

from __future__ import annotations

import math
from dataclasses import dataclass


def rescale(raw: float, low: float, high: float) -> float:
    """An answer on a source's own scale low…high as 0–100, linearly.

    The adequate level may lie between two answers (6.5 on 1–10 is 61.11…). Outside the scale is an error.
    """
    if not (math.isfinite(low) and math.isfinite(high) and low < high):
        raise ValueError(f"A scale runs from a lower to a higher number, not from {low} to {high}.")
    if not low <= raw <= high:
        raise ValueError(f"{raw} lies outside the scale {low} to {high}.")
    return 100 * (raw - low) / (high - low)


def adequacy_gap(perceived: float, adequate: float) -> float:
    """Perceived − adequate (measure of service adequacy); negative means dissatisfied."""
    return perceived - adequate


def superiority_gap(perceived: float, desired: float) -> float:
    """Perceived − desired (measure of service superiority); positive means delighted."""
    return perceived - desired


def dissatisfied(perceived: float, adequate: float) -> bool:
    """Whether service fell below what the customer would put up with; exactly adequate is enough."""
    return perceived < adequate


def inverted(adequate: float, desired: float) -> bool:
    """Whether the two levels were given the wrong way round (adequate above desired): flag, never drop."""
    return adequate > desired


def position_in_zone(perceived: float, adequate: float, desired: float) -> float | None:
    """Where in the zone of tolerance the service lies: 0 at adequate, 1 at desired, outside beyond.

    None where there is no zone: the levels coincide or are inverted.
    """
    if adequate >= desired:
        return None
    return (perceived - adequate) / (desired - adequate)


@dataclass(frozen=True, slots=True)
class Zone:
    """Many answers with three stated levels, by their means; `dissatisfied` and `inverted` are counts of respondents.

    The gaps of the means are the means of the gaps. The position is that of the means: a respondent whose levels
    coincide has none, and leaving those out would flatter.
    """

    n: int
    perceived: float
    adequate: float
    desired: float
    dissatisfied: int
    inverted: int

    @property
    def adequacy(self) -> float:
        """Mean MSA, perceived − adequate."""
        return adequacy_gap(self.perceived, self.adequate)

    @property
    def superiority(self) -> float:
        """Mean MSS, perceived − desired."""
        return superiority_gap(self.perceived, self.desired)

    @property
    def position(self) -> float | None:
        return position_in_zone(self.perceived, self.adequate, self.desired)
