"""What the daily watch finds and how often it cries wolf, on simulated histories of eight weeks."""

from __future__ import annotations

import pytest

from tests.surveys.histories import watch

pytestmark = pytest.mark.bench

DAYS, LEAVES = 400, 40
LEVELS, TIMES = (5, 10, 20, 50), (1.5, 2.0, 2.5, 3.0, 4.0)
GOALS = {1.0: 0.85, 1.5: 0.60}
"""Dispersion → share of 3 × spikes in a cell of 10 a day to be found; and at most 1 false alarm per 1,000 cell-days."""


def test_false_alarms_and_power() -> None:
    print("\nDaily watch: spikes found on the first run after the day closed, by size; 40 cells and their sums")
    for phi, goal in GOALS.items():
        name = "Poisson" if phi == 1 else f"negative binomial, phi {phi}"
        print(f"  {name:<28}" + "".join(f"{times:>7} ×" for times in TIMES) + "   false per 1,000 cell-days")
        cells = false_alarms = 0
        for level in LEVELS:
            runs = [watch(level=level, phi=phi, times=times, days=DAYS, seed=1, others=LEAVES - 1) for times in TIMES]
            cells += runs[0].cells
            false_alarms += runs[0].false_alarms
            powers = "".join(f"{100 * run.power:>7.0f} %" for run in runs)
            print(f"  {level:>3} a day{'':<19}{powers}{runs[0].per_thousand:>12.2f}")
            if level == 10:
                met = 100 * runs[TIMES.index(3.0)].power
        print(f"  goal: 3 × at 10 a day {100 * goal:.0f} %, found {met:.0f} %")
        print(f"  goal: 1.00 false alarms per 1,000 cell-days, seen {1000 * false_alarms / cells:.2f} in {cells:,}\n")
