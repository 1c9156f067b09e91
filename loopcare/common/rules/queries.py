"""Rules as Django filters (segments, lists)."""

from __future__ import annotations

from django.db.models import Q, Value

from loopcare.common.rules.values import OPPOSITE, Field, FieldSet, Join, Operator, Rule, Test, affirmative

_LOOKUPS = {
    Operator.EQUAL: "exact",
    Operator.LESS: "lt",
    Operator.AT_MOST: "lte",
    Operator.MORE: "gt",
    Operator.AT_LEAST: "gte",
    Operator.IN: "in",
    Operator.HAS: "overlap",
    Operator.HAS_ANY: "overlap",
}
_MANY = (Operator.IN, Operator.HAS, Operator.HAS_ANY)


def to_q(rule: Rule, fields: FieldSet) -> Q:
    """The filter that keeps exactly the rows that satisfy the rule. Negate the rule, never this."""
    rule = affirmative(rule)
    if isinstance(rule, Join):
        return Q(*(to_q(part, fields) for part in rule.parts), _connector=rule.connector.upper())
    return _test(rule, fields[rule.field])


def _test(test: Test, field: Field) -> Q:
    if test.operator is Operator.KNOWN:
        return _known(field)
    if test.operator is Operator.MISSING:
        return _missing(field)
    lookup = _LOOKUPS.get(test.operator)
    if lookup is None:
        return _known(field) & ~_test(Test(test.field, OPPOSITE[test.operator], test.values), field)
    values = [_value(value, field) for value in test.values]
    return Q((f"{field.path}__{lookup}", values if test.operator in _MANY else values[0]))


def _value(value: object, field: Field) -> object:
    # A plain number would be prepared by the model's field: an integer column cuts 6.5 to 6, and answers a
    # bound outside its range with "every row", the missing ones included.
    return Value(value) if field.kind == "number" else value


def _known(field: Field) -> Q:
    if field.kind == "codes":
        return Q((f"{field.path}__len__gt", 0))
    known = Q((f"{field.path}__isnull", False))
    return known & ~Q((field.path, "")) if field.kind == "text" else known


def _missing(field: Field) -> Q:
    missing = Q((f"{field.path}__isnull", True))
    if field.kind == "codes":
        return missing | Q((f"{field.path}__len", 0))
    return missing | Q((field.path, "")) if field.kind == "text" else missing
