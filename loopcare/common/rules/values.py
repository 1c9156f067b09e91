"""What rules are made of: operators, fields, three frozen kinds of node, and the one error."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Literal, TypeAlias

from django.utils.functional import Promise
from django.utils.translation import gettext as _

from loopcare.common.errors import Invalid

Kind = Literal["number", "text", "boolean", "date", "codes"]
Value: TypeAlias = bool | int | Decimal | str | date
Words: TypeAlias = str | Promise


class Operator(StrEnum):
    """How a test compares, as it is written in a rule."""

    EQUAL = "="
    NOT_EQUAL = "!="
    LESS = "<"
    AT_MOST = "<="
    MORE = ">"
    AT_LEAST = ">="
    IN = "in"
    NOT_IN = "not in"
    HAS = "has"
    HAS_NO = "has no"
    HAS_ANY = "has any"
    HAS_NONE = "has none"
    MISSING = "is missing"
    KNOWN = "is known"


_PAIRS = (
    (Operator.EQUAL, Operator.NOT_EQUAL),
    (Operator.LESS, Operator.AT_LEAST),
    (Operator.MORE, Operator.AT_MOST),
    (Operator.IN, Operator.NOT_IN),
    (Operator.HAS, Operator.HAS_NO),
    (Operator.HAS_ANY, Operator.HAS_NONE),
    (Operator.MISSING, Operator.KNOWN),
)
OPPOSITE = {one: other for pair in _PAIRS for one, other in (pair, pair[::-1])}

_STATES = (Operator.MISSING, Operator.KNOWN)
_EQUALITY = (Operator.EQUAL, Operator.NOT_EQUAL)
_ORDER = (Operator.LESS, Operator.AT_MOST, Operator.MORE, Operator.AT_LEAST)
_LISTS = (Operator.IN, Operator.NOT_IN)
_CONTENT = (Operator.HAS, Operator.HAS_NO, Operator.HAS_ANY, Operator.HAS_NONE)

# A boolean is written as its bare name, so no comparison fits it.
OPERATORS: Mapping[Kind, tuple[Operator, ...]] = {
    "number": _EQUALITY + _ORDER + _LISTS + _STATES,
    "date": _EQUALITY + _ORDER + _LISTS + _STATES,
    "text": _EQUALITY + _LISTS + _STATES,
    "boolean": _STATES,
    "codes": _CONTENT + _STATES,
}
_RESERVED = {"and", "or", "not"} | {word for operator in Operator for word in operator.split() if word.isalpha()}


@dataclass(frozen=True, slots=True)
class Test:
    """One comparison of one field: one value, several for a list, none for `is missing` and `is known`.

    A boolean field's bare name is `Test(name, Operator.EQUAL, (True,))`.
    """

    __test__ = False  # the name is the language's; pytest must not collect it

    field: str
    operator: Operator
    values: tuple[Value, ...] = ()


@dataclass(frozen=True, slots=True)
class Join:
    """Two or more parts of which all must hold (`and`), or at least one (`or`)."""

    connector: Literal["and", "or"]
    parts: tuple[Rule, ...]


@dataclass(frozen=True, slots=True)
class Not:
    """The opposite of a rule: true where the rule is false, not where a value is missing."""

    rule: Rule


Rule: TypeAlias = Test | Join | Not


def affirmative(rule: Rule) -> Test | Join:
    """The same rule without `not` in front: it moves into a test's operator, or down to the parts of a join.

    Every compiler opens a rule with this: SQL's NOT and Django's `~Q` disagree on missing values, opposite
    operators do not.
    """
    if not isinstance(rule, Not):
        return rule
    turned = rule.rule
    if isinstance(turned, Not):
        return affirmative(turned.rule)
    if isinstance(turned, Join):
        return Join("or" if turned.connector == "and" else "and", tuple(Not(part) for part in turned.parts))
    return replace(turned, operator=OPPOSITE[turned.operator])


def named_fields(rule: Rule) -> frozenset[str]:
    """The names of the fields that a rule looks at."""
    if isinstance(rule, Test):
        return frozenset({rule.field})
    parts = (rule.rule,) if isinstance(rule, Not) else rule.parts
    return frozenset().union(*(named_fields(part) for part in parts))


@dataclass(frozen=True, slots=True)
class Field:
    """A field that a place offers to rules.

    `path` is the ORM look-up path (default: the name). It must be single-valued: a column, an annotation, or
    a column behind forward relations; a date's path must end in a date, not a moment. `column` is the
    warehouse column (default: the name). `choices` maps the codes that may be written to what people read.
    """

    name: str
    kind: Kind
    label: Words
    path: str = ""
    column: str = ""
    choices: Mapping[str, Words] | None = None

    def __post_init__(self) -> None:
        if not re.fullmatch("[A-Za-z_][A-Za-z0-9_]*", self.name) or self.name in _RESERVED:
            raise ValueError(f"{self.name!r} cannot name a field of a rule.")
        if self.kind not in OPERATORS:
            raise ValueError(f"{self.kind!r} is not a kind of field.")
        object.__setattr__(self, "path", self.path or self.name)
        object.__setattr__(self, "column", self.column or self.name)


class FieldSet(Mapping[str, Field]):
    """The fields that one place offers, by name, in the order given."""

    def __init__(self, *fields: Field) -> None:
        self._fields = {field.name: field for field in fields}
        if len(self._fields) < len(fields):
            raise ValueError("Two fields of a rule cannot have the same name.")

    def __getitem__(self, name: str) -> Field:
        return self._fields[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._fields)

    def __len__(self) -> int:
        return len(self._fields)


@dataclass(frozen=True, slots=True)
class Position:
    """A place in a rule's text: `line` and `column` from 1, `offset` in characters from 0."""

    line: int
    column: int
    offset: int

    @classmethod
    def of(cls, text: str, offset: int) -> Position:
        return cls(text.count("\n", 0, offset) + 1, offset - text.rfind("\n", 0, offset), offset)


class RuleError(Invalid):
    """A text that is not a rule here: the problem, where it stands, and what may stand there instead."""

    code = "invalid_rule"

    def __init__(self, problem: str, *, position: Position, expected: tuple[str, ...] = ()) -> None:
        expected = tuple(map(str, expected))
        sentences = [
            _("Line %(line)d, column %(column)d:") % {"line": position.line, "column": position.column},
            problem,
        ]
        if expected:
            sentences.append(_("Here may stand: %(expected)s.") % {"expected": " · ".join(expected)})
        super().__init__(
            " ".join(sentences),
            line=position.line,
            column=position.column,
            offset=position.offset,
            expected=list(expected),
        )
        self.position = position
        self.expected = expected
