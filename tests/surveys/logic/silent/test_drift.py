"""The population stability index: a worked example, what chance gives, and batches against the whole."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest

from surveys.logic.silent.drift import SCORE, DriftWatch, from_plain, psi, spreads_of, to_plain
from surveys.logic.silent.spec import Feature
from surveys.logic.silent.table import Layout

LAYOUT = Layout((Feature("Drops", "counter"), Feature("Net", "category")), {"Net": ("4G", "5G")})


def table(n: int, *, seed: int, moved: float = 0.0, five_g: float = 0.3) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    drops = rng.normal(moved, 1, n)
    drops[rng.random(n) < 0.1] = np.nan
    net = np.where(rng.random(n) < five_g, 3.0, 2.0)
    return np.column_stack([drops, net]), rng.random(n)


def test_index_of_two_parts_is_the_formulas() -> None:
    """50 : 50 then, 60 : 40 now: .1 ln 1.2 + (−.1) ln .8 = .0405; a million each, so the added half is nothing."""
    expected = 0.1 * math.log(1.2) - 0.1 * math.log(0.8)
    assert psi([500_000, 500_000], [600_000, 400_000]) == pytest.approx(expected, abs=1e-5)
    assert psi([7, 11, 13], [7, 11, 13]) == pytest.approx(0.0, abs=1e-12)


def test_an_emptied_part_is_large_and_not_infinite() -> None:
    assert 0.5 < psi([500, 500], [0, 1000]) < 10


def test_other_customers_of_the_same_kind_are_as_near_as_chance_says() -> None:
    matrix, scores = table(20_000, seed=1)
    watch = DriftWatch(LAYOUT, spreads_of(LAYOUT, matrix, scores))
    watch.feed(*table(20_000, seed=2))

    shifts = {shift.column: shift for shift in watch.shifts()}

    assert next(iter(shifts)) == SCORE
    assert set(shifts) == {SCORE, "Drops", "Net"}
    for shift in shifts.values():
        assert shift.psi < 4 * shift.by_chance < 0.01


def test_a_column_that_moved_comes_first_and_says_what_is_missing_now() -> None:
    matrix, scores = table(5_000, seed=1)
    watch = DriftWatch(LAYOUT, spreads_of(LAYOUT, matrix, scores))
    moved, again = table(5_000, seed=2, moved=1.0)
    moved[:2500, 0] = np.nan
    watch.feed(moved, again)

    _score, first, second = watch.shifts()

    assert (first.column, second.column) == ("Drops", "Net")
    assert first.psi > 0.25
    assert first.missing_then == pytest.approx(0.1, abs=0.02)
    assert first.missing_now == pytest.approx(0.55, abs=0.02)
    assert second.psi < 0.01


def test_a_level_never_seen_before_moves_a_category() -> None:
    matrix, scores = table(5_000, seed=1)
    watch = DriftWatch(LAYOUT, spreads_of(LAYOUT, matrix, scores))
    other, again = table(5_000, seed=2)
    other[:2000, 1] = 0.0  # any other level
    watch.feed(other, again)

    assert watch.shifts()[1].column == "Net"
    assert watch.shifts()[1].psi > 0.25


def test_batches_add_up_to_the_whole_and_spreads_survive_being_kept() -> None:
    matrix, scores = table(3_000, seed=1)
    spreads = spreads_of(LAYOUT, matrix, scores)
    whole, batches = (
        DriftWatch(LAYOUT, spreads),
        DriftWatch(LAYOUT, from_plain(json.loads(json.dumps(to_plain(spreads))))),
    )
    now, again = table(3_000, seed=2, moved=0.3)
    whole.feed(now, again)
    for part in np.array_split(np.arange(3_000), 7):
        batches.feed(now[part], again[part])

    assert batches.shifts() == whole.shifts()
    assert DriftWatch(LAYOUT, spreads).shifts() == []
