from __future__ import annotations

from decimal import Decimal

from django.db.models import Q, Value

from loopcare.common.rules import Field, FieldSet, parse, to_q
from tests.common.rules.samples import FIELDS


def test_to_q_uses_the_path_of_the_field() -> None:
    assert to_q(parse("brand = 'GoTone'", FIELDS), FIELDS) == Q(("brand__name__exact", "GoTone"))


def test_to_q_pushes_not_down_to_the_tests() -> None:
    q = to_q(parse("not (rating < 6.5 or not vip)", FIELDS), FIELDS)
    assert q == Q(Q(("rating__gte", Value(Decimal("6.5")))), Q(("vip__exact", True)))


def test_to_q_requires_a_value_for_an_opposite() -> None:
    q = to_q(parse("not rating = 6", FIELDS), FIELDS)
    assert q == Q(rating__isnull=False) & ~Q(rating__exact=Value(6))


def test_to_q_reads_a_path_as_a_path_only() -> None:
    fields = FieldSet(Field("odd", "text", "Odd", path="_connector"))
    q = to_q(parse("odd = 'OR'", fields), fields)
    assert (q.connector, q.children) == ("AND", [("_connector__exact", "OR")])
