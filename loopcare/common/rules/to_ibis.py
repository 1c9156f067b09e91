"""Rules as Ibis expressions (warehouse scans). The only module of the language that loads Ibis."""

from __future__ import annotations

import operator
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from functools import reduce
from typing import Any

from ibis.expr.types import BooleanValue, Table, TimestampValue
from ibis.expr.types import Value as Column

from loopcare.common.rules.values import (
    OPPOSITE,
    Field,
    FieldSet,
    Join,
    Operator,
    Rule,
    Test,
    Value,
    affirmative,
)

_COMPARISONS: dict[Operator, Callable[[Any, Any], Any]] = {
    Operator.EQUAL: operator.eq,
    Operator.LESS: operator.lt,
    Operator.AT_MOST: operator.le,
    Operator.MORE: operator.gt,
    Operator.AT_LEAST: operator.ge,
}
_CONNECTORS: dict[str, Callable[[Any, Any], Any]] = {"and": operator.and_, "or": operator.or_}


def to_expression(rule: Rule, fields: FieldSet, table: Table) -> BooleanValue:
    """The filter that keeps exactly the rows of `table` satisfying the rule. Negate the rule, never this."""
    rule = affirmative(rule)
    if isinstance(rule, Join):
        return reduce(_CONNECTORS[rule.connector], (to_expression(part, fields, table) for part in rule.parts))
    field = fields[rule.field]
    column = table[field.column]
    if field.kind == "date" and isinstance(column, TimestampValue):
        column = column.date()
    return _test(rule, field, column)


def _test(test: Test, field: Field, column: Column) -> BooleanValue:
    values = [_value(value) for value in test.values]
    match test.operator:
        case Operator.KNOWN:
            return _known(field, column)
        case Operator.MISSING:
            return _missing(field, column)
        case Operator.IN:
            return column.isin(values)
        case Operator.HAS | Operator.HAS_ANY:
            return reduce(operator.or_, (column.contains(value) for value in values))
        case compared if compared in _COMPARISONS:
            return _COMPARISONS[compared](column, values[0])
    positive = Test(test.field, OPPOSITE[test.operator], test.values)
    return _known(field, column) & ~_test(positive, field, column)


def _value(value: Value) -> bool | int | float | str | date:
    # Engines round a decimal literal to a scale of their own (DuckDB: 3 places); a double keeps 15 digits.
    return float(value) if isinstance(value, Decimal) else value


def _known(field: Field, column: Column) -> BooleanValue:
    if field.kind == "codes":
        return column.length() > 0
    return column.notnull() & (column != "") if field.kind == "text" else column.notnull()


def _missing(field: Field, column: Column) -> BooleanValue:
    if field.kind == "codes":
        return column.isnull() | (column.length() == 0)
    return column.isnull() | (column == "") if field.kind == "text" else column.isnull()
