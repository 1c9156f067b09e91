"""Simulated histories of daily counts with a weekly rhythm and past outbreaks, and what the watch finds in them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from surveys.logic.alarms import HISTORY, WEEKS
from surveys.logic.drilling import Path, judge

RHYTHM = np.array([1.15, 1.10, 1.05, 1.0, 1.0, 0.75, 0.70])
"""Weight of each weekday; the judged day is the first and weighs 1 after division."""


def draw(mean: NDArray[np.float64], phi: float, rng: np.random.Generator) -> NDArray[np.float64]:
    """Counts with this mean and variance phi × mean: Poisson at 1, negative binomial above."""
    counts = rng.poisson(mean) if phi == 1 else rng.negative_binomial(mean / (phi - 1), 1 / phi)
    return counts.astype(np.float64)


def series(level: float, phi: float, rng: np.random.Generator) -> NDArray[np.float64]:
    """57 days that expect `level` on the last; three in ten have an outbreak of 1–3 days, 2–4 times as high."""
    mean = np.append(np.tile(RHYTHM, WEEKS), RHYTHM[0]) * level / RHYTHM[0]
    if rng.random() < 0.3:
        start, days = rng.integers(0, HISTORY - 3), rng.integers(1, 4)
        mean[start : start + days] *= rng.uniform(2, 4)
    return draw(mean, phi, rng)


@dataclass
class Findings:
    """What many days brought: judged cells, false alarms among them, and how often each spike was found."""

    cells: int = 0
    false_alarms: int = 0
    days: int = 0
    found: int = 0

    @property
    def per_thousand(self) -> float:
        return 1000 * self.false_alarms / self.cells

    @property
    def power(self) -> float:
        return self.found / self.days


def watch(*, level: float, phi: float, times: float, days: int, seed: int, others: int = 11) -> Findings:
    """Judge `days` days of four sources × three brands × one region each, twice: as they are, and with one cell
    multiplied. A spike counts as found when an alarm names its cell or one that contains it."""
    rng = np.random.default_rng(seed)
    places: list[Path] = [(f"s{n % 4}", f"b{n // 4}", "r", "c") for n in range(others + 1)]
    findings = Findings(days=days)
    for _day in range(days):
        leaves = {place: series(level, phi, rng) for place in places}
        quiet = judge(leaves)
        findings.cells += len(quiet)
        findings.false_alarms += sum(verdict.alarm for verdict in quiet)
        leaves[places[0]][-1] = draw(np.array([level * times]), phi, rng)[0]
        findings.found += any(v.alarm and v.path == places[0][: len(v.path)] for v in judge(leaves))
    return findings
