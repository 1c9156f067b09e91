"""What the cells of one column look like."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time

from surveys.logic.cells import Cell, as_number, is_missing, written
from surveys.logic.dates import formats_of
from surveys.logic.drafting.headings import plain
from surveys.logic.placeholders import placeholders_in

EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s.]{2,}")
PHONE = re.compile(r"\+?\d[\d ().-]{5,18}\d")
CHINESE_MOBILE = re.compile(r"(\+?86[ -]?)?1[3-9]\d[ -]?\d{4}[ -]?\d{4}")
DATED = 500  # distinct values from which the format of days is told
NO = frozenset({"0", "-1", "no", "n", "false", "否", "无", "没有", "未选中", "未选", "not selected"})
YES = frozenset({"1", "yes", "y", "true", "x", "v", "是", "有", "选中", "已选", "selected", "√", "✓", "✔"})


@dataclass(frozen=True, slots=True)
class Profile:
    """One column. `values` counts its texts; `numbers` are its distinct numbers without placeholders, if it has others.

    `formats` are those of its days, `timed` whether they tell the time. `not_chosen` is what an option of a multiple
    choice says where it was not chosen (empty: nothing), None where the column is no option.
    """

    name: str
    index: int
    rows: int
    cells: Sequence[Cell] = field(repr=False)
    values: Mapping[str, int] = field(repr=False)
    numbers: tuple[float, ...]
    placeholders: tuple[str, ...]
    formats: tuple[str, ...]
    timed: bool
    not_chosen: tuple[str, ...] | None
    heading: str

    @property
    def title(self) -> str:
        """The name as it stands in the header, without the number of a second column of one name."""
        return re.sub(r"(?<=.)#\d+$", "", self.name)

    @property
    def filled(self) -> int:
        return sum(self.values.values())

    @property
    def is_full(self) -> bool:
        return self.filled >= 0.9 * self.rows

    @property
    def is_unique(self) -> bool:
        """Whether the values tell the rows apart."""
        return self.filled > 0 and len(self.values) >= 0.98 * self.filled

    @property
    def is_day(self) -> bool:
        return bool(self.formats)

    @property
    def length(self) -> float:
        """Characters of a value, on average; a Chinese one counts twice."""
        total = sum(count * sum(1 + (letter > "\u2e80") for letter in text) for text, count in self.values.items())
        return total / max(1, self.filled)

    def share(self, pattern: re.Pattern[str]) -> float:
        """Share of the filled cells that are wholly such a text."""
        return sum(count for text, count in self.values.items() if pattern.fullmatch(text)) / max(1, self.filled)


def profile(name: str, index: int, cells: Sequence[Cell]) -> Profile:
    """Look at one column of a sample."""
    given = [cell for cell in cells if not is_missing(cell)]
    values: Counter[str] = Counter(map(written, given))
    found = {text for text, _share in placeholders_in(values, len(given), complete=True)}
    numbers = {number for text in values if text not in found and (number := as_number(text)) is not None}
    counted = sum(count for text, count in values.items() if as_number(text) is not None)
    days = list(dict.fromkeys(given))[:DATED]
    formats = formats_of(cell for cell in days if written(cell) not in found)
    return Profile(
        name=name,
        index=index,
        rows=len(cells),
        cells=cells,
        values=values,
        numbers=tuple(sorted(numbers)) if counted >= 0.9 * len(given) else (),
        placeholders=tuple(sorted(found)),
        formats=formats,
        timed=bool(formats) and any(_is_timed(cell) for cell in days),
        not_chosen=_not_chosen(values, re.sub(r"#\d+$", "", name), full=len(given) >= 0.98 * len(cells)),
        heading=plain(name),
    )


def _is_timed(cell: Cell) -> bool:
    if isinstance(cell, datetime):
        return cell.time() != time.min
    return not isinstance(cell, date) and ":" in written(cell)


def _not_chosen(values: Mapping[str, int], name: str, *, full: bool) -> tuple[str, ...] | None:
    """What stands where an option was not chosen: 0, -1, no, 否; or nothing, where the chosen are marked."""
    if not 1 <= len(values) <= 2:
        return None
    no = tuple(text for text in values if text.casefold() in NO)
    yes = [text for text in values if text not in no]
    if len(no) == 1 and len(yes) == 1:
        marked = yes[0].casefold() in YES or (no[0] in ("0", "-1") and as_number(yes[0]) is not None)
        return no if marked or yes[0] == name else None
    if len(no) == 1 and not yes and full:
        return no
    if len(yes) == 1 and not no and not full:
        return () if yes[0].casefold() in YES or yes[0] == name else None
    return None
