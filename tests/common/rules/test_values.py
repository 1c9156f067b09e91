from __future__ import annotations

import pytest

from loopcare.common.rules import Join, Not, Operator, Position, Rule, Test
from loopcare.common.rules.values import OPPOSITE, affirmative

A, B = Test("a", Operator.LESS, (1,)), Test("b", Operator.MISSING)


@pytest.mark.parametrize(
    ("rule", "opened"),
    [
        (A, A),
        (Not(A), Test("a", Operator.AT_LEAST, (1,))),
        (Not(Not(A)), A),
        (Not(B), Test("b", Operator.KNOWN)),
        (Join("and", (Not(A), B)), Join("and", (Not(A), B))),
        (Not(Join("and", (A, B))), Join("or", (Not(A), Not(B)))),
        (Not(Not(Not(Join("or", (A, Not(B)))))), Join("and", (Not(A), Not(Not(B))))),
    ],
)
def test_affirmative_moves_the_leading_not_one_step_down(rule: Rule, opened: Rule) -> None:
    assert affirmative(rule) == opened


def test_opposites_are_mutual_and_cover_every_operator() -> None:
    assert set(OPPOSITE) == set(Operator)
    assert all(OPPOSITE[OPPOSITE[operator]] is operator for operator in Operator)
    assert all(OPPOSITE[operator] is not operator for operator in Operator)


@pytest.mark.parametrize(("offset", "line", "column"), [(0, 1, 1), (2, 1, 3), (3, 2, 1), (4, 3, 1), (6, 3, 3)])
def test_position_of_an_offset(offset: int, line: int, column: int) -> None:
    assert Position.of("ab\n\ncd", offset) == Position(line, column, offset)
