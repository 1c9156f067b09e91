"""The roles of columns as TOML: what is read, and every sentence for what cannot be."""

from __future__ import annotations

import pytest

from surveys.logic.sentences import MappingError
from surveys.logic.silent.spec import Feature, parse_spec
from tests.surveys.conftest import EXAMPLES

TEXT = """
name = "calls"
[outcome]
column = "Overall"
dissatisfied_at_most = 6
[columns]
reference = "Customer"
day = "Day"
segments = ["Tier"]
[operational]
counters = ["Drops"]
numbers = ["Share"]
categories = ["Net"]
[answered]
ratings = ["Clarity"]
flags = ["No signal"]
"""


def refusal(text: str) -> str:
    with pytest.raises(MappingError) as caught:
        parse_spec(text)
    return str(caught.value)


def test_roles_and_kinds_are_read() -> None:
    spec = parse_spec(TEXT)

    assert (spec.name, spec.reference, spec.day) == ("calls", "Customer", "Day")
    assert (spec.outcome.column, spec.outcome.at_most, spec.outcome.source) == ("Overall", 6.0, "")
    assert spec.operational == (Feature("Drops", "counter"), Feature("Share", "number"), Feature("Net", "category"))
    assert spec.flags == (Feature("No signal", "category", answered=True),)
    assert spec.ratings == ("Clarity",)
    assert sorted(spec.columns) == sorted(
        ["Customer", "Overall", "Day", "Tier", "Clarity", "Drops", "Share", "Net", "No signal"]
    )


def test_ratings_that_landed_here_may_be_the_outcome() -> None:
    text = TEXT.replace('column = "Overall"\ndissatisfied_at_most = 6', 'source = "hotline"\ndays = 30')
    spec = parse_spec(text)

    assert (spec.outcome.source, spec.outcome.days, spec.outcome.column) == ("hotline", 30, "")
    assert "Overall" not in spec.columns


def test_a_column_has_one_role() -> None:
    assert refusal(TEXT.replace('["Drops"]', '["Drops", "Overall"]')) == (
        "The column Overall has two roles; give it one."
    )
    assert refusal(TEXT.replace('["No signal"]', '["Drops"]')) == "The column Drops has two roles; give it one."


def test_without_operational_columns_there_is_nothing_to_learn_from() -> None:
    nothing = TEXT.replace('counters = ["Drops"]\nnumbers = ["Share"]\ncategories = ["Net"]\n', "")
    assert refusal(nothing) == "[operational] names no column: there is nothing to learn from."


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('name = "calls"', 'name = "Two words"'),
        ("dissatisfied_at_most = 6", 'dissatisfied_at_most = "six"'),
        ('column = "Overall"', 'column = "Overall"\nsource = "hotline"'),
        ('counters = ["Drops"]', 'counters = "Drops"'),
        ('ratings = ["Clarity"]', 'ratings = ["Clarity"]\nratngs = ["x"]'),
        ('reference = "Customer"', ""),
        ("[columns]", "[columns"),
    ],
)
def test_what_cannot_be_read_is_refused_with_a_sentence(old: str, new: str) -> None:
    assert old in TEXT
    sentence = refusal(TEXT.replace(old, new, 1))
    assert sentence.endswith(".") or "TOML" in sentence
    assert len(sentence) > 10


def test_days_of_answers_have_bounds() -> None:
    text = TEXT.replace('column = "Overall"\ndissatisfied_at_most = 6', 'source = "hotline"\ndays = 0')
    assert refusal(text) == "outcome.days lies between 1 and 730."


def test_the_example_names_roles_of_every_kind_and_no_rows() -> None:
    spec = parse_spec((EXAMPLES / "voice_silent.toml").read_text(encoding="utf-8"))

    assert (spec.name, spec.outcome.at_most, len(spec.ratings), len(spec.flags)) == ("voice-silent", 6.0, 3, 16)
    assert {feature.kind for feature in spec.operational} == {"counter", "number", "category"}
    assert not any(feature.answered for feature in spec.operational)
