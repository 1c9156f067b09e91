"""One reading of drivers from a table of answers: shares and ranks with their intervals, and what spoils them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from surveys.logic.drivers.shares import EXACT_UP_TO, Floats, shares_of

ROUNDS = 500
ROUNDS_OF_MANY = 100
"""Bootstrap samples; fewer above `MANY` drivers, whose 2ᵖ models take their time."""
MANY = 10
LEAST_PER_DRIVER = 10
CORRELATED = 0.8
"""Drivers correlated above it cannot be told apart: the order is not established."""
LEVEL = 0.95


@dataclass(frozen=True, slots=True)
class Driver:
    """`share` of the outcome's variance (0–1; the shares sum to R²), rank 1 is the largest; intervals of 95 %.

    `performance` is the driver's mean, in its own unit.
    """

    name: str
    share: float
    low: float
    high: float
    rank: int
    rank_low: int
    rank_high: int
    performance: float


@dataclass(frozen=True, slots=True)
class Drivers:
    """`correlated` are pairs above |r| = .8; `constant` drivers explain nothing and were left out.

    `exact`: LMG; else relative weights. `established`: no pair is correlated so much that the order is chance.
    """

    n: int
    r2: float
    drivers: tuple[Driver, ...]
    exact: bool
    correlated: tuple[tuple[str, str, float], ...] = ()
    constant: tuple[str, ...] = field(default=())

    @property
    def established(self) -> bool:
        return not self.correlated


class TooFew(ValueError):
    """Fewer complete answers than `need`: ten a driver, and 20 at least."""

    def __init__(self, n: int, need: int) -> None:
        super().__init__(f"{n} complete answers; {need} are needed.")
        self.n, self.need = n, need


class NothingVaries(ValueError):
    """The outcome, or every driver, is the same in all answers."""


def find_drivers(
    outcome: Floats, table: Floats, names: Sequence[str], *, seed: int, rounds: int | None = None
) -> Drivers:
    """Drivers of `outcome` (n) among the columns of `table` (n × p), by decreasing share.

    Rows with a missing value are left out. Intervals are of the percentile bootstrap over respondents, seeded. Raises
    TooFew and NothingVaries.
    """
    complete = np.isfinite(outcome) & np.isfinite(table).all(axis=1)
    outcome, table = outcome[complete], table[complete]
    varies = np.ptp(table, axis=0) > 0 if len(table) else np.zeros(len(names), dtype=bool)
    used = [name for name, keep in zip(names, varies, strict=True) if keep]
    need = max(20, LEAST_PER_DRIVER * len(names))
    if len(outcome) < need:
        raise TooFew(len(outcome), need)
    if not used or np.ptp(outcome) == 0:
        raise NothingVaries
    table = table[:, varies]
    data = np.column_stack([table, outcome])
    shares = _shares(data, None)
    drawn = _bootstrap(data, seed=seed, rounds=rounds or (ROUNDS if len(used) <= MANY else ROUNDS_OF_MANY))
    return Drivers(
        n=len(outcome),
        r2=float(shares.sum()),
        drivers=_ordered(used, shares, drawn, table.mean(axis=0)),
        exact=len(used) <= EXACT_UP_TO,
        correlated=_correlated(used, table),
        constant=tuple(name for name in names if name not in used),
    )


def _shares(data: Floats, weights: Floats | None) -> Floats:
    """Shares from weighted moments: the outcome is the last column. A column that a sample left constant has none."""
    covariance = np.cov(data, rowvar=False, aweights=weights, ddof=0)
    deviations = np.sqrt(np.diag(covariance))
    scale = np.where(deviations > 0, deviations, 1.0)
    correlations = covariance / np.outer(scale, scale)
    return shares_of(correlations[:-1, :-1], correlations[:-1, -1])


def _bootstrap(data: Floats, *, seed: int, rounds: int) -> Floats:
    """Shares of resampled respondents (rounds × p): how often each is drawn is a weight, so no row is copied."""
    rng = np.random.default_rng(seed)
    n = len(data)
    return np.array(
        [_shares(data, np.bincount(rng.integers(0, n, n), minlength=n).astype(float)) for _ in range(rounds)]
    )


def _ordered(names: Sequence[str], shares: Floats, drawn: Floats, means: Floats) -> tuple[Driver, ...]:
    tail = 100 * (1 - LEVEL) / 2
    low, high = np.percentile(drawn, [tail, 100 - tail], axis=0)
    ranks = 1 + np.argsort(np.argsort(-drawn, axis=1, kind="stable"), axis=1, kind="stable")
    rank_low, rank_high = np.percentile(ranks, [tail, 100 - tail], axis=0, method="nearest")
    order = sorted(range(len(names)), key=lambda j: (-shares[j], names[j]))
    return tuple(
        Driver(
            name=names[j],
            share=float(shares[j]),
            low=float(low[j]),
            high=float(high[j]),
            rank=place,
            rank_low=int(rank_low[j]),
            rank_high=int(rank_high[j]),
            performance=float(means[j]),
        )
        for place, j in enumerate(order, start=1)
    )


def _correlated(names: Sequence[str], table: Floats) -> tuple[tuple[str, str, float], ...]:
    if len(names) < 2:
        return ()
    r = np.atleast_2d(np.corrcoef(table, rowvar=False))
    return tuple(
        (names[i], names[j], float(r[i, j]))
        for i in range(len(names))
        for j in range(i + 1, len(names))
        if abs(r[i, j]) > CORRELATED
    )
