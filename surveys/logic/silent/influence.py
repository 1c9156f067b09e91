"""What a model looks at: how much worse it ranks without a column, and which way the column points.

Importance is not causation: it says what helps to find the dissatisfied, not what made them so.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from surveys.logic.silent.learning import blank, chances
from surveys.logic.silent.measures import auc
from surveys.logic.silent.table import MISSING, OTHER, Floats, Layout, level_name
from surveys.logic.silent.validation import Split

SHUFFLES = 3
LOW, HIGH = 0.1, 0.9  # of a number's known values


@dataclass(frozen=True, slots=True)
class Influence:
    """One column: the AUC lost when its values are shuffled among unseen customers, mean and standard error over folds.

    `change` is what moving everybody from a low value (10 % lie below) to a high one (10 % above), or of a category
    from its mildest level to its worst, does to the mean predicted probability; `low` and `high` say which these are.
    A negative change: the more, the more satisfied.
    """

    column: str
    lost: float
    error: float
    change: float
    low: str
    high: str


def influences(
    kind: str, layout: Layout, matrix: Floats, outcome: NDArray[np.int_], folds: Sequence[Split], *, seed: int
) -> list[Influence]:
    """Every column of the layout, the most important first."""
    chance = np.random.default_rng(seed)
    lost = np.zeros((len(folds), len(layout.features)))
    effects = []
    for number, (learn, seen) in enumerate(folds):
        model = blank(kind, layout, seed=seed).fit(matrix[learn], outcome[learn])
        lost[number] = _lost(model, matrix[seen], outcome[seen], chance)
        if number == 0:
            effects = [_effect(model, layout, matrix[seen], matrix, place) for place in range(len(layout.features))]
    error = lost.std(axis=0, ddof=1) / np.sqrt(len(folds)) if len(folds) > 1 else np.zeros(lost.shape[1])
    found = [
        Influence(feature.name, float(lost[:, place].mean()), float(error[place]), *effects[place])
        for place, feature in enumerate(layout.features)
    ]
    return sorted(found, key=lambda one: (-one.lost, one.column))


def _lost(model: Any, matrix: Floats, outcome: NDArray[np.int_], chance: np.random.Generator) -> Floats:
    """AUC lost by shuffling each column, mean of some shuffles; those of one column are predicted in one go."""
    whole = auc(outcome, chances(model, matrix))[0]
    lost = np.zeros(matrix.shape[1])
    for place in range(matrix.shape[1]):
        shuffled = np.tile(matrix, (SHUFFLES, 1))
        shuffled[:, place] = np.concatenate([chance.permutation(matrix[:, place]) for _ in range(SHUFFLES)])
        parts = np.split(chances(model, shuffled), SHUFFLES)
        lost[place] = whole - float(np.mean([auc(outcome, part)[0] for part in parts]))
    return lost


def _effect(model: Any, layout: Layout, seen: Floats, matrix: Floats, place: int) -> tuple[float, str, str]:
    """(change, low, high) of one column: everybody is given the one value, then the other."""

    def mean_at(value: float) -> float:
        moved = seen.copy()
        moved[:, place] = value
        return float(chances(model, moved).mean())

    if layout.features[place].kind == "category":
        common = [code for code in np.unique(matrix[:, place]).astype(int) if code not in (OTHER, MISSING)]
        means = {code: mean_at(code) for code in common}
        if len(means) < 2:
            means |= {code: mean_at(code) for code in np.unique(matrix[:, place]).astype(int)}
        mildest, worst = min(means, key=lambda code: means[code]), max(means, key=lambda code: means[code])
        return means[worst] - means[mildest], level_name(layout, place, mildest), level_name(layout, place, worst)
    known = matrix[~np.isnan(matrix[:, place]), place]
    low, high = (float(value) for value in np.quantile(known, [LOW, HIGH])) if len(known) else (0.0, 0.0)
    if low == high and len(known):  # a counter that is zero for most
        low, high = float(known.min()), float(known.max())
    return mean_at(high) - mean_at(low), _written(low), _written(high)


def _written(value: float) -> str:
    """A number as people read it."""
    return f"{value:,.0f}" if abs(value) >= 1_000 else f"{value:.4g}"
