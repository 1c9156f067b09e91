"""Differences of shares (complaints, churn, top boxes), from counts alone."""

from __future__ import annotations

import math

from scipy import special

from evaluation.logic.effects import Effect, check_level, unknown
from surveys.logic.metrics import Share, proportion

__all__ = ["Share", "difference_of_proportions", "proportion"]


def difference_of_proportions(
    care_successes: int, n_care: int, hold_out_successes: int, n_hold_out: int, level: float = 0.95
) -> Effect:
    """Care minus hold-out with Newcombe's interval (1998, method 10) and the pooled score test's p.

    Newcombe rather than Welch on 0/1: complaints and churn are rare, and with no event in an arm Welch claims
    a precision it does not have and may leave −1…1. `se` is half the interval over z, so it is never 0.
    """
    check_level(level)
    cared, left = proportion(care_successes, n_care, level), proportion(hold_out_successes, n_hold_out, level)
    if n_care == 0 or n_hold_out == 0:
        return unknown(n_care, n_hold_out, "newcombe", "arm_missing")
    care, care_low, care_high = _known(cared)
    held, held_low, held_high = _known(left)
    effect = care - held
    low = effect - math.hypot(care - care_low, held_high - held)
    high = effect + math.hypot(care_high - care, held - held_low)
    pooled = (care_successes + hold_out_successes) / (n_care + n_hold_out)
    null_se = math.sqrt(pooled * (1 - pooled) * (1 / n_care + 1 / n_hold_out))
    p = 2 * float(special.ndtr(-abs(effect) / null_se)) if null_se else 1.0
    return Effect(
        effect, (high - low) / 2 / float(special.ndtri((1 + level) / 2)), low, high, p, n_care, n_hold_out, "newcombe"
    )


def _known(share: Share) -> tuple[float, float, float]:
    assert share.share is not None
    assert share.low is not None
    assert share.high is not None
    return share.share, share.low, share.high
