"""What every warehouse can be asked, whatever its engine. Loads neither Ibis nor an engine."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Literal

from loopcare.common.rules import FieldSet, Rule

Kind = Literal["number", "text", "boolean", "date", "codes", ""]
BATCH = 100_000  # rows handed over at once


@dataclass(frozen=True, slots=True)
class Column:
    """A column as the warehouse has it: `kind` is what rules may ask of it ("" nothing), `type` the engine's word."""

    name: str
    kind: Kind
    type: str


@dataclass(frozen=True, slots=True)
class Ratio:
    """A number made of two columns: one divided by the other; not known where the other is 0 or not known."""

    of: str
    to: str


@dataclass(frozen=True, slots=True)
class DaysUntil:
    """A number made of a date: days from the day of asking to it, negative once it has passed."""

    date: str


Made = Ratio | DaysUntil


@dataclass(frozen=True, slots=True)
class Base:
    """A table of customers: the column of their reference, and the column that says when a row changed last.

    `made` are the fields that are no column but made of some, by name; a rule's field names one as its column.
    """

    table: str
    reference: str
    changed: str = ""
    made: Mapping[str, Made] = field(default_factory=dict)
    day: date | None = None
    """The day of asking, for `DaysUntil`."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A rule as it is asked: only of rows that changed since `since` (a value of `Base.changed`, as text)."""

    rule: Rule
    since: str = ""


@dataclass(frozen=True, slots=True)
class Counted:
    """How many rows were looked at, and how many of them each rule finds."""

    scanned: int
    found: dict[str, int]


class Reader(ABC):
    """An open warehouse. Batches are `pyarrow.RecordBatch`; references are texts or whole numbers.

    Raises Unreachable where it does not answer (any more), TableGone and ColumnGone for what is not there.
    """

    engine: str

    @abstractmethod
    def tables(self) -> list[str]:
        """The tables and views that can be read, in order."""

    @abstractmethod
    def columns(self, table: str) -> tuple[Column, ...]:
        """The columns of a table, in its order."""

    @abstractmethod
    def count(
        self, base: Base, asked: Mapping[str, Asked], fields: FieldSet, *, until: str = "", most: int | None = None
    ) -> Counted:
        """How many rows each rule finds, in one pass; of the first `most` rows where that is given."""

    @abstractmethod
    def matches(
        self,
        base: Base,
        asked: Mapping[str, Asked],
        fields: FieldSet,
        *,
        after: str = "",
        until: str = "",
        batch: int = BATCH,
    ) -> Iterator[Any]:
        """The rows that any rule finds, in one pass: `reference`, and a column of truths for each rule by its name.

        In the order of the reference, behind `after`; those that changed after `until` (where that is given) wait for
        another time. A reference is never in two batches. Rows without a reference are never found.
        """

    @abstractmethod
    def latest(self, base: Base) -> str:
        """The latest value of `base.changed`, as text; "" of none."""

    @abstractmethod
    def stream(
        self, table: str, columns: Sequence[str], *, order_by: str, after: str = "", batch: int = BATCH
    ) -> Iterator[Any]:
        """Every row with a reference `order_by`, in its order behind `after`: the reference, then the columns.

        Numbers come as they are stored (decimals as float64, NaN as null), days as dates, moments as local days. A
        reference is never in two batches.
        """

    @abstractmethod
    def close(self) -> None:
        """Let go of the warehouse."""
