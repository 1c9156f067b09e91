"""What in a training table knows the outcome already, told before anything is trained.

A leak by value: one column alone finds the dissatisfied far too well, or it is an answer, which a silent customer has
not given. A leak by missingness: whether a cell is filled depends on the outcome, as where only complainers were asked.
Columns that are equal in every row, or constant, are told too: one of two equal ones is often a mistake of the export.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from surveys.logic.cells import is_missing, written
from surveys.logic.silent.measures import auc
from surveys.logic.silent.spec import Feature, ModelSpec
from surveys.logic.silent.table import Cells, Floats, codes_of, numbers_of

TOO_GOOD = 0.85
"""An AUC that no single operational column reaches honestly: ratings of the same talk reach .96, problem flags .73, and
the best operational column .63 on a real survey of 5,433 customers."""
ALPHA = 0.01  # of all missingness tests together (Bonferroni)
PARTS = 20  # of a number's range
FOLDS = 5
PRIOR = 20  # customers at the base rate that are added to each part: a rare one says little
MOST_VALUES = 10_000
LEAST_KNOWN = 50
"""Customers of whom a column is known; of fewer, some training fold might know nobody's."""
TELLING_GAPS = 0.6
"""An AUC of missingness alone from which a column is not used: its gaps come from how the table was made."""


class Leak(StrEnum):
    RATING = "rating"
    ANSWERED = "answered"
    VALUE = "value"
    MISSING = "missing"
    SAME = "same"
    CONSTANT = "constant"
    SPARSE = "sparse"


@dataclass(frozen=True, slots=True)
class Finding:
    """What is wrong with one column. `auc`: what it alone finds out of fold, of its missingness for MISSING, else None.

    `used`: it trains the model nevertheless. `other` is the equal column of SAME; `p` the probability of MISSING.
    """

    column: str
    leak: Leak
    used: bool
    auc: float | None = None
    other: str = ""
    p: float | None = None


def screen(
    spec: ModelSpec,
    columns: Mapping[str, Cells],
    outcome: NDArray[np.int_],
    *,
    seed: int,
    with_flags: bool = False,
) -> list[Finding]:
    """Every column of the spec against the outcome. What a finding does not mark as used must not train.

    `with_flags` admits the problem flags, for a model that is not for silent customers; ratings never.
    """
    flags = [feature.name for feature in spec.flags]
    answers = [Feature(name, "number", answered=True) for name in spec.ratings]
    alone = {
        feature.name: single_auc(feature, columns[feature.name], outcome, seed=seed)
        for feature in (*spec.operational, *spec.flags, *answers)
    }
    found = [Finding(name, Leak.RATING, False, alone[name]) for name in spec.ratings]
    found += [Finding(name, Leak.ANSWERED, with_flags and alone[name] < TOO_GOOD, alone[name]) for name in flags]
    found += [
        Finding(feature.name, Leak.VALUE, False, alone[feature.name])
        for feature in spec.operational
        if alone[feature.name] >= TOO_GOOD
    ]
    candidates = [*spec.operational, *(spec.flags if with_flags else ())]
    found += _missing(candidates, columns, outcome)
    return found + list(_useless(candidates, columns))


def unused(found: Sequence[Finding]) -> set[str]:
    """The columns that must not train."""
    return {finding.column for finding in found if not finding.used}


def single_auc(feature: Feature, cells: Cells, outcome: NDArray[np.int_], *, seed: int) -> float:
    """The cross-validated AUC of one column alone, whatever the shape of its relation.

    Each part of its range (twentieths of a number, levels of a category, missing) is scored by the share dissatisfied
    among the other folds' customers in it.
    """
    parts = _parts_of_numbers(numbers_of(cells)) if feature.kind != "category" else _parts_of_levels(cells)
    folds = _folds(outcome, seed)
    scores = np.empty(len(parts))
    for fold in range(FOLDS):
        rest = folds != fold
        base = outcome[rest].mean() if rest.any() else 0.0
        n = np.bincount(parts[rest], minlength=parts.max() + 1)
        hits = np.bincount(parts[rest], weights=outcome[rest], minlength=parts.max() + 1)
        scores[~rest] = ((hits + PRIOR * base) / (n + PRIOR))[parts[~rest]]
    return auc(outcome, scores)[0]


def _folds(outcome: NDArray[np.int_], seed: int) -> NDArray[np.int_]:
    """A fold for each customer, as many of each kind in each: else a fold's own share runs against that of the rest."""
    chance, folds = np.random.default_rng(seed), np.empty(len(outcome), dtype=np.int_)
    for kind in (0, 1):
        rows = chance.permutation(np.flatnonzero(outcome == kind))
        folds[rows] = np.arange(len(rows)) % FOLDS
    return folds


def _parts_of_numbers(values: Floats) -> NDArray[np.int_]:
    known = values[~np.isnan(values)]
    edges = np.unique(np.quantile(known, np.linspace(0, 1, PARTS + 1)[1:-1])) if len(known) else np.empty(0)
    return np.where(np.isnan(values), len(edges) + 1, np.searchsorted(edges, values, side="left"))


def _parts_of_levels(cells: Cells) -> NDArray[np.int_]:
    levels = sorted({written(cell).casefold() for cell in cells if not is_missing(cell)})[:MOST_VALUES]
    return codes_of(cells, levels).astype(int)


def _missing(features: Sequence[Feature], columns: Mapping[str, Cells], outcome: NDArray[np.int_]) -> list[Finding]:
    """Columns that are missing more or less often for the dissatisfied, beyond chance (two-sided z-test of shares)."""
    found = []
    for feature in features:
        gone = np.array([is_missing(cell) for cell in columns[feature.name]])
        if not 0 < gone.sum() < len(gone):
            continue
        bad, good = gone[outcome == 1], gone[outcome == 0]
        spread = gone.mean() * (1 - gone.mean()) * (1 / len(bad) + 1 / len(good))
        p = 2 * NormalDist().cdf(-abs(float((bad.mean() - good.mean()) / np.sqrt(spread))))
        if p * len(features) < ALPHA:
            value = 0.5 + abs(float(bad.mean() - good.mean())) / 2
            found.append(
                Finding(feature.name, Leak.MISSING, value < TELLING_GAPS, value, p=min(1.0, p * len(features)))
            )
    return found


def _useless(features: Sequence[Feature], columns: Mapping[str, Cells]) -> Iterator[Finding]:
    """Columns that are constant or known of hardly anybody, and the later of two that are equal in every row."""
    seen: dict[tuple[object, ...], str] = {}
    for feature in features:
        values = tuple(_comparable(cell) for cell in columns[feature.name])
        if len(set(values)) < 2:
            yield Finding(feature.name, Leak.CONSTANT, False)
        elif sum(value is not None for value in values) < LEAST_KNOWN:
            yield Finding(feature.name, Leak.SPARSE, False)
        elif (first := seen.setdefault(values, feature.name)) != feature.name:
            yield Finding(feature.name, Leak.SAME, False, other=first)


def _comparable(cell: object) -> object:
    return None if is_missing(cell) else cell  # type: ignore[arg-type]
