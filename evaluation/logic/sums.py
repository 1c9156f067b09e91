"""Sufficient statistics of an arm: what one scan of the database gives of any number of customers.

Precision. Σy² − (Σy)²/n subtracts two nearly equal numbers: about 2·log10(mean/sd) of the sixteen digits of a
64-bit float are lost. That is nothing on a 0–100 scale; for money or time stamps, subtract a constant before
summing (differences do not change). Spread below `RESOLUTION` of Σy² is rounding noise and is never reported
as an infinitely precise result.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

RESOLUTION = 1e-12
LARGEST_SUM = 1e150


def _check_sums(n: int, *sums: float) -> None:
    if n < 0:
        raise ValueError(f"A group cannot have {n} members.")
    if any(not math.isfinite(value) or abs(value) > LARGEST_SUM for value in sums):
        raise ValueError("A group's sums must be finite numbers; check the outcome for NaN or infinity.")


def _check_square(n: int, total: float, squares: float) -> None:
    if squares < 0 or total * total > n * squares * (1 + 1e-9):
        raise ValueError(f"Impossible sums: n={n}, Σ={total}, Σ²={squares}; (Σ)² may not exceed n·Σ².")


def _around_means(n: int, total_a: float, total_b: float, products: float) -> float:
    """Σ(a − ā)(b − b̄) from raw sums."""
    return products - total_a * (total_b / n) if n else 0.0


@dataclass(frozen=True, slots=True)
class ArmStats:
    """One arm's outcome: count, Σy and Σy². Sums of two groups add up."""

    n: int
    sum_y: float
    sum_yy: float

    def __post_init__(self) -> None:
        _check_sums(self.n, self.sum_y, self.sum_yy)
        _check_square(self.n, self.sum_y, self.sum_yy)

    def __add__(self, other: ArmStats) -> ArmStats:
        return ArmStats(self.n + other.n, self.sum_y + other.sum_y, self.sum_yy + other.sum_yy)

    @property
    def mean(self) -> float:
        return self.sum_y / self.n

    @property
    def sum_of_squares(self) -> float:
        """Σ(y − ȳ)², never below 0."""
        return max(0.0, _around_means(self.n, self.sum_y, self.sum_y, self.sum_yy))


NOBODY = ArmStats(0, 0.0, 0.0)


@dataclass(frozen=True, slots=True)
class PairedArmStats:
    """One arm's outcome y with the same customers' pre-period value x: count and the five sums."""

    n: int
    sum_y: float
    sum_yy: float
    sum_x: float
    sum_xx: float
    sum_xy: float

    def __post_init__(self) -> None:
        _check_sums(self.n, self.sum_y, self.sum_yy, self.sum_x, self.sum_xx, self.sum_xy)
        _check_square(self.n, self.sum_y, self.sum_yy)
        _check_square(self.n, self.sum_x, self.sum_xx)

    @property
    def outcome(self) -> ArmStats:
        return ArmStats(self.n, self.sum_y, self.sum_yy)

    @property
    def pre_period(self) -> ArmStats:
        return ArmStats(self.n, self.sum_x, self.sum_xx)

    @property
    def cross_products(self) -> float:
        """Σ(x − x̄)(y − ȳ)."""
        return _around_means(self.n, self.sum_x, self.sum_y, self.sum_xy)
