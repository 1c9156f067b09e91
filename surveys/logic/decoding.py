"""Reads one row of a file by a mapping, in plain Python: what it says, or why it cannot be used.

A missing answer is no answer: its rating is left out, the row stays. A wrong answer (unreadable, off the scale)
rejects the row, because the rest of it can then not be trusted either.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from difflib import get_close_matches

from surveys.logic.cells import Cell, as_day, as_number, is_missing, written
from surveys.logic.mapping import VALUE_TIERS, CauseColumn, Mapping, RatingColumn
from surveys.logic.sentences import MappingError, Sentence, gettext_noop
from surveys.logic.tolerance import rescale

EARLIEST = date(2000, 1, 1)
MAX_REFERENCE = 64
MAX_EXTERNAL_ID = 80
MAX_COMMENT = 4_000


@dataclass(frozen=True, slots=True)
class Rating:
    """One answer: as given, and on the 0–100 scale. `adequate` is None where neither row nor mapping states it."""

    dimension: str
    raw: str
    perceived: float
    adequate: float | None
    desired: float | None
    opens: bool


@dataclass(frozen=True, slots=True)
class Decoded:
    """What a row says. The opening rating comes first."""

    row: int
    reference: str
    external_id: str
    occurred_on: date
    ratings: tuple[Rating, ...]
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


@dataclass(frozen=True, slots=True)
class Reject:
    """One cell that keeps a row out."""

    row: int
    column: str
    value: str
    reason: Sentence


def address(header: Sequence[str]) -> tuple[str, ...]:
    """The names columns are addressed by: a second column of one name is `name#2`, a nameless one cannot be named."""
    seen: dict[str, int] = {}
    names = []
    for name in header:
        seen[name] = seen.get(name, 0) + 1
        names.append(f"{name}#{seen[name]}" if name and seen[name] > 1 else name)
    return tuple(names)


class Decoder:
    """A mapping bound to a file's header. Raises MappingError for a column the file does not have."""

    def __init__(self, mapping: Mapping, header: Sequence[str], *, today: date) -> None:
        self.mapping = mapping
        self.width = len(header)
        self._today = today
        names = address(header)
        self._index = {name: index for index, name in enumerate(names) if name}
        for name in mapping.used:
            if name not in self._index:
                raise _unknown(name, self._index)
        if mapping.occurred_on is not None and not EARLIEST <= mapping.occurred_on <= today:
            raise MappingError(
                gettext_noop("The day %(day)s of the mapping lies in the future or before 2000."),
                day=mapping.occurred_on,
            )
        self._ratings = sorted(mapping.ratings, key=lambda rating: not rating.opens)

    def decode_row(self, row: int, cells: Sequence[Cell]) -> Decoded | list[Reject]:
        """Row number `row` (the header is 1) as values, or everything that is wrong with it."""
        return _Row(self, row, cells).decode()

    def day(self, cells: Sequence[Cell]) -> date | None:
        """The day of a row, None where it has no usable one."""
        row = _Row(self, 0, cells)
        day = row.day()
        return None if row.rejects else day

    def position(self, column: str) -> int:
        return self._index[column]


def _unknown(name: str, known: dict[str, int]) -> MappingError:
    near = get_close_matches(name, known, n=1, cutoff=0)
    return MappingError(
        gettext_noop("The file has no column %(name)s; the nearest is %(near)s."),
        name=name,
        near=near[0] if near else "–",
    )


