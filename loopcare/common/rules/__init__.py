"""The rule language.

    latest_rating <= 6 and (contacts_7d >= 3 or region in ('BJ', 'SH')) and not has_open_case

A place offers named, typed fields (`FieldSet`); `parse` reads a text against them; `to_q` makes a Django
filter of the rule, `to_ibis.to_expression` a warehouse filter; `in_words` reads it back to people, `to_text`
writes it canonically.

What can be written, by kind of field:
    number, date   = != < <= > >=   in (…)   not in (…)      6, -2.5, '2026-01-31'
    text           = !=             in (…)   not in (…)      'BJ' (a quote inside is doubled: 'O''Neill')
    codes          has 'x'   has no 'x'   has any (…)   has none (…)
    boolean        the bare name
    every kind     is missing   is known
joined by `not`, `and`, `or` (the strongest first) and parentheses.

A missing value satisfies neither a test nor its opposite; only `is missing` finds it. Missing are NULL, the
empty text and the empty list of codes; in a warehouse also what is not a number (NaN).

`to_ibis` is not imported here, so that a web process never loads Ibis.
"""

from loopcare.common.rules.parsing import parse
from loopcare.common.rules.queries import to_q
from loopcare.common.rules.values import (
    Field,
    FieldSet,
    Join,
    Not,
    Operator,
    Position,
    Rule,
    RuleError,
    Test,
    named_fields,
)
from loopcare.common.rules.words import in_words, to_text

__all__ = [
    "Field",
    "FieldSet",
    "Join",
    "Not",
    "Operator",
    "Position",
    "Rule",
    "RuleError",
    "Test",
    "in_words",
    "named_fields",
    "parse",
    "to_q",
    "to_text",
]
