"""Effects of care against the hold-out, from group sums alone.

Every estimator takes sufficient statistics (n, Σy, Σy² …), so one scan of the database serves any number of
customers. Customers count in the arm they were assigned to, whatever happened afterwards.

The distributions come from `scipy.special`: the same functions as `scipy.stats` at half the start-up time.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce
from typing import Literal, NamedTuple

from scipy import special

from evaluation.logic.sums import NOBODY, RESOLUTION, ArmStats, PairedArmStats

LEAST_IN_STRATUM = 4

Method = Literal["welch", "welch_adjusted", "newcombe", "post_stratified", "post_stratified_adjusted"]
Reason = Literal["", "arm_missing", "too_few", "constant"]


@dataclass(frozen=True, slots=True)
class Effect:
    """Care minus hold-out in the outcome's unit; every number is None when `reason` says why not."""

    effect: float | None
    se: float | None
    low: float | None
    high: float | None
    p: float | None
    n_care: int
    n_hold_out: int
    method: Method
    df: float | None = None
    reason: Reason = ""

    @property
    def known(self) -> bool:
        return not self.reason


@dataclass(frozen=True, slots=True)
class Stratum:
    """One stratum of the draw: its number of assigned customers (any positive weight) and its two arms."""

    weight: float
    care: ArmStats
    hold_out: ArmStats

    def __post_init__(self) -> None:
        if not (math.isfinite(self.weight) and self.weight > 0):
            raise ValueError(f"A stratum's weight must be positive, not {self.weight}.")

    def __add__(self, other: Stratum) -> Stratum:
        return Stratum(self.weight + other.weight, self.care + other.care, self.hold_out + other.hold_out)

    @property
    def stands(self) -> bool:
        """Whether the stratum can be compared by itself: with fewer, one answer would speak for all its customers."""
        return min(self.care.n, self.hold_out.n) >= LEAST_IN_STRATUM


class _Point(NamedTuple):
    """An estimate before it has an interval; `reason` is set, and the numbers 0, when there is none."""

    effect: float = 0.0
    se: float = 0.0
    df: float = 0.0
    reason: Reason = ""


def check_level(level: float) -> None:
    if not 0 < level < 1:
        raise ValueError(f"The confidence level must lie between 0 and 1, not {level}.")


def unknown(n_care: int, n_hold_out: int, method: Method, reason: Reason) -> Effect:
    return Effect(None, None, None, None, None, n_care, n_hold_out, method, reason=reason)


def _finish(point: _Point, n_care: int, n_hold_out: int, level: float, method: Method) -> Effect:
    """Student's interval and p-value around a point."""
    effect, se, df, reason = point
    if reason:
        return unknown(n_care, n_hold_out, method, reason)
    reach = float(special.stdtrit(df, (1 + level) / 2)) * se
    p = 2 * float(special.stdtr(df, -abs(effect) / se))
    return Effect(effect, se, effect - reach, effect + reach, p, n_care, n_hold_out, method, df=df)


def _refusal(n_care: int, n_hold_out: int, least: int) -> Reason:
    if n_care == 0 or n_hold_out == 0:
        return "arm_missing"
    return "too_few" if min(n_care, n_hold_out) < least else ""


def _satterthwaite(parts: Sequence[tuple[float, float]]) -> float:
    """Degrees of freedom of a sum of (variance, df) parts; shares of the total, so nothing underflows."""
    total = math.fsum(variance for variance, _ in parts)
    return 1 / math.fsum((variance / total) ** 2 / df for variance, df in parts)


def _resolved(sum_of_squares: float, raw_squares: float) -> tuple[float, bool]:
    """The spread, not below rounding noise (so never understated), and whether it rose above that noise."""
    noise = RESOLUTION * raw_squares
    return max(sum_of_squares, noise), sum_of_squares > noise


def _welch(care: ArmStats, hold_out: ArmStats) -> _Point:
    if reason := _refusal(care.n, hold_out.n, least=2):
        return _Point(reason=reason)
    care_ss, care_varies = _resolved(care.sum_of_squares, care.sum_yy)
    hold_out_ss, hold_out_varies = _resolved(hold_out.sum_of_squares, hold_out.sum_yy)
    if not (care_varies or hold_out_varies):
        return _Point(reason="constant")
    care_var = care_ss / (care.n - 1) / care.n
    hold_out_var = hold_out_ss / (hold_out.n - 1) / hold_out.n
    df = _satterthwaite([(care_var, care.n - 1), (hold_out_var, hold_out.n - 1)])
    return _Point(care.mean - hold_out.mean, math.sqrt(care_var + hold_out_var), df)


def difference(care: ArmStats | None, hold_out: ArmStats | None, level: float = 0.95) -> Effect:
    """Difference of means with Welch's standard error, interval and p-value.

    Welch because a hold-out of 10 % has neither the size nor, usually, the variance of the care arm.
    A missing arm, an arm of one, or an outcome constant in both arms gives an unknown effect.
    """
    check_level(level)
    care, hold_out = care or NOBODY, hold_out or NOBODY
    return _finish(_welch(care, hold_out), care.n, hold_out.n, level, "welch")


