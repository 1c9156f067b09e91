"""A mapping bound to the header of one file: row by row, what it says or everything that is wrong with it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any, TypeVar

from surveys.logic.cells import Cell, as_moment, as_number, is_timed, written
from surveys.logic.decoding import (
    EARLIEST,
    MAX_COMMENT,
    MAX_EXTERNAL_ID,
    MAX_REFERENCE,
    REMEMBERED,
    SKEW,
    Decoded,
    Event,
    Known,
    Rating,
    Read,
    Reject,
    Wrong,
    address,
    answer,
    bounded,
    day_between,
    kept,
    level,
    plain,
    required,
    tier_of,
    unknown_column,
)
from surveys.logic.event_mapping import CHANNELS, KINDS, EventColumns
from surveys.logic.mapping import Mapping, RatingColumn
from surveys.logic.sentences import MappingError, Sentence, gettext_noop

YES = frozenset({"1", "true", "yes", "y", "x", "是", "有", "对"})
NO = frozenset({"", "0", "false", "no", "n", "否", "无", "没有", "-1", "2"})
MAX_TOPIC = 60
MAX_TRANSFERS = 1_000

REFERENCE, EXTERNAL_ID, RATINGS, EVENT = map(Decoded._fields.index, ("reference", "external_id", "ratings", "event"))

T = TypeVar("T")


class Decoder:
    """Raises MappingError for a column the file does not have. `now` is local: its zone is that of bare moments."""

    def __init__(self, mapping: Mapping, header: Sequence[str], *, now: datetime) -> None:
        self.mapping = mapping
        self.width = len(header)
        self.inverted: dict[str, int] = {}
        self._now = now
        self._zone = now.tzinfo or UTC
        self._latest = (now + SKEW).date()
        self._index = {name: index for index, name in enumerate(address(header)) if name}
        for name in mapping.used:
            if name not in self._index:
                raise unknown_column(name, self._index)
        if mapping.occurred_on is not None and not EARLIEST <= mapping.occurred_on <= self._latest:
            raise MappingError(
                gettext_noop("The day %(day)s of the mapping lies in the future or before 2000."),
                day=mapping.occurred_on,
            )
        self._readers: list[tuple[str, int, Read[Any]]] = []
        self._constants: list[Any] = list(Decoded(0, "", "", mapping.occurred_on or EARLIEST))
        self._bound: list[tuple[int, Read[Any]]] = []
        self._bind()

    def position(self, column: str) -> int:
        return self._index[column]

    def decode_row(self, row: int, cells: Sequence[Cell]) -> Decoded | list[Reject]:
        """Row number `row` (the header is 1) as values, or everything that is wrong with it."""
        if len(cells) < self.width:
            cells = [*cells, *[None] * (self.width - len(cells))]
        elif len(cells) > self.width:
            reason = gettext_noop("This row has more cells than the header has columns.")
            return [Reject(row, "", written(cells[self.width])[:200], Sentence(reason))]
        try:
            return self._decode(row, cells)
        except Wrong:
            return self._problems(row, cells)

    # --- binding columns ----------------------------------------------------------------------------------------------
    def _bind(self) -> None:
        mapping, columns = self.mapping, self.mapping.columns
        self._put("reference", columns.reference, required(MAX_REFERENCE), remember=0)
        self._put("external_id", columns.external_id, required(MAX_EXTERNAL_ID), remember=0)
        self._put("occurred_on", mapping.day_column, day_between(mapping.date_format, self._latest, self._zone))
        ratings = [self._rating(rating) for rating in sorted(mapping.ratings, key=lambda rating: not rating.opens)]
        self._let("ratings", lambda cells: tuple([given for read in ratings if (given := read(cells)) is not None]))
        if mapping.event:
            self._let("event", self._bind_event(mapping.event))
        for name, limit in (("brand", 40), ("region", 20), ("language", 10)):
            self._put(name, getattr(columns, name), _code(limit), getattr(mapping, name))
        self._put("value_tier", columns.value_tier, tier_of(mapping), mapping.value_tier)
        for name in ("name", "phone", "email"):
            self._put(name, getattr(columns, name), plain, "", remember=0)
        if columns.attributes:
            each = [(name, self._read(name, kept)) for name in columns.attributes]
            self._let("attributes", lambda cells: {n: v for n, read in each if (v := read(cells)) is not None} or None)
        if mapping.causes:
            causes = [(cause.code, self._read(cause.column, _chosen(cause.not_chosen))) for cause in mapping.causes]
            self._let("causes", lambda cells: tuple(dict.fromkeys([code for code, read in causes if read(cells)])))
        if mapping.comments:
            said = [self._read(name, plain, remember=0) for name in mapping.comments]
            self._let("comment", lambda cells: "\n".join([t for read in said if (t := read(cells))])[:MAX_COMMENT])

    def _put(
        self, name: str, column: str, convert: Callable[[Cell], Any], constant: Any = "", *, remember: int = REMEMBERED
    ) -> None:
        """Read a value of every row from a column, or let it be a constant where the file has none."""
        if column:
            self._let(name, self._read(column, convert, remember=remember))
        elif name != "occurred_on":
            self._constants[Decoded._fields.index(name)] = constant

    def _let(self, name: str, read: Read[Any]) -> None:
        self._bound.append((Decoded._fields.index(name), read))

    def _read(
        self, column: str, convert: Callable[[Cell], T], constant: Any = None, *, remember: int = REMEMBERED
    ) -> Read[T]:
        """How to read a column; `constant` where the file has none."""
        if not column:
            return lambda cells: constant
        index = self._index[column]
        read = Known(convert, remember=remember).at(index) if remember else _each(index, convert)
        self._readers.append((column, index, read))
        return read

    def _rating(self, rating: RatingColumn) -> Read[Rating | None]:
        plain = self._read(rating.column, answer(rating))
        if not rating.adequate_column and not rating.desired_column:
            return plain
        adequate_of = self._read(rating.adequate_column, level(rating))
        desired_of = self._read(rating.desired_column, level(rating))

        def read(cells: Sequence[Cell]) -> Rating | None:
            given, adequate, desired = plain(cells), adequate_of(cells), desired_of(cells)
            if given is None:
                return None
            if adequate is not None and desired is not None and adequate > desired:
                self.inverted[rating.dimension] = self.inverted.get(rating.dimension, 0) + 1
            if adequate is None:
                return given._replace(desired=desired)
            return given._replace(adequate=adequate, desired=desired, stated=True)

        return read

    def _bind_event(self, event: EventColumns) -> Read[Event]:
        kind = self._read(event.kind_column, _word(event.kinds, KINDS), event.kind)
        topic = self._read(event.topic, _code(MAX_TOPIC), "")
        channel = self._read(event.channel, _word(event.channels, CHANNELS, optional=True), "")
        opened = self._read(event.opened_at, self._moment(timed=True))
        promised = self._read(event.promised_at, self._moment(end_of_day=True, future=True))
        closed = self._read(event.closed_at, self._moment())
        transfers = self._read(event.transfers, _transfers)
        disputed = self._read(event.disputed, _yes)
        return lambda cells: Event(
            kind(cells),
            topic(cells),
            channel(cells),
            opened(cells),
            promised(cells),
            closed(cells),
            transfers(cells),
            disputed(cells),
        )

    def _moment(
        self, *, end_of_day: bool = False, future: bool = False, timed: bool = False
    ) -> Callable[[Cell], datetime | None]:
        """A moment; with `timed`, None for a bare day: the time is not known then."""

        def convert(value: Cell) -> datetime | None:
            if value is None:
                return None
            moment = as_moment(value, self.mapping.date_format, self._zone, end_of_day=end_of_day)
            if moment is None:
                raise Wrong(gettext_noop("This is not a moment; write 2026-03-31 14:30."))
            if moment.date() < EARLIEST or (not future and moment > self._now + SKEW):
                raise Wrong(gettext_noop("This moment lies in the future or before 2000."))
            return moment if is_timed(value) or not timed else None

        return convert

    # --- reading rows -------------------------------------------------------------------------------------------------
    def _decode(self, row: int, cells: Sequence[Cell]) -> Decoded:
        values = self._constants.copy()
        values[0] = row
        for place, read in self._bound:
            values[place] = read(cells)
        if not values[EXTERNAL_ID]:
            values[EXTERNAL_ID] = values[REFERENCE]
        if not values[RATINGS] and values[EVENT] is None:
            raise Wrong(gettext_noop("This row answers none of the ratings."))
        return Decoded._make(values)

    def _problems(self, row: int, cells: Sequence[Cell]) -> list[Reject]:
        """Every cell that is wrong, in the order of the mapping; a row without any says nothing at all."""
        found: dict[str, Reject] = {}
        for column, index, read in self._readers:
            try:
                read(cells)
            except Wrong as wrong:
                value = written(cells[index])[:200]
                found.setdefault(column, Reject(row, column, value, wrong.reason))
        if found:
            return list(found.values())
        opening = self.mapping.opening
        reason = Sentence(gettext_noop("This row answers none of the ratings."))
        return [Reject(row, opening.column if opening else "", "", reason)]


def _each(index: int, convert: Callable[[Cell], T]) -> Read[T]:
    """Reads one cell of a column whose texts hardly ever repeat; `convert` sees to what is missing."""
    return lambda cells: convert(cells[index])


def _code(limit: int) -> Callable[[Cell], str]:
    return lambda value: bounded(written(value), limit)


def _chosen(not_chosen: frozenset[str]) -> Callable[[Cell], bool]:
    return lambda value: bool(text := written(value)) and text not in not_chosen


def _word(words: Any, known: tuple[str, ...], *, optional: bool = False) -> Callable[[Cell], str]:
    """A code, by the mapping's words for it or by its own."""

    def convert(value: Cell) -> str:
        said = written(value)
        code = words.get(said, said if said in known else "")
        if not code and (said or not optional):
            raise Wrong(
                gettext_noop("This must be one of %(known)s, or listed in the mapping."), known=", ".join(known)
            )
        return str(code)

    return convert


def _transfers(value: Cell) -> int | None:
    if value is None:
        return None
    number = as_number(value)
    if number is None or number != int(number) or not 0 <= number <= MAX_TRANSFERS:
        raise Wrong(gettext_noop("This is not a number of transfers."))
    return int(number)


def _yes(value: Cell) -> bool | None:
    said = written(value).casefold() if not isinstance(value, bool) else ("yes" if value else "no")
    if said in YES:
        return True
    if said in NO:
        return False if said else None
    raise Wrong(gettext_noop("This is neither yes nor no."))
