"""Cells as numbers: one matrix for everything that learns, in one fixed order of columns.

A number that is missing is NaN. A category is a code: 0 for a level too rare to speak for itself or never seen, 1 for
missing, from 2 on the levels that are kept.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from surveys.logic.cells import Cell, as_number, is_missing, written
from surveys.logic.silent.spec import Feature, Kind

Floats: TypeAlias = NDArray[np.float64]
Truths: TypeAlias = NDArray[np.bool_]
Cells: TypeAlias = Sequence[Cell]


@dataclass(frozen=True, slots=True)
class Coded:
    """A column as its distinct cells and, for each row, the place of its cell among them; −1 for missing."""

    cells: Cells
    places: NDArray[np.int64]


Values: TypeAlias = Cells | Coded | Floats
"""A column: its cells, or as a warehouse hands it over, which reads each distinct cell once."""

OTHER, MISSING, FIRST_LEVEL = 0, 1, 2
LEAST_PER_LEVEL = 50  # rows; rarer levels are merged
MOST_LEVELS = 200  # boosting takes at most 255 codes


@dataclass(frozen=True, slots=True)
class Layout:
    """The columns of a matrix: their features in order, and the levels that each category keeps."""

    features: tuple[Feature, ...]
    levels: Mapping[str, tuple[str, ...]]

    def of(self, kind: Kind) -> list[int]:
        """The places of the features of one kind."""
        return [place for place, feature in enumerate(self.features) if feature.kind == kind]

    def codes(self, place: int) -> int:
        """How many codes the category at this place has."""
        return FIRST_LEVEL + len(self.levels[self.features[place].name])

    def without(self, names: Iterable[str]) -> Layout:
        """The same without some features."""
        gone = set(names)
        kept = tuple(feature for feature in self.features if feature.name not in gone)
        return Layout(kept, {name: levels for name, levels in self.levels.items() if name not in gone})


def layout_of(features: Sequence[Feature], columns: Mapping[str, Cells]) -> Layout:
    """The layout that suits these columns: frequent levels, most frequent first, ties by name."""
    levels = {}
    for feature in features:
        if feature.kind == "category":
            levels[feature.name] = _levels(columns[feature.name])
    return Layout(tuple(features), levels)


def _levels(cells: Cells) -> tuple[str, ...]:
    """The levels that are frequent enough, each in its most frequent spelling: VOLTE and VoLTE are one."""
    spellings = Counter(written(cell) for cell in cells if not is_missing(cell))
    counts, names = Counter[str](), dict[str, str]()
    for level, n in sorted(spellings.items(), key=lambda pair: (-pair[1], pair[0])):
        counts[level.casefold()] += n
        names.setdefault(level.casefold(), level)
    ranked = sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))
    return tuple(names[level] for level, n in ranked[:MOST_LEVELS] if n >= LEAST_PER_LEVEL)


def matrix_of(layout: Layout, columns: Mapping[str, Values]) -> Floats:
    """(rows, features) of the cells of the columns that the layout names."""
    parts = [
        codes_of(columns[feature.name], layout.levels[feature.name])
        if feature.kind == "category"
        else numbers_of(columns[feature.name])
        for feature in layout.features
    ]
    return np.column_stack(parts) if parts else np.empty((0, 0))


def numbers_of(cells: Values) -> Floats:
    """Numbers, also those written as text; NaN for everything else."""
    if isinstance(cells, np.ndarray):
        return cells
    if isinstance(cells, Coded):
        known: Floats = np.append(numbers_of(cells.cells), np.nan)[cells.places]
        return known
    values = (None if is_missing(cell) else as_number(cell) for cell in cells)
    return np.fromiter((np.nan if value is None else value for value in values), dtype=np.float64, count=len(cells))


def codes_of(cells: Values, levels: Sequence[str]) -> Floats:
    """The codes of a category's cells."""
    if isinstance(cells, np.ndarray):
        distinct, where = np.unique(cells, return_inverse=True)
        cells = Coded(distinct.tolist(), where)
    if isinstance(cells, Coded):
        coded: Floats = np.append(codes_of(cells.cells, levels), float(MISSING))[cells.places]
        return coded
    places = {level.casefold(): FIRST_LEVEL + place for place, level in enumerate(levels)}
    known = (MISSING if is_missing(cell) else places.get(written(cell).casefold(), OTHER) for cell in cells)
    return np.fromiter(known, dtype=np.float64, count=len(cells))


def level_name(layout: Layout, place: int, code: int) -> str:
    """A code in words: the level; "" for missing, "*" for all the others."""
    if code < FIRST_LEVEL:
        return "" if code == MISSING else "*"
    return layout.levels[layout.features[place].name][code - FIRST_LEVEL]


def to_plain(layout: Layout) -> dict[str, Any]:
    """The layout as plain values; `from_plain` gives it back."""
    features = [[feature.name, feature.kind, feature.answered] for feature in layout.features]
    return {"features": features, "levels": {name: list(levels) for name, levels in layout.levels.items()}}


def from_plain(kept: Mapping[str, Any]) -> Layout:
    features = tuple(Feature(name, kind, answered) for name, kind, answered in kept["features"])
    return Layout(features, {name: tuple(levels) for name, levels in kept["levels"].items()})