def adjusted(care: PairedArmStats | None, hold_out: PairedArmStats | None, level: float = 0.95) -> Effect:
    """Difference adjusted for the pre-period value x (CUPED): ȳ₁ − ȳ₀ − θ·(x̄₁ − x̄₀).

    θ is the pooled within-arm slope, so the effect equals the OLS coefficient of the arm in y ~ 1 + arm + x.

    Standard error: each arm's own variance of y − θx (Welch), one degree of freedom taken for θ, plus θ's own
    uncertainty times the chance imbalance, s²·(x̄₁ − x̄₀)²/Sxx. With equal arms this is exactly the classical
    OLS error; with a 90:10 split the classical one is wrong whenever the variances differ, this one is not.
    HC1 needs Σx²e² from unit rows and is not computed here; it agrees to first order.

    Needs three customers in each arm. A pre-period value that does not vary adjusts nothing: plain Welch.
    """
    check_level(level)
    n_care, n_hold_out = care.n if care else 0, hold_out.n if hold_out else 0
    reason = _refusal(n_care, n_hold_out, least=3)
    if reason or care is None or hold_out is None:
        return unknown(n_care, n_hold_out, "welch_adjusted", reason)
    spread_x = care.pre_period.sum_of_squares + hold_out.pre_period.sum_of_squares
    if not _resolved(spread_x, care.sum_xx + hold_out.sum_xx)[1]:
        return difference(care.outcome, hold_out.outcome, level)
    return _finish(_ancova(care, hold_out, spread_x), n_care, n_hold_out, level, "welch_adjusted")


def _ancova(care: PairedArmStats, hold_out: PairedArmStats, spread_x: float) -> _Point:
    slope = (care.cross_products + hold_out.cross_products) / spread_x
    care_ss, care_varies = _residual(care, slope)
    hold_out_ss, hold_out_varies = _residual(hold_out, slope)
    if not (care_varies or hold_out_varies):
        return _Point(reason="constant")
    imbalance = care.pre_period.mean - hold_out.pre_period.mean
    n = care.n + hold_out.n
    for_slope = (n - 2) / (n - 3)
    care_var = for_slope * care_ss / (care.n - 1) / care.n
    hold_out_var = for_slope * hold_out_ss / (hold_out.n - 1) / hold_out.n
    slope_var = (care_ss + hold_out_ss) / (n - 3) * imbalance**2 / spread_x
    return _Point(
        effect=care.outcome.mean - hold_out.outcome.mean - slope * imbalance,
        se=math.sqrt(care_var + hold_out_var + slope_var),
        df=_satterthwaite([(care_var, care.n - 1), (hold_out_var, hold_out.n - 1)]) - 1,
    )


def _residual(arm: PairedArmStats, slope: float) -> tuple[float, bool]:
    """Σ of squares of y − slope·x around its mean, and whether it is above rounding noise."""
    spread_y, spread_x = arm.outcome.sum_of_squares, arm.pre_period.sum_of_squares
    residual = spread_y - 2 * slope * arm.cross_products + slope**2 * spread_x
    return _resolved(residual, arm.sum_yy + slope**2 * arm.sum_xx)


def post_stratified(strata: Sequence[Stratum], level: float = 0.95) -> Effect:
    """Σ w·d over the strata of the draw, w the stratum's share of all assigned customers.

    Standard error: √Σ s²·Σ w²/n over the arms, s² each arm's own variance within strata, pooled over them: four
    customers of a hold-out say little of their stratum's variance, and ten such strata say enough together.

    A stratum with fewer than four in an arm is not dropped, which would change whom the effect speaks for: all such
    strata are joined, if need be with the lightest of the others. The hold-out share is the same in every stratum, so
    joining keeps the estimate unbiased.
    """
    check_level(level)
    n_care, n_hold_out = sum(s.care.n for s in strata), sum(s.hold_out.n for s in strata)
    return _finish(_weighted(_joined(strata)), n_care, n_hold_out, level, "post_stratified")


def _weighted(strata: Sequence[Stratum]) -> _Point:
    """The point of strata that stand, or of all of them joined when none does."""
    if not strata or not all(s.care.n and s.hold_out.n for s in strata):
        return _Point(reason="arm_missing")
    total = math.fsum(s.weight for s in strata)
    shares = [s.weight / total for s in strata]
    arms = [[s.care for s in strata], [s.hold_out for s in strata]]
    if any(_freedom(arm) < 1 for arm in arms):
        return _Point(reason="too_few")
    spreads = [_resolved(math.fsum(a.sum_of_squares for a in arm), math.fsum(a.sum_yy for a in arm)) for arm in arms]
    if not any(varies for _spread, varies in spreads):
        return _Point(reason="constant")
    parts = [
        (spread / _freedom(arm) * math.fsum(w**2 / a.n for w, a in zip(shares, arm, strict=True)), _freedom(arm))
        for arm, (spread, _varies) in zip(arms, spreads, strict=True)
    ]
    return _Point(
        effect=math.fsum(w * (s.care.mean - s.hold_out.mean) for w, s in zip(shares, strata, strict=True)),
        se=math.sqrt(math.fsum(variance for variance, _df in parts)),
        df=_satterthwaite(parts),
    )


def _freedom(arm: Sequence[ArmStats]) -> int:
    """Degrees of freedom of an arm's variance within strata."""
    return sum(stats.n for stats in arm) - len(arm)


def _joined(strata: Sequence[Stratum]) -> list[Stratum]:
    """The strata that can stand alone, the others joined; a single one when none can."""
    able = sorted((s for s in strata if s.stands), key=lambda s: s.weight)
    rest = [s for s in strata if not s.stands]
    if not rest:
        return able
    whole = reduce(Stratum.__add__, rest)
    while not whole.stands and able:
        whole += able.pop(0)
    return [whole, *able]
