"""Rows of a file as values, or as the reasons why not."""

from __future__ import annotations

from datetime import date, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from surveys.logic.cells import Cell, as_number, is_missing, written
from surveys.logic.decoder import Decoder
from surveys.logic.decoding import Decoded, Reject, address
from surveys.logic.mapping import parse_mapping
from surveys.logic.sentences import MappingError

NOW = datetime(2026, 5, 4, 9, 0, tzinfo=ZoneInfo("Asia/Shanghai"))
HEADER = ("Id", "Day", "Overall", "Clarity", "Good enough", "No signal", "Noise", "Remarks", "Remarks", "Plan", "Tier")
MAPPING = """
[columns]
reference = "Id"
occurred_on = "Day"
attributes = ["Plan"]
value_tier = "Tier"
[[rating]]
column = "Clarity"
dimension = "clarity"
low = 1
high = 5
[[rating]]
column = "Overall"
dimension = "overall"
low = 1
high = 10
adequate = 6.5
adequate_column = "Good enough"
opens = true
[[choices]]
not_chosen = ["-1"]
causes = [{ column = "No signal", code = "symptom.no_signal" }, { column = "Noise", code = "symptom.noise" }]
[comment]
columns = ["Remarks", "Remarks#2"]
"""
GOOD: tuple[Cell, ...] = (7, "2026-03-31", "10", 3, None, "-1", "4", "loud", "", "4G", "")


def decoder(mapping: str = MAPPING, header: tuple[str, ...] = HEADER) -> Decoder:
    return Decoder(parse_mapping(mapping), header, now=NOW)


def row(**changes: Cell) -> list[Cell]:
    cells = list(GOOD)
    for name, value in changes.items():
        cells[HEADER.index(name.replace("_", " "))] = value
    return cells


def decoded(cells: list[Cell]) -> Decoded:
    result = decoder().decode_row(2, cells)
    assert isinstance(result, Decoded), result
    return result


def rejects(cells: list[Cell]) -> list[tuple[str, str, str]]:
    result = decoder().decode_row(2, cells)
    assert isinstance(result, list)
    return [(reject.column, reject.value, str(reject.reason)) for reject in result]


def test_row_is_decoded_with_its_opening_rating_first() -> None:
    result = decoded(row())

    assert (result.reference, result.external_id, result.occurred_on) == ("7", "7", date(2026, 3, 31))
    assert [(r.dimension, r.raw, r.perceived, r.adequate, r.opens) for r in result.ratings] == [
        ("overall", "10", 100.0, pytest.approx(61.1111, abs=1e-4), True),
        ("clarity", "3", 50.0, None, False),
    ]
    assert result.causes == ("symptom.noise",)
    assert result.comment == "loud"
    assert result.attributes == {"Plan": "4G"}


def test_stated_adequate_level_goes_before_the_mapping() -> None:
    assert decoded(row(Good_enough=10)).ratings[0].adequate == 100.0


@pytest.mark.parametrize(
    ("changes", "reject"),
    [
        ({"Overall": 11}, ("Overall", "11", "This lies outside the scale 1 to 10.")),
        ({"Overall": "0"}, ("Overall", "0", "This lies outside the scale 1 to 10.")),
        ({"Overall": "ten"}, ("Overall", "ten", "This is not a number.")),
        ({"Overall": True}, ("Overall", "True", "This is not a number.")),
        ({"Overall": "1_0"}, ("Overall", "1_0", "This is not a number.")),
        ({"Overall": "nan"}, ("Overall", "nan", "This is not a number.")),
        ({"Good_enough": 12}, ("Good enough", "12", "This lies outside the scale 1 to 10.")),
        ({"Id": None}, ("Id", "", "This cell must not be empty.")),
        ({"Id": "  "}, ("Id", "", "This cell must not be empty.")),
        ({"Id": "x" * 65}, ("Id", "x" * 65, "This is longer than 64 characters.")),
        ({"Day": "31.03.2026"}, ("Day", "31.03.2026", "This is not a date; write 2026-03-31.")),
        ({"Day": "2026-05-05"}, ("Day", "2026-05-05", "This day lies in the future or before 2000.")),
        ({"Day": None}, ("Day", "", "This is not a date; write 2026-03-31.")),
        ({"Overall": None, "Clarity": "#DIV/0!"}, ("Overall", "", "This row answers none of the ratings.")),
        ({"Tier": "vip"}, ("Tier", "vip", "This is no value tier; list its names under [value_tiers].")),
    ],
)
def test_wrong_cell_rejects_the_row_and_says_where(changes: dict[str, Cell], reject: tuple[str, str, str]) -> None:
    assert rejects(row(**changes)) == [reject]


