"""Whether today's count is more than chance: what to expect, how far chance goes, and which cells stand out.

A cell's history is its last 56 days, oldest first, ending the day before the one that is judged; NaN is a day that
nobody knows. So columns 0, 7, 14 … are the weekday that is judged. Every function takes any number of cells at once.

Farrington, Andrews, Beale and Catchpole (1996): an over-dispersed mean, past outbreaks weighted down, a threshold on a
transformed scale. Noufaily et al. (2013): weights only beyond 2.58, and the negative binomial's own tail, which errs
less for small and skewed counts. Benjamini and Hochberg (1995) across the cells of a day.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import special

Floats: TypeAlias = NDArray[np.float64]
Flags: TypeAlias = NDArray[np.bool_]

WEEKS, WEEKDAYS = 8, 7
HISTORY = WEEKS * WEEKDAYS
LEAST_WEEKS = 3
"""Known days of the judged weekday below which nothing is expected of it."""
LEAST_SPARE_DAYS = 10
"""Known days beyond one per weekday, below which dispersion is not estimated."""
OUTBREAK = 2.58
ROUNDS = 2
SPREAD_LOST = 1.05
"""What weighting the tail down takes from the dispersion of counts without outbreaks; by simulation."""
LEAST_POOL = 10
"""Cells of a day that are needed to lend each other dispersion."""

ALPHA = 0.0005
"""One-sided chance of a cell to stand out by itself."""
FALSE_SHARE = 0.1
"""Share of the alarms of a day that may be chance (Benjamini–Hochberg)."""
LEAST_EXPECTED = 5.0


@dataclass(frozen=True, slots=True)
class Expected:
    """What the judged day should bring: mean, its standard error and dispersion (variance over mean, at least 1).

    One element a cell; NaN where too little is known.
    """

    mean: Floats
    se: Floats
    phi: Floats

    @property
    def tau(self) -> Floats:
        """Variance over mean of the new count, uncertainty of the mean included."""
        return np.asarray(self.phi + self.se**2 / self.mean)

    def at_least(self, least: float) -> Expected:
        """The same with means below `least` raised to it: a cell too small for its own numbers is judged as if it were
        larger, so it stands out only when it would there."""
        return Expected(np.maximum(self.mean, least), self.se, self.phi)


def expect(history: ArrayLike) -> Expected:
    """Expected counts from histories (cells × 56 days, or one of 56).

    The mean is the weighted mean of the judged weekday; the dispersion uses all 56 days, each against its weekday.
    """
    days = np.atleast_2d(np.asarray(history, dtype=np.float64))
    if days.shape[-1] != HISTORY:
        raise ValueError(f"A history has {HISTORY} days, not {days.shape[-1]}.")
    weeks = days.reshape(-1, WEEKS, WEEKDAYS)
    known = ~np.isnan(weeks)
    counts = np.where(known, weeks, 0.0)
    mean, weight, raw, spare = _fitted(counts, known)
    phi = np.maximum(1.0, moderated(raw, spare, mean[:, 0] >= LEAST_EXPECTED))
    judged = weight[:, :, 0]
    size = _ratio(judged.sum(1) ** 2, (judged**2).sum(1))
    enough = (known[:, :, 0].sum(1) >= LEAST_WEEKS) & (spare >= LEAST_SPARE_DAYS)
    expected = np.where(enough, mean[:, 0], np.nan)
    return Expected(expected, np.sqrt(_ratio(phi * expected, size)), np.where(enough, phi, np.nan))


def residuals(history: ArrayLike) -> Floats:
    """How far each day of one history lies from its weekday's mean, in standard deviations; NaN where it is not known.
    What remains of a slow shift is what an EWMA chart looks for."""
    days = np.asarray(history, dtype=np.float64).reshape(1, WEEKS, WEEKDAYS)
    known = ~np.isnan(days)
    counts = np.where(known, days, 0.0)
    mean, _weight, raw, _spare = _fitted(counts, known)
    far = _anscombe(counts, mean[:, None, :]) / np.sqrt(max(1.0, float(np.nan_to_num(raw[0]))))
    return np.where(known, far, np.nan).reshape(HISTORY)


def _fitted(counts: Floats, known: Flags) -> tuple[Floats, Floats, Floats, Floats]:
    """Means (cells × weekdays), weights (cells × weeks × weekdays), raw dispersion and spare days (cells).

    Starts from medians, so that outbreaks do not hide behind the mean they raised.
    """
    mean = _floor(_median(counts, known, axis=1))
    far = np.abs(_anscombe(counts, mean[:, None, :])).reshape(-1, HISTORY)
    spread = _median(far, known.reshape(-1, HISTORY), axis=1) / 0.6745
    raw = np.maximum(1.0, np.where(np.isnan(spread), 1.0, spread**2) * WEEKS / (WEEKS - 1))
    weight = known.astype(np.float64)
    for _round in range(ROUNDS):
        residual = _anscombe(counts, mean[:, None, :]) / np.sqrt(np.maximum(1.0, raw)[:, None, None] * (1 - 1 / WEEKS))
        weight = np.where(residual > OUTBREAK, np.maximum(residual, OUTBREAK) ** -2.0, 1.0) * known
        mean = _floor(_ratio((weight * counts).sum(1), weight.sum(1)))
        squares = weight * (counts - mean[:, None, :]) ** 2 / mean[:, None, :]
        spare = np.asarray(weight.sum((1, 2)) - known.any(1).sum(1))
        raw = SPREAD_LOST * _ratio(squares.sum((1, 2)), spare)
    return mean, weight, raw, spare


def moderated(raw: Floats, spare: Floats, usable: Flags) -> Floats:
    """Dispersions drawn towards the median of the day's usable cells, the more, the more these agree.

    Smyth (2004): 49 spare days tell a dispersion to a fifth only; where the cells differ no more than that, the
    difference is noise. Cells that really differ keep their own.
    """
    usable = usable & (spare >= LEAST_SPARE_DAYS) & (raw > 0)
    if usable.sum() < LEAST_POOL:
        return raw
    centre = float(np.median(raw[usable]))
    low, high = np.quantile(np.log(raw[usable]), [0.25, 0.75])
    excess = ((high - low) / 1.349) ** 2 - float(np.mean(special.polygamma(1, spare[usable] / 2)))
    if excess <= 0:
        return np.full_like(raw, centre)
    prior = (1 + np.sqrt(1 + 2 * excess)) / excess  # days of knowledge in the centre: trigamma(prior / 2) = excess
    return np.asarray((np.maximum(spare, 0) * raw + prior * centre) / (np.maximum(spare, 0) + prior))


def threshold(
    mean: float, se: float, phi: float, *, alpha: float = ALPHA, transform: Literal["none", "1/2", "2/3"] = "2/3"
) -> float:
    """Farrington's upper threshold of a new count, unrounded, one-sided at `alpha`."""
    power = {"none": 1.0, "1/2": 1 / 2, "2/3": 2 / 3}[transform]
    tau = phi + se**2 / mean
    spread = power * mean ** (power - 0.5) * np.sqrt(tau)
    return float((mean**power - special.ndtri(alpha) * spread) ** (1 / power))


