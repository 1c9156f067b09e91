"""What the order of the queue saves, on simulated customers whose truth is known."""

from __future__ import annotations

import numpy as np
import pytest

from careplans.logic.priority_check import CUSTOMERS, HOURS, Doubt, compare_orders

pytestmark = pytest.mark.bench

SEEDS = range(20)
DOUBTS = {
    "assumptions right on average": Doubt(factor=0.0),
    "factors off by a third": Doubt(),
    "factors off by two thirds, 3 of 10 tiers wrong": Doubt(customer=1.0, factor=0.6, wrong_tier=0.3),
}


def test_value_saved_per_minute() -> None:
    print(
        f"\nPriority: value saved per agent minute, first {HOURS:.0f} h, {CUSTOMERS:,} customers, {len(SEEDS)} worlds"
    )
    for name, doubt in DOUBTS.items():
        runs = [compare_orders(seed=seed, doubt=doubt) for seed in SEEDS]
        ours, by_risk, at_random = np.array([[run.ours, run.by_risk, run.at_random] for run in runs]).T
        best = int(((ours > by_risk) & (ours > at_random)).sum())
        print(
            f"  {name:<48} ours {ours.mean():5.2f}   risk alone {by_risk.mean():5.2f}   at random "
            f"{at_random.mean():5.2f}   ours is best in {best} of {len(SEEDS)}"
        )
