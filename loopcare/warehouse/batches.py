"""Arrow batches cut so that whoever is interrupted can go on behind the last reference of the last batch."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc


def whole_references(batches: Iterable[Any], *, name: str, size: int) -> Iterator[pa.RecordBatch]:
    """Batches of `size` rows or a little more, in the order they come, with all rows of a reference in one batch."""
    held: list[pa.RecordBatch] = []
    rows = 0
    for batch in batches:
        for start in range(0, batch.num_rows, size):
            held.append(batch.slice(start, size))
            rows += held[-1].num_rows
            while rows >= size and (cut := _cut(held, name, size)) is not None:
                yield cut
                rows -= cut.num_rows
    if rows:
        yield _joined(held)


def _cut(held: list[pa.RecordBatch], name: str, size: int) -> pa.RecordBatch | None:
    """The first rows up to the end of a reference; None while that end has not come. `held` keeps the rest."""
    joined = _joined(held)
    held[:] = [joined]
    references = joined.column(name)
    last = references[size - 1]
    # From `size - 1` on: where does another reference begin?
    others = pc.index(pc.equal(references.slice(size - 1), last), False).as_py()
    if others < 0:
        return None
    end = size - 1 + others
    held[:] = [joined.slice(end)] if end < joined.num_rows else []
    return joined.slice(0, end)


def _joined(held: list[pa.RecordBatch]) -> pa.RecordBatch:
    return held[0] if len(held) == 1 else pa.concat_batches(held)


def named(batch: pa.RecordBatch, names: Iterable[str]) -> pa.RecordBatch:
    """The columns under the names they are asked by."""
    return batch.rename_columns(list(names))
