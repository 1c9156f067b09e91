"""A second, slow reading of rules: three-valued logic over one row, straight from the parsed tree."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from loopcare.common.rules import Join, Not, Operator, Rule, Test

_HOLDS: dict[Operator, Callable[[Any, tuple[Any, ...]], bool]] = {
    Operator.EQUAL: lambda value, given: value == given[0],
    Operator.NOT_EQUAL: lambda value, given: value != given[0],
    Operator.LESS: lambda value, given: value < given[0],
    Operator.AT_MOST: lambda value, given: value <= given[0],
    Operator.MORE: lambda value, given: value > given[0],
    Operator.AT_LEAST: lambda value, given: value >= given[0],
    Operator.IN: lambda value, given: value in given,
    Operator.NOT_IN: lambda value, given: value not in given,
    Operator.HAS: lambda value, given: given[0] in value,
    Operator.HAS_NO: lambda value, given: given[0] not in value,
    Operator.HAS_ANY: lambda value, given: bool(set(given) & set(value)),
    Operator.HAS_NONE: lambda value, given: not set(given) & set(value),
}


def holds(rule: Rule, row: dict[str, Any]) -> bool | None:
    """True, False, or None where a missing value leaves it open."""
    if isinstance(rule, Not):
        held = holds(rule.rule, row)
        return None if held is None else not held
    if isinstance(rule, Join):
        decisive = rule.connector == "or"
        parts = [holds(part, row) for part in rule.parts]
        if decisive in parts:
            return decisive
        return None if None in parts else not decisive
    return _test_holds(rule, row[rule.field])


def _test_holds(test: Test, value: Any) -> bool | None:
    missing = value in (None, "", [])
    if test.operator in (Operator.MISSING, Operator.KNOWN):
        return missing is (test.operator is Operator.MISSING)
    if missing:
        return None
    if isinstance(value, float):
        # Engines compare a double column with the double nearest to the written number.
        given: tuple[Any, ...] = tuple(map(float, test.values))  # type: ignore[arg-type]
        return _HOLDS[test.operator](value, given)
    return _HOLDS[test.operator](value, test.values)
