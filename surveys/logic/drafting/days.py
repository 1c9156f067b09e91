"""When a row happened: the column of days and how they are written."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from surveys.logic.dates import AMBIGUOUS, ISO, NUMBERED, day_problem, is_ambiguous, is_serial
from surveys.logic.drafting import headings
from surveys.logic.drafting.profiling import Profile
from surveys.logic.drafting.sheet import Sheet
from surveys.logic.sentences import Sentence, gettext_noop

NO_DAY = gettext_noop("No column says when: which day does the file stand for? Nothing can be imported before.")
WHICH_DAY = gettext_noop("Several columns hold days: %(columns)s. Is %(chosen)s when it happened?")
UNSET = "1900-01-01"
"""A day that no import accepts, so that a draft cannot be used before its question is answered."""


@dataclass(frozen=True, slots=True)
class When:
    """The column of the day, if there is one, the formats its days can be read in, and questions about either."""

    column: Profile | None
    formats: tuple[str, ...]
    asked: tuple[Sentence, ...]


def find_day(sheet: Sheet, *, moments: Mapping[str, Profile]) -> When:
    """Take the column of the day: the one an event opened at, else the likeliest of the free ones.

    Other columns of the file are written alike, so that one 25/12/2026 among them settles what 03/04/2026 means.
    """
    serial = [c for c in sheet.free if headings.ANSWERED.search(c.heading) and c.numbers and is_serial(c.cells)]
    for column in serial:
        sheet.leave_out(column, "a spreadsheet's numbers for days")
    days = [column for column in sheet.free if column.is_day and column.is_full]
    beside = [*days, *(column for column in moments.values() if column.is_day)]
    opened = moments.get("opened_at")
    chosen = opened or max(days, key=_likelihood, default=None)
    asked = []
    if chosen is None:
        asked += [sheet.ask(NUMBERED, column=c.name, value=next(iter(c.values))) for c in serial[:1]]
        asked.append(sheet.ask(NO_DAY))
        return When(None, (ISO,), tuple(asked))
    if opened is None:
        sheet.take(chosen)
        likely = [column.name for column in days if _likelihood(column) == _likelihood(chosen)]
        if len(likely) > 1:
            asked.append(sheet.ask(WHICH_DAY, columns=", ".join(likely), chosen=chosen.name))
    certain = {form for column in beside if not is_ambiguous(column.formats) for form in column.formats}
    formats = tuple(form for form in chosen.formats if form in certain) or chosen.formats
    if is_ambiguous(formats):
        problem = day_problem(chosen.name, chosen.cells, ISO)
        asked.append(sheet.ask(AMBIGUOUS, **(problem.facts if problem else {})))
    else:
        formats = formats[:1]
    return When(chosen, formats, tuple(asked))


def _likelihood(column: Profile) -> int:
    """How likely a column of days is the day something happened."""
    if headings.OTHER_DAYS.search(column.heading):
        return 0
    if headings.PROMISED.search(column.heading) or headings.CLOSED.search(column.heading):
        return 1
    return 2 + bool(headings.ANSWERED.search(column.heading) or headings.OPENED.search(column.heading))
