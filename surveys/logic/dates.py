"""How the days of a column are written, and whether two readings of them are possible.

formats_of(["03/04/2026", "05/04/2026"])  ->  ("%d/%m/%Y", "%m/%d/%Y"), which is ambiguous
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from surveys.logic.cells import Cell, as_number, is_missing, written
from surveys.logic.sentences import Sentence, gettext_noop

ISO = ""
"""The format of a mapping that states none: ISO order, such as 2026-03-31 or 2026-03-31T14:30:00+08:00."""
YEARS = (1900, 2100)
NOISE = 0.2  # share of texts that may be no day at all: they will be rejected one by one
SERIAL = (20_000, 65_000)  # 1954 to 2077 as a spreadsheet counts days
MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
LONG_MONTHS = (
    *("january", "february", "march", "april", "may", "june"),
    *("july", "august", "september", "october", "november", "december"),
)

AMBIGUOUS = gettext_noop(
    "The column %(column)s holds days such as %(value)s, which can be read in two ways: say which is meant, with "
    'date_format = "%(one)s" or date_format = "%(other)s".'
)
UNSTATED = gettext_noop(
    'The column %(column)s holds days such as %(value)s: say how they are written, with date_format = "%(one)s".'
)
NUMBERED = gettext_noop(
    "The column %(column)s holds %(value)s and the like, which look like a spreadsheet's numbers for days: "
    "format the column as a date and save the file again."
)

CLOCK = re.compile(
    r"(?P<between>T|\s+)(?P<hour>[01]?\d|2[0-3]):[0-5]\d(?P<seconds>:[0-5]\d(?P<fraction>\.\d{1,6})?)?"
    r"(?P<half>\s?[AaPp][Mm])?(?P<zone>\s?(?:Z|[+-]\d{2}:?\d{2}))?"
)
SHAPES = (
    (re.compile(r"(\d{4})([-/.])(\d{1,2})\2(\d{1,2})"), ("%Y{0}%m{0}%d", "%Y{0}%d{0}%m")),
    (re.compile(r"(\d{1,2})([-/.])(\d{1,2})\2(\d{4})"), ("%d{0}%m{0}%Y", "%m{0}%d{0}%Y")),
    (re.compile(r"(\d{1,2})([-/.])(\d{1,2})\2(\d{2})"), ("%d{0}%m{0}%y", "%m{0}%d{0}%y")),
    (re.compile(r"(\d{2})([-/.])(\d{1,2})\2(\d{1,2})"), ("%y{0}%m{0}%d",)),
    (re.compile(r"(\d{4})()(\d{2})(\d{2})"), ("%Y%m%d",)),
    (re.compile(r"(\d{4})()年(\d{1,2})月(\d{1,2})日"), ("%Y年%m月%d日",)),
    (re.compile(r"(\d{1,2})([ -])([A-Za-z]{3,9})\2(\d{4})"), ("%d{0}%b{0}%Y", "%d{0}%B{0}%Y")),
    (re.compile(r"([A-Za-z]{3,9})( )(\d{1,2}) (\d{4})"), ("%b %d %Y", "%B %d %Y")),
    (re.compile(r"([A-Za-z]{3,9})( )(\d{1,2}), (\d{4})"), ("%b %d, %Y", "%B %d, %Y")),
)
# Nobody writes these orders; they count only where the usual one does not fit.
UNUSUAL = {"%Y-%d-%m": "%Y-%m-%d", "%Y/%d/%m": "%Y/%m/%d", "%Y.%d.%m": "%Y.%m.%d", "%m.%d.%Y": "%d.%m.%Y"}
UNUSUAL |= {"%m.%d.%y": "%d.%m.%y"}
DAY_CODES = re.compile(r"%[YymdbB]")


@dataclass(slots=True)
class _Fit:
    """How many texts a format reads, and the days it makes of them."""

    count: int
    first: date
    last: date


def formats_of(values: Iterable[Cell]) -> tuple[str, ...]:
    """The formats, as of strptime, in which every day of a column can be read; the most plausible comes first.

    `ISO` ("") where a mapping need not state one. Empty where no format reads them all, or where too many are no days.
    Of formats that differ in their order that one is more plausible in which the days lie closer together.
    """
    texts, typed = _texts(values)
    fits, dated = _tally(texts)
    if dated < (1 - NOISE) * len(texts):
        return ()
    if not texts:
        return (ISO,) if typed else ()
    whole = {form: fit for form, fit in fits.items() if fit.count == dated}
    usual = {form: fit for form, fit in whole.items() if _usual(form) == form or _usual(form) not in whole}
    if ISO in usual:
        return (ISO,)
    return tuple(sorted(usual, key=lambda form: usual[form].last - usual[form].first))


def is_ambiguous(formats: Sequence[str]) -> bool:
    """Whether formats that read every day of a column differ in the order of day, month and year."""
    return len({_order(form) for form in formats}) > 1


def day_problem(column: str, values: Sequence[Cell], date_format: str) -> Sentence | None:
    """Why the days of a column cannot be read as a mapping states; None where they can, or row by row it shows."""
    if date_format:
        return None
    formats = formats_of(values)
    if formats and formats[0] != ISO:
        one = formats[0]
        other = next((form for form in formats if _order(form) != _order(one)), one)
        dated = [text for text in _texts(values)[0] if one in _readings(text)]
        value = next((text for text in dated if _readings(text)[one] != _readings(text)[other]), dated[0])
        msgid = UNSTATED if one == other else AMBIGUOUS
        return Sentence(msgid, {"column": column, "value": value, "one": one, "other": other})
    if not formats and is_serial(values):
        return Sentence(NUMBERED, {"column": column, "value": written(next(v for v in values if not is_missing(v)))})
    return None


def is_serial(values: Iterable[Cell]) -> bool:
    """Whether a column holds numbers that a spreadsheet would show as days."""
    numbers = [as_number(value) for value in values if not is_missing(value)]
    return bool(numbers) and all(number is not None and SERIAL[0] <= number <= SERIAL[1] for number in numbers)


def _texts(values: Iterable[Cell]) -> tuple[list[str], int]:
    """The distinct texts of a column, and the number of its real days."""
    texts: dict[str, None] = {}
    typed = 0
    for value in values:
        if isinstance(value, date):
            typed += 1
        elif not is_missing(value):
            texts[written(value)] = None
    return list(texts), typed


def _tally(texts: list[str]) -> tuple[dict[str, _Fit], int]:
    fits: dict[str, _Fit] = {}
    dated = 0
    for text in texts:
        readings = _readings(text)
        dated += bool(readings)
        for form, day in readings.items():
            fit = fits.setdefault(form, _Fit(0, day, day))
            fit.count += 1
            fit.first, fit.last = min(fit.first, day), max(fit.last, day)
    return fits, dated


def _readings(text: str) -> dict[str, date]:
    """Each format that reads a text, and the day it makes of it."""
    readings = dict(_in_formats(text))
    try:
        iso = datetime.fromisoformat(text).date()  # as the decoder reads it
    except ValueError:
        return readings
    return readings | {ISO: iso} if YEARS[0] <= iso.year <= YEARS[1] else readings


def _in_formats(text: str) -> Iterator[tuple[str, date]]:
    clock = CLOCK.search(text)
    if clock and clock.end() != len(text):
        return
    day_text, rest = (text[: clock.start()], _clock_format(clock)) if clock else (text, "")
    for pattern, forms in SHAPES:
        found = pattern.fullmatch(day_text)
        if found:
            one, between, two, three = found.groups()
            for form in forms:
                codes = DAY_CODES.findall(form)
                day = _day(dict(zip(codes, (one, two, three), strict=True)))
                if day is not None:
                    yield form.format(between) + rest, day


def _day(parts: dict[str, str]) -> date | None:
    """The day of its parts, by their codes; a two-digit year is read as strptime reads it."""
    year = int(parts.get("%Y") or parts["%y"])
    if "%y" in parts:
        year += 1900 if year >= 69 else 2000
    month = int(parts["%m"]) if "%m" in parts else _month(parts)
    try:
        day = date(year, month, int(parts["%d"]))
    except ValueError:
        return None
    return day if YEARS[0] <= year <= YEARS[1] else None


def _month(parts: dict[str, str]) -> int:
    """The number of a month's name; 0 for no month."""
    name, names = (parts["%b"], MONTHS) if "%b" in parts else (parts["%B"], LONG_MONTHS)
    return names.index(name.lower()) + 1 if name.lower() in names else 0


def _clock_format(clock: re.Match[str]) -> str:
    half, zone = clock["half"] or "", clock["zone"] or ""
    form = "T" if clock["between"] == "T" else " "
    form += ("%I" if half else "%H") + ":%M"
    form += ":%S" if clock["seconds"] else ""
    form += ".%f" if clock["fraction"] else ""
    form += f"{half[:-2]}%p" if half else ""
    return form + (" %z" if zone[:1].isspace() else "%z" if zone else "")


def _usual(form: str) -> str:
    """The format that is meant unless it does not fit."""
    for unusual, usual in UNUSUAL.items():
        if form.startswith(unusual):
            return usual + form[len(unusual) :]
    return form


def _order(form: str) -> str:
    """The order of day, month and year; `ISO` has the one of 2026-03-31."""
    return "".join(code[1].lower().replace("b", "m") for code in DAY_CODES.findall(form)) or "ymd"
