"""How good predicted probabilities are: ranking, what a capacity reaches, and whether they mean what they say.

`outcome` is 1 for dissatisfied and 0 otherwise, `p` the predicted probability in 0–1, both of length n.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from surveys.logic.metrics import Share, proportion
from surveys.logic.silent.table import Floats

EDGE = 1e-6  # probabilities are kept this far from 0 and 1 before their odds are taken
STEPS = 50  # of Newton's method; it needs some seven
CURVE_PARTS = 10


@dataclass(frozen=True, slots=True)
class Estimate:
    """A number with its standard error and interval; None where it cannot be known."""

    value: float | None
    error: float | None = None
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True, slots=True)
class AtCapacity:
    """What calling the `share` of customers with the highest scores reaches.

    `precision` is the share of them who are dissatisfied, `capture` the share of all dissatisfied who are among them,
    `lift` how many times as many as in a random call list.
    """

    share: float
    n: int
    precision: Share
    capture: float
    lift: float


@dataclass(frozen=True, slots=True)
class Calibration:
    """Whether probabilities mean what they say: slope 1 and intercept 0 of the outcome's log-odds on theirs.

    A slope below 1: too sure of itself. `mean` is predicted minus observed, in probability. Cox (1958).
    """

    slope: Estimate
    intercept: Estimate
    mean: float


@dataclass(frozen=True, slots=True)
class CurvePart:
    """A tenth of the customers, by rising score: what was predicted of them, and what came."""

    predicted: float
    observed: Share


def ranks(values: Floats) -> Floats:
    """Ranks from 1, equal values sharing their mean rank."""
    order = np.argsort(values, kind="stable")
    ordered = values[order]
    first = np.flatnonzero(np.r_[True, ordered[1:] != ordered[:-1]])
    counts = np.diff(np.r_[first, len(values)])
    result = np.empty(len(values))
    result[order] = np.repeat(first + (counts + 1) / 2, counts)
    return result


def auc(outcome: NDArray[np.int_], p: Floats) -> tuple[float, float]:
    """(AUC, its variance) by DeLong, DeLong and Clarke-Pearson (1988): of random test customers, the model being given.

    AUC is the chance that a dissatisfied customer scores above another one, ties counting half. Raises ValueError where
    one of the two kinds is missing; the variance is infinite where one has a single customer.
    """
    bad, good = p[outcome == 1], p[outcome == 0]
    n_bad, n_good = len(bad), len(good)
    if not n_bad or not n_good:
        raise ValueError("An AUC needs customers of both kinds.")
    together = ranks(np.r_[bad, good])
    of_bad = (together[:n_bad] - ranks(bad)) / n_good
    of_good = 1 - (together[n_bad:] - ranks(good)) / n_bad
    value = float(of_bad.mean())
    if min(n_bad, n_good) < 2:
        return value, float("inf")
    return value, float(of_bad.var(ddof=1) / n_bad + of_good.var(ddof=1) / n_good)


def interval(value: float, variance: float, *, level: float = 0.95) -> Estimate:
    """A share of 1 with its normal interval, cut at 0 and 1."""
    if not np.isfinite(variance):
        return Estimate(value)
    error = float(np.sqrt(variance))
    reach = NormalDist().inv_cdf((1 + level) / 2) * error
    return Estimate(value, error, max(0.0, value - reach), min(1.0, value + reach))


def at_capacity(outcome: NDArray[np.int_], p: Floats, share: float) -> AtCapacity:
    """What the top `share` (0–1, at least one customer) reaches. Customers with equal scores count by their mean."""
    n = len(p)
    k = max(1, round(share * n))
    order = np.argsort(-p, kind="stable")
    edge = p[order[k - 1]]
    above, tied = p > edge, p == edge
    hits = outcome[above].sum() + (k - above.sum()) * outcome[tied].mean()
    total = int(outcome.sum())
    precision = float(hits / k)
    return AtCapacity(
        share=k / n,
        n=k,
        precision=proportion(round(float(hits)), k),
        capture=float(hits / total) if total else 0.0,
        lift=precision / (total / n) if total else 0.0,
    )


def brier(outcome: NDArray[np.int_], p: Floats) -> tuple[float, float]:
    """(mean squared error of the probabilities, that of the base rate for everybody). Brier (1950)."""
    base = outcome.mean()
    return float(np.mean((outcome - p) ** 2)), float(base * (1 - base))


def calibration(outcome: NDArray[np.int_], p: Floats) -> Calibration:
    """Logistic regression of the outcome on the log-odds of `p`; unknown where it has no finite answer."""
    mean = float(p.mean() - outcome.mean())
    odds = log_odds(p)
    unknown = Calibration(Estimate(None), Estimate(None), mean)
    if len(np.unique(outcome)) < 2 or np.ptp(odds) < EDGE:
        return unknown
    design = np.column_stack([np.ones_like(odds), odds])
    weights = np.zeros(2)
    for _ in range(STEPS):
        fitted = 1 / (1 + np.exp(-np.clip(design @ weights, -30, 30)))
        spread = design.T @ (design * (fitted * (1 - fitted))[:, None])
        if np.linalg.cond(spread) > 1e10:
            break
        step = np.linalg.solve(spread, design.T @ (outcome - fitted))
        weights = weights + step
        if np.abs(step).max() < 1e-9:
            return _calibrated(weights, spread, mean)
    return unknown  # the two kinds are apart: the better the fit, the steeper, without end


def _calibrated(weights: Floats, spread: Floats, mean: float) -> Calibration:
    errors = np.sqrt(np.diag(np.linalg.inv(spread)))
    intercept, slope = (_around(float(value), float(error)) for value, error in zip(weights, errors, strict=True))
    return Calibration(slope, intercept, mean)


def log_odds(p: Floats) -> Floats:
    kept = np.clip(p, EDGE, 1 - EDGE)
    return np.log(kept / (1 - kept))


def curve(outcome: NDArray[np.int_], p: Floats, *, parts: int = CURVE_PARTS) -> list[CurvePart]:
    """Customers in `parts` equal groups by rising score; fewer where scores are tied across them."""
    order = np.argsort(p, kind="stable")
    groups: Sequence[NDArray[np.int_]] = np.array_split(order, min(parts, len(p)))
    return [
        CurvePart(float(p[group].mean()), proportion(int(outcome[group].sum()), len(group)))
        for group in groups
        if len(group)
    ]


def _around(value: float, error: float) -> Estimate:
    reach = 1.959964 * error
    return Estimate(value, error, value - reach, value + reach)
