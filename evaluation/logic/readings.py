"""What a panel shows at one wave: effects and levels from the sums of its cells.

The primary method is fixed here, before any data. Satisfaction: care minus hold-out within each stratum of the draw,
weighted by the stratum's share of all assigned, of the score less θ times the level before care, with θ the slope
within cells (stratum × arm). Stratified as drawn, because a customer who waits for lack of capacity was drawn in some
strata more than in others. Share satisfied: the plain difference of two proportions. The deferred only weigh: they get
care later, so they stand in no comparison.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import reduce

from scipy import special

from evaluation.logic.effects import Effect, Stratum, check_level, difference, post_stratified
from evaluation.logic.shares import difference_of_proportions
from evaluation.logic.sums import NOBODY, RESOLUTION, ArmStats, PairedArmStats

CARE, HOLD_OUT = "care", "hold_out"
COMPARED = (CARE, HOLD_OUT)
SCALE = 100.0


@dataclass(frozen=True, slots=True)
class Cell:
    """One arm in one stratum at one wave: how many were assigned, how many answered, and the sums of their answers.

    y is the score on 0–100, x the level before care; `n_before` counts the answers whose x is known, and the sums with
    an x run over these. `satisfied` counts the scores of 75 and above.
    """

    stratum: str
    arm: str
    assigned: int
    n: int
    sum_y: float
    sum_yy: float
    n_before: int
    sum_x: float
    sum_xx: float
    sum_xy: float
    satisfied: int

    @property
    def outcome(self) -> ArmStats:
        return ArmStats(self.n, self.sum_y, self.sum_yy)

    @property
    def before(self) -> ArmStats:
        return ArmStats(self.n_before, self.sum_x, self.sum_xx)


@dataclass(frozen=True, slots=True)
class Mean:
    """A mean of n with Student's interval; None where it is unknown."""

    mean: float | None
    low: float | None
    high: float | None
    n: int


def satisfaction(cells: Sequence[Cell]) -> Effect:
    """The primary effect, in points of the 0–100 scale."""
    slope = _slope([cell for cell in cells if cell.arm in COMPARED])
    names = sorted({cell.stratum for cell in cells})
    effect = _possible(post_stratified([_stratum(name, cells, slope) for name in names]))
    return replace(effect, method="post_stratified_adjusted") if slope and effect.known else effect


def unadjusted(cells: Sequence[Cell]) -> Effect:
    """The plain difference of means, shown beside the primary effect: no weights, no adjustment."""
    return _possible(difference(total(cells, CARE), total(cells, HOLD_OUT)))


def satisfied(cells: Sequence[Cell]) -> Effect:
    """The difference of the shares satisfied, in percentage points."""
    effect = difference_of_proportions(
        count_satisfied(cells, CARE),
        total(cells, CARE).n,
        count_satisfied(cells, HOLD_OUT),
        total(cells, HOLD_OUT).n,
    )
    return replace(
        effect,
        effect=_percent(effect.effect),
        se=_percent(effect.se),
        low=_percent(effect.low),
        high=_percent(effect.high),
    )


def total(cells: Iterable[Cell], arm: str) -> ArmStats:
    """An arm's answers over all strata."""
    return reduce(ArmStats.__add__, (cell.outcome for cell in cells if cell.arm == arm), NOBODY)


def before(cells: Iterable[Cell], arm: str) -> ArmStats:
    """The level before care of those in an arm who answered, over all strata."""
    return reduce(ArmStats.__add__, (cell.before for cell in cells if cell.arm == arm), NOBODY)


def count_satisfied(cells: Iterable[Cell], arm: str) -> int:
    return sum(cell.satisfied for cell in cells if cell.arm == arm)


def mean(stats: ArmStats, level: float = 0.95) -> Mean:
    """A mean with its interval; one answer alone has no interval."""
    check_level(level)
    if stats.n < 2:
        return Mean(stats.mean if stats.n else None, None, None, stats.n)
    se = math.sqrt(stats.sum_of_squares / (stats.n - 1) / stats.n)
    reach = float(special.stdtrit(stats.n - 1, (1 + level) / 2)) * se
    return Mean(stats.mean, max(0.0, stats.mean - reach), min(SCALE, stats.mean + reach), stats.n)


def _slope(cells: Sequence[Cell]) -> float:
    """θ, pooled within cells; 0 where some level before care is unknown or none of them varies."""
    if any(cell.n_before != cell.n for cell in cells):
        return 0.0
    paired = [PairedArmStats(cell.n, cell.sum_y, cell.sum_yy, cell.sum_x, cell.sum_xx, cell.sum_xy) for cell in cells]
    spread = math.fsum(pair.pre_period.sum_of_squares for pair in paired)
    if spread <= RESOLUTION * math.fsum(pair.sum_xx for pair in paired):
        return 0.0
    return math.fsum(pair.cross_products for pair in paired) / spread


def _stratum(name: str, cells: Sequence[Cell], slope: float) -> Stratum:
    own = [cell for cell in cells if cell.stratum == name]
    care, hold_out = (
        reduce(ArmStats.__add__, (_less(cell, slope) for cell in own if cell.arm == arm), NOBODY) for arm in COMPARED
    )
    return Stratum(sum(cell.assigned for cell in own), care, hold_out)


def _less(cell: Cell, slope: float) -> ArmStats:
    """The sums of y − θx, from those of y and x."""
    if not cell.n:
        return NOBODY
    less = cell.sum_y - slope * cell.sum_x
    squares = cell.sum_yy - 2 * slope * cell.sum_xy + slope**2 * cell.sum_xx
    # Few answers that the slope fits leave rounding noise, which must not fall below what the sum itself says.
    return ArmStats(cell.n, less, max(less * less / cell.n, squares))


def _possible(effect: Effect) -> Effect:
    """An interval of few answers ends where a difference of two scores does."""
    if effect.effect is None or effect.low is None or effect.high is None:
        return effect
    # The adjusted point may lie a little outside; the interval always holds its own point.
    low = min(effect.effect, max(-SCALE, effect.low))
    return replace(effect, low=low, high=max(effect.effect, min(SCALE, effect.high)))


def _percent(share: float | None) -> float | None:
    return None if share is None else 100 * share