def test_every_wrong_cell_of_a_row_is_told() -> None:
    assert [column for column, _value, _reason in rejects(row(Id=None, Overall=11, Clarity="?"))] == [
        "Id",
        "Overall",
        "Clarity",
    ]


def test_missing_rating_leaves_the_others() -> None:
    assert [rating.dimension for rating in decoded(row(Overall="#DIV/0!")).ratings] == ["clarity"]


def test_row_with_more_cells_than_the_header_is_rejected() -> None:
    assert rejects([*row(), "left over"]) == [("", "left over", "This row has more cells than the header has columns.")]


def test_short_row_has_missing_cells() -> None:
    assert decoded(row()[:4]).causes == ()


def test_dates_of_spreadsheets_are_days() -> None:
    assert decoded(row(Day=datetime.fromisoformat("2026-03-31 14:30"))).occurred_on == date(2026, 3, 31)


def test_unknown_column_names_the_nearest() -> None:
    with pytest.raises(MappingError, match="The file has no column Overall; the nearest is Over all"):
        decoder(header=("Id", "Day", "Over all", *HEADER[3:]))


def test_second_column_of_a_name_is_addressed_by_its_number() -> None:
    assert address(("a", "b", "a", "", "a")) == ("a", "b", "a#2", "", "a#3")


def test_day_of_the_mapping_must_have_been() -> None:
    constant = MAPPING.replace('occurred_on = "Day"', "").replace("[columns]", "occurred_on = 2031-01-01\n[columns]", 1)
    with pytest.raises(MappingError, match="lies in the future or before 2000"):
        decoder(constant)


CELLS = st.one_of(
    st.none(),
    st.text(max_size=12),
    st.integers(),
    st.floats(),
    st.booleans(),
    st.dates(),
    st.datetimes(),
    st.sampled_from(["10", "-1", "#DIV/0!", " 7 ", "2026-03-31", "7"]),
)


@given(st.lists(CELLS, max_size=len(HEADER) + 1))
def test_any_row_is_decoded_or_rejected_and_fits_the_database(cells: list[Cell]) -> None:
    result = decoder().decode_row(5, cells)

    if isinstance(result, list):
        assert result
        assert all(isinstance(reject, Reject) and reject.row == 5 and len(reject.value) <= 200 for reject in result)
        return
    assert 0 < len(result.reference) <= 64
    assert "\0" not in result.reference + result.comment
    assert date(2000, 1, 1) <= result.occurred_on <= NOW.date()
    assert result.ratings
    for rating in result.ratings:
        assert rating.perceived is not None
        assert 0 <= rating.perceived <= 100
        assert len(rating.raw) <= 40


@given(st.integers(min_value=1, max_value=10), st.sampled_from([int, float, str, lambda n: f" {n}.0 "]))
def test_rating_is_the_same_however_a_number_is_written(score: int, write: type) -> None:
    assert decoded(row(Overall=write(score))).ratings[0] == decoded(row(Overall=score)).ratings[0]


@pytest.mark.parametrize("cell", [None, "", "  ", "#DIV/0!", " #N/A ", float("nan"), float("inf")])
def test_cell_without_content_is_missing(cell: Cell) -> None:
    assert is_missing(cell)


@pytest.mark.parametrize(("cell", "number"), [("10", 10.0), (" -1 ", -1.0), (2.5, 2.5), (True, None), ("1e3", None)])
def test_number_is_read_from_text_too(cell: Cell, number: float | None) -> None:
    assert as_number(cell) == number


@pytest.mark.parametrize(
    ("cell", "text"),
    [(None, ""), (7, "7"), (7.0, "7"), (7.5, "7.5"), (" a\0b ", "ab"), (date(2026, 3, 31), "2026-03-31")],
)
def test_cell_is_written_plainly(cell: Cell, text: str) -> None:
    assert written(cell) == text
