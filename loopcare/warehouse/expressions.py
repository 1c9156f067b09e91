"""What is asked, as Ibis expressions over a table that no engine knows yet: compiled for the engine, run by it.

That engines agree where they would not (a number in four bytes, a NaN) is seen to by the language (`to_ibis`).
"""

from __future__ import annotations

import operator
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from functools import reduce
from typing import Any

import ibis
import ibis.expr.datatypes as dt
from django.utils.translation import gettext as _
from ibis.expr.types import Table, Value

from loopcare.common.rules import Field, FieldSet, named_fields
from loopcare.common.rules.to_ibis import to_expression
from loopcare.warehouse.errors import ColumnGone
from loopcare.warehouse.reading import Asked, Base, DaysUntil, Kind, Ratio

REFERENCE = "reference"
MARK = "changed_mark"
SCANNED = "scanned"


def kind_of(dtype: dt.DataType) -> Kind:
    """What rules may ask of a column; "" nothing."""
    if dtype.is_boolean():
        return "boolean"
    if dtype.is_numeric():
        return "number"
    if dtype.is_string():
        return "text"
    if dtype.is_date() or dtype.is_timestamp():
        return "date"
    return "codes" if dtype.is_array() and dtype.value_type.is_string() else ""


def may_order(dtype: dt.DataType) -> bool:
    """Whether a column can be the customer's reference."""
    return bool(dtype.is_string() or dtype.is_integer())


def may_mark(dtype: dt.DataType) -> bool:
    """Whether a column can say when a row changed."""
    return bool(dtype.is_integer() or dtype.is_date() or dtype.is_timestamp())


def counted(
    table: Table,
    base: Base,
    asked: Mapping[str, Asked],
    fields: FieldSet,
    *,
    until: str,
    most: int | None,
    all_named: bool = False,
) -> Table:
    """One row: `scanned`, and how many rows each rule finds, as `r0`, `r1` …

    `all_named`: every row is known to have a reference, so that it need not be read.
    """
    seen = _prepared(table, base, asked, fields, until=until)
    seen = _looked_at(seen if most is None else seen.limit(most), asked, until, all_named=all_named)
    truths = _truths(seen, asked, fields)
    return seen.aggregate(
        **{SCANNED: seen.count()},
        **{name: seen.count(where=truth) for name, truth in truths.items()},
    )


def matched(table: Table, base: Base, asked: Mapping[str, Asked], fields: FieldSet, *, after: str, until: str) -> Table:
    """`reference` and one truth a rule, as `r0`, `r1` …, of the rows that any rule finds, in order."""
    seen = _looked_at(_prepared(table, base, asked, fields, until=until), asked, until)
    truths = _truths(seen, asked, fields)
    found = seen.filter(*_behind(seen[REFERENCE], after), reduce(operator.or_, truths.values()))
    answers = {name: truth.fill_null(False) for name, truth in _truths(found, asked, fields).items()}
    return found.select(REFERENCE, **answers).order_by(REFERENCE)


def streamed(table: Table, columns: Sequence[str], *, order_by: str, after: str) -> Table:
    """The reference under its own name and the columns, in order of the reference."""
    reference = _named(table, order_by)
    kept = table.filter(_known(reference), *_behind(reference, after))
    chosen = {order_by: _named(kept, order_by)}
    for name in columns:
        column = _column(kept, name)
        if not (kind := kind_of(column.type())) or kind == "codes":
            raise ColumnGone(_("%(column)s is no number, text, date, yes or no.") % {"column": name}, column=name)
        plain = _plain(column)
        chosen[name] = plain.isnan().ifelse(ibis.null("float64"), plain) if plain.type().is_floating() else plain
    return kept.select(**chosen).order_by(order_by)


def latest(table: Table, base: Base) -> Table:
    return table.aggregate(latest=_mark(table, base).max())


def written(value: object) -> str:
    """A reference or a mark as the text by which it is kept."""
    if value is None:
        return ""
    return value.isoformat() if isinstance(value, date) else str(value)


# --- columns ---------------------------------------------------------------------------------------------------------
def _column(table: Table, name: str) -> Value:
    if name not in table.columns:
        raise ColumnGone(_("The table has no column %(column)s (any more).") % {"column": name}, column=name)
    return table[name]


def _named(table: Table, name: str) -> Value:
    column = _column(table, name)
    if not may_order(column.type()):
        raise ColumnGone(
            _("%(column)s cannot be the reference: it is no text and no whole number.") % {"column": name}, column=name
        )
    return column


