"""Learns what is good enough from what customers did: the score below which they complain or come back more.

A source that asks for a plain rating states no adequate level. Here it is the cut between two scores that best divides
the customers into some who complain or contact again more than the base rate, and some who do so less. A level is
claimed only where chance is no explanation, however the cut was chosen.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from statistics import NormalDist
from typing import Any

from surveys.logic.metrics import Share, proportion
from surveys.logic.sentences import Sentence, gettext_noop

LEAST_PER_SIDE = 50  # customers below a cut, and above it
LEAST_EXPECTED = 5.0  # who would act on each side at the base rate: below it the normal approximation fails
ALPHA = 0.01  # one-sided, after the correction for the choice of the cut
LEAST_RATIO = 1.25
"""How many times as many must act below as above: with a million answers any difference is significant."""
OWN_CUT = 6.63
"""How much better (in twice the log-likelihood) a tier's own cut must fit than everybody's: 1 % of χ² with 1 degree of
freedom; twice the logarithm of the number of cuts is added, since the tier may choose."""

NO_ANSWERS = gettext_noop("No customer's answer is old enough to see what they did next.")
ONE_SCORE = gettext_noop("All %(n)s customers gave the same score.")
TOO_FEW = gettext_noop(
    "%(n)s customers, of whom %(acted)s complained or contacted again: too few. Each side of a level needs "
    "%(least)s customers and %(expected)s expected to act."
)
NO_DIFFERENCE = gettext_noop("Customers who scored low complained or contacted again no more than the others.")
TOO_SMALL = gettext_noop("Below the best level %(below)s act, above it %(above)s: too small a difference to act upon.")
LIKE_EVERYBODY = gettext_noop("What these customers did fits everybody's level.")


@dataclass(frozen=True, slots=True)
class Score:
    """Customers who gave one score, 0–100, and how many of them complained or contacted again."""

    score: float
    n: int
    acted: int


@dataclass(frozen=True, slots=True)
class Point:
    """A score on the curve: the share who acted, and the monotone curve there."""

    score: float
    n: int
    acted: int
    share: Share
    smooth: float


@dataclass(frozen=True, slots=True)
class Learned:
    """What there is to learn: the level with its evidence, or None with the reason why not.

    `too_few`: there may be a level, but not enough was seen. `below` and `above` are the shares who acted on both
    sides of the best cut, `p` its corrected one-sided probability under "nothing depends on the score".
    """

    level: float | None
    reason: Sentence | None
    n: int
    acted: int
    base: Share
    too_few: bool = False
    below: Share | None = None
    above: Share | None = None
    p: float | None = None
    curve: tuple[Point, ...] = ()


@dataclass(frozen=True, slots=True)
class _Cut:
    """A place between two scores, with what lies on both sides; `z` is the score test of below against above."""

    level: float
    n_below: int
    acted_below: int
    n_above: int
    acted_above: int
    z: float
    fit: float


def learn_level(scores: Sequence[Score], *, beside: float | None = None) -> Learned:
    """The level of one group, from its counts by score. Scores stand once each; their order does not matter.

    `beside` is everybody's level when the group is one tier: the tier gets a level of its own only where that fits its
    customers clearly better. The test compares both sides at the best cut and corrects for having chosen it among
    all that could be judged (Bonferroni, cautious because neighbouring cuts are alike). Among all cuts the best one
    never divides a flat part of the monotone curve, so the level says the same as the curve does.
    """
    rows = sorted((row for row in scores if row.n), key=lambda row: row.score)
    n, acted = sum(row.n for row in rows), sum(row.acted for row in rows)
    seen = Learned(None, None, n, acted, proportion(acted, n), curve=_curve(rows))
    cuts = _cuts(rows, n, acted)
    if not cuts:
        return replace(seen, too_few=True, reason=_too_few(seen))
    best = max(cuts, key=lambda cut: cut.z)
    p = min(1.0, len(cuts) * NormalDist().cdf(-best.z))
    below, above = proportion(best.acted_below, best.n_below), proportion(best.acted_above, best.n_above)
    seen = replace(seen, below=below, above=above, p=p)
    doubt = _doubt(p, cuts, best, beside)
    return replace(seen, reason=doubt) if doubt else replace(seen, level=best.level)


def monotone(shares: Sequence[float], weights: Sequence[float]) -> list[float]:
    """The falling curve nearest to `shares` in weighted squares (pool adjacent violators)."""
    blocks: list[tuple[float, float, int]] = []
    for share, weight in zip(shares, weights, strict=True):
        block = (share, weight, 1)
        while blocks and blocks[-1][0] < block[0]:
            mean, heavy, length = blocks.pop()
            together = heavy + block[1]
            block = ((mean * heavy + block[0] * block[1]) / together, together, length + block[2])
        blocks.append(block)
    return [mean for mean, _weight, length in blocks for _ in range(length)]


def _too_few(seen: Learned) -> Sentence:
    """Why there is no cut that could be judged."""
    if not seen.n:
        return Sentence(NO_ANSWERS)
    if len(seen.curve) == 1:
        return Sentence(ONE_SCORE, {"n": seen.n})
    least = {"least": LEAST_PER_SIDE, "expected": int(LEAST_EXPECTED)}
    return Sentence(TOO_FEW, {"n": seen.n, "acted": seen.acted, **least})


def _doubt(p: float, cuts: Sequence[_Cut], best: _Cut, beside: float | None) -> Sentence | None:
    """Why the best cut is no level; None where it is one."""
    if p >= ALPHA:
        return Sentence(NO_DIFFERENCE)
    below, above = best.acted_below / best.n_below, best.acted_above / best.n_above
    if below < LEAST_RATIO * above:
        return Sentence(TOO_SMALL, {"below": f"{below:.1%}", "above": f"{above:.1%}"})
    if beside is not None and _fits_as_well(cuts, best, beside):
        return Sentence(LIKE_EVERYBODY)
    return None


def _curve(rows: Sequence[Score]) -> tuple[Point, ...]:
    smooth = monotone([row.acted / row.n for row in rows], [row.n for row in rows])
    return tuple(
        Point(row.score, row.n, row.acted, proportion(row.acted, row.n), height)
        for row, height in zip(rows, smooth, strict=True)
    )


def _cuts(rows: Sequence[Score], n: int, acted: int) -> list[_Cut]:
    """Every place between two scores with enough on both sides to judge it."""
    if not n:
        return []
    rate = acted / n
    cuts, n_below, acted_below = [], 0, 0
    for row, following in pairwise(rows):
        n_below += row.n
        acted_below += row.acted
        n_above = n - n_below
        least = min(n_below, n_above)
        if least < LEAST_PER_SIDE or least * min(rate, 1 - rate) < LEAST_EXPECTED:
            continue
        excess = acted_below - n_below * rate
        z = excess / math.sqrt(rate * (1 - rate) * n_below * n_above / n)
        fit = _fit(acted_below, n_below) + _fit(acted - acted_below, n_above)
        level = (row.score + following.score) / 2
        cuts.append(_Cut(level, n_below, acted_below, n_above, acted - acted_below, z, fit))
    return cuts


def _fit(acted: int, n: int) -> float:
    """The log-likelihood of a constant share at its best."""
    rest = n - acted
    return sum(count * math.log(count / n) for count in (acted, rest) if count)


def _fits_as_well(cuts: Sequence[_Cut], best: _Cut, beside: float) -> bool:
    """Whether everybody's level, or the possible cut nearest to it, describes this tier as well as its own best cut."""
    nearest = min(cuts, key=lambda cut: abs(cut.level - beside))
    return 2 * (best.fit - nearest.fit) < OWN_CUT + 2 * math.log(len(cuts))


def to_evidence(learned: Learned) -> dict[str, Any]:
    """What a learned level was learned from, as plain values to be kept."""
    curve = [[point.score, point.n, point.acted, point.smooth] for point in learned.curve]
    sides = {"below": _values(learned.below), "above": _values(learned.above)}
    return {"n": learned.n, "acted": learned.acted, "p": learned.p, "curve": curve, **sides}


def from_evidence(level: float | None, kept: Mapping[str, Any]) -> Learned:
    """The learned level of what was kept; `to_evidence` gives the same values again."""
    n, acted = kept.get("n", 0), kept.get("acted", 0)
    return Learned(
        level=level,
        reason=None,
        n=n,
        acted=acted,
        base=proportion(acted, n),
        below=_side(kept.get("below")),
        above=_side(kept.get("above")),
        p=kept.get("p"),
        curve=tuple(
            Point(score, count, who, proportion(who, count), smooth)
            for score, count, who, smooth in kept.get("curve", ())
        ),
    )


def _values(side: Share | None) -> list[float | None] | None:
    return None if side is None else [side.share, side.low, side.high, side.n]


def _side(kept: Sequence[Any] | None) -> Share | None:
    return Share(*kept) if kept else None
