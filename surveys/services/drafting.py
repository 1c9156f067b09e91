"""Drafts a mapping for a file on disk."""

from __future__ import annotations

from itertools import islice
from pathlib import Path

from surveys.logic.drafting import Draft, draft
from surveys.services.reading import open_table

SAMPLE = 2_000  # rows at most, and
CELLS = 400_000  # cells of a wide file


def draft_mapping(path: Path) -> Draft:
    """A first mapping for a file that nobody has mapped yet, by its first rows. Raises Invalid for what is no table."""
    with open_table(path) as table:
        few = min(SAMPLE, CELLS // len(table.header))
        rows = [cells for _number, cells in islice(table.rows, few)]
    return draft(table.header, rows, name=path.stem)
