"""How many customers a comparison needs, and how small an effect it can show.

Count the *expected responders* of each arm, not those assigned. Two-sided tests throughout.
"""

from __future__ import annotations

import math

from scipy import optimize, special


def _check(power: float, alpha: float) -> None:
    if not 0 < alpha < power < 1:
        raise ValueError(f"Need 0 < alpha < power < 1, not alpha {alpha} and power {power}.")


def _check_share(p: float) -> None:
    if not 0 <= p <= 1:
        raise ValueError(f"A share lies between 0 and 1, not {p}.")


def _excess(p_hold_out: float, p_care: float, n_care: float, n_hold_out: float, z: tuple[float, float]) -> float:
    """Distance between two shares beyond what the test needs to see it: variance pooled under the null."""
    z_alpha, z_power = z
    pooled = (n_care * p_care + n_hold_out * p_hold_out) / (n_care + n_hold_out)
    null = math.sqrt(pooled * (1 - pooled) * (1 / n_care + 1 / n_hold_out))
    alternative = math.sqrt(p_care * (1 - p_care) / n_care + p_hold_out * (1 - p_hold_out) / n_hold_out)
    return abs(p_care - p_hold_out) - z_alpha * null - z_power * alternative


def _quantiles(power: float, alpha: float) -> tuple[float, float]:
    return float(special.ndtri(1 - alpha / 2)), float(special.ndtri(power))


def sample_size_two_proportions(p1: float, p2: float, *, power: float = 0.8, alpha: float = 0.05) -> float:
    """Customers per group, unrounded (normal approximation, Fleiss 1981 without continuity correction)."""
    _check(power, alpha)
    _check_share(p1)
    _check_share(p2)
    if p1 == p2:
        raise ValueError("Two equal shares cannot be told apart by any number of customers.")
    z_alpha, z_power = _quantiles(power, alpha)
    pooled = (p1 + p2) / 2
    null = z_alpha * math.sqrt(2 * pooled * (1 - pooled))
    alternative = z_power * math.sqrt(p1 * (1 - p1) + p2 * (1 - p2))
    return ((null + alternative) / (p1 - p2)) ** 2


def _t_power(d: float, n_care: float, n_hold_out: float, alpha: float) -> float:
    """Power of Student's two-sample test at the standardised difference d > 0; exact, by noncentral t."""
    df = n_care + n_hold_out - 2
    shift = d * math.sqrt(n_care * n_hold_out / (n_care + n_hold_out))
    critical = -float(special.stdtrit(df, alpha / 2))
    return 1 - float(special.nctdtr(df, shift, critical)) + float(special.nctdtr(df, shift, -critical))


def sample_size_means(d: float, *, power: float = 0.8, alpha: float = 0.05) -> float:
    """Customers per group, unrounded, to see a difference of d standard deviations."""
    _check(power, alpha)
    if not (math.isfinite(d) and d != 0):
        raise ValueError(f"The standardised difference must be a number other than 0, not {d}.")
    size = abs(d)
    most = 4.0
    while _t_power(size, most, most, alpha) < power:
        most *= 2
    least = 2.0
    if _t_power(size, least, least, alpha) >= power:
        return least
    return float(optimize.brentq(lambda n: _t_power(size, n, n, alpha) - power, least, most, xtol=1e-9))


def minimum_detectable_effect(
    p: float, n_care: int, n_hold_out: int, *, power: float = 0.8, alpha: float = 0.05
) -> float | None:
    """Smallest rise of the share p (0–1) that the two arms show with this power, as a share.

    The same formula as the sample size, solved for the care arm's share; p is what is expected of the
    hold-out. For an outcome where less is better ask for 1 − p. None: no rise, however large, would be
    visible.
    """
    _check(power, alpha)
    _check_share(p)
    if min(n_care, n_hold_out) < 2:
        return None
    z = _quantiles(power, alpha)
    if _excess(p, 1.0, n_care, n_hold_out, z) <= 0:
        return None
    # At p = 0 the distance beyond is 0 for "no rise" too; starting just above skips that false root.
    root = optimize.brentq(lambda care: _excess(p, care, n_care, n_hold_out, z), p + 1e-12, 1.0, xtol=1e-12)
    return float(root) - p


def minimum_detectable_difference(
    sd: float, n_care: int, n_hold_out: int, *, power: float = 0.8, alpha: float = 0.05
) -> float | None:
    """Smallest difference of means, in the unit of `sd`, that the two arms show with this power.

    None when an arm has fewer than two customers.
    """
    _check(power, alpha)
    if not (math.isfinite(sd) and sd > 0):
        raise ValueError(f"The standard deviation must be positive, not {sd}.")
    if min(n_care, n_hold_out) < 2:
        return None
    most = 1e-3
    while _t_power(most, n_care, n_hold_out, alpha) < power:
        most *= 2
    d = optimize.brentq(lambda d: _t_power(d, n_care, n_hold_out, alpha) - power, 0.0, most, xtol=1e-12)
    return sd * float(d)
