"""Querysets compiled once, with named holes for what changes at each call.

Compiling a larger queryset costs Django several milliseconds, often more than running it. A statement that is asked
thousands of times a minute is compiled on its first use and then only filled.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django.db import connection, models
from django.db.models.expressions import Expression
from django.db.models.sql.compiler import SQLCompiler


class Hole(Expression):
    """A named place in a compiled queryset that is filled at each call: `filter(team_id=Hole("team"))`."""

    def __init__(self, name: str, output_field: models.Field[Any, Any] | None = None) -> None:
        super().__init__(output_field=output_field)
        self.name = name

    def as_sql(  # type: ignore[override]  # the parameter is this hole itself, filled at each call
        self, compiler: SQLCompiler, connection: Any
    ) -> tuple[str, list[Any]]:
        return "%s", [self]

    def get_group_by_cols(self) -> list[Any]:
        """A value like any other: nothing is grouped by it."""
        return []


@dataclass(frozen=True)
class Literal:
    """A constant of the statement; wrapped so that no value of it is taken for a hole."""

    value: Any


Parameter = Hole | Literal


class Compiled:
    """A queryset made by `queryset()` on first use; it must not be sliced, and its values must need no conversion."""

    def __init__(self, queryset: Callable[[], models.QuerySet[Any, Any]]) -> None:
        self._queryset = queryset

    @cached_property
    def model(self) -> type[models.Model]:
        model: type[models.Model] = self._queryset().model
        return model

    @cached_property
    def statement(self) -> tuple[str, list[Parameter]]:
        """The SQL and its parameters in order."""
        sql, params = self._queryset().query.get_compiler(connection=connection).as_sql()
        return sql, [p if isinstance(p, Hole) else Literal(p) for p in params]

    def rows(self, **holes: Any) -> list[tuple[Any, ...]]:
        """The rows of the queryset with its holes filled."""
        sql, params = self.statement
        return run(sql, params, holes)


def run(sql: str, params: Sequence[Parameter], holes: Mapping[str, Any]) -> list[tuple[Any, ...]]:
    """Execute a statement whose parameters are holes and literals; a hole without a value is a programming error."""
    filled: list[Any] = [p.value if isinstance(p, Literal) else holes[p.name] for p in params]
    with connection.cursor() as cursor:
        cursor.execute(sql, filled)
        rows: list[tuple[Any, ...]] = cursor.fetchall()
        return rows
