"""Trying a model on customers it has not seen: shuffled folds, and later days on a model of earlier ones.

Where days are known, the later ones count: a model is used on tomorrow's customers, and shuffled folds let it look at
their neighbours (.81 shuffled against .62 in order of time on one real set).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.model_selection import StratifiedKFold

from surveys.logic.silent.learning import ISOTONIC_FROM, KINDS, blank, calibrated, chances
from surveys.logic.silent.measures import Estimate, auc, brier, interval
from surveys.logic.silent.table import Floats, Layout

FOLDS, REPEATS = 5, 10
TIME_BLOCKS = 5  # the first only teaches
LEAST_OF_EACH = 20  # customers of each kind in a block of time

Split = tuple[NDArray[np.int_], NDArray[np.int_]]
"""Rows to learn from, rows to be tried on."""


@dataclass(frozen=True, slots=True)
class Trial:
    """Predictions for customers that were not seen, once through: which rows, what was predicted, AUC by fold."""

    rows: NDArray[np.int_]
    p: Floats
    aucs: tuple[tuple[float, float], ...]
    """(AUC, variance) of each fold."""


def repeated_folds(outcome: NDArray[np.int_], *, seed: int, repeats: int = REPEATS) -> list[list[Split]]:
    """`repeats` × 5 stratified folds, the same for the same seed."""
    blank_rows = np.zeros((len(outcome), 1))
    return [
        list(StratifiedKFold(FOLDS, shuffle=True, random_state=seed + repeat).split(blank_rows, outcome))
        for repeat in range(repeats)
    ]


def blocks_of_time(days: Sequence[date], outcome: NDArray[np.int_]) -> list[Split]:
    """Each block of later days with all earlier ones: whole days, about as many customers in each of five blocks.

    A block with too few customers of one kind is left out, and so is one that has too few before it: the list may be
    empty.
    """
    moments = np.array([day.toordinal() for day in days])
    edges = np.quantile(moments, np.linspace(0, 1, TIME_BLOCKS + 1)[1:-1], method="higher")
    block = np.searchsorted(edges, moments, side="left")
    splits = []
    for later in range(1, TIME_BLOCKS):
        learn, seen = np.flatnonzero(block < later), np.flatnonzero(block == later)
        if all(_enough(outcome[rows]) for rows in (learn, seen)):
            splits.append((learn, seen))
    return splits


def _enough(outcome: NDArray[np.int_]) -> bool:
    bad = int(outcome.sum())
    return min(bad, len(outcome) - bad) >= LEAST_OF_EACH


def attempt(model_of: Callable[[], Any], matrix: Floats, outcome: NDArray[np.int_], splits: Sequence[Split]) -> Trial:
    """Learn and predict, split by split."""
    rows, chance, aucs = [], [], []
    for learn, seen in splits:
        p = chances(model_of().fit(matrix[learn], outcome[learn]), matrix[seen])
        aucs.append(auc(outcome[seen], p))
        rows.append(seen)
        chance.append(p)
    return Trial(np.concatenate(rows), np.concatenate(chance), tuple(aucs))


def mean_auc(trials: Sequence[Trial]) -> Estimate:
    """The mean AUC over folds, with an interval for other customers of the same kind to be tried on.

    Folds of one trial share no customer, so their variances add up; trials repeat the same customers, so theirs do
    not. What another training sample would change is not in it.
    """
    value = float(np.mean([one for trial in trials for one, _variance in trial.aucs]))
    variance = np.mean([sum(v for _one, v in trial.aucs) / len(trial.aucs) ** 2 for trial in trials])
    return interval(value, float(variance))


def compete(
    layout: Layout, matrix: Floats, outcome: NDArray[np.int_], repeats: Sequence[Sequence[Split]], *, seed: int
) -> dict[str, float]:
    """The mean AUC of each kind of model, out of fold and before calibration, which moves no rank."""
    means = {}
    for kind in KINDS:
        trials = [attempt(partial(blank, kind, layout, seed=seed), matrix, outcome, folds) for folds in repeats]
        means[kind] = mean_auc(trials).value or 0.0
    return means


def method_of(
    kind: str, layout: Layout, matrix: Floats, outcome: NDArray[np.int_], folds: Sequence[Split], *, seed: int
) -> str:
    """How to calibrate: Platt's way, unless there are enough customers and isotonic has the smaller Brier score."""
    bad = int(outcome.sum())
    if min(bad, len(outcome) - bad) < ISOTONIC_FROM:
        return "sigmoid"
    scores = {}
    for method in ("sigmoid", "isotonic"):
        trial = attempt(partial(calibrated, kind, layout, method=method, seed=seed), matrix, outcome, folds)
        scores[method] = brier(outcome[trial.rows], trial.p)[0]
    return min(scores, key=lambda method: scores[method])
