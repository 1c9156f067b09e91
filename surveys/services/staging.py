"""Rows on their way into the database: one line a signal and one a customer, in the text format of COPY."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime
from itertools import islice
from typing import Any

from loopcare.customers.encryption import encrypt
from surveys.enums import AdequateFrom
from surveys.logic.decoding import Decoded, Event, Rating
from surveys.models import Source

TABLES = """
CREATE TEMPORARY TABLE IF NOT EXISTS intake_customer (
    no bigint, reference text COLLATE "C", name_enc bytea, brand text, region text, language text, value_tier text,
    attributes jsonb
) ON COMMIT DELETE ROWS;
CREATE TEMPORARY TABLE IF NOT EXISTS intake_signal (
    id bigint DEFAULT nextval('surveys_signal_id'), row bigint, customer bigint, external_id text COLLATE "C",
    occurred_on date, dimension text COLLATE "C", raw text, perceived float8, adequate float8, desired float8,
    adequate_from text, opens boolean, kind text, channel text, topic text, occurred_at timestamptz,
    promised_at timestamptz, closed_at timestamptz, transfers integer, disputed boolean, causes text[], comment text,
    known boolean DEFAULT false, moved boolean DEFAULT false
) ON COMMIT DELETE ROWS;
CREATE TEMPORARY TABLE IF NOT EXISTS intake_known (no bigint, id bigint, tier text) ON COMMIT DELETE ROWS;
"""
EMPTY = "DELETE FROM intake_customer; DELETE FROM intake_signal; DELETE FROM intake_known;"
# A rehearsal is one transaction: what is deleted in it stays in the way to its end.
EMPTY_NOW = "TRUNCATE intake_customer, intake_signal, intake_known;"

COPY_SIGNALS = """
COPY intake_signal (row, customer, external_id, occurred_on, dimension, raw, perceived, adequate, desired,
    adequate_from, opens, kind, channel, topic, occurred_at, promised_at, closed_at, transfers, disputed, causes,
    comment) FROM STDIN
"""
COPY_CUSTOMERS = """
COPY intake_customer (no, reference, name_enc, brand, region, language, value_tier, attributes) FROM STDIN
"""

NULL = "\\N"
NOTHING_TOLD = "\t{}\t\n"
SPECIAL = re.compile(r"[\\\t\n\r]")
ESCAPES = {"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"}
BLOCK = 20_000  # lines sent at once


def text(value: str) -> str:
    """A text as COPY reads it."""
    return SPECIAL.sub(lambda found: ESCAPES[found[0]], value) if SPECIAL.search(value) else value


def known(value: object) -> str:
    """A number, truth or moment as COPY reads it."""
    if value is None:
        return NULL
    return value.isoformat() if isinstance(value, datetime) else str(value)


@dataclass
class Staged:
    """Rows as lines. A signal that stands twice is one, the first; `clashes` are rows whose twin says otherwise."""

    source: Source
    signals: list[str] = field(default_factory=list)
    customers: dict[str, tuple[int, Decoded]] = field(default_factory=dict)
    rows: int = 0
    fresh: int = 0
    """Rows with at least one signal that no row before them told."""
    clashes: list[int] = field(default_factory=list)
    days: set[date] = field(default_factory=set)
    has_events: bool = False
    has_facts: bool = False
    _seen: dict[tuple[Any, ...], int] = field(default_factory=dict)
    _made: dict[Any, str] = field(default_factory=dict)
    """Pieces of lines by what they stand for: files repeat themselves."""

    def add(self, row: Decoded) -> None:
        self.rows += 1
        number = self._customer(row)
        day = self._made.get(row.occurred_on) or self._day(row.occurred_on)
        head = f"{row.row}\t{number}\t{text(row.external_id)}\t{day}\t"
        told = f"\t{{{','.join(row.causes)}}}\t{text(row.comment)}\n" if row.causes or row.comment else NOTHING_TOLD
        signals: tuple[Rating | Event, ...] = row.ratings if row.event is None else (row.event, *row.ratings)
        before = len(self.signals)
        for signal in signals:
            piece = self._made.get(signal) or self._piece(signal)
            key = (row.external_id, day, signal[0])
            content = hash((row.reference, signal, told))
            first = self._seen.setdefault(key, content)
            if len(self._seen) > len(self.signals):
                self.signals.append(f"{head}{piece}{told}")
            elif first != content:
                self.clashes.append(row.row)
            told = NOTHING_TOLD  # it stands on a row's first signal, which is the opening one if it is there
        self.fresh += len(self.signals) > before

    def _day(self, day: date) -> str:
        self.days.add(day)
        return self._made.setdefault(day, day.isoformat())

    def _customer(self, row: Decoded) -> int:
        known = self.customers.get(row.reference)
        number = len(self.customers) if known is None else known[0]
        facts = bool(row.brand or row.region or row.value_tier or row.language or row.attributes or row.name)
        if known is None or facts:
            self.customers[row.reference] = (number, row)
            self.has_facts = self.has_facts or facts
        return number

    def _piece(self, signal: Rating | Event) -> str:
        if isinstance(signal, Event):
            self.has_events = True
            return _event(signal, self.source)
        made = self._made[signal] = _rating(signal, self.source)
        return made

    def lines_of_customers(self) -> Iterator[str]:
        for reference, (number, row) in self.customers.items():
            name = f"\\\\x{encrypt(row.name).hex()}" if row.name else NULL
            attributes = text(json.dumps(row.attributes, ensure_ascii=False)) if row.attributes else "{}"
            facts = "\t".join([text(row.brand), text(row.region), text(row.language), row.value_tier])
            yield f"{number}\t{text(reference)}\t{name}\t{facts}\t{attributes}\n"


def _rating(rating: Rating, source: Source) -> str:
    """Where neither customer nor file says what is adequate, the source's own level counts until a better is found."""
    adequate, said_by = rating.adequate, AdequateFrom.STATED if rating.stated else AdequateFrom.MAPPED
    if adequate is None and source.adequate is not None:
        adequate, said_by = float(source.adequate), AdequateFrom.SOURCE
    levels = "\t".join(map(known, (rating.perceived, adequate, rating.desired)))
    whose = "" if adequate is None else said_by.value
    said = f"{rating.dimension}\t{rating.raw}\t{levels}\t{whose}\t{rating.opens}"
    return f"{said}\t{source.kind}\t{source.channel}\t\t" + "\t".join([NULL] * 5)


def _event(event: Event, source: Source) -> str:
    moments = "\t".join(
        map(known, (event.occurred_at, event.promised_at, event.closed_at, event.transfers, event.disputed))
    )
    where = f"{event.kind}\t{event.channel or source.channel}\t{text(event.topic)}"
    return f"{event.kind}\t\t{NULL}\t{NULL}\t{NULL}\t\tTrue\t{where}\t{moments}"


def stage(rows: Iterable[Decoded], source: Source) -> Staged:
    """Lines of rows of one source."""
    staged = Staged(source)
    for row in rows:
        staged.add(row)
    return staged


def send(lines: Iterable[str], write: Callable[[bytes], Any]) -> None:
    """Hand lines to a COPY in large blocks."""
    rest = iter(lines)
    while block := "".join(islice(rest, BLOCK)):
        write(block.encode())
