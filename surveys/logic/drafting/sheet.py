"""The columns of a file that nobody has spoken for yet, and what has to be asked about them."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from surveys.logic.cells import Cell
from surveys.logic.decoding import address
from surveys.logic.drafting.profiling import Profile, profile
from surveys.logic.sentences import Sentence

MAX_NAME = 200  # characters of a column's name in a mapping


@dataclass(slots=True)
class Sheet:
    """`free` in the order of the file; `left_out` with reasons, in English like every comment of a draft."""

    free: list[Profile]
    named: list[Profile] = field(default_factory=list)
    """Every column that a mapping can name, taken or not."""
    questions: list[Sentence] = field(default_factory=list)
    left_out: list[tuple[str, str]] = field(default_factory=list)

    def take(self, column: Profile) -> Profile:
        self.free.remove(column)
        return column

    def leave_out(self, column: Profile, why: str) -> None:
        self.left_out.append((self.take(column).name, why))

    def first(self, pattern: re.Pattern[str], fits: Callable[[Profile], bool] = lambda column: True) -> Profile | None:
        """The first free column whose heading has such a word and whose cells fit; it is taken."""
        for column in self.free:
            if pattern.search(column.heading) and fits(column):
                return self.take(column)
        return None

    def ask(self, msgid: str, **facts: object) -> Sentence:
        question = Sentence(msgid, facts)
        self.questions.append(question)
        return question


def sheet_of(header: Sequence[str], rows: Sequence[Sequence[Cell]]) -> Sheet:
    """Every column that can be named and holds something."""
    sheet = Sheet([])
    first: dict[tuple[Cell, ...], str] = {}
    for index, name in enumerate(address(header)):
        cells = tuple(row[index] if index < len(row) else None for row in rows)
        column = profile(name, index, cells)
        if not name:
            continue
        sheet.free.append(column)
        if len(name) > MAX_NAME:
            sheet.leave_out(column, f"its name is longer than {MAX_NAME} characters: shorten it in the file")
            continue
        sheet.named.append(column)
        if not column.values:
            sheet.leave_out(column, "empty")
        elif len(column.values) > 1 and first.setdefault(cells, name) != name:
            sheet.leave_out(column, f"equal to {first[cells]}")
    return sheet
