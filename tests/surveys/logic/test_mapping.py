"""The mapping of a file: what may be written, and what each mistake is told."""

from __future__ import annotations

from datetime import date

import pytest

from loopcare.customers.enums import ValueTier
from surveys.logic.mapping import VALUE_TIERS, DeclaredSource, Mapping, RatingColumn, parse_mapping
from surveys.logic.sentences import MappingError
from tests.surveys.conftest import EXAMPLES

SMALL = """
occurred_on = 2026-03-31
source = "hotline"
[columns]
reference = "Id"
[[rating]]
column = "Overall"
dimension = "overall"
low = 1
high = 10
adequate = 6.5
opens = true
"""


def test_small_mapping_is_read() -> None:
    mapping = parse_mapping(SMALL)

    assert mapping.occurred_on == date(2026, 3, 31)
    assert mapping.source == "hotline"
    assert mapping.ratings == (RatingColumn("Overall", "overall", 1, 10, adequate=6.5, opens=True),)
    assert mapping.opening == mapping.ratings[0]
    assert mapping.used == ("Id", "Overall")


def test_shipped_mappings_are_read() -> None:
    voice = parse_mapping((EXAMPLES / "voice_survey.toml").read_text())
    ratings = parse_mapping((EXAMPLES / "ratings.toml").read_text())

    assert voice.source == DeclaredSource("voice-survey", "Voice survey", "sms")
    assert [rating.dimension for rating in voice.ratings] == ["overall", "coverage", "clarity", "stability"]
    assert len(voice.causes) == 15
    assert ratings.columns.phone == "Phone"


def test_value_tiers_are_those_of_customers() -> None:
    assert set(VALUE_TIERS) == set(ValueTier.values)


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ("occurred_on", "occured_on", "The mapping does not know the key occured_on."),
        (
            "occurred_on = 2026-03-31",
            "",
            "State the day of the answers once: occurred_on = 2026-03-31 on top for the whole",
        ),
        ("2026-03-31", '"2026-03-31"', "occurred_on in the mapping must be a date such as 2026-03-31, without quotes."),
        ("[columns]", '[columns]\noccurred_on = "Day"', "State the day of the answers once"),
        ('reference = "Id"', "", "The mapping lacks columns.reference."),
        ('reference = "Id"', "reference = 7", "columns.reference in the mapping must be a text in quotes."),
        ("[columns]", '[columns]\nfone = "x"', "The mapping does not know the key columns.fone."),
        ("[columns]", '[columns]\nattributes = "x"', "columns.attributes in the mapping must be a list of texts."),
        (
            "opens = true",
            "opens = false",
            "Exactly one [[rating]] says opens = true, or there is an [event]; this mapping has 0.",
        ),
        ("opens = true", "opens = 1", "rating.opens in the mapping must be true or false."),
        ("low = 1", 'low = "1"', "rating.low in the mapping must be a number."),
        ("low = 1", "low = nan", "rating.low in the mapping must be a number."),
        ("low = 1", "low = 10", "The rating Overall runs from 10.0 to 10.0; low must be below high."),
        ("adequate = 6.5", "adequate = 11", "The adequate level 11.0 of Overall lies outside its scale."),
        (
            'dimension = "overall"',
            'dimension = "Over all"',
            "rating.dimension = Over all: a code is written in small letters, digits, dots and dashes.",
        ),
        ("[columns]", 'value_tier = "vip"\n[columns]', "vip is no value tier; there are strategic, high, core, basic."),
        ("[columns]", "rating = 3\n[columns]", "The mapping is not TOML"),
        ("source = ", "source == ", "The mapping is not TOML"),
    ],
)
def test_mapping_mistake_is_named(old: str, new: str, sentence: str) -> None:
    assert old in SMALL
    with pytest.raises(MappingError) as caught:
        parse_mapping(SMALL.replace(old, new))
    assert str(caught.value).startswith(sentence)


def test_unknown_top_key_is_named() -> None:
    with pytest.raises(MappingError, match="The mapping does not know the key colour"):
        parse_mapping(f'colour = "red"\n{SMALL}')


def test_two_ratings_of_one_dimension_are_refused() -> None:
    second = SMALL[SMALL.index("[[rating]]") :].replace("opens = true", "")
    with pytest.raises(MappingError, match="Two ratings have the dimension overall"):
        parse_mapping(SMALL + second)


def test_mapping_is_a_value() -> None:
    assert isinstance(parse_mapping(SMALL), Mapping)
    assert parse_mapping(SMALL) == parse_mapping(SMALL)
