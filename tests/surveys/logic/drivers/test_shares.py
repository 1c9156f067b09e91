"""LMG shares against published values, and what must hold of any data."""

from __future__ import annotations

import csv

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from surveys.logic.drivers.shares import lmg, r_squared_of_all, relative_weights
from tests.surveys.conftest import SHARED_DATA

NAMES = ("Agriculture", "Examination", "Education", "Catholic", "Infant.Mortality")
# Grömping's relaimpo on R's swiss data.
SWISS = (0.0570912, 0.1711730, 0.2601347, 0.1055702, 0.1127659)


def swiss() -> tuple[np.ndarray, np.ndarray]:
    path = SHARED_DATA / "evaluation_examples" / "swiss.csv"
    if not path.exists():
        pytest.skip("the swiss data are not here")
    with path.open() as file:
        rows = list(csv.DictReader(file))
    r = np.atleast_2d(np.corrcoef([[float(row[name]) for row in rows] for name in (*NAMES, "Fertility")]))
    return r[:-1, :-1], r[:-1, -1]


def random_correlations(seed: int, p: int) -> tuple[np.ndarray, np.ndarray]:
    """Of drivers that can be told apart: of those that nearly cannot, no arithmetic keeps nine digits."""
    rng = np.random.default_rng(seed)
    table = rng.normal(size=(200, p)) @ rng.normal(size=(p, p))
    outcome = table @ rng.normal(size=p) + rng.normal(size=200)
    r = np.atleast_2d(np.corrcoef(np.column_stack([table, outcome]), rowvar=False))
    assume(np.linalg.cond(r[:-1, :-1]) < 1e4)
    return r[:-1, :-1], r[:-1, -1]


def test_swiss_shares_are_the_published_ones() -> None:
    shares = lmg(*swiss())
    assert shares == pytest.approx(SWISS, abs=1e-6)
    assert shares.sum() == pytest.approx(0.7067350, abs=1e-6)


@given(st.integers(0, 10_000), st.integers(1, 6))
def test_shares_sum_to_r_squared_and_none_is_negative(seed: int, p: int) -> None:
    among, outcome = random_correlations(seed, p)
    full = r_squared_of_all(among, outcome)[-1]
    assert lmg(among, outcome).sum() == pytest.approx(full, abs=1e-9)
    assert lmg(among, outcome).min() >= -1e-9
    assert relative_weights(among, outcome).sum() == pytest.approx(full, abs=1e-9)


@given(st.integers(0, 10_000), st.permutations(range(5)))
def test_order_of_columns_does_not_matter(seed: int, order: list[int]) -> None:
    among, outcome = random_correlations(seed, 5)
    moved = lmg(among[np.ix_(order, order)], outcome[order])
    assert moved == pytest.approx(lmg(among, outcome)[order], abs=1e-9)


@given(st.integers(0, 10_000))
def test_driver_that_stands_twice_shares_with_its_copy_and_raises_nothing(seed: int) -> None:
    among, outcome = random_correlations(seed, 3)
    twice = [0, 1, 2, 2]
    shares = lmg(among[np.ix_(twice, twice)], outcome[twice])
    assert shares[2] == pytest.approx(shares[3], abs=1e-9)
    assert shares.sum() == pytest.approx(lmg(among, outcome).sum(), abs=1e-9)


def test_drivers_that_know_nothing_of_each_other_have_their_squared_correlations() -> None:
    assert lmg(np.eye(3), np.array([0.5, -0.3, 0.0])) == pytest.approx([0.25, 0.09, 0.0], abs=1e-12)


def test_more_than_fifteen_drivers_are_not_done_exactly() -> None:
    with pytest.raises(ValueError, match="15"):
        lmg(np.eye(16), np.full(16, 0.1))
