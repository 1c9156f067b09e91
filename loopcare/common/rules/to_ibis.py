"""Rules as Ibis expressions (warehouse scans). The only module of the language that loads Ibis."""

from __future__ import annotations

import operator
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from functools import reduce
from typing import Any

from ibis.expr.types import BooleanValue, FloatingValue, Table, TimestampValue
from ibis.expr.types import Value as Column

from loopcare.common.rules.floats import reach
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
# Files keep "missing" as not-a-number, which engines put above all numbers, and its negative too: so what lies above a
# number is asked for upside down. It costs a tenth of asking whether it is a number.
_ABOVE: dict[Operator, Callable[[Any, Any], Any]] = {Operator.MORE: operator.lt, Operator.AT_LEAST: operator.le}
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
    match test.operator:
        case Operator.KNOWN:
            return _known(field, column)
        case Operator.MISSING:
            return _missing(field, column)
        case Operator.HAS_NO | Operator.HAS_NONE | Operator.NOT_EQUAL | Operator.NOT_IN:
            positive = Test(test.field, OPPOSITE[test.operator], test.values)
            return _known(field, column) & ~_compared(positive, column)
    return _compared(test, column)


def _compared(test: Test, column: Column) -> BooleanValue:
    values: list[Any] = [_value(value) for value in test.values]
    if column.type().is_float32():
        return _compared_as_floats(test.operator, column.cast("float64"), [reach(float(value)) for value in values])
    if test.operator in _ABOVE and isinstance(column, FloatingValue):
        return _ABOVE[test.operator](-column, -values[0])
    match test.operator:
        case Operator.IN:
            return column.isin(values)
        case Operator.HAS | Operator.HAS_ANY:
            return reduce(operator.or_, (column.contains(value) for value in values))
    return _COMPARISONS[test.operator](column, values[0])


def _compared_as_floats(compared: Operator, column: Column, values: list[tuple[float, float]]) -> BooleanValue:
    """A column of four bytes with what each written number reaches: see `floats`."""
    (low, high), *_others = values
    match compared:
        case Operator.EQUAL | Operator.IN:
            return reduce(operator.or_, (column.between(*value) for value in values))
        case Operator.AT_MOST:
            return column <= high
        case Operator.LESS:
            return column < low
    return _ABOVE[compared](-column, -(high if compared is Operator.MORE else low))


def _value(value: Value) -> bool | int | float | str | date:
    # Engines round a decimal literal to a scale of their own (DuckDB: 3 places); a double keeps 15 digits.
    return float(value) if isinstance(value, Decimal) else value


def _known(field: Field, column: Column) -> BooleanValue:
    if field.kind == "codes":
        return column.length() > 0
    if isinstance(column, FloatingValue):
        return column.notnull() & ~column.isnan()
    return column.notnull() & (column != "") if field.kind == "text" else column.notnull()


def _missing(field: Field, column: Column) -> BooleanValue:
    if field.kind == "codes":
        return column.isnull() | (column.length() == 0)
    if isinstance(column, FloatingValue):
        return column.isnull() | column.isnan()
    return column.isnull() | (column == "") if field.kind == "text" else column.isnull()
