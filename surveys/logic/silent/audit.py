"""How many of the silent are dissatisfied, from a random sample of them who were asked.

The silent are divided into bands by score, some are drawn from each at random, and what is found is weighted back. So
the estimate owes nothing to the model being right: a useless model makes the sample less precise, never biased.

Who does not answer: the estimate takes them to be like those of their band who did; the bounds take none and all of
them to be dissatisfied, and hold whatever the reason of their silence (Manski 1989).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist

BANDS = (0.5, 0.8, 0.95)
"""Shares of the training customers below each border between bands."""
LEAST_PER_BAND = 10
LEAST_ANSWERS = 2  # in a band of the silent from which nobody answered nothing is known


@dataclass(frozen=True, slots=True)
class Band:
    """One band: `size` silent customers, `drawn` of them asked, `answered` who did, `dissatisfied` among these."""

    size: int
    drawn: int
    answered: int
    dissatisfied: int


@dataclass(frozen=True, slots=True)
class Pool:
    """How many are dissatisfied among `size` silent customers, as counts: the estimate with its 95 % interval.

    `least` and `most` bound it whatever the reason of those who did not answer, sampling error included; the rest is
    None where too few answered.
    """

    size: int
    drawn: int
    answered: int
    estimate: float | None
    low: float | None
    high: float | None
    least: float
    most: float


def allocate(sizes: Sequence[int], expected: Sequence[float], n: int) -> list[int]:
    """How many to draw from each band: by size × standard deviation (Neyman 1934), at least ten, at most all.

    `expected` is the predicted share dissatisfied in each band, 0–1. The counts sum to n, or to all there are.
    """
    n = min(n, sum(sizes))
    weights = [
        size * math.sqrt(max(p * (1 - p), 0.01)) if size else 0.0 for size, p in zip(sizes, expected, strict=True)
    ]
    drawn = [min(size, LEAST_PER_BAND, max(0, n // max(1, len(sizes)))) for size in sizes]
    for _ in range(n - sum(drawn)):
        # To whom one more is worth most: the largest weight per customer drawn so far.
        open_bands = [band for band, size in enumerate(sizes) if drawn[band] < size]
        best = max(open_bands, key=lambda band: weights[band] ** 2 / max(1, drawn[band] * (drawn[band] + 1)))
        drawn[best] += 1
    return drawn


def estimate(bands: Sequence[Band], *, level: float = 0.95) -> Pool:
    """The pool's true size among the silent.

    A stratified mean with finite-population variance; the interval is Wilson's for the sample size that a simple draw
    of the same precision would have (Korn and Graubard 1998; Franco, Little, Louis and Slud 2019). In a band where all
    or none are dissatisfied the variance is that of one more of each kind, so that it is never nothing.
    Raises ValueError for counts that are none.
    """
    _check(bands)
    size, drawn, answered = (sum(getattr(band, name) for band in bands) for name in ("size", "drawn", "answered"))
    least, most = _bounds(bands, size, level)
    known = all(band.answered >= min(LEAST_ANSWERS, band.size) for band in bands if band.size)
    if not size or not known:
        return Pool(size, drawn, answered, None, None, None, least, most)
    share, low, high = _interval([(band.size, band.answered, band.dissatisfied) for band in bands], size, level)
    return Pool(size, drawn, answered, share * size, low * size, high * size, least, most)


def _check(bands: Sequence[Band]) -> None:
    for band in bands:
        if not 0 <= band.dissatisfied <= band.answered <= band.drawn <= band.size:
            raise ValueError(f"A band draws from its customers and counts the answers of those: {band}.")


def _bounds(bands: Sequence[Band], size: int, level: float) -> tuple[float, float]:
    """The least and the most: nobody and everybody of those who did not answer is dissatisfied."""
    if not size or any(band.size and not band.drawn for band in bands):
        return 0.0, float(size)
    none = [(band.size, band.drawn, band.dissatisfied) for band in bands]
    every = [(band.size, band.drawn, band.dissatisfied + band.drawn - band.answered) for band in bands]
    return _interval(none, size, level)[1] * size, _interval(every, size, level)[2] * size


def _interval(bands: Sequence[tuple[int, int, int]], size: int, level: float) -> tuple[float, float, float]:
    """(share, low, high) of bands of (size, asked, dissatisfied)."""
    share = spread = 0.0
    asked = 0
    for of, n, hits in bands:
        if not of:
            continue
        weight, p = of / size, hits / n
        share += weight * p
        likely = (hits + 1) / (n + 2) if hits in (0, n) else p
        spread += weight**2 * (1 - n / of) * likely * (1 - likely) / max(1, n - 1)
        asked += n
    if spread == 0.0:  # everybody was asked
        return share, share, share
    middle = share if 0 < share < 1 else (asked * share + 1) / (asked + 2)
    low, high = _wilson(share, middle * (1 - middle) / spread, level)
    # What was seen is certain, whatever the formula says.
    hits, misses = sum(hits for _of, _n, hits in bands), sum(n - hits for _of, n, hits in bands)
    return share, max(low, hits / size), min(high, 1 - misses / size)


def _wilson(share: float, n: float, level: float) -> tuple[float, float]:
    """Wilson's interval of a share of n, which need not be whole; the plain one is in `surveys.logic.metrics`."""
    z = NormalDist().inv_cdf((1 + level) / 2)
    centre = (share + z**2 / (2 * n)) / (1 + z**2 / n)
    reach = z / (1 + z**2 / n) * math.sqrt(share * (1 - share) / n + z**2 / (4 * n**2))
    return max(0.0, centre - reach), min(1.0, centre + reach)


def needed(expected: float, *, size: int, reach: float) -> int:
    """Answers of a simple draw that pin the share down to ± `reach`, 0–1, with finite population; at least 30."""
    whole = 1.96**2 * expected * (1 - expected) / reach**2
    return max(30, math.ceil(whole / (1 + whole / max(1, size))))
