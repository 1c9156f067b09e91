"""A file in parts of many rows, each decoded while the one before it lands."""

from __future__ import annotations

import gc
import sys
from collections.abc import Generator, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import chain, islice
from typing import TypeVar

from django.conf import settings

from loopcare.customers.enums import PointKind
from surveys.enums import UnknownCustomers
from surveys.logic.cells import Cell
from surveys.logic.dates import day_problem
from surveys.logic.decoder import Decoder
from surveys.logic.decoding import Decoded, Reject, address
from surveys.logic.observing import Observer
from surveys.logic.sentences import MappingError, Sentence, gettext_noop
from surveys.models import Source
from surveys.services.reading import Row, Table
from surveys.services.staging import Staged

PART = settings.IMPORT_PART
"""Rows that land at once: enough for set-based statements to pay, few enough that nobody waits long for a lock."""
GIVE_WAY = 0.0002  # seconds
SAMPLE = 1_000  # rows that tell how days are written

T = TypeVar("T")


@dataclass
class Part:
    """Rows read together. `last` is the number of the last one, `share` how much of the file has been read by then."""

    staged: Staged
    last: int = 0
    share: float = 0.0
    rejected: list[tuple[list[Reject], Sequence[Cell]]] = field(default_factory=list)
    points: list[tuple[str, str, str]] = field(default_factory=list)
    cells: dict[int, Sequence[Cell]] = field(default_factory=dict)
    """The rows themselves, where the source may yet send some back because nobody knows the customer."""


class FileParts:
    """The parts of an open file behind row `done`, of `size` rows, which may be changed on the way.

    Raises MappingError for days that can be read in two ways.
    """

    def __init__(self, table: Table, decoder: Decoder, source: Source, *, done: int = 0, size: int = PART) -> None:
        columns = decoder.mapping.columns
        self.personal = {name for name in (columns.name, columns.phone, columns.email) if name}
        self.hidden = {decoder.position(name) for name in self.personal}
        self._rows = settled(decoder, table.rows)
        self.size = size
        self._share = table.share
        self._decoder = decoder
        self._source = source
        self._done = done
        self._keeps_cells = source.unknown_customers == UnknownCustomers.REJECT
        self._observer = Observer(address(table.header), hidden={*self.personal, columns.reference})

    def __iter__(self) -> Generator[Part]:
        """Each part is made in a thread of its own while its predecessor is used."""
        parts = self._parts()
        with _undisturbed(), ThreadPoolExecutor(1, thread_name_prefix="decoder") as thread:
            coming = thread.submit(next, parts, None)
            while (part := coming.result()) is not None:
                coming = thread.submit(next, parts, None)
                yield part

    def warnings(self) -> list[Sentence]:
        """What looks wrong in the rows read so far and was not touched."""
        inverted = [
            Sentence(
                gettext_noop("%(count)s answers on %(dimension)s state an adequate level above the desired one."),
                {"count": count, "dimension": dimension},
            )
            for dimension, count in sorted(self._decoder.inverted.items())
        ]
        return [*self._observer.warnings(), *inverted]

    def _parts(self) -> Iterator[Part]:
        while True:
            part = Part(Staged(self._source))
            self._decode(islice(self._rows, self.size), part)
            if not part.last:
                return
            part.share = self._share()
            if part.last > self._done:
                yield part

    def _decode(self, rows: Iterable[Row], part: Part) -> None:
        look, decode, add = self._observer.look, self._decoder.decode_row, part.staged.add
        number = 0
        for number, cells in rows:
            look(cells)
            if number <= self._done:
                continue
            row = decode(number, cells)
            if not isinstance(row, Decoded):
                part.rejected.append((row, cells))
                continue
            add(row)
            if row.phone:
                part.points.append((row.reference, PointKind.PHONE.value, row.phone))
            if row.email:
                part.points.append((row.reference, PointKind.EMAIL.value, row.email))
            if self._keeps_cells:
                part.cells[number] = cells
        part.last = number


@contextmanager
def _undisturbed() -> Iterator[None]:
    """Threads give way to each other at once, and nobody looks for circles, while parts are made.

    A part is millions of small objects and no circles: looking for circles among them would cost more than making
    them. And whoever talks to the database must not wait for its turn at every word, or the server waits too.
    """
    was_on, interval = gc.isenabled(), sys.getswitchinterval()
    gc.disable()
    sys.setswitchinterval(GIVE_WAY)
    try:
        yield
    finally:
        sys.setswitchinterval(interval)
        if was_on:
            gc.enable()


def settled(decoder: Decoder, rows: Iterator[Row]) -> Iterator[Row]:
    """The same rows. Raises MappingError where the first of them show days that can be read in two ways."""
    mapping = decoder.mapping
    if not mapping.day_column:
        return rows
    sample = list(islice(rows, SAMPLE))
    place = decoder.position(mapping.day_column)
    problem = day_problem(mapping.day_column, [cells[place] for _number, cells in sample], mapping.date_format)
    if problem is not None:
        raise MappingError(problem.msgid, **problem.facts)
    return chain(sample, rows)
