"""What a mapping makes of columns, and the one line a page writes into its text."""

from __future__ import annotations

import tomllib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from surveys.logic.columns import personal_columns, uses_of, with_date_format
from surveys.logic.mapping import parse_mapping

EVERYTHING = """
[columns]
reference = "Id"
external_id = "Answer"
occurred_on = "Day"
language = "Language"
brand = "Brand"
region = "Region"
value_tier = "Tier"
name = "Who"
phone = "Phone"
email = "Mail"
attributes = ["Plan", "Id"]
[[rating]]
column = "Score"
dimension = "overall"
low = 1
high = 10
adequate_column = "Enough"
desired_column = "Wish"
opens = true
[[rating]]
column = "Speed"
dimension = "speed"
low = 0
high = 4.5
adequate = 3
[[choices]]
not_chosen = ["0"]
causes = [{ column = "Dropped", code = "symptom.dropped" }]
[comment]
columns = ["Remarks"]
"""
EVENTS = """
[columns]
reference = "Id"
[event]
kind_column = "Kind"
topic = "Topic"
opened_at = "Opened"
closed_at = "Closed"
promised_at = "Promised"
transfers = "Transfers"
channel = "Channel"
disputed = "Disputed"
"""


def told(text: str) -> dict[str, list[str]]:
    return {column: [str(use) for use in uses] for column, uses in uses_of(parse_mapping(text)).items()}


def test_every_column_of_a_questionnaire_is_told() -> None:
    assert told(EVERYTHING) == {
        "Id": ["the customer's number", "kept with the customer"],
        "Answer": ["the number of the answer"],
        "Day": ["the day"],
        "Language": ["language"],
        "Brand": ["brand"],
        "Region": ["region"],
        "Tier": ["value tier"],
        "Who": ["the customer's name"],
        "Phone": ["phone number"],
        "Mail": ["e-mail address"],
        "Score": ["rating of overall, from 1 to 10; opens a pool entry"],
        "Enough": ["what is good enough for overall"],
        "Wish": ["what is wished for overall"],
        "Speed": ["rating of speed, from 0 to 4.5"],
        "Dropped": ["cause symptom.dropped"],
        "Remarks": ["comment"],
        "Plan": ["kept with the customer"],
    }


def test_every_column_of_events_is_told() -> None:
    assert told(EVENTS) == {
        "Id": ["the customer's number"],
        "Kind": ["kind of event"],
        "Topic": ["topic"],
        "Opened": ["when it began"],
        "Closed": ["when it ended"],
        "Promised": ["by when it was promised"],
        "Transfers": ["how often it was passed on"],
        "Channel": ["channel"],
        "Disputed": ["whether it is disputed"],
    }


@pytest.mark.parametrize("text", [EVERYTHING, EVENTS])
def test_nothing_a_mapping_names_is_left_untold(text: str) -> None:
    mapping = parse_mapping(text)
    assert sorted(uses_of(mapping)) == sorted(mapping.used)


def test_personal_columns_are_those_that_tell_who_somebody_is() -> None:
    assert personal_columns(parse_mapping(EVERYTHING)) == {"Id", "Who", "Phone", "Mail"}


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("", 'date_format = "%d.%m.%Y"\n'),
        ("[columns]\n", 'date_format = "%d.%m.%Y"\n[columns]\n'),
        ('# a\ndate_format = "x"  # why\n[columns]\n', '# a\ndate_format = "%d.%m.%Y"\n[columns]\n'),
        ('# date_format = "x"\n[columns]\n', 'date_format = "%d.%m.%Y"\n# date_format = "x"\n[columns]\n'),
        ('[columns]\ndate_format = "x"\n', 'date_format = "%d.%m.%Y"\n[columns]\ndate_format = "x"\n'),
    ],
)
def test_date_format_is_written_on_top_or_over_the_old_one(text: str, written: str) -> None:
    assert with_date_format(text, "%d.%m.%Y") == written


@given(date_format=st.text(min_size=1, max_size=30))
def test_date_format_is_read_back_as_it_was_written(date_format: str) -> None:
    once = with_date_format(EVERYTHING, date_format)
    assert tomllib.loads(once)["date_format"] == date_format
    assert with_date_format(once, date_format) == once
