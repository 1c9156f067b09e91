"""The model card: everything that is told of a model, as values that can be kept and shown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from surveys.logic.cells import is_missing, written
from surveys.logic.metrics import Share, proportion
from surveys.logic.silent.drift import Spread
from surveys.logic.silent.drift import to_plain as spreads_to_plain
from surveys.logic.silent.influence import Influence
from surveys.logic.silent.leaks import Finding
from surveys.logic.silent.measures import (
    AtCapacity,
    Calibration,
    CurvePart,
    Estimate,
    at_capacity,
    auc,
    brier,
    calibration,
    curve,
    interval,
)
from surveys.logic.silent.table import Cells, Floats, Layout
from surveys.logic.silent.table import to_plain as layout_to_plain
from surveys.logic.silent.validation import Trial, mean_auc

CAPACITIES = (0.01, 0.05, 0.1, 0.2)
LEAST_IN_SEGMENT = 50  # customers
LEAST_OF_EACH_IN_SEGMENT = 10  # of the dissatisfied, and of the others, before a segment has an AUC
MOST_SEGMENTS = 30


@dataclass(frozen=True, slots=True)
class Segment:
    """How good the model is for one value of one column; `predicted` is its mean probability."""

    column: str
    value: str
    observed: Share
    predicted: float
    auc: Estimate


@dataclass(frozen=True, slots=True)
class Tried:
    """One way of trying the model: `shuffled` folds or in order of `time`; `folds` models were fitted for it."""

    order: str
    folds: int
    auc: Estimate
    brier: float
    brier_null: float
    calibration: Calibration
    capacities: tuple[AtCapacity, ...]


@dataclass(frozen=True, slots=True)
class Card:
    """What a model is and how good.

    `tried` has the way that counts first. `aucs` are those of all kinds that competed; `for_silent` is false where
    answers trained it. `borders` divide the scores into the bands of the audit.
    """

    kind: str
    method: str
    seed: int
    n: int
    dissatisfied: int
    read: int
    for_silent: bool
    aucs: Mapping[str, float]
    tried: tuple[Tried, ...]
    curve: tuple[CurvePart, ...]
    segments: tuple[Segment, ...]
    influences: tuple[Influence, ...]
    findings: tuple[Finding, ...]
    borders: tuple[float, ...]
    layout: Layout
    spreads: Mapping[str, Spread]
    first_day: str = ""
    last_day: str = ""

    def plain(self) -> dict[str, Any]:
        """As JSON keeps it; `layout` and `spreads` can be read back by their modules."""
        kept = {name: value for name, value in _fields(self).items() if name not in ("layout", "spreads")}
        return {**kept, "layout": layout_to_plain(self.layout), "spreads": spreads_to_plain(self.spreads)}


def _fields(card: Card) -> dict[str, Any]:
    values = asdict(card)
    values["findings"] = [{**finding, "leak": str(finding["leak"])} for finding in values["findings"]]
    return values


def tried(order: str, trials: Sequence[Trial], outcome: NDArray[np.int_], *, capacities: Sequence[float]) -> Tried:
    """One way of trying, its measures the means over its trials."""
    sets = [(outcome[trial.rows], trial.p) for trial in trials]
    errors = [brier(y, p) for y, p in sets]
    return Tried(
        order=order,
        folds=sum(len(trial.aucs) for trial in trials),
        auc=mean_auc(trials),
        brier=float(np.mean([mine for mine, _null in errors])),
        brier_null=float(np.mean([null for _mine, null in errors])),
        calibration=_mean_calibration([calibration(y, p) for y, p in sets]),
        capacities=tuple(_mean_capacity([at_capacity(y, p, share) for y, p in sets]) for share in capacities),
    )


def _mean_calibration(found: Sequence[Calibration]) -> Calibration:
    """Trials repeat the same customers: estimates and errors are averaged, and the intervals no narrower for it."""
    return Calibration(
        slope=_mean([one.slope for one in found]),
        intercept=_mean([one.intercept for one in found]),
        mean=float(np.mean([one.mean for one in found])),
    )


def _mean(found: Sequence[Estimate]) -> Estimate:
    names = ("value", "error", "low", "high")
    values = [[getattr(one, name) for one in found] for name in names]
    if any(value is None for row in values for value in row):
        return Estimate(None)
    return Estimate(*(float(np.mean(row)) for row in values))


def _mean_capacity(found: Sequence[AtCapacity]) -> AtCapacity:
    first = found[0]
    hits = round(float(np.mean([(one.precision.share or 0.0) * one.n for one in found])))
    return AtCapacity(
        share=first.share,
        n=first.n,
        precision=proportion(hits, first.n),
        capture=float(np.mean([one.capture for one in found])),
        lift=float(np.mean([one.lift for one in found])),
    )


def curve_of(trial: Trial, outcome: NDArray[np.int_]) -> tuple[CurvePart, ...]:
    """Of one trial: more of them would show the same customers again, as if there were more."""
    return tuple(curve(outcome[trial.rows], trial.p))


def segments_of(
    columns: Mapping[str, Cells], names: Sequence[str], trial: Trial, outcome: NDArray[np.int_]
) -> tuple[Segment, ...]:
    """Every value with enough customers, of each column that divides them."""
    found = []
    for name in names:
        values = np.array(["" if is_missing(cell) else written(cell) for cell in columns[name]], dtype=object)
        here = values[trial.rows]
        for value in sorted(set(here)):
            rows = here == value
            if rows.sum() >= LEAST_IN_SEGMENT:
                found.append(_segment(name, str(value), outcome[trial.rows][rows], trial.p[rows]))
    return tuple(sorted(found, key=lambda one: -one.observed.n)[:MOST_SEGMENTS])


def _segment(column: str, value: str, outcome: NDArray[np.int_], p: Floats) -> Segment:
    bad = int(outcome.sum())
    known = min(bad, len(outcome) - bad) >= LEAST_OF_EACH_IN_SEGMENT
    return Segment(
        column=column,
        value=value,
        observed=proportion(bad, len(outcome)),
        predicted=float(p.mean()),
        auc=interval(*auc(outcome, p)) if known else Estimate(None),
    )
