"""A reading of drivers: intervals, ranks, what spoils an order, and what is refused."""

from __future__ import annotations

import numpy as np
import pytest

from surveys.logic.drivers.ordinal import check_by_ordinal_logit
from surveys.logic.drivers.reading import NothingVaries, TooFew, find_drivers


def answers(n: int = 400, *, like: float = 0.0) -> tuple[np.ndarray, np.ndarray]:
    """Three drivers that weigh 3, 1 and 0; `like` is how alike the first two are."""
    rng = np.random.default_rng(3)
    table = rng.normal(size=(n, 3))
    table[:, 1] = like * table[:, 0] + np.sqrt(1 - like**2) * table[:, 1]
    return 3 * table[:, 0] + table[:, 1] + rng.normal(size=n), table


NAMES = ("a", "b", "c")


def test_strongest_driver_is_first_and_its_rank_is_certain() -> None:
    outcome, table = answers()
    found = find_drivers(outcome, table, NAMES, seed=1)
    first, second, third = found.drivers
    assert [(d.name, d.rank, d.rank_low, d.rank_high) for d in found.drivers] == [
        ("a", 1, 1, 1),
        ("b", 2, 2, 2),
        ("c", 3, 3, 3),
    ]
    assert (found.n, found.exact, found.established, found.constant) == (400, True, True, ())
    # 9, 1 and 0 of the variance's 11 parts.
    assert [first.share, second.share, third.share] == pytest.approx([9 / 11, 1 / 11, 0], abs=0.05)
    assert all(d.low <= d.share <= d.high for d in (first, second))


def test_same_seed_gives_the_same_intervals() -> None:
    outcome, table = answers()
    assert find_drivers(outcome, table, NAMES, seed=1) == find_drivers(outcome, table, NAMES, seed=1)
    assert find_drivers(outcome, table, NAMES, seed=1) != find_drivers(outcome, table, NAMES, seed=2)


def test_order_of_drivers_that_are_alike_is_not_established() -> None:
    outcome, table = answers(like=0.9)
    found = find_drivers(outcome, table, NAMES, seed=1)
    ((one, other, r),) = found.correlated
    assert (one, other, found.established) == ("a", "b", False)
    assert r == pytest.approx(0.9, abs=0.03)


def test_constant_driver_is_left_out_and_named() -> None:
    outcome, table = answers()
    table[:, 2] = 7
    found = find_drivers(outcome, table, NAMES, seed=1)
    assert ([d.name for d in found.drivers], found.constant) == (["a", "b"], ("c",))


def test_rows_with_a_missing_value_are_left_out() -> None:
    outcome, table = answers()
    table[:100, 1] = np.nan
    outcome[100:150] = np.nan
    assert find_drivers(outcome, table, NAMES, seed=1).n == 250


def test_too_few_answers_are_refused_with_the_number_that_is_needed() -> None:
    outcome, table = answers(29)
    with pytest.raises(TooFew) as refused:
        find_drivers(outcome, table, NAMES, seed=1)
    assert (refused.value.n, refused.value.need) == (29, 30)
    with pytest.raises(TooFew):
        find_drivers(np.array([]), np.empty((0, 3)), NAMES, seed=1)


def test_outcome_that_never_varies_has_no_drivers() -> None:
    _outcome, table = answers()
    with pytest.raises(NothingVaries):
        find_drivers(np.ones(len(table)), table, NAMES, seed=1)
    with pytest.raises(NothingVaries):
        find_drivers(_outcome, np.ones_like(table), NAMES, seed=1)


def test_driver_that_stands_twice_is_read_without_an_error() -> None:
    outcome, table = answers()
    twice = np.column_stack([table, table[:, 0]])
    found = find_drivers(outcome, twice, (*NAMES, "a again"), seed=1)
    by_name = {d.name: d.share for d in found.drivers}
    assert by_name["a"] == pytest.approx(by_name["a again"], abs=1e-9)
    assert not found.established


def test_sixteen_drivers_are_weighed_and_said_to_be_so() -> None:
    rng = np.random.default_rng(5)
    table = rng.normal(size=(400, 16))
    found = find_drivers(table.sum(axis=1) + rng.normal(size=400), table, [f"d{k}" for k in range(16)], seed=1)
    assert (found.exact, len(found.drivers)) == (False, 16)


def test_ordinal_logit_agrees_on_clear_data() -> None:
    outcome, table = answers(800)
    ordered = np.digitize(outcome, [-4, -1, 1, 4]).astype(float)
    check = check_by_ordinal_logit(ordered, table, NAMES, seed=1)
    assert check is not None
    assert (check.n, check.same_order(["a", "b", "c"]), set(check.downwards) <= {"c"}) == (800, True, True)


def test_ordinal_logit_says_nothing_of_numbers_or_of_a_driver_that_stands_twice() -> None:
    outcome, table = answers()
    assert check_by_ordinal_logit(outcome, table, NAMES, seed=1) is None
    ordered = np.digitize(outcome, [-2, 2]).astype(float)
    twice = np.column_stack([table, table[:, 0]])
    assert check_by_ordinal_logit(ordered, twice, (*NAMES, "a again"), seed=1) is None
