"""Control charts: EWMA for small lasting shifts; p and u charts for rates, and Laney's for over-dispersed ones.

Points are in order of time. A point signals when it lies outside its limits.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

MOVING_RANGE = 1.128
"""Mean range of two standard normal values (d2 for n = 2)."""


@dataclass(frozen=True, slots=True)
class Chart:
    """A chart's points with the centre line and each point's limits, all in the unit of the points.

    `spread` is Laney's σz: how many times the points vary as much as chance alone lets them; 1 in charts that assume
    so.
    """

    points: tuple[float, ...]
    centre: float
    lower: tuple[float, ...]
    upper: tuple[float, ...]
    spread: float = 1.0

    @property
    def signals(self) -> tuple[int, ...]:
        """Positions of the points outside their limits, counted from 0."""
        ends = enumerate(zip(self.points, self.lower, self.upper, strict=True))
        return tuple(index for index, (point, low, high) in ends if not low <= point <= high)


def ewma(
    values: Sequence[float], *, target: float, sd: float, weight: float = 0.3, width: float = 3.0, settled: bool = True
) -> Chart:
    """Exponentially weighted moving averages (Roberts 1959) of values with this target and standard deviation.

    `weight` in (0, 1] is that of the newest value, `width` the limits in standard errors. `settled` limits are those
    that the chart tends to; otherwise the first points have their own, narrower ones.
    """
    if not 0 < weight <= 1:
        raise ValueError(f"The weight of the newest value lies in (0, 1], not {weight}.")
    averages, now = [], target
    for value in values:
        now = weight * value + (1 - weight) * now
        averages.append(now)
    ages = np.full(len(averages), np.inf) if settled else np.arange(1, len(averages) + 1, dtype=float)
    reach = width * sd * np.sqrt(weight / (2 - weight) * (1 - (1 - weight) ** (2 * ages)))
    return Chart(tuple(averages), target, _floats(target - reach), _floats(target + reach))


def p_chart(failed: ArrayLike, n: ArrayLike, *, laney: bool = False, width: float = 3.0) -> Chart:
    """Shares `failed` of `n` ≥ 1 around their common share; limits stay within 0 and 1.

    With `laney` the limits widen by how much the shares vary from one to the next beyond the binomial (p', 2002).
    """
    rates = _Rates.of(failed, n)
    return rates.chart(rates.centre * (1 - rates.centre), highest=1.0, laney=laney, width=width)


def u_chart(events: ArrayLike, n: ArrayLike, *, laney: bool = False, width: float = 3.0) -> Chart:
    """Events per unit, in `n` > 0 units each, around their common rate; limits stay above 0. `laney` as for shares."""
    rates = _Rates.of(events, n)
    return rates.chart(rates.centre, highest=float("inf"), laney=laney, width=width)


@dataclass(frozen=True, slots=True)
class _Rates:
    points: NDArray[np.float64]
    sizes: NDArray[np.float64]
    centre: float

    @classmethod
    def of(cls, counted: ArrayLike, n: ArrayLike) -> _Rates:
        counts, sizes = np.asarray(counted, dtype=float), np.asarray(n, dtype=float)
        if not len(counts) or len(counts) != len(sizes) or not (sizes > 0).all():
            raise ValueError("Every count needs a number of units above 0.")
        return cls(counts / sizes, sizes, float(counts.sum() / sizes.sum()))

    def chart(self, variance: float, *, highest: float, laney: bool, width: float) -> Chart:
        """`variance` is that of one unit by chance alone."""
        sd = np.sqrt(variance / self.sizes)
        spread = _spread((self.points - self.centre) / sd) if laney and variance > 0 else 1.0
        lower = np.maximum(self.centre - width * spread * sd, 0.0)
        upper = np.minimum(self.centre + width * spread * sd, highest)
        return Chart(_floats(self.points), self.centre, _floats(lower), _floats(upper), spread)


def _spread(z: NDArray[np.float64]) -> float:
    """σz by moving ranges, which a shift in the middle does not inflate; 1 for a single point."""
    return float(np.abs(np.diff(z)).mean() / MOVING_RANGE) if len(z) > 1 else 1.0


def _floats(values: NDArray[np.float64]) -> tuple[float, ...]:
    return tuple(float(value) for value in values)
