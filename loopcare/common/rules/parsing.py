"""Reads a rule's text: grammar, then a check of every test against the fields that the place offers."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from difflib import get_close_matches
from functools import cache
from itertools import islice
from typing import Any, Literal

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from lark import Lark, Token, Tree
from lark.exceptions import UnexpectedCharacters, UnexpectedToken

from loopcare.common.rules.values import (
    OPERATORS,
    Field,
    FieldSet,
    Join,
    Not,
    Operator,
    Position,
    Rule,
    RuleError,
    Test,
    Value,
)

MAX_LENGTH = 4_000  # characters of a rule
MAX_DEPTH = 20  # parentheses and `not` inside each other
MAX_TESTS = 100
MAX_LIST = 200  # values
MAX_TEXT = 100  # characters of a value
MAX_DIGITS = 15  # a double keeps every decimal number of 15 digits, so all engines compare alike

GRAMMAR = r"""
    ?either: both ("or" both)*
    ?both: single ("and" single)*
    ?single: "not" single -> opposite
           | "(" either ")" -> group
           | NAME -> bare
           | NAME (one value | many "(" value ("," value)* ")" | state) -> test
    !one: ORDER | "has" | "has" "no"
    !many: "in" | "not" "in" | "has" "any" | "has" "none"
    !state: "is" "missing" | "is" "known"
    ?value: NUMBER | TEXT
    ORDER: /[<>!]?=|[<>]/
    NAME: /[A-Za-z_][A-Za-z0-9_]*/
    NUMBER: /-?[0-9]+(\.[0-9]+)?(?![\w.])/
    TEXT: /'([^']|'')*'/
    %ignore /[ \t\r\n]+/
