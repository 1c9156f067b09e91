"""Shares (complaints, churn, top boxes) and their differences, from counts alone."""

from __future__ import annotations

import math
from dataclasses import dataclass

from scipy import special

from evaluation.logic.effects import Effect, check_level, unknown


@dataclass(frozen=True, slots=True)
class Share:
    """A proportion of n with its interval, all in 0–1; None where n is 0."""

    share: float | None
    low: float | None
    high: float | None
    n: int


def _z(level: float) -> float:
    check_level(level)
    return float(special.ndtri((1 + level) / 2))


def _wilson(successes: int, n: int, z: float) -> tuple[float, float, float]:
    """Share, low, high for n ≥ 1 (Wilson 1927)."""
    share = successes / n
    centre = (share + z**2 / (2 * n)) / (1 + z**2 / n)
    reach = z / (1 + z**2 / n) * math.sqrt(share * (1 - share) / n + z**2 / (4 * n**2))
    low = 0.0 if successes == 0 else centre - reach
    high = 1.0 if successes == n else centre + reach
    return share, low, high


def _check_counts(successes: int, n: int) -> None:
    if not 0 <= successes <= n:
        raise ValueError(f"Successes must lie between 0 and n: {successes} of {n}.")


def proportion(successes: int, n: int, level: float = 0.95) -> Share:
    """A share with Wilson's interval, which stays honest at 0 and at n."""
    _check_counts(successes, n)
    if n == 0:
        return Share(None, None, None, 0)
    return Share(*_wilson(successes, n, _z(level)), n)


def difference_of_proportions(
    care_successes: int, n_care: int, hold_out_successes: int, n_hold_out: int, level: float = 0.95
) -> Effect:
    """Care minus hold-out with Newcombe's interval (1998, method 10) and the pooled score test's p.

    Newcombe rather than Welch on 0/1: complaints and churn are rare, and with no event in an arm Welch claims
    a precision it does not have and may leave −1…1. `se` is half the interval over z, so it is never 0.
    """
    _check_counts(care_successes, n_care)
    _check_counts(hold_out_successes, n_hold_out)
    z = _z(level)
    if n_care == 0 or n_hold_out == 0:
        return unknown(n_care, n_hold_out, "newcombe", "arm_missing")
    care, care_low, care_high = _wilson(care_successes, n_care, z)
    held, held_low, held_high = _wilson(hold_out_successes, n_hold_out, z)
    effect = care - held
    low = effect - math.hypot(care - care_low, held_high - held)
    high = effect + math.hypot(care_high - care, held - held_low)
    pooled = (care_successes + hold_out_successes) / (n_care + n_hold_out)
    null_se = math.sqrt(pooled * (1 - pooled) * (1 / n_care + 1 / n_hold_out))
    p = 2 * float(special.ndtr(-abs(effect) / null_se)) if null_se else 1.0
    return Effect(effect, (high - low) / 2 / z, low, high, p, n_care, n_hold_out, "newcombe")