def limits(expected: Expected, *, alpha: float = ALPHA) -> tuple[Floats, Floats]:
    """The least and the largest whole count that chance brings, each side at `alpha`. More than the largest ⇔
    `p_value` ≤ alpha."""
    size, success = _negative_binomial(expected)
    low, high = (np.ceil(special.nbdtrik(p, size, success) - 1e-9) for p in (alpha, 1 - alpha))
    return low, high


def p_value(observed: ArrayLike, expected: Expected) -> Floats:
    """Chance of a count this large or larger; NaN where nothing is expected."""
    counts = np.asarray(observed, dtype=np.float64)
    size, success = _negative_binomial(expected)
    tail = special.betainc(np.maximum(counts, 1.0), size, 1 - success)
    return np.where(counts >= 1, tail, np.where(np.isnan(size), np.nan, 1.0))


def _negative_binomial(expected: Expected) -> tuple[Floats, Floats]:
    """Size and success probability of the negative binomial with this mean and variance mean × tau."""
    tau = np.maximum(expected.tau, 1 + 1e-6)
    return np.asarray(expected.mean / (tau - 1)), np.asarray(1 / tau)


def false_discovery_limit(p: ArrayLike, *, share: float = FALSE_SHARE) -> float:
    """The largest p that Benjamini and Hochberg reject at `share`, 0 when they reject none. NaN are no tests."""
    tested = np.asarray(p, dtype=np.float64)
    tested = np.sort(tested[~np.isnan(tested)])
    rejected = tested <= share * np.arange(1, len(tested) + 1) / max(1, len(tested))
    return float(tested[rejected].max()) if rejected.any() else 0.0


def _anscombe(counts: Floats, mean: Floats) -> Floats:
    """Residuals of Poisson counts on a scale where they are nearly normal."""
    return np.asarray(1.5 * (counts ** (2 / 3) * mean ** (-1 / 6) - mean**0.5))


def _floor(mean: Floats) -> Floats:
    """A mean of nothing is not nothing: half a count in eight weeks, which keeps every ratio finite."""
    return np.maximum(np.where(np.isnan(mean), 0.0, mean), 0.5 / WEEKS)


def _median(values: Floats, known: Flags, *, axis: int) -> Floats:
    """The median of what is known along an axis; NaN where nothing is."""
    ordered = np.sort(np.where(known, values, np.inf), axis=axis)
    n = known.sum(axis=axis, keepdims=True)
    low, high = (np.take_along_axis(ordered, np.maximum(index, 0), axis=axis) for index in ((n - 1) // 2, n // 2))
    return np.squeeze(np.where(n > 0, (low + high) / 2, np.nan), axis=axis)


def _ratio(over: Floats, under: Floats) -> Floats:
    """Element by element; NaN where there is nothing to divide by."""
    return np.divide(over, under, out=np.full_like(over, np.nan), where=under > 0)
