"""Kano's classes from paired questions: how would you feel with it (functional), and without it (dysfunctional)?

Kano et al. (1984); better and worse after Berger et al. (1993).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

ANSWERS = ("like", "must-be", "neutral", "live-with", "dislike")
"""Both questions' five answers, the best first."""
TABLE = ("QAAAO", "RIIIM", "RIIIM", "RIIIM", "RRRRQ")
"""Rows are functional answers, columns dysfunctional ones.

A attractive, O one-dimensional (performance), M must-be, I indifferent, R reverse, Q questionable.
"""
ORDER = "MOAIRQ"
"""A tie goes to what hurts more when it is missing."""


@dataclass(frozen=True, slots=True)
class Kano:
    """The class most answers fall into, and its count; `better` 0–1 and `worse` −1–0, None without A, O, M or I."""

    n: int
    counts: dict[str, int]
    kind: str
    better: float | None
    worse: float | None


def kano(pairs: Iterable[tuple[int, int]]) -> Kano | None:
    """The class of one feature from (functional, dysfunctional) answers, each 0–4 as in `ANSWERS`; None for none.

    Raises ValueError for another answer.
    """
    counts = Counter[str]()
    for functional, dysfunctional in pairs:
        if not (0 <= functional < len(ANSWERS) and 0 <= dysfunctional < len(ANSWERS)):
            raise ValueError(f"Answers are 0 to 4: {functional}, {dysfunctional}.")
        counts[TABLE[functional][dysfunctional]] += 1
    if not counts:
        return None
    clear = sum(counts[kind] for kind in "AOMI")
    return Kano(
        n=counts.total(),
        counts={kind: counts[kind] for kind in ORDER},
        kind=max(ORDER, key=lambda kind: (counts[kind], -ORDER.index(kind))),
        better=(counts["A"] + counts["O"]) / clear if clear else None,
        worse=-(counts["O"] + counts["M"]) / clear if clear else None,
    )
