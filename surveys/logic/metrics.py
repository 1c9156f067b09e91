"""Shares with their intervals, and how right a detection rule was."""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import NormalDist

LEAST_ANSWERS = 5
"""A rule with fewer answered detections has no precision yet."""


@dataclass(frozen=True, slots=True)
class Share:
    """A proportion of n with its interval, all in 0–1; None where it is not known."""

    share: float | None
    low: float | None
    high: float | None
    n: int


def proportion(successes: int, n: int, level: float = 0.95) -> Share:
    """A share with Wilson's interval (1927), which stays honest at 0 and at n; unknown for n = 0.

    Raises ValueError for counts that are none.
    """
    if not 0 <= successes <= n:
        raise ValueError(f"Successes must lie between 0 and n: {successes} of {n}.")
    if n == 0:
        return Share(None, None, None, 0)
    z = NormalDist().inv_cdf((1 + level) / 2)
    share = successes / n
    centre = (share + z**2 / (2 * n)) / (1 + z**2 / n)
    reach = z / (1 + z**2 / n) * math.sqrt(share * (1 - share) / n + z**2 / (4 * n**2))
    low = 0.0 if successes == 0 else centre - reach
    high = 1.0 if successes == n else centre + reach
    return Share(share, low, high, n)


def precision(confirmed: int, answered: int) -> Share:
    """The share of those a rule found who said themselves that they were dissatisfied; unknown below five answers.

    What counts as a fair answer:
    - the customer was asked and rated (an opening rating; a review or complaint is volunteered, mostly by the unhappy);
    - later than the day it was found, within 60 days: the signal that was found cannot confirm itself;
    - before care began: whoever was helped meanwhile says how good the help was, not how good the rule;
    - the first such answer, and once a customer, however often the rule found them: answers of one person are alike;
    - found by the rule as it reads now; an earlier wording was another rule.
    Confirmed is perceived < adequate, with the level that held when the answer came.

    It speaks for those who answer, and there are more unhappy ones among these than among the silent; compare it with
    the share of everybody who answers (`lift`), not with 0. Of a rule that finds what customers say, such as a low
    rating, it tells how many were still dissatisfied when asked next.
    """
    return proportion(confirmed, answered) if answered >= LEAST_ANSWERS else Share(None, None, None, answered)


def lift(found: Share, everybody: Share) -> float | None:
    """How many times as many there are among those found as among everybody; None where either is not known or 0."""
    if found.share is None or not everybody.share:
        return None
    return found.share / everybody.share
