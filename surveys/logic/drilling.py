"""Which cells of a day to alarm about: every cell of the tree is judged, and one rise is told once, where it is.

A cell is a path along source → brand → region → channel; the empty path is everything. Its count is the sum of the
cells below it. So a rise shows in every cell above it too; a cell whose rise its parts explain is not told again, nor
is a part that merely rises as its neighbours do.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from surveys.logic.alarms import (
    ALPHA,
    HISTORY,
    LEAST_EXPECTED,
    WEEKDAYS,
    WEEKS,
    Expected,
    Floats,
    expect,
    false_discovery_limit,
    limits,
    p_value,
)

Path: TypeAlias = tuple[str, ...]
DEPTH = 4
BEYOND_NEIGHBOURS = 0.01
"""Chance below which an alarming cell rises more than its neighbours; it says only where to look."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """One judged cell: what was counted, what was to be expected (`lower`…`upper` is what chance brings), and whether
    the difference is an alarm."""

    path: Path
    observed: int
    expected: float
    lower: int
    upper: int
    p: float
    phi: float
    alarm: bool


@dataclass(frozen=True, slots=True)
class _Judged:
    """The tested cells of a day in the order of `paths`, and the largest p that is an alarm, family by family."""

    paths: list[Path]
    observed: Floats
    expected: Expected
    p: Floats
    limit: Floats

    def chance(self, index: int, *, observed: float, scale: float = 1.0) -> float:
        """The p-value of another count in a cell, or of one whose mean is `scale` times as large."""
        mean, se, phi = self.expected.mean[index], self.expected.se[index], self.expected.phi[index]
        alone = Expected(np.array([mean * scale]), np.array([se * scale]), np.array([phi]))
        return float(p_value([observed], alone)[0])


def judge(leaves: Mapping[Path, Floats]) -> list[Verdict]:
    """The tested cells of a day, alarms first, the least likely in front.

    `leaves`: full path → 57 counts, 56 days of history and the judged day; NaN where nobody knows. Cells that expect
    at least 5 are one family of tests. Smaller ones are pooled in the cells above them; by themselves they are judged
    as if they expected 5, in a family of their own, so that something new and large is not lost in a large parent.
    """
    counts = _tree(leaves)
    if not counts:
        return []
    day = _tested(counts)
    told = _told(day)
    low, high = limits(day.expected)
    verdicts = [
        Verdict(
            path=path,
            observed=int(day.observed[index]),
            expected=float(day.expected.mean[index]),
            lower=int(low[index]),
            upper=int(high[index]),
            p=float(day.p[index]),
            phi=float(day.expected.phi[index]),
            alarm=index in told,
        )
        for index, path in enumerate(day.paths)
    ]
    return sorted(verdicts, key=lambda verdict: (not verdict.alarm, verdict.p, verdict.path))


def _tree(leaves: Mapping[Path, Floats]) -> dict[Path, Floats]:
    """Every cell's counts, without those that are one part under another name."""
    sources = _sums((path[:1], series) for path, series in leaves.items())
    counts = {path: series for path, series in sources.items() if not np.isnan(series[HISTORY])}
    known = [path for path in leaves if path[:1] in counts]
    for depth in range(2, DEPTH + 1):
        counts |= _sums((path[:depth], leaves[path]) for path in known)
    counts[()] = np.asarray(np.sum([_filled(series) for path, series in sources.items() if path in counts], axis=0))
    parts: dict[Path, int] = {}
    for path in counts:
        if path:
            parts[path[:-1]] = parts.get(path[:-1], 0) + 1
    return {path: series for path, series in counts.items() if parts.get(path) != 1} if known else {}


def _sums(pairs: Iterable[tuple[Path, Floats]]) -> dict[Path, Floats]:
    sums: dict[Path, Floats] = {}
    for path, series in pairs:
        sums[path] = sums[path] + series if path in sums else series
    return sums


def _filled(series: Floats) -> Floats:
    """A source's counts with the mean of the weekday where a day is not known, so that the sum of all sources does not
    fall with a source that was silent; nothing at all for one too new to be expected."""
    weeks = series[:HISTORY].reshape(WEEKS, WEEKDAYS)
    known = ~np.isnan(weeks)
    if not known.any(0).all():
        return np.zeros_like(series)
    means = np.where(known, weeks, 0.0).sum(0) / known.sum(0)
    return np.append(np.where(known, weeks, means).ravel(), series[HISTORY])


def _tested(counts: Mapping[Path, Floats]) -> _Judged:
    """Expectations and p-values of the cells that can be judged, each under the limit of its family."""
    paths = list(counts)
    table = np.array([counts[path] for path in paths])
    expected = expect(table[:, :HISTORY])
    large = expected.mean >= LEAST_EXPECTED
    p = p_value(table[:, HISTORY], expected.at_least(LEAST_EXPECTED))
    limit = np.where(large, _family_limit(p[large]), _family_limit(p[~large]))
    tested = np.flatnonzero(~np.isnan(p) & (large | (p <= limit)))
    return _Judged(
        paths=[paths[index] for index in tested],
        observed=table[tested, HISTORY],
        expected=Expected(expected.mean[tested], expected.se[tested], expected.phi[tested]).at_least(LEAST_EXPECTED),
        p=p[tested],
        limit=limit[tested],
    )


def _family_limit(p: Floats) -> float:
    return min(ALPHA, false_discovery_limit(p))


def _told(day: _Judged) -> set[int]:
    """The cells to alarm about: of those that rise by themselves, from the finest up, each whose rise is not yet told
    by the cells in it."""
    place = {path: index for index, path in enumerate(day.paths)}
    alarming = {index for index, (p, limit) in enumerate(zip(day.p, day.limit, strict=True)) if p <= limit}
    by_itself = [index for index in alarming if _rises_by_itself(index, alarming, day, place)]
    untold = day.observed.copy()
    told = set()
    for index in sorted(by_itself, key=lambda index: -len(day.paths[index])):
        if day.chance(index, observed=untold[index]) > day.limit[index]:
            continue
        told.add(index)
        rise = untold[index] - day.expected.mean[index]
        for above in _above(day.paths[index], place):
            untold[above] -= rise
    return told


def _rises_by_itself(index: int, alarming: set[int], day: _Judged, place: Mapping[Path, int]) -> bool:
    """Whether a cell rises beyond what its neighbours do: those within the nearest alarming cell that contains it."""
    whole = next((above for above in _above(day.paths[index], place) if above in alarming), None)
    if whole is None:
        return True
    mean, count = (values[whole] - values[index] for values in (day.expected.mean, day.observed))
    scale = (count + LEAST_EXPECTED) / (max(0.0, mean) + LEAST_EXPECTED)  # few neighbours say little
    return day.chance(index, observed=day.observed[index], scale=max(1.0, scale)) <= BEYOND_NEIGHBOURS


def _above(path: Path, place: Mapping[Path, int]) -> list[int]:
    """The tested cells that contain this one, the nearest first."""
    return [place[path[:depth]] for depth in range(len(path) - 1, -1, -1) if path[:depth] in place]
