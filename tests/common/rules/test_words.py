from __future__ import annotations

import pytest
from django.utils.translation import get_language, gettext_lazy, override

from loopcare.common.rules import Field, FieldSet, Join, Not, Operator, Test, in_words, parse, to_text
from tests.common.rules.samples import FIELDS


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        (" rating<=06.50 ", "rating <= 6.5"),
        ("rating in(1,2.0)", "rating in (1, 2)"),
        ("plan  not\nin ( 'O''Neill' )", "plan not in ('O''Neill')"),
        ("since='2026-01-31'", "since = '2026-01-31'"),
        ("rating = 0.00000000000001", "rating = 0.00000000000001"),
        ("rating = 100000000000000", "rating = 100000000000000"),
        ("rating = 1", "rating = 1"),
        ("(vip)and((rating=1)or(not(vip)))", "vip and (rating = 1 or not vip)"),
        ("vip or (rating = 1 and vip)", "vip or rating = 1 and vip"),
        ("not (vip or vip) and not not vip", "not (vip or vip) and not not vip"),
        ("causes has any('a')and causes has no 'b'", "causes has any ('a') and causes has no 'b'"),
        ("region is   missing", "region is missing"),
    ],
)
def test_to_text_is_canonical(text: str, canonical: str) -> None:
    assert to_text(parse(text, FIELDS)) == canonical


def test_to_text_writes_the_opposite_of_a_boolean_with_not() -> None:
    assert to_text(Test("vip", Operator.NOT_EQUAL, (True,))) == "not vip"


WORDS = [
    ("rating = 6", "Latest rating is 6", "Latest rating为6"),
    ("rating != 6", "Latest rating is not 6", "Latest rating不为6"),
    ("rating < 6.5", "Latest rating is below 6.5", "Latest rating低于6.5"),
    ("rating <= 6", "Latest rating is at most 6", "Latest rating不高于6"),
    ("rating > 6", "Latest rating is above 6", "Latest rating高于6"),
    ("rating >= 6", "Latest rating is at least 6", "Latest rating不低于6"),
    ("region in ('BJ', 'SH')", "Region is one of Beijing, Shanghai", "Region为Beijing、Shanghai之一"),
    ("region not in ('BJ')", "Region is none of Beijing", "Region不是Beijing中的任何一个"),
    ("since < '2026-01-31'", "Customer since is before 2026-01-31", "Customer since早于2026-01-31"),
    ("since <= '2026-01-31'", "Customer since is not after 2026-01-31", "Customer since不晚于2026-01-31"),
    ("since > '2026-01-31'", "Customer since is after 2026-01-31", "Customer since晚于2026-01-31"),
    ("since >= '2026-01-31'", "Customer since is not before 2026-01-31", "Customer since不早于2026-01-31"),
    ("vip", "Strategic customer: yes", "Strategic customer：是"),
    ("not vip", "Strategic customer: no", "Strategic customer：否"),
    ("causes has 'shop'", "Causes include shop", "Causes包含shop"),
    ("causes has no 'shop'", "Causes do not include shop", "Causes不包含shop"),
    ("causes has any ('a', 'b')", "Causes include one of a, b", "Causes包含a、b之一"),
    ("causes has none ('a', 'b')", "Causes include none of a, b", "Causes不包含a、b中的任何一个"),
    ("plan is missing", "Plan: not known", "Plan：未知"),
    ("plan is known", "Plan: known", "Plan：已知"),
    (
        "vip and (rating < 6 or plan is missing)",
        "Strategic customer: yes and (Latest rating is below 6 or Plan: not known)",
        "Strategic customer：是，且（Latest rating低于6，或Plan：未知）",
    ),
    (
        "vip or not (rating < 6 and not plan is missing)",
        "Strategic customer: yes or Latest rating is at least 6 or Plan: not known",
        "Strategic customer：是，或Latest rating不低于6，或Plan：未知",
    ),
]


@pytest.mark.parametrize(("text", "english"), [(text, english) for text, english, _ in WORDS])
def test_in_words_reads_a_rule_in_english(text: str, english: str) -> None:
    with override("zh-hans"):
        assert in_words(parse(text, FIELDS), FIELDS, "en") == english
        assert get_language() == "zh-hans"


@pytest.mark.parametrize(("text", "chinese"), [(text, chinese) for text, _, chinese in WORDS])
def test_in_words_reads_a_rule_in_chinese(text: str, chinese: str) -> None:
    assert in_words(parse(text, FIELDS), FIELDS, "zh-hans") == chinese


def test_in_words_translates_the_labels_of_fields_and_choices() -> None:
    fields = FieldSet(Field("again", "text", gettext_lazy("Password"), choices={"y": gettext_lazy("Yes")}))
    rule = Not(Join("or", (Test("again", Operator.EQUAL, ("y",)), Test("again", Operator.MISSING))))
    assert in_words(rule, fields, "en") == "Password is not Yes and Password: known"
    assert in_words(rule, fields, "zh-hans") == "密码不为是，且密码：已知"