class _Row:
    def __init__(self, decoder: Decoder, row: int, cells: Sequence[Cell]) -> None:
        self.decoder = decoder
        self.mapping = decoder.mapping
        self.row = row
        self.cells = cells
        self.rejects: list[Reject] = []

    def decode(self) -> Decoded | list[Reject]:
        if len(self.cells) > self.decoder.width:
            reason = gettext_noop("This row has more cells than the header has columns.")
            self.reject("", self.cells[self.decoder.width], reason)
            return self.rejects
        columns, mapping = self.mapping.columns, self.mapping
        reference = self.identity(columns.reference, MAX_REFERENCE)
        external_id = self.identity(columns.external_id, MAX_EXTERNAL_ID) if columns.external_id else reference
        day = self.day()
        ratings = [self.rating(rating) for rating in self.decoder._ratings]
        given = tuple(rating for rating in ratings if rating is not None)
        if not given and not self.rejects:
            self.reject(mapping.opening.column, None, gettext_noop("This row answers none of the ratings."))
        decoded = Decoded(
            row=self.row,
            reference=reference,
            external_id=external_id,
            occurred_on=day,
            ratings=given,
            brand=self.known(columns.brand, mapping.brand, 40),
            region=self.known(columns.region, mapping.region, 20),
            value_tier=self.value_tier(),
            language=self.known(columns.language, mapping.language, 10),
            attributes=self.attributes(),
            name=self.text(columns.name),
            phone=self.text(columns.phone),
            email=self.text(columns.email),
            causes=tuple(dict.fromkeys(cause.code for cause in mapping.causes if self.chosen(cause))),
            comment=self.comment(),
        )
        return self.rejects or decoded

    def reject(self, column: str, value: Cell, reason: str, **facts: object) -> None:
        self.rejects.append(Reject(self.row, column, written(value)[:200], Sentence(reason, facts)))

    def cell(self, column: str) -> Cell:
        """The cell of a column; None where it is empty, absent, or holds a spreadsheet's error."""
        index = self.decoder.position(column) if column else self.decoder.width
        value = self.cells[index] if index < len(self.cells) else None
        return None if is_missing(value) else value

    def text(self, column: str) -> str:
        return written(self.cell(column))

    def identity(self, column: str, limit: int) -> str:
        value = self.text(column)
        if not value:
            self.reject(column, None, gettext_noop("This cell must not be empty."))
        elif len(value) > limit:
            self.reject(column, value, gettext_noop("This is longer than %(limit)s characters."), limit=limit)
        return value

    def known(self, column: str, constant: str, limit: int) -> str:
        value = self.text(column) if column else constant
        if len(value) > limit:
            self.reject(column, value, gettext_noop("This is longer than %(limit)s characters."), limit=limit)
        return value

    def day(self) -> date:
        column = self.mapping.columns.occurred_on
        if not column:
            return self.mapping.occurred_on or EARLIEST
        value = self.cell(column)
        day = as_day(value, self.mapping.date_format)
        if day is None:
            self.reject(column, value, gettext_noop("This is not a date; write 2026-03-31."))
        elif not EARLIEST <= day <= self.decoder._today:
            self.reject(column, value, gettext_noop("This day lies in the future or before 2000."))
        return day or EARLIEST

    def rating(self, rating: RatingColumn) -> Rating | None:
        value = self.cell(rating.column)
        perceived = self.level(rating.column, rating)
        adequate = self.level(rating.adequate_column, rating)
        desired = self.level(rating.desired_column, rating)
        if value is None or perceived is None:
            return None
        if adequate is None and rating.adequate is not None:
            adequate = rescale(rating.adequate, rating.low, rating.high)
        raw = f"{as_number(value):.15g}"
        return Rating(rating.dimension, raw, perceived, adequate, desired, rating.opens)

    def level(self, column: str, rating: RatingColumn) -> float | None:
        """The answer in a column on the 0–100 scale; None where there is none or it is rejected."""
        value = self.cell(column)
        if value is None:
            return None
        number = as_number(value)
        if number is None:
            self.reject(column, value, gettext_noop("This is not a number."))
        elif not rating.low <= number <= rating.high:
            reason = gettext_noop("This lies outside the scale %(low)s to %(high)s.")
            self.reject(column, value, reason, low=f"{rating.low:g}", high=f"{rating.high:g}")
        else:
            return rescale(number, rating.low, rating.high)
        return None

    def value_tier(self) -> str:
        column = self.mapping.columns.value_tier
        if not column:
            return self.mapping.value_tier
        said = self.text(column)
        if self.mapping.value_tiers:
            return self.mapping.value_tiers.get(said, "")
        if said and said not in VALUE_TIERS:
            self.reject(column, said, gettext_noop("This is no value tier; list its names under [value_tiers]."))
        return said

    def attributes(self) -> dict[str, str | int | float | bool]:
        found: dict[str, str | int | float | bool] = {}
        for column in self.mapping.columns.attributes:
            value = self.cell(column)
            if value is not None:
                found[column] = value if isinstance(value, int | float) else written(value)
        return found

    def chosen(self, cause: CauseColumn) -> bool:
        value = self.text(cause.column)
        return bool(value) and value not in cause.not_chosen

    def comment(self) -> str:
        said = [self.text(column) for column in self.mapping.comments]
        return "\n".join(text for text in said if text)[:MAX_COMMENT]
