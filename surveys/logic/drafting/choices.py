"""Which columns are options of a multiple choice."""

from __future__ import annotations

import re
from dataclasses import dataclass

from surveys.logic.drafting.headings import slug
from surveys.logic.drafting.profiling import Profile
from surveys.logic.drafting.sheet import Sheet

# "Is a 5G customer" is a fact about the customer, not something that was ticked.
FACT = re.compile(r"^(is|has|was|had|did|does|are|uses?)\b|^(是否|有无|有没有)")

MOST = 30  # options of a question, and
MOST_QUESTIONS = 8  # questions of a draft: a mapping has its limits


@dataclass(frozen=True, slots=True)
class Choices:
    """Options in the order of the file, each with a code, and what stands where one was not chosen."""

    options: tuple[tuple[Profile, str], ...]
    not_chosen: tuple[str, ...]


def find_choices(sheet: Sheet) -> list[Choices]:
    """Take runs of two or more neighbouring columns that are marked in the same way."""
    runs: list[list[Profile]] = []
    for column in sheet.free:
        if column.not_chosen is None or FACT.search(column.heading):
            continue
        last = runs[-1][-1] if runs else None
        if last and last.index == column.index - 1 and last.not_chosen == column.not_chosen:
            runs[-1].append(column)
        else:
            runs.append([column])
    found = [run[:MOST] for run in runs if len(run) > 1][:MOST_QUESTIONS]
    return [_choices(sheet, number, run) for number, run in enumerate(found, start=1)]


def _choices(sheet: Sheet, number: int, run: list[Profile]) -> Choices:
    codes: list[str] = []
    for position, column in enumerate(run, start=1):
        sheet.take(column)
        code = f"choice{number}.{slug(column.name, 40) or f'option{position}'}"
        codes.append(code if code not in codes else f"{code}_{position}")
    return Choices(tuple(zip(run, codes, strict=True)), run[0].not_chosen or ())
