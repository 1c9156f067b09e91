"""Hypothesis strategies that write rules: any mixture of tests, connectors, parentheses and spaces."""

from __future__ import annotations

from decimal import Decimal

from hypothesis import strategies as st

from loopcare.common.rules import Field, Operator
from loopcare.common.rules.values import OPERATORS
from tests.common.rules.samples import CAUSES, DAYS, FIELDS, NUMBERS, TEXTS

SPACES = st.sampled_from([" ", "  ", "\n", "\t ", " \r\n "])
VALUELESS = (Operator.MISSING, Operator.KNOWN)
MANY = (Operator.IN, Operator.NOT_IN, Operator.HAS_ANY, Operator.HAS_NONE)


def quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def literals(field: Field) -> st.SearchStrategy[str]:
    if field.kind == "number":
        exact = st.integers(-(10**15) + 1, 10**15 - 1).map(str)
        decimals = st.decimals(-9999, 9999, places=8).map(lambda number: format(number, "f"))
        return st.sampled_from(NUMBERS).map(lambda number: format(Decimal(number), "f")) | exact | decimals
    if field.kind == "date":
        return (st.sampled_from(DAYS) | st.dates()).map(lambda day: quoted(day.isoformat()))
    if field.kind == "codes":
        return st.sampled_from(CAUSES).map(quoted)
    return st.sampled_from(TEXTS[field.name]).map(quoted)


@st.composite
def written_tests(draw: st.DrawFn) -> str:
    field = draw(st.sampled_from(list(FIELDS.values())))
    if field.kind == "boolean" and draw(st.booleans()):
        return field.name
    operator = draw(st.sampled_from(OPERATORS[field.kind]))
    space = draw(SPACES)
    if operator in VALUELESS:
        return f"{field.name} {operator.replace(' ', space)}"
    if operator in MANY:
        values = draw(st.lists(literals(field), min_size=1, max_size=4))
        return f"{field.name} {operator.replace(' ', space)}({f',{space}'.join(values)})"
    tight = draw(st.booleans()) and not operator.isidentifier() and " " not in operator
    between = "" if tight else space
    return f"{field.name}{between}{operator.replace(' ', space)}{between}{draw(literals(field))}"


def _larger(parts: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    joined = st.tuples(st.sampled_from([" and ", " or ", "\nand ", " or\t"]), st.lists(parts, min_size=2, max_size=3))
    return (
        joined.map(lambda pair: pair[0].join(pair[1]))
        | parts.map(lambda part: f"({part})")
        | parts.map(lambda part: f"not {part}")
        | parts.map(lambda part: f"not ( {part} )")
    )


RULES = st.recursive(written_tests(), _larger, max_leaves=8)
