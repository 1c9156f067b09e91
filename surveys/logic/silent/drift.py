"""Whether the customers who are scored still look like those the model learned from: the population stability index.

PSI = Σ (a − e) · ln(a / e) over the parts of a column's range, e the expected share and a the actual one. Below .1 a
column is usually called stable, above .25 shifted (Siddiqi 2006). Of n and m customers chance alone gives about
(parts − 1) · (1/n + 1/m). Half a customer is added to each part, so that an empty one is not infinite.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from surveys.logic.silent.table import Floats, Layout

PARTS = 10
STABLE, SHIFTED = 0.1, 0.25
SCORE = ""
"""The name under which the scores themselves are compared."""


@dataclass(frozen=True, slots=True)
class Spread:
    """How one column lay when the model learned: edges between the parts of a number, customers in each part.

    A number has a last part for missing; a category has a part for each code, and no edges.
    """

    edges: tuple[float, ...]
    counts: tuple[int, ...]
    is_number: bool


@dataclass(frozen=True, slots=True)
class Shift:
    """One column's PSI, what chance alone would give, and the share of missing then and now (None of a category)."""

    column: str
    psi: float
    by_chance: float
    missing_then: float | None = None
    missing_now: float | None = None


def spreads_of(layout: Layout, matrix: Floats, scores: Floats) -> dict[str, Spread]:
    """How the scores and every column lie."""
    spreads = {SCORE: _spread(scores)}
    for place, feature in enumerate(layout.features):
        if feature.kind == "category":
            counts = np.bincount(matrix[:, place].astype(int), minlength=layout.codes(place))
            spreads[feature.name] = Spread((), tuple(map(int, counts)), is_number=False)
        else:
            spreads[feature.name] = _spread(matrix[:, place])
    return spreads


def _spread(values: Floats) -> Spread:
    known = values[~np.isnan(values)]
    edges = np.unique(np.quantile(known, np.linspace(0, 1, PARTS + 1)[1:-1])) if len(known) else np.empty(0)
    return Spread(tuple(map(float, edges)), tuple(map(int, _counts(values, edges))), is_number=True)


def _counts(values: Floats, edges: Floats) -> NDArray[np.int_]:
    parts = np.where(np.isnan(values), len(edges) + 1, np.searchsorted(edges, values, side="left"))
    return np.bincount(parts, minlength=len(edges) + 2)


def psi(then: Sequence[int], now: Sequence[int]) -> float:
    """The index of two lists of counts over the same parts; parts that are empty in both say nothing."""
    expected, actual = (np.asarray(counts, dtype=np.float64) for counts in (then, now))
    some = (expected + actual) > 0
    e, a = ((counts[some] + 0.5) / (counts[some] + 0.5).sum() for counts in (expected, actual))
    return float(np.sum((a - e) * np.log(a / e)))


@dataclass
class DriftWatch:
    """Counts batches as they stream by; `shifts` compares them with the training table."""

    layout: Layout
    spreads: Mapping[str, Spread]
    n: int = 0
    _counted: dict[str, NDArray[np.int_]] = field(default_factory=dict)

    def feed(self, matrix: Floats, scores: Floats) -> None:
        self.n += len(scores)
        self._add(SCORE, _counts(scores, np.asarray(self.spreads[SCORE].edges)))
        for place, feature in enumerate(self.layout.features):
            spread, values = self.spreads[feature.name], matrix[:, place]
            if spread.is_number:
                self._add(feature.name, _counts(values, np.asarray(spread.edges)))
            else:
                self._add(feature.name, np.bincount(values.astype(int), minlength=len(spread.counts)))

    def _add(self, name: str, counts: NDArray[np.int_]) -> None:
        self._counted[name] = self._counted[name] + counts if name in self._counted else counts

    def shifts(self) -> list[Shift]:
        """The scores first, then the columns that moved most. Empty where nothing was scored."""
        if not self.n:
            return []
        found = [self._shift(name, spread) for name, spread in self.spreads.items()]
        return sorted(found, key=lambda shift: (shift.column != SCORE, -shift.psi, shift.column))

    def _shift(self, name: str, spread: Spread) -> Shift:
        then, now = np.asarray(spread.counts), self._counted[name]
        parts = int(np.count_nonzero(then + now))
        chance = (parts - 1) * (1 / self.n + 1 / max(1, int(then.sum())))
        index = psi(spread.counts, list(map(int, now)))
        if not spread.is_number or name == SCORE:
            return Shift(name, index, chance)
        return Shift(name, index, chance, float(then[-1] / max(1, then.sum())), float(now[-1] / self.n))


def to_plain(spreads: Mapping[str, Spread]) -> dict[str, Any]:
    return {name: [list(spread.edges), list(spread.counts), spread.is_number] for name, spread in spreads.items()}


def from_plain(kept: Mapping[str, Any]) -> dict[str, Spread]:
    return {name: Spread(tuple(edges), tuple(counts), is_number) for name, (edges, counts, is_number) in kept.items()}
