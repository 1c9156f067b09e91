"""Columns that know the outcome already, found before anything is trained."""

from __future__ import annotations

import numpy as np
import pytest

from surveys.logic.silent.leaks import Finding, Leak, screen, single_auc, unused
from surveys.logic.silent.spec import Feature, ModelSpec, Outcome
from surveys.logic.silent.table import Cells

N = 2000
RNG = np.random.default_rng(3)
OUTCOME = (RNG.random(N) < 0.2).astype(int)
NOISE = RNG.normal(size=N)


def spec_of(*operational: Feature, flags: tuple[str, ...] = (), ratings: tuple[str, ...] = ()) -> ModelSpec:
    return ModelSpec(
        name="m",
        outcome=Outcome("y", 6),
        reference="id",
        day="",
        date_format="",
        segments=(),
        operational=operational,
        flags=tuple(Feature(name, "category", answered=True) for name in flags),
        ratings=ratings,
    )


def found(columns: dict[str, Cells], spec: ModelSpec, *, with_flags: bool = False) -> list[Finding]:
    return screen(spec, columns, OUTCOME, seed=1, with_flags=with_flags)


def named(findings: list[Finding], leak: Leak) -> list[str]:
    return [finding.column for finding in findings if finding.leak == leak]


def test_honest_columns_are_not_accused() -> None:
    columns: dict[str, Cells] = {"a": list(NOISE + OUTCOME), "b": list(RNG.normal(size=N))}

    assert found(columns, spec_of(Feature("a", "number"), Feature("b", "number"))) == []


def test_another_rating_is_refused_whatever_it_finds() -> None:
    columns: dict[str, Cells] = {"a": list(NOISE), "r": list(RNG.normal(size=N))}

    (finding,) = found(columns, spec_of(Feature("a", "number"), ratings=("r",)), with_flags=True)

    assert (finding.column, finding.leak, finding.used) == ("r", Leak.RATING, False)


def test_an_answer_called_operational_is_found_by_its_value() -> None:
    """A rating that follows the outcome in nine of ten, called a number that is known of everybody."""
    rating = np.where(RNG.random(N) < 0.95, np.where(OUTCOME == 1, 3, 9), 7)
    columns: dict[str, Cells] = {"a": list(NOISE), "r": [int(value) for value in rating]}

    (finding,) = found(columns, spec_of(Feature("a", "number"), Feature("r", "number")))

    assert (finding.column, finding.leak, finding.used) == ("r", Leak.VALUE, False)
    assert finding.auc is not None
    assert finding.auc > 0.95
    assert unused([finding]) == {"r"}


def test_flags_train_only_on_request_and_never_when_they_know_the_outcome() -> None:
    mild = [str(int(value)) for value in (RNG.random(N) < 0.2 + 0.3 * OUTCOME)]
    certain = [str(value) for value in OUTCOME]
    columns: dict[str, Cells] = {"a": list(NOISE), "mild": mild, "certain": certain}
    spec = spec_of(Feature("a", "number"), flags=("mild", "certain"))

    refused = {finding.column: finding.used for finding in found(columns, spec)}
    asked = {finding.column: finding.used for finding in found(columns, spec, with_flags=True)}

    assert refused == {"mild": False, "certain": False}
    assert asked == {"mild": True, "certain": False}


def test_gaps_that_depend_on_the_outcome_are_told() -> None:
    """The cell is filled for two of three of the dissatisfied and one of ten of the others."""
    filled = RNG.random(N) < np.where(OUTCOME == 1, 0.66, 0.1)
    columns: dict[str, Cells] = {"a": [1.0 * k if yes else None for k, yes in enumerate(filled)]}

    (finding,) = found(columns, spec_of(Feature("a", "number")))

    assert finding.leak == Leak.MISSING
    gone = ~filled
    assert finding.auc == pytest.approx(0.5 + abs(gone[OUTCOME == 1].mean() - gone[OUTCOME == 0].mean()) / 2)
    assert finding.p is not None
    assert finding.p < 1e-50


def test_gaps_by_chance_are_not_told() -> None:
    columns: dict[str, Cells] = {"a": [float(k) if RNG.random() < 0.5 else None for k in range(N)]}

    assert found(columns, spec_of(Feature("a", "number"))) == []


def test_equal_and_constant_columns_are_told_and_the_first_one_stays() -> None:
    a = [float(value) for value in NOISE]
    columns: dict[str, Cells] = {"a": a, "b": list(a), "c": [5] * N, "d": [None] * N}
    features = [Feature(name, "number") for name in "abcd"]

    findings = found(columns, spec_of(*features))

    assert named(findings, Leak.SAME) == ["b"]
    assert [finding.other for finding in findings if finding.leak == Leak.SAME] == ["a"]
    assert named(findings, Leak.CONSTANT) == ["c", "d"]
    assert unused(findings) == {"b", "c", "d"}


def test_one_column_alone_is_judged_out_of_fold() -> None:
    """A level of its own for everybody would know all of its own customers and nobody else's."""
    own = [f"customer {k}" for k in range(N)]

    assert single_auc(Feature("own", "category"), own, OUTCOME, seed=1) == pytest.approx(0.5, abs=0.03)


def test_one_column_alone_is_found_whatever_the_shape() -> None:
    """Both ends are dissatisfied, the middle is not: no line would see it."""
    x = np.where(OUTCOME == 1, RNG.choice([-3.0, 3.0], N), 0.0) + RNG.normal(size=N) * 0.5

    assert single_auc(Feature("x", "number"), list(x), OUTCOME, seed=1) > 0.95
