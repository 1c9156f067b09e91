"""Rules read back: as canonical text for storing and comparing, and in words for people."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, override, pgettext

from loopcare.common.rules.values import Field, FieldSet, Join, Not, Operator, Rule, Test, Value, affirmative

_PHRASES = {
    Operator.EQUAL: gettext_lazy("%(field)s is %(values)s"),
    Operator.NOT_EQUAL: gettext_lazy("%(field)s is not %(values)s"),
    Operator.LESS: gettext_lazy("%(field)s is below %(values)s"),
    Operator.AT_MOST: gettext_lazy("%(field)s is at most %(values)s"),
    Operator.MORE: gettext_lazy("%(field)s is above %(values)s"),
    Operator.AT_LEAST: gettext_lazy("%(field)s is at least %(values)s"),
    Operator.IN: gettext_lazy("%(field)s is one of %(values)s"),
    Operator.NOT_IN: gettext_lazy("%(field)s is none of %(values)s"),
    Operator.HAS: gettext_lazy("%(field)s include %(values)s"),
    Operator.HAS_NO: gettext_lazy("%(field)s do not include %(values)s"),
    Operator.HAS_ANY: gettext_lazy("%(field)s include one of %(values)s"),
    Operator.HAS_NONE: gettext_lazy("%(field)s include none of %(values)s"),
    Operator.MISSING: gettext_lazy("%(field)s: not known"),
    Operator.KNOWN: gettext_lazy("%(field)s: known"),
}
_DATE_PHRASES = _PHRASES | {
    Operator.LESS: gettext_lazy("%(field)s is before %(values)s"),
    Operator.AT_MOST: gettext_lazy("%(field)s is not after %(values)s"),
    Operator.MORE: gettext_lazy("%(field)s is after %(values)s"),
    Operator.AT_LEAST: gettext_lazy("%(field)s is not before %(values)s"),
}
_BOOLEAN_PHRASES = _PHRASES | {
    Operator.EQUAL: gettext_lazy("%(field)s: yes"),
    Operator.NOT_EQUAL: gettext_lazy("%(field)s: no"),
}
_PHRASES_OF = {"date": _DATE_PHRASES, "boolean": _BOOLEAN_PHRASES}

_WITH_LIST = (Operator.IN, Operator.NOT_IN, Operator.HAS_ANY, Operator.HAS_NONE)
_STRENGTH = {"or": 1, "and": 2}


def to_text(rule: Rule) -> str:
    """The one canonical text of a rule: `parse(to_text(rule))` is the rule again."""
    if isinstance(rule, Not):
        return f"not {_within(rule.rule, 3)}"
    if isinstance(rule, Join):
        strength = _STRENGTH[rule.connector]
        return f" {rule.connector} ".join(_within(part, strength) for part in rule.parts)
    if rule.values and rule.values[0] is True:  # not `== True`: the number 1 is equal to it
        return rule.field if rule.operator is Operator.EQUAL else f"not {rule.field}"
    written = [_literal(value) for value in rule.values]
    if rule.operator in _WITH_LIST:
        return f"{rule.field} {rule.operator} ({', '.join(written)})"
    return " ".join([rule.field, rule.operator, *written])


def _within(rule: Rule, strength: int) -> str:
    """The text of a part, in parentheses only where needed: more would nest deeper than what was written."""
    weaker = isinstance(rule, Join) and _STRENGTH[rule.connector] < strength
    return f"({to_text(rule)})" if weaker else to_text(rule)


def _literal(value: Value) -> str:
    if isinstance(value, str):
        return "'" + value.replace("'", "''") + "'"
    if isinstance(value, date):
        return f"'{value.isoformat()}'"
    return _number(value)


def _number(value: int | Decimal) -> str:
    return format(value, "f") if isinstance(value, Decimal) else str(value)


def in_words(rule: Rule, fields: FieldSet, language: str) -> str:
    """The rule as one phrase in a language ("en", "zh-hans"), as it acts: `not` is inside its tests."""
    with override(language):
        return _phrase(affirmative(rule), fields)


def _phrase(rule: Test | Join, fields: FieldSet) -> str:
    if isinstance(rule, Join):
        connector = _(" and ") if rule.connector == "and" else _(" or ")
        return connector.join(_part(affirmative(part), rule, fields) for part in rule.parts)
    field = fields[rule.field]
    phrase = _PHRASES_OF.get(field.kind, _PHRASES)[rule.operator]
    values = pgettext("between the values of a list", ", ").join(_shown(value, field) for value in rule.values)
    return str(phrase) % {"field": field.label, "values": values}


def _part(part: Test | Join, whole: Join, fields: FieldSet) -> str:
    phrase = _phrase(part, fields)
    bracketed = isinstance(part, Join) and part.connector != whole.connector
    return _("(%(rule)s)") % {"rule": phrase} if bracketed else phrase


def _shown(value: Value, field: Field) -> str:
    if isinstance(value, str):
        return str((field.choices or {}).get(value, value))
    return value.isoformat() if isinstance(value, date) else _number(value)
