"""A reader whose questions Ibis compiles and whose engine runs them: what is left to an engine is the talking."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, ClassVar

import ibis
from ibis.expr.schema import Schema
from ibis.expr.types import Table

from loopcare.common.rules import FieldSet
from loopcare.warehouse import expressions
from loopcare.warehouse.batches import named, whole_references
from loopcare.warehouse.reading import BATCH, Asked, Base, Column, Counted, Reader


class Compiling(Reader):
    """Engines say which tables they have, what columns a table has, and run one statement."""

    dialect: ClassVar[str]

    @abstractmethod
    def _schema(self, table: str) -> tuple[Schema, dict[str, str]]:
        """The columns of a table for Ibis, and the engine's own words for their types."""

    @abstractmethod
    def _place(self, table: str) -> tuple[str | None, str]:
        """(schema, name) of a table in the engine."""

    @abstractmethod
    def _row(self, sql: str) -> tuple[Any, ...]:
        """The one row of a statement."""

    @abstractmethod
    def _batches(self, asked: Table, batch: int) -> Iterator[Any]:
        """The rows of a question in its order, in batches of about `batch` rows."""

    def _all_named(self, table: str, reference: str) -> bool:
        """Whether the engine knows, without looking, that every row has a reference: then a count need not read it."""
        return False

    def columns(self, table: str) -> tuple[Column, ...]:
        schema, types = self._schema(table)
        return tuple(Column(name, expressions.kind_of(dtype), types[name]) for name, dtype in schema.items())

    def count(
        self, base: Base, asked: Mapping[str, Asked], fields: FieldSet, *, until: str = "", most: int | None = None
    ) -> Counted:
        table = self._table(base.table)
        all_named = self._all_named(base.table, base.reference)
        question = expressions.counted(table, base, asked, fields, until=until, most=most, all_named=all_named)
        scanned, *found = self._row(self._sql(question))
        return Counted(int(scanned), {name: int(number) for name, number in zip(asked, found, strict=True)})

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
        table = self._table(base.table)
        question = expressions.matched(table, base, asked, fields, after=after, until=until)
        names = [expressions.REFERENCE, *asked]
        for found in whole_references(self._batches(question, batch), name=expressions.REFERENCE, size=batch):
            yield named(found, names)

    def latest(self, base: Base) -> str:
        (value,) = self._row(self._sql(expressions.latest(self._table(base.table), base)))
        return expressions.written(value)

    def stream(
        self, table: str, columns: Sequence[str], *, order_by: str, after: str = "", batch: int = BATCH
    ) -> Iterator[Any]:
        question = expressions.streamed(self._table(table), columns, order_by=order_by, after=after)
        yield from whole_references(self._batches(question, batch), name=order_by, size=batch)

    def _table(self, table: str) -> Table:
        schema, _types = self._schema(table)
        place, name = self._place(table)
        return ibis.table(schema, name=name, database=place)

    def _sql(self, question: Table) -> str:
        return str(ibis.to_sql(question, dialect=self.dialect, pretty=False))