def _mark(table: Table, base: Base) -> Value:
    column = _column(table, base.changed)
    if not may_mark(column.type()):
        raise ColumnGone(
            _("%(column)s cannot say when a row changed: it is no date, moment or whole number.")
            % {"column": base.changed},
            column=base.changed,
        )
    return column.cast("timestamp(6)") if column.type().is_timestamp() else column


def _plain(column: Value) -> Value:
    """One form for every engine."""
    dtype = column.type()
    if dtype.is_decimal() or (dtype.is_floating() and not dtype.is_float64()):
        return column.cast("float64")
    return column.date() if dtype.is_timestamp() else column


def _field(table: Table, base: Base, field: Field) -> Value:
    match base.made.get(field.column):
        case Ratio(of, to):
            parts = [_plain(_of_kind(table, name, "number")).cast("float64") for name in (of, to)]
            return parts[0] / parts[1].nullif(0.0)
        case DaysUntil(name):
            assert base.day is not None
            return _plain(_of_kind(table, name, "date")).delta(ibis.date(base.day), unit="day")
    return _of_kind(table, field.column, field.kind)


def _of_kind(table: Table, name: str, kind: str) -> Value:
    column = _column(table, name)
    if kind_of(column.type()) != kind:
        facts = {"column": name, "kind": column.type()}
        raise ColumnGone(_("%(column)s is of another kind now: %(kind)s.") % facts, column=name)
    return column


# --- conditions ------------------------------------------------------------------------------------------------------
def _prepared(table: Table, base: Base, asked: Mapping[str, Asked], fields: FieldSet, *, until: str) -> Table:
    """What is needed of a row, and no more: its reference, when it changed, the fields that the rules name."""
    chosen = {REFERENCE: _named(table, base.reference)}
    if until or any(each.since for each in asked.values()):
        chosen[MARK] = _mark(table, base)
    used = sorted({name for each in asked.values() for name in named_fields(each.rule)})
    return table.select(**chosen, **{f"f_{name}": _field(table, base, fields[name]) for name in used})


def _truths(seen: Table, asked: Mapping[str, Asked], fields: FieldSet) -> dict[str, Value]:
    """One truth a rule, by position: a rule's own name may be no name of a column."""
    plain = FieldSet(*(Field(name, field.kind, "", column=f"f_{name}") for name, field in fields.items()))
    truths = {}
    for number, each in enumerate(asked.values()):
        truth = to_expression(each.rule, plain, seen)
        if each.since:
            truth = truth & _newer(seen[MARK], each.since)
        truths[f"r{number}"] = truth
    return truths


def _looked_at(seen: Table, asked: Mapping[str, Asked], until: str, *, all_named: bool = False) -> Table:
    """Rows with a reference that some rule has not seen yet; one that does not say when it changed is among them."""
    conditions = [] if all_named else [_known(seen[REFERENCE])]
    if asked and all(each.since for each in asked.values()):
        earliest = min((_value(seen[MARK], each.since), each.since) for each in asked.values())[1]
        conditions.append(_newer(seen[MARK], earliest))
    if until:
        conditions.append(seen[MARK].isnull() | (seen[MARK] <= _value(seen[MARK], until)))
    return seen.filter(*conditions) if conditions else seen


def _newer(mark: Value, since: str) -> Value:
    """A day is asked only when it is over; a row stamped with the very moment may come after it was asked."""
    value = _value(mark, since)
    return mark.isnull() | (mark > value if mark.type().is_date() else mark >= value)


def _known(reference: Value) -> Value:
    # Above "" is neither missing nor empty.
    return reference > "" if reference.type().is_string() else reference.notnull()


def _behind(reference: Value, after: str) -> list[Value]:
    return [reference > _value(reference, after)] if after else []


def _value(column: Value, text: str) -> Any:
    """A text that was kept, as a value of the column's kind. Raises ColumnGone for a column of another kind now."""
    dtype = column.type()
    try:
        if dtype.is_integer():
            return int(text)
        if dtype.is_date():
            return date.fromisoformat(text[:10])
        return datetime.fromisoformat(text) if dtype.is_timestamp() else text
    except ValueError as error:
        facts = {"column": column.get_name(), "kind": dtype}
        raise ColumnGone(_("%(column)s is of another kind now: %(kind)s.") % facts, column=column.get_name()) from error
