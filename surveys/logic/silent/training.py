"""From a table of customers, some of them dissatisfied, to a fitted model with its card."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
from numpy.typing import NDArray

from surveys.logic.sentences import MappingError, gettext_noop
from surveys.logic.silent.audit import BANDS
from surveys.logic.silent.card import CAPACITIES, Card, curve_of, segments_of, tried
from surveys.logic.silent.drift import spreads_of
from surveys.logic.silent.influence import influences
from surveys.logic.silent.leaks import Finding, screen, unused
from surveys.logic.silent.learning import KINDS, calibrated, chances, one_thread
from surveys.logic.silent.spec import ModelSpec
from surveys.logic.silent.table import Cells, Floats, Layout, Values, layout_of, matrix_of
from surveys.logic.silent.validation import (
    REPEATS,
    Split,
    Trial,
    attempt,
    blocks_of_time,
    compete,
    method_of,
    repeated_folds,
)

LEAST_OF_EACH = 50
"""Dissatisfied customers, and others: ten a fold. Below it an AUC has an interval of ± .08, and says nothing."""
MOST_ROWS = 50_000
"""Customers that are learned from; of more, a random part: the interval of an AUC is ± .005 then."""


@dataclass(frozen=True, slots=True)
class Trained:
    """The fitted model (a scikit-learn classifier over the card's layout) and what is to be told of it."""

    model: Any
    card: Card


@dataclass(frozen=True, slots=True)
class Examples:
    """What there is to learn from: cells by column, 1 for each dissatisfied customer, and the days, where known."""

    columns: Mapping[str, Cells]
    outcome: NDArray[np.int_]
    days: Sequence[date] = ()

    def part(self, rows: NDArray[np.int_]) -> Examples:
        return Examples(
            {name: [cells[row] for row in rows] for name, cells in self.columns.items()},
            self.outcome[rows],
            [self.days[row] for row in rows] if self.days else (),
        )


def train(
    spec: ModelSpec,
    examples: Examples,
    *,
    seed: int,
    with_flags: bool = False,
    repeats: int = REPEATS,
    capacities: Sequence[float] = CAPACITIES,
    told: Callable[[list[Finding]], None] = lambda _findings: None,
) -> Trained:
    """Screen, compete, calibrate, try, fit on all. Raises MappingError where there is too little to learn from.

    `with_flags` lets problem flags in, and the model is then not for silent customers. `told` is given what was found
    wrong with the columns before anything is trained.
    """
    _enough(examples.outcome)
    read = len(examples.outcome)
    examples = _some(examples, seed)
    findings = screen(spec, examples.columns, examples.outcome, seed=seed, with_flags=with_flags)
    told(findings)
    features = [*spec.operational, *(spec.flags if with_flags else ())]
    layout = layout_of([one for one in features if one.name not in unused(findings)], examples.columns)
    if not layout.features:
        raise MappingError(gettext_noop("Every column leaks, is constant or equals another: nothing is left to learn."))
    with one_thread():
        chosen, aucs, folds = _compete(layout, examples, seed, repeats)
        card = _card(
            spec, examples, chosen, folds=folds, capacities=capacities, facts=Facts(read, tuple(findings), aucs)
        )
        return Trained(chosen.fitted(), card)


@dataclass(frozen=True, slots=True)
class Facts:
    """What a card tells beside what it measures: rows read, what was found, the AUC of each kind that competed."""

    read: int
    findings: tuple[Finding, ...]
    aucs: Mapping[str, float]


def _compete(
    layout: Layout, examples: Examples, seed: int, repeats: int
) -> tuple[Chosen, dict[str, float], list[list[Split]]]:
    """(the kind that ranks best out of fold, the AUC of each kind, the folds)."""
    matrix, outcome = matrix_of(layout, examples.columns), examples.outcome
    folds = repeated_folds(outcome, seed=seed, repeats=repeats)
    aucs = compete(layout, matrix, outcome, folds, seed=seed)
    kind = max(KINDS, key=lambda one: aucs[one])
    method = method_of(kind, layout, matrix, outcome, folds[0], seed=seed)
    return Chosen(kind, method, layout, matrix, outcome, seed), aucs, folds


def _card(
    spec: ModelSpec,
    examples: Examples,
    chosen: Chosen,
    *,
    folds: Sequence[Sequence[Split]],
    capacities: Sequence[float],
    facts: Facts,
) -> Card:
    """Everything that is measured of the chosen kind of model."""
    outcome, layout, days = chosen.outcome, chosen.layout, examples.days
    shuffled = [chosen.attempt(splits) for splits in folds]
    later = blocks_of_time(days, outcome) if days else []
    in_time = [chosen.attempt(later)] if later else []
    counted = (in_time or shuffled)[0]
    orders = (("time", in_time), ("shuffled", shuffled))
    ranked = influences(chosen.kind, layout, chosen.matrix, outcome, folds[0], seed=chosen.seed)
    return Card(
        kind=chosen.kind,
        method=chosen.method,
        seed=chosen.seed,
        n=len(outcome),
        dissatisfied=int(outcome.sum()),
        read=facts.read,
        for_silent=not any(feature.answered for feature in layout.features),
        aucs=facts.aucs,
        tried=tuple(tried(order, trials, outcome, capacities=capacities) for order, trials in orders if trials),
        curve=curve_of(counted, outcome),
        segments=segments_of(examples.columns, spec.segments, counted, outcome),
        influences=tuple(ranked),
        findings=facts.findings,
        borders=tuple(float(edge) for edge in np.quantile(shuffled[0].p, BANDS)),
        layout=layout,
        spreads=spreads_of(layout, chosen.matrix, shuffled[0].p),
        first_day=min(days).isoformat() if days else "",
        last_day=max(days).isoformat() if days else "",
    )


@dataclass(frozen=True, slots=True)
class Chosen:
    """The kind of model that won, over one matrix."""

    kind: str
    method: str
    layout: Layout
    matrix: Floats
    outcome: NDArray[np.int_]
    seed: int

    def _blank(self) -> Any:
        return calibrated(self.kind, self.layout, method=self.method, seed=self.seed)

    def attempt(self, splits: Sequence[Split]) -> Trial:
        return attempt(self._blank, self.matrix, self.outcome, splits)

    def fitted(self) -> Any:
        return self._blank().fit(self.matrix, self.outcome)


def predict(model: Any, layout: Layout, columns: Mapping[str, Values]) -> tuple[Floats, Floats]:
    """(matrix, probability of being dissatisfied) of customers by the columns that the layout names."""
    matrix = matrix_of(layout, columns)
    with one_thread():
        return matrix, chances(model, matrix)


def _some(examples: Examples, seed: int) -> Examples:
    n = len(examples.outcome)
    if n <= MOST_ROWS:
        return examples
    return examples.part(np.sort(np.random.default_rng(seed).choice(n, MOST_ROWS, replace=False)))


def _enough(outcome: NDArray[np.int_]) -> None:
    n, bad = len(outcome), int(outcome.sum())
    facts: dict[str, object] = {"n": n, "bad": bad, "good": n - bad, "need": LEAST_OF_EACH}
    if not n:
        raise MappingError(
            gettext_noop(
                "No customer's answer was found; a model needs %(need)s dissatisfied customers and as many others."
            ),
            **facts,
        )
    if bad in (0, n):
        raise MappingError(
            gettext_noop(
                "All %(n)s customers answered alike (%(bad)s dissatisfied, %(good)s not): there is nothing to tell "
                "apart. A model needs %(need)s of each kind."
            ),
            **facts,
        )
    if min(bad, n - bad) < LEAST_OF_EACH:
        facts["answers"] = -(-LEAST_OF_EACH * n // min(bad, n - bad))
        raise MappingError(
            gettext_noop(
                "Of %(n)s customers %(bad)s are dissatisfied and %(good)s are not: too few. A model needs %(need)s of "
                "each kind, at this share some %(answers)s answers."
            ),
            **facts,
        )
