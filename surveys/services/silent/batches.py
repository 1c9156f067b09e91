"""Customers to be scored, in batches: references, and the columns that a model looks at."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
from django.utils.translation import gettext as _

from loopcare.common.errors import Invalid
from loopcare.warehouse import ColumnGone, connect
from surveys.logic.cells import Cell, is_missing, written
from surveys.logic.decoding import MAX_REFERENCE, address
from surveys.logic.silent.choosing import References
from surveys.logic.silent.spec import Feature
from surveys.logic.silent.table import Coded, Floats, Values
from surveys.services.reading import open_table

BATCH = 20_000  # rows of a file
NUMBERS = ("int", "uint", "float", "double", "halffloat")
"""How Arrow's names of plain numbers begin."""

Batch: TypeAlias = tuple[References, dict[str, Values]]


def of_file(path: Path, *, reference: str, features: Sequence[Feature]) -> Iterator[Batch]:
    """The rows of a file, each customer once. Raises Invalid where it lacks a column."""
    names = [feature.name for feature in features]
    with open_table(path) as table:
        at = {name: place for place, name in enumerate(address(table.header))}
        if lacking := [name for name in (reference, *names) if name not in at]:
            problem = _("%(name)s lacks columns that the model looks at: %(columns)s.")
            raise Invalid(problem % {"name": path.name, "columns": ", ".join(lacking[:5])}, field="file")
        places = [at[name] for name in (reference, *names)]
        seen: set[str] = set()
        kept: list[list[Cell]] = []
        for _number, cells in table.rows:
            row = [cells[place] for place in places]
            who = "" if is_missing(row[0]) else written(row[0])
            if not 0 < len(who) <= MAX_REFERENCE or who in seen:
                continue
            seen.add(who)
            kept.append([who, *row[1:]])
            if len(kept) == BATCH:
                yield _turned(kept, names)
                kept = []
        if kept:
            yield _turned(kept, names)


def _turned(rows: list[list[Cell]], names: list[str]) -> Batch:
    references, *columns = zip(*rows, strict=True)
    return np.array(references, dtype=object), dict(zip(names, columns, strict=True))


def of_warehouse(url: str, *, table: str, reference: str, features: Sequence[Feature]) -> Iterator[Batch]:
    """The rows of a table, each customer once, in the order of their reference."""
    for batch in streamed(url, table=table, reference=reference, names=[feature.name for feature in features]):
        yield of_arrow(batch, features)


def streamed(url: str, *, table: str, reference: str, names: Sequence[str]) -> Iterator[Any]:
    """Every row as record batches: the reference, then the columns. Raises ColumnGone, which names all that lack."""
    with connect(url) as reader:
        known = {column.name for column in reader.columns(table)}
        if lacking := [name for name in (reference, *names) if name not in known]:
            facts = {"table": table, "columns": ", ".join(lacking[:5])}
            raise ColumnGone(_("%(table)s lacks columns of the model: %(columns)s.") % facts)
        yield from reader.stream(table, names, order_by=reference)


def of_arrow(batch: Any, features: Sequence[Feature]) -> Batch:
    """A record batch of the reference and the features in order; the first of several rows of a customer."""
    references = np.array([written(cell) for cell in batch.column(0).to_pylist()], dtype=object)
    first = np.r_[True, references[1:] != references[:-1]]
    first &= np.fromiter((0 < len(who) <= MAX_REFERENCE for who in references), dtype=bool, count=len(references))
    columns = {}
    for place, feature in enumerate(features, start=1):
        values = _values(batch.column(place), as_number=feature.kind != "category")
        columns[feature.name] = _part(values, first)
    return references[first], columns


def _values(column: Any, *, as_number: bool) -> Values:
    if as_number and str(column.type).startswith(NUMBERS):
        numbers: Floats = np.asarray(column.to_numpy(zero_copy_only=False), dtype=np.float64)
        return numbers
    coded = column.dictionary_encode()
    places = coded.indices.fill_null(-1).to_numpy(zero_copy_only=False)
    return Coded(coded.dictionary.to_pylist(), places.astype(np.int64))


def _part(values: Values, rows: Any) -> Values:
    if rows.all():
        return values
    if isinstance(values, Coded):
        return Coded(values.cells, values.places[rows])
    kept: Floats = np.asarray(values, dtype=np.float64)[rows]
    return kept
