"""The body of an ingest call as signals, or as everything that is wrong with it."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from surveys.logic.decoding import Decoded, Event, Rating, Wrong
from surveys.logic.payload import Given, Reader
from surveys.logic.payload_faults import PERSONAL, Fault, Faulty

NOW = datetime(2026, 3, 3, 10, 0, tzinfo=ZoneInfo("Asia/Shanghai"))
COMPLAINT = {"source": "desk", "reference": "C1", "external_id": "E1", "occurred_on": "2026-03-01"}
RATING = COMPLAINT | {"source": "hotline", "rating": {"value": 3, "low": 1, "high": 5}}


def contact(kind: str, text: str) -> str:
    if not text.startswith("+86") and kind == "phone":
        raise Wrong("This is not a phone number.")
    return text.lower()


def reader() -> Reader:
    sources = {"hotline": "rating", "desk": "complaint", "churn": "prediction", "reviews": "review"}
    return Reader(sources=sources, causes={"billing", "network"}, now=NOW, contact=contact)


def read(*rows: Any) -> list[Given]:
    return reader().read(list(rows))


def faults(*rows: Any) -> list[tuple[int, str, str | None, str]]:
    """(row, field, value, reason) of everything that is wrong."""
    with pytest.raises(Faulty) as refusal:
        read(*rows)
    return [(fault.row, fault.field, fault.value, str(fault.reason)) for fault in refusal.value.faults]


# --- a row that can be used ------------------------------------------------------------------------------------------
ABOUT = {
    "comment": "信号不好\n到处都是",
    "causes": ["network", "billing", "network"],
    "brand": "north",
    "region": "BJ",
    "language": "zh-hans",
    "value_tier": "high",
    "attributes": {"plan": "5G", "age": 3, "score": 0.5, "vip": True, "gone": None},
    "name": "王敏",
    "phone": "+8613800138000",
    "email": "Min@Example.com",
}


def about(signal: Decoded) -> None:
    assert (signal.comment, signal.causes) == ("信号不好\n到处都是", ("network", "billing"))
    assert (signal.brand, signal.region, signal.language, signal.value_tier) == ("north", "BJ", "zh-hans", "high")
    assert signal.attributes == {"plan": "5G", "age": 3, "score": 0.5, "vip": True}
    assert [type(value) for value in signal.attributes.values()] == [str, int, float, bool]
    assert (signal.name, signal.phone, signal.email) == ("王敏", "+8613800138000", "min@example.com")


def test_rating_is_read_whole() -> None:
    row = {
        "source": "hotline",
        "reference": " C1 ",
        "external_id": "E1",
        "kind": "rating",
        "occurred_at": "2026-03-01T09:30:00+08:00",
        "dimension": "network",
        "rating": {"value": 2, "low": 1, "high": 5},
        "adequate": 3.5,
        "desired": 5,
        "opens": False,
    }
    ((source, signal),) = read(row | ABOUT)
    assert (source, signal.row, signal.reference, signal.external_id) == ("hotline", 1, "C1", "E1")
    assert (signal.occurred_on, signal.event) == (date(2026, 3, 1), None)
    assert signal.ratings == (Rating("network", "2", 25.0, 62.5, 100.0, opens=False, stated=True),)
    about(signal)


def test_event_is_read_whole() -> None:
    row = {
        "source": "hotline",
        "reference": "C1",
        "external_id": "E1",
        "kind": "ticket",
        "occurred_at": "2026-03-01T09:30:00+08:00",
        "dimension": "ticket",
        "topic": "coverage",
        "channel": "shop",
        "transfers": 0,
        "promised_at": "2026-04-01T00:00:00Z",
        "closed_at": "2026-03-02T00:00:00Z",
        "disputed": False,
    }
    ((source, signal),) = read(row | ABOUT)
    assert (source, signal.occurred_on, signal.ratings) == ("hotline", date(2026, 3, 1), ())
    assert signal.event == Event(
        kind="ticket",
        topic="coverage",
        channel="shop",
        occurred_at=datetime(2026, 3, 1, 1, 30, tzinfo=UTC),
        promised_at=datetime(2026, 4, 1, tzinfo=UTC),
        closed_at=datetime(2026, 3, 2, tzinfo=UTC),
        transfers=0,
        disputed=False,
    )
    about(signal)


def test_kind_is_the_sources_unless_said() -> None:
    complaint, ticket, rated, review = read(
        COMPLAINT,
        COMPLAINT | {"kind": "ticket"},
        RATING,
        COMPLAINT | {"source": "reviews"},
    )
    assert [given.signal.event and given.signal.event.kind for given in (complaint, ticket, rated, review)] == [
        "complaint",
        "ticket",
        None,
        "review",
    ]
    assert rated.signal.ratings == (Rating("overall", "3", 50.0, None, None, opens=True, stated=False),)


def test_review_may_have_a_level() -> None:
    (given,) = read(RATING | {"source": "reviews"})
    assert (given.signal.event, given.signal.ratings[0].perceived) == (None, 50.0)


def test_null_is_not_given() -> None:
    assert read(COMPLAINT | {"rating": None, "comment": None, "occurred_at": None}) == read(COMPLAINT)


@pytest.mark.parametrize(
    ("level", "expected"),
    [
        ({"perceived": 0}, ("0", 0.0, None, None)),
        ({"perceived": 100, "adequate": 60, "desired": 90}, ("100", 100.0, 60.0, 90.0)),
        ({"rating": {"value": 7.5, "low": 0, "high": 10}, "adequate": 6}, ("7.5", 75.0, 60.0, None)),
        ({"rating": {"value": -2, "low": -2, "high": 2}, "desired": 2}, ("-2", 0.0, None, 100.0)),
    ],
)
def test_levels_are_brought_to_one_scale(level: dict[str, Any], expected: tuple[Any, ...]) -> None:
    (given,) = read(COMPLAINT | {"source": "hotline"} | level)
    (rating,) = given.signal.ratings
    assert (rating.raw, rating.perceived, rating.adequate, rating.desired) == expected


@pytest.mark.parametrize(
    ("moment", "day"),
    [
        ("2026-03-01T15:59:59Z", date(2026, 3, 1)),
        ("2026-03-01T16:00:00Z", date(2026, 3, 2)),
        ("2026-03-02T00:30:00+14:00", date(2026, 3, 1)),
    ],
)
def test_day_of_a_moment_is_the_installations(moment: str, day: date) -> None:
    row = {name: value for name, value in COMPLAINT.items() if name != "occurred_on"}
    (given,) = read(row | {"occurred_at": moment})
    assert given.signal.occurred_on == day


def test_clock_of_the_sender_may_run_five_minutes_ahead() -> None:
    row = {name: value for name, value in COMPLAINT.items() if name != "occurred_on"}
    for minutes, fits in ((5, True), (5.1, False)):
        rows = [row | {"occurred_at": (NOW + timedelta(minutes=minutes)).isoformat()}]
        if fits:
            assert len(read(*rows)) == 1
        else:
            assert [fault[1] for fault in faults(*rows)] == ["occurred_at"]


@pytest.mark.parametrize("rows", [0, 10_001])
def test_list_is_neither_empty_nor_too_long(rows: int) -> None:
    assert faults(*[COMPLAINT] * rows) == [(0, "", str(rows), "A call carries 1 to 10000 signals.")]


def test_list_of_ten_thousand_is_read() -> None:
    assert [given.signal.row for given in read(*[COMPLAINT] * 10_000)] == list(range(1, 10_001))


# --- a row that cannot -----------------------------------------------------------------------------------------------
CODE = "This is a code: letters, digits, dots, hyphens and underscores."
COURSE = "This belongs to complaints, contacts and tickets."
NO_LEVEL = "A signal of this kind has no level; send the rating as a signal of its own."
FUTURE = "This moment lies in the future or before 2000."
MOMENT = "This is not a moment; write 2026-03-31T14:30:00+08:00."
OFF = "This lies outside the scale 1 to 5."


@pytest.mark.parametrize(
    ("change", "field", "value", "reason"),
    [
        ({"source": "shop"}, "source", "shop", "There is no source of this code, or not for this key."),
        ({"source": 1}, "source", "1", "There is no source of this code, or not for this key."),
        ({"source": None}, "source", None, "This is required."),
        ({"reference": None}, "reference", None, "This is required."),
        ({"reference": "  "}, "reference", None, "This is required."),
        ({"external_id": ""}, "external_id", None, "This is required."),
        ({"reference": 138}, "reference", None, "This must be a text."),
        ({"reference": "x" * 65}, "reference", None, "This is longer than 64 characters."),
        ({"external_id": "x" * 81}, "external_id", None, "This is longer than 80 characters."),
        ({"comment": "x" * 4_001}, "comment", None, "This is longer than 4000 characters."),
        ({"comment": "a\0b"}, "comment", None, "This holds a character that is none."),
        ({"brand": "\ud800"}, "brand", "?", "This holds a character that is none."),
        ({"topic": "x" * 61}, "topic", None, "This is longer than 60 characters."),
        ({"dimension": "a b"}, "dimension", "a b", CODE),
        ({"dimension": "a\\b"}, "dimension", "a\\b", CODE),
        ({"dimension": "network"}, "dimension", "network", "The dimension of a signal without a level is its kind."),
        ({"opens": True}, "opens", None, "Only a signal with a level says whether it opens."),
        ({"dimension": "x" * 41}, "dimension", "x" * 41, "This is longer than 40 characters."),
        ({"region": "x" * 21}, "region", "x" * 21, "This is longer than 20 characters."),
        ({"language": "x" * 11}, "language", "x" * 11, "This is longer than 10 characters."),
        ({"name": "x" * 201}, "name", None, "This is longer than 200 characters."),
        (
            {"kind": "praise"},
            "kind",
            "praise",
            "This must be one of rating, complaint, review, contact, ticket, usage, prediction.",
        ),
        (
            {"channel": "pigeon"},
            "channel",
            "pigeon",
            "This must be one of hotline, sms, email, app, web, shop, social, scan.",
        ),
        ({"channel": ""}, "channel", "", "This must be one of hotline, sms, email, app, web, shop, social, scan."),
        ({"value_tier": "gold"}, "value_tier", "gold", "This must be one of strategic, high, core, basic."),
        ({"occurred_on": "2026-03-04"}, "occurred_on", "2026-03-04", "This day lies in the future or before 2000."),
        ({"occurred_on": "1999-12-31"}, "occurred_on", "1999-12-31", "This day lies in the future or before 2000."),
        ({"occurred_on": "1/3/2026"}, "occurred_on", "1/3/2026", "This is not a date; write 2026-03-31."),
        ({"occurred_on": 20260301}, "occurred_on", "20260301", "This is not a date; write 2026-03-31."),
        ({"occurred_on": None}, "occurred_at", None, "Give either occurred_at or occurred_on."),
        ({"occurred_at": "2026-03-01T10:00:00Z"}, "occurred_at", None, "Give either occurred_at or occurred_on."),
        (
            {"occurred_at": "2026-03-01T10:00:00"},
            "occurred_at",
            "2026-03-01T10:00:00",
            "This moment has no zone; write 2026-03-31T14:30:00+08:00.",
        ),
        ({"occurred_at": "yesterday"}, "occurred_at", "yesterday", MOMENT),
        ({"occurred_at": 1772500000}, "occurred_at", "1772500000", MOMENT),
        ({"occurred_at": "2027-01-01T00:00:00Z"}, "occurred_at", "2027-01-01T00:00:00Z", FUTURE),
        ({"occurred_at": "0001-01-01T00:00:00+14:00"}, "occurred_at", "0001-01-01T00:00:00+14:00", FUTURE),
        ({"closed_at": "2027-01-01T00:00:00Z"}, "closed_at", "2027-01-01T00:00:00Z", FUTURE),
        ({"promised_at": "9999-12-31T23:59:59Z"}, "promised_at", "9999-12-31T23:59:59Z", FUTURE),
        ({"closed_at": "2026-02-28T15:00:00Z"}, "closed_at", None, "This was closed before it occurred."),
        ({"rating": 3}, "rating", "3", "A rating is an object of value, low and high."),
        ({"rating": {"value": 3}}, "rating", None, "A rating is an object of value, low and high."),
        ({"rating": {"value": 6, "low": 1, "high": 5}}, "rating.value", "6.0", OFF),
        ({"rating": {"value": 0, "low": 1, "high": 5}}, "rating.value", "0.0", OFF),
        ({"rating": {"value": "3", "low": 1, "high": 5}}, "rating", None, "This is not a number."),
        ({"rating": {"value": True, "low": 0, "high": 5}}, "rating", None, "This is not a number."),
        (
            {"rating": {"value": 3, "low": 5, "high": 1}},
            "rating",
            None,
            "A scale runs from a lower to a higher number.",
        ),
        ({"rating": {"value": 3, "low": 1, "high": 5}, "adequate": 6}, "adequate", "6.0", OFF),
        ({"rating": {"value": 3, "low": 1, "high": 5}, "desired": 0.5}, "desired", "0.5", OFF),
        ({"adequate": 60}, "adequate", "60.0", "A level stands beside rating or perceived."),
        ({"perceived": 101}, "perceived", "101", "This lies outside the scale 0 to 100."),
        ({"perceived": 10**400}, "perceived", str(10**400)[:80], "This is not a number."),
        (
            {"perceived": 3, "rating": {"value": 3, "low": 1, "high": 5}},
            "perceived",
            "3.0",
            "Give either rating or perceived.",
        ),
        ({"rating": {"value": 3, "low": 1, "high": 5}}, "rating", None, NO_LEVEL),
        ({"perceived": 3}, "perceived", None, NO_LEVEL),
        ({"kind": "ticket", "perceived": 3}, "perceived", None, NO_LEVEL),
        (
            {"kind": "review", "perceived": 3},
            "kind",
            "review",
            "Signals of this source are of the kind complaint; name another source.",
        ),
        ({"source": "hotline", "perceived": 3, "topic": "x"}, "topic", None, COURSE),
        ({"source": "hotline", "perceived": 3, "channel": "web"}, "channel", None, COURSE),
        ({"source": "hotline", "perceived": 3, "transfers": 1}, "transfers", None, COURSE),
        ({"source": "hotline", "perceived": 3, "disputed": True}, "disputed", None, COURSE),
        ({"source": "hotline", "perceived": 3, "promised_at": "2026-04-01T00:00:00Z"}, "promised_at", None, COURSE),
        ({"source": "hotline", "perceived": 3, "closed_at": "2026-03-02T00:00:00Z"}, "closed_at", None, COURSE),
        ({"kind": "rating"}, "rating", None, "A signal of this kind needs rating or perceived."),
        ({"source": "churn"}, "rating", None, "A signal of this kind needs rating or perceived."),
        ({"transfers": -1}, "transfers", "-1", "This is not a number of transfers."),
        ({"transfers": 1.0}, "transfers", "1.0", "This is not a number of transfers."),
        ({"transfers": True}, "transfers", "True", "This is not a number of transfers."),
        ({"disputed": 1}, "disputed", "1", "This must be true or false."),
        ({"causes": "billing"}, "causes", "billing", "This must be a list of at most 20 codes."),
        ({"causes": ["billing", "moon"]}, "causes", "moon", "The cause tree has no such code."),
        ({"causes": [["billing"]]}, "causes", None, "The cause tree has no such code."),
        ({"causes": ["billing"] * 21}, "causes", None, "This must be a list of at most 20 codes."),
        ({"attributes": []}, "attributes", None, "This must be an object of at most 50 texts and numbers."),
        ({"attributes": {"a": {"b": 1}}}, "attributes", None, "This is not a number."),
        ({"attributes": {"a": "x" * 201}}, "attributes", None, "This is longer than 200 characters."),
        ({"attributes": {"\0": "x"}}, "attributes", None, "This holds a character that is none."),
        ({"phone": "12"}, "phone", None, "This is not a phone number."),
        ({"phone": "x" * 41}, "phone", None, "This is longer than 40 characters."),
        ({"email": 5}, "email", None, "This must be a text."),
        ({"coment": "x"}, "coment", None, "This field is unknown; the nearest is comment."),
        ({"customer_id": 1}, "customer_id", None, "This field is unknown."),
        ({"+8613800138000": 1}, "?", None, "This field is unknown."),
    ],
)
def test_row_is_refused(change: dict[str, Any], field: str, value: str | None, reason: str) -> None:
    assert faults(COMPLAINT | change) == [(1, field, value, reason)]


@pytest.mark.parametrize("row", [None, 1, "x", [], True])
def test_row_is_an_object(row: Any) -> None:
    assert faults(COMPLAINT, row) == [(2, "", None, "A signal is an object.")]


def test_all_faults_of_a_row_are_told_together() -> None:
    row = COMPLAINT | {"kind": "praise", "transfers": -1, "colour": "red", "reference": "x" * 65}
    assert [fault[1] for fault in faults(COMPLAINT, row)] == ["reference", "kind", "transfers", "colour"]


def test_first_hundred_faults_are_told_and_all_rows_counted() -> None:
    bad = COMPLAINT | {"kind": "praise", "disputed": 0}
    with pytest.raises(Faulty) as refusal:
        read(*[COMPLAINT] * 3, *[bad] * 120)
    assert [fault.row for fault in refusal.value.faults] == [row for row in range(4, 54) for _field in range(2)]
    assert refusal.value.rows == 120


CANARY = "13800138000"


@pytest.mark.parametrize("field", sorted(PERSONAL))
@pytest.mark.parametrize("wrong", [CANARY * 400, {"x": [CANARY]}, [CANARY], int(CANARY), CANARY + "\0"])
def test_personal_values_are_not_repeated(field: str, wrong: Any) -> None:
    (fault,) = faults(COMPLAINT | {field: wrong})
    assert CANARY not in str(fault)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.sampled_from(["hotline", "2026-03-01"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)
names = st.sampled_from([*COMPLAINT, "rating", "perceived", "adequate", "causes", "attributes", "closed_at", "phone"])


def attempt(*rows: Any) -> list[Given] | Faulty:
    try:
        return read(*rows)
    except Faulty as refusal:
        return refusal


@given(st.lists(st.dictionaries(names, json_values) | json_values, min_size=1, max_size=4))
def test_any_json_is_read_or_refused_with_its_rows(rows: list[Any]) -> None:
    result = attempt(*rows)
    if isinstance(result, Faulty):
        assert {type(fault) for fault in result.faults} == {Fault}
        assert all(1 <= fault.row <= len(rows) for fault in result.faults)
    else:
        assert len(result) == len(rows)


@given(st.dictionaries(names, json_values))
def test_any_change_to_a_good_row_is_read_or_refused(change: dict[str, Any]) -> None:
    result = attempt(RATING | change)
    if isinstance(result, Faulty):
        assert (result.rows, bool(result.faults)) == (1, True)
    else:
        assert [
            rating.perceived is not None and 0 <= rating.perceived <= 100 for rating in result[0].signal.ratings
        ] in ([], [True])
