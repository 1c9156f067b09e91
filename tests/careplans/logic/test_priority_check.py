"""On simulated queues whose truth is known, the order by expected value saves more than the two it is compared with."""

from __future__ import annotations

import numpy as np
import pytest

from careplans.logic.priority_check import Doubt, Saved, compare_orders

SEEDS = range(20)


def compared(**settings: float | Doubt) -> np.ndarray[tuple[int, int], np.dtype[np.float64]]:
    runs = [compare_orders(seed=seed, **settings) for seed in SEEDS]  # type: ignore[arg-type]
    return np.array([[run.ours, run.by_risk, run.at_random] for run in runs])


def test_order_by_value_saves_more_than_risk_alone_and_than_chance() -> None:
    ours, by_risk, at_random = compared().T
    assert (ours > by_risk).all()
    assert (ours > at_random).all()
    assert ours.mean() > 1.5 * by_risk.mean()
    assert ours.mean() > 3 * at_random.mean()


def test_order_stays_the_better_one_when_the_assumptions_are_off_by_half_and_tiers_are_wrong() -> None:
    ours, by_risk, at_random = compared(doubt=Doubt(factor=0.5, wrong_tier=0.3)).T
    assert ours.mean() > 1.3 * by_risk.mean()
    assert ours.mean() > 2 * at_random.mean()


def test_good_churn_score_is_the_better_order_where_customers_of_a_tier_differ_widely() -> None:
    """The limit of the order by tiers: it cannot know who in a tier is about to leave."""
    ours, by_risk, at_random = compared(doubt=Doubt(customer=1.0, factor=0.7, wrong_tier=0.3, risk_score=0.2)).T
    assert at_random.mean() < ours.mean() < by_risk.mean()


def test_order_means_nothing_once_everybody_is_served() -> None:
    ours, by_risk, at_random = compared(minutes=1e9).T
    assert ours == pytest.approx(by_risk)
    assert ours == pytest.approx(at_random)


def test_check_repeats_itself_by_its_seed_and_saves_nothing_in_no_time() -> None:
    assert compare_orders(seed=1) == compare_orders(seed=1)
    assert compare_orders(seed=1) != compare_orders(seed=2)
    assert compare_orders(seed=1, minutes=0) == Saved(0.0, 0.0, 0.0)
