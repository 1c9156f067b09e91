"""Effects from cells: bounded, adjusted where the level before care is known, never an error on real answers."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evaluation.logic.readings import Cell, mean, satisfaction, satisfied, total, unadjusted
from evaluation.logic.sums import ArmStats

ANSWER = st.sampled_from([0.0, 25.0, 50.0, 75.0, 100.0])
PEOPLE = st.lists(
    st.tuples(st.sampled_from(["care", "hold_out", "deferred"]), st.sampled_from("abc"), st.floats(0, 100), ANSWER)
)


def cells_of(people: list[tuple[str, str, float, float]], *, known: bool = True) -> list[Cell]:
    cells = []
    for arm, stratum in sorted({(arm, stratum) for arm, stratum, _x, _y in people}):
        own = [(x, y) for a, s, x, y in people if (a, s) == (arm, stratum)]
        x, y = np.array(own).T
        cells.append(
            Cell(
                stratum=stratum,
                arm=arm,
                assigned=len(own) + 1,
                n=len(own),
                sum_y=float(y.sum()),
                sum_yy=float(y @ y),
                n_before=len(own) if known else len(own) - 1,
                sum_x=float(x.sum()),
                sum_xx=float(x @ x),
                sum_xy=float(x @ y),
                satisfied=int((y >= 75).sum()),
            )
        )
    return cells


@given(PEOPLE)
def test_readings_never_fail_and_their_intervals_hold_the_effect_within_the_scale(people: Any) -> None:
    cells = cells_of(people)
    for effect in (satisfaction(cells), unadjusted(cells), satisfied(cells)):
        if effect.effect is None or effect.low is None or effect.high is None:
            assert effect.reason
            continue
        assert effect.low <= effect.effect <= effect.high
        assert min(effect.low, -effect.high) >= min(-100.0 - 1e-9, -abs(effect.effect))
        assert (effect.n_care, effect.n_hold_out) == (total(cells, "care").n, total(cells, "hold_out").n)


def people(n: int, *, seed: int = 1) -> list[tuple[str, str, float, float]]:
    rng = np.random.default_rng(seed)
    x = rng.uniform(0, 60, n)
    y = 25 * np.clip(np.round((x + 20 + rng.normal(0, 10, n)) / 25), 0, 4)
    return [("care" if i % 3 else "hold_out", "abc"[i % 2], float(x[i]), float(y[i])) for i in range(n)]


def test_satisfaction_is_adjusted_only_where_every_level_before_care_is_known() -> None:
    known, unknown = satisfaction(cells_of(people(120))), satisfaction(cells_of(people(120), known=False))
    assert (known.method, unknown.method) == ("post_stratified_adjusted", "post_stratified")
    assert known.se is not None
    assert unknown.se is not None
    assert known.se < 0.8 * unknown.se


def test_satisfaction_without_any_spread_before_care_is_not_adjusted() -> None:
    level = [(arm, stratum, 40.0, y) for arm, stratum, _x, y in people(60)]
    assert satisfaction(cells_of(level)).method == "post_stratified"


def test_deferred_only_weigh() -> None:
    """A stratum with many deferred speaks louder; their answers say nothing."""
    base = people(120)
    waiting = [("deferred", "a", 30.0, answer) for answer in (0.0, 100.0) for _place in range(40)]
    turned = [(arm, stratum, x, 100.0 - y) for arm, stratum, x, y in waiting]
    assert satisfaction(cells_of(base + waiting)) == satisfaction(cells_of(base + turned))
    assert satisfaction(cells_of(base + waiting)) != satisfaction(cells_of(base))


@pytest.mark.parametrize(
    ("answers", "ends"), [([], (None, None, None)), ([50.0], (50.0, None, None)), ([0.0, 100.0], (50.0, 0.0, 100.0))]
)
def test_mean_of_few_has_no_interval_or_the_whole_scale(answers: list[float], ends: tuple[float | None, ...]) -> None:
    found = mean(ArmStats(len(answers), sum(answers), sum(y * y for y in answers)))
    assert (found.mean, found.low, found.high) == ends
