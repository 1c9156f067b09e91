from __future__ import annotations

import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from loopcare.warehouse.batches import whole_references


@given(
    references=st.lists(st.integers(0, 12), max_size=60).map(sorted),
    cuts=st.lists(st.integers(1, 9), min_size=1, max_size=30),
    size=st.integers(1, 11),
)
def test_whole_references_keeps_rows_and_never_splits_one(references: list[int], cuts: list[int], size: int) -> None:
    given_batches, start = [], 0
    for cut in cuts * 60:
        if start < len(references):
            part = references[start : start + cut]
            given_batches.append(pa.record_batch({"reference": part, "row": list(range(start, start + len(part)))}))
            start += cut
    batches = list(whole_references(given_batches, name="reference", size=size))
    rows = [row for batch in batches for row in batch.column("row").to_pylist()]
    assert rows == list(range(len(references)))
    held = [set(batch.column("reference").to_pylist()) for batch in batches]
    assert sum(map(len, held)) == len(set(references))
    assert all(batch.num_rows >= size for batch in batches[:-1])
    longest = max((references.count(each) for each in set(references)), default=0)
    assert all(batch.num_rows < size + longest for batch in batches)