"""

_KINDS = {
    "number": gettext_lazy("a number"),
    "text": gettext_lazy("a text"),
    "boolean": gettext_lazy("yes or no"),
    "date": gettext_lazy("a date"),
    "codes": gettext_lazy("a list of codes"),
}
_TERMINALS = {
    "NAME": gettext_lazy("a field"),
    "NUMBER": gettext_lazy("a number"),
    "TEXT": gettext_lazy("a text in 'quotes'"),
    "$END": gettext_lazy("the end"),
}
_COMPARISONS = ("=", "!=", "<", "<=", ">", ">=")
# What a Chinese keyboard, a word processor or a mathematician writes instead.
_PLAIN = dict(zip('（）＝＜＞，“”‘’"', "()=<>,'''''", strict=True)) | {"≤": "<=", "≥": ">=", "≠": "!="}


def parse(text: str, fields: FieldSet) -> Rule:
    """The rule that `text` states over `fields`; RuleError with the position and what may stand there."""
    if len(text) > MAX_LENGTH:
        problem = _("A rule has at most %(limit)d characters.") % {"limit": MAX_LENGTH}
        raise RuleError(problem, position=Position.of(text, MAX_LENGTH))
    return _Reader(text, fields).rule(_tree(text), depth=0)


@cache
def _lark() -> Lark:
    # The basic lexer reserves words everywhere; a contextual one would read `a = 1 andb` as `a = 1 and b`.
    return Lark(GRAMMAR, start="either", parser="lalr", lexer="basic", propagate_positions=True)


def _tree(text: str) -> Tree[Token]:
    try:
        return _lark().parse(text)
    except UnexpectedCharacters as error:
        offset = error.pos_in_stream or 0
        problem = _strange_character(text[offset])
    except UnexpectedToken as error:
        if error.token.type == "$END":
            offset, problem = len(text), _("The rule ends too early.")
        else:
            offset, problem = _start(error.token), _("“%(text)s” cannot stand here.") % {"text": error.token}
    raise RuleError(problem, position=Position.of(text, offset), expected=_may_follow(text[:offset]))


def _strange_character(character: str) -> str:
    if character == "'":
        return _("This text has no closing quote.")
    if character == "-" or character.isdecimal():
        return _("A number is written with digits and at most one point, like 6 or -2.5.")
    if character in _PLAIN:
        return _("Write %(plain)s instead of %(text)s.") % {"plain": _PLAIN[character], "text": character}
    shown = character if character.isprintable() else f"U+{ord(character):04X}"
    return _("“%(text)s” cannot be written in a rule.") % {"text": shown}


def _may_follow(beginning: str) -> tuple[str, ...]:
    """What may stand after this. Read anew: the parser that failed may have closed parts still open here."""
    parser = _lark().parse_interactive(beginning)
    parser.exhaust_lexer()
    words: list[str] = []
    for name in sorted(parser.accepts()):  # type: ignore[no-untyped-call]
        if name == "ORDER":
            words.extend(_COMPARISONS)
        else:
            words.append(str(_TERMINALS.get(name) or _lark().get_terminal(name).pattern.value))
    return tuple(words)


def _start(part: Token | Tree[Token]) -> int:
    return (part.meta.start_pos if isinstance(part, Tree) else part.start_pos) or 0


def _nearest(name: str, names: Iterable[str]) -> tuple[str, ...]:
    """The few names that look like this one, or else the first of them."""
    return tuple(get_close_matches(name, names) or islice(names, 20))


class _Reader:
    """Turns one tree into a rule; keeps the text for positions and counts the tests."""

    def __init__(self, text: str, fields: FieldSet) -> None:
        self.text = text
        self.fields = fields
        self.tests = 0

    def rule(self, tree: Tree[Token], *, depth: int) -> Rule:
        if depth > MAX_DEPTH:
            raise self.error(_("A rule is nested at most %(limit)d deep."), _start(tree), limit=MAX_DEPTH)
        parts: list[Any] = tree.children  # lark does not type what a node holds
        match tree.data:
            case "either":
                return self.join("or", parts, depth=depth)
            case "both":
                return self.join("and", parts, depth=depth)
            case "group":
                return self.rule(parts[0], depth=depth + 1)
            case "opposite":
                return Not(self.rule(parts[0], depth=depth + 1))
            case "bare":
                return self.bare(parts[0])
        return self.test(*parts)

    def join(self, connector: Literal["and", "or"], trees: list[Tree[Token]], *, depth: int) -> Join:
        parts: list[Rule] = []
        for tree in trees:
            part = self.rule(tree, depth=depth)
            parts.extend(part.parts if isinstance(part, Join) and part.connector == connector else (part,))
        return Join(connector, tuple(parts))

    def field(self, name: Token) -> Field:
        self.tests += 1
        if self.tests > MAX_TESTS:
            raise self.error(_("A rule has at most %(limit)d tests."), _start(name), limit=MAX_TESTS)
        if name not in self.fields:
            expected = _nearest(name, self.fields)
            raise self.error(_("There is no field “%(name)s” here."), _start(name), expected, name=name)
        return self.fields[name]

    def bare(self, name: Token) -> Test:
        field = self.field(name)
        if field.kind != "boolean":
            problem = _("“%(name)s” is %(kind)s and needs a comparison.")
            raise self.error(
                problem, _start(name) + len(name), OPERATORS[field.kind], name=name, kind=_KINDS[field.kind]
            )
        return Test(field.name, Operator.EQUAL, (True,))

    def test(self, name: Token, written: Tree[Token], *values: Token) -> Test:
        field = self.field(name)
        operator = Operator(" ".join(map(str, written.children)))
        if operator not in OPERATORS[field.kind]:
            problem = _("“%(operator)s” does not fit “%(name)s”, which is %(kind)s.")
            facts = {"operator": operator, "name": name, "kind": _KINDS[field.kind]}
            raise self.error(problem, _start(written), OPERATORS[field.kind], **facts)
        if len(values) > MAX_LIST:
            raise self.error(_("A list has at most %(limit)d values."), _start(values[MAX_LIST]), limit=MAX_LIST)
        return Test(field.name, operator, tuple(self.value(value, field) for value in values))

    def value(self, token: Token, field: Field) -> Value:
        terminal = "NUMBER" if field.kind == "number" else "TEXT"
        if token.type != terminal:
            problem = _("“%(name)s” is %(kind)s.")
            expected = (str(_TERMINALS[terminal]),)
            raise self.error(problem, _start(token), expected, name=field.name, kind=_KINDS[field.kind])
        if field.kind == "number":
            return self.number(token)
        written = token[1:-1].replace("''", "'")
        return self.day(token, written) if field.kind == "date" else self.words(token, written, field)

    def number(self, token: Token) -> int | Decimal:
        if sum(character.isdecimal() for character in token) > MAX_DIGITS:
            raise self.error(_("A number has at most %(limit)d digits."), _start(token), limit=MAX_DIGITS)
        number = Decimal(token)
        return int(number) if number == int(number) else number.normalize()

    def day(self, token: Token, written: str) -> date:
        try:
            day = date.fromisoformat(written)
        except ValueError:
            day = None
        if day is None or day.isoformat() != written:  # fromisoformat also takes 20260131 and 2026-W05-6
            raise self.error(_("“%(text)s” is not a day like '2026-01-31'."), _start(token), text=written)
        return day

    def words(self, token: Token, written: str, field: Field) -> str:
        if not 0 < len(written) <= MAX_TEXT or not written.isprintable():
            problem = _("A text has 1 to %(limit)d visible characters; for none, write: is missing.")
            raise self.error(problem, _start(token), limit=MAX_TEXT)
        if field.choices is not None and written not in field.choices:
            problem = _("“%(name)s” is never “%(value)s”.")
            raise self.error(problem, _start(token), _nearest(written, field.choices), name=field.name, value=written)
        return written

    def error(self, problem: str, offset: int, expected: tuple[str, ...] = (), **facts: object) -> RuleError:
        """`problem` is a sentence with named holes for `facts`."""
        return RuleError(problem % facts, position=Position.of(self.text, offset), expected=expected)
