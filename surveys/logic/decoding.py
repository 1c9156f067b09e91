"""Reads the rows of a file by a mapping, in plain Python: what each says, or why it cannot be used.

A missing answer is no answer: its rating is left out, the row stays. A wrong answer (unreadable, off the scale)
rejects the row, because the rest of it can then not be trusted either. A column reads each distinct text once: files
repeat themselves, and so a row costs a few microseconds.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, datetime, timedelta, tzinfo
from difflib import get_close_matches
from typing import NamedTuple, TypeAlias, TypeVar

from surveys.logic.cells import Cell, as_day, as_number, is_missing, written
from surveys.logic.mapping import VALUE_TIERS, Mapping, RatingColumn
from surveys.logic.sentences import MappingError, Sentence, gettext_noop
from surveys.logic.tolerance import rescale

EARLIEST = date(2000, 1, 1)
SKEW = timedelta(minutes=5)
"""How far a sender's clock may run ahead of ours."""
MAX_REFERENCE = 64
MAX_EXTERNAL_ID = 80
MAX_COMMENT = 4_000
REMEMBERED = 10_000  # distinct texts of one column

T = TypeVar("T")
Read: TypeAlias = Callable[[Sequence[Cell]], T]


class Rating(NamedTuple):
    """One answer: as given, and on the 0–100 scale. `adequate` is None where neither row nor mapping gives it;
    `perceived` is None where nobody answered anything (a scan's find, a prediction).

    `stated`: the customer said what is adequate; otherwise it came with the file, and a supervisor's word counts more.
    """

    dimension: str
    raw: str
    perceived: float | None
    adequate: float | None
    desired: float | None
    opens: bool
    stated: bool = False


class Event(NamedTuple):
    """What happened: a complaint, a contact, a ticket. Moments are aware; None is not known."""

    kind: str
    topic: str = ""
    channel: str = ""
    occurred_at: datetime | None = None
    promised_at: datetime | None = None
    closed_at: datetime | None = None
    transfers: int | None = None
    disputed: bool | None = None


class Decoded(NamedTuple):
    """What a row says. The opening rating comes first."""

    row: int
    reference: str
    external_id: str
    occurred_on: date
    ratings: tuple[Rating, ...] = ()
    event: Event | None = None
    brand: str = ""
    region: str = ""
    value_tier: str = ""
    language: str = ""
    attributes: dict[str, str | int | float | bool] | None = None
    name: str = ""
    phone: str = ""
    email: str = ""
    causes: tuple[str, ...] = ()
    comment: str = ""


class Reject(NamedTuple):
    """One cell that keeps a row out."""

    row: int
    column: str
    value: str
    reason: Sentence


class Wrong(Exception):
    """A cell that cannot be used, and why."""

    def __init__(self, msgid: str, **facts: object) -> None:
        super().__init__(msgid)
        self.reason = Sentence(msgid, facts)


def address(header: Sequence[str]) -> tuple[str, ...]:
    """The names columns are addressed by: a second column of one name is `name#2`, a nameless one cannot be named."""
    seen: dict[str, int] = {}
    names = []
    for name in header:
        seen[name] = seen.get(name, 0) + 1
        names.append(f"{name}#{seen[name]}" if name and seen[name] > 1 else name)
    return tuple(names)


class Known(dict[Cell, T]):
    """What the texts of a column mean, each converted once: `known[cell]`. Only texts are kept as keys: of the numbers,
    True, 1 and 1.0 would be one key but three answers. `convert` gets None for what is missing, or raises Wrong."""

    def __init__(self, convert: Callable[[Cell], T], *, remember: int = REMEMBERED) -> None:
        super().__init__()
        self._convert = convert
        self._remember = remember

    def __missing__(self, value: Cell) -> T:
        read = self._convert(None if is_missing(value) else value)
        if type(value) is str and len(self) < self._remember:
            self[value] = read
        return read

    def at(self, index: int) -> Read[T]:
        """Reads one cell of a row, which must be as wide as that."""
        return lambda cells: self[cells[index]]


def required(limit: int) -> Callable[[Cell], str]:
    """A text that must be there."""

    def convert(value: Cell) -> str:
        # Every row has such a text of its own, so this is the busiest place of all.
        text = value.strip() if type(value) is str else plain(value)
        if not text or is_missing(text):
            raise Wrong(gettext_noop("This cell must not be empty."))
        if len(text) > limit or "\0" in text:
            return bounded(written(text), limit)
        return text

    return convert


def plain(value: Cell) -> str:
    """A text; "" where it is missing."""
    return "" if is_missing(value) else written(value)


def bounded(text: str, limit: int) -> str:
    if len(text) > limit:
        raise Wrong(gettext_noop("This is longer than %(limit)s characters."), limit=limit)
    return text


def day_between(date_format: str, latest: date, zone: tzinfo) -> Callable[[Cell], date]:
    """A day from 2000 to `latest`."""

    def convert(value: Cell) -> date:
        day = as_day(value, date_format, zone)
        if day is None:
            raise Wrong(gettext_noop("This is not a date; write 2026-03-31."))
        if not EARLIEST <= day <= latest:
            raise Wrong(gettext_noop("This day lies in the future or before 2000."))
        return day

    return convert


def level(rating: RatingColumn) -> Callable[[Cell], float | None]:
    """An answer on the 0–100 scale; None where there is none."""

    def convert(value: Cell) -> float | None:
        if value is None:
            return None
        number = as_number(value)
        if number is None:
            raise Wrong(gettext_noop("This is not a number."))
        if not rating.low <= number <= rating.high:
            reason = gettext_noop("This lies outside the scale %(low)s to %(high)s.")
            raise Wrong(reason, low=f"{rating.low:g}", high=f"{rating.high:g}")
        return rescale(number, rating.low, rating.high)

    return convert


def answer(rating: RatingColumn) -> Callable[[Cell], Rating | None]:
    """A whole answer, levels that its row may state left aside."""
    perceived_of = level(rating)
    adequate = None if rating.adequate is None else rescale(rating.adequate, rating.low, rating.high)

    def convert(value: Cell) -> Rating | None:
        perceived = perceived_of(value)
        if perceived is None:
            return None
        return Rating(rating.dimension, f"{as_number(value):.15g}", perceived, adequate, None, rating.opens)

    return convert


def tier_of(mapping: Mapping) -> Callable[[Cell], str]:
    """A value tier, by the mapping's words for it or by its own."""

    def convert(value: Cell) -> str:
        said = written(value)
        if mapping.value_tiers:
            return mapping.value_tiers.get(said, "")
        if said and said not in VALUE_TIERS:
            raise Wrong(gettext_noop("This is no value tier; list its names under [value_tiers]."))
        return said

    return convert


def kept(value: Cell) -> str | int | float | bool | None:
    """A cell as an attribute of the customer."""
    return value if isinstance(value, int | float) else written(value) or None


def unknown_column(name: str, known: dict[str, int]) -> MappingError:
    near = get_close_matches(name, known, n=1, cutoff=0)
    return MappingError(
        gettext_noop("The file has no column %(name)s; the nearest is %(near)s."),
        name=name,
        near=near[0] if near else "–",
    )
