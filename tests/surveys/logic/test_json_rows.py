"""The body of a call as JSON, or the place where it is none."""

from __future__ import annotations

import contextlib
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from surveys.logic.json_rows import Malformed, parse_rows


def test_one_object_is_a_list_of_one() -> None:
    assert parse_rows(b'{"a": "\xe4\xbd\xa0"}') == parse_rows(b'[{"a": "\xe4\xbd\xa0"}]') == [{"a": "你"}]


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        (b"", "The body is not JSON: line 1, column 1."),
        (b'[{"a": 1},\n {"a" 1}]', "The body is not JSON: line 2, column 7."),
        (b'{"a": 1} {"a": 2}', "The body is not JSON: line 1, column 10."),
        (b'{"a": "\x00"}', "The body is not JSON: line 1, column 8."),
        (b"\xef\xbb\xbf[]", "The body is not JSON: line 1, column 1."),
        ("[1]".encode("utf-16"), "Byte 0 of the body is not UTF-8."),
        (b'{"a": "\xff"}', "Byte 7 of the body is not UTF-8."),
        (b'{"a": "\xed\xa0\x80"}', "Byte 7 of the body is not UTF-8."),
        (b'{"a": 1, "b": 2, "a": 3}', "An object of the body names a field twice."),
        (b'[{"attributes": {"x": 1, "x": 1}}]', "An object of the body names a field twice."),
        (b'{"a": NaN}', "The body holds NaN, which is no JSON."),
        (b'{"a": -Infinity}', "The body holds -Infinity, which is no JSON."),
        (b'{"a": 1e999}', "The body holds a number that is too large."),
        (b'{"a": ' + b"9" * 5_000 + b"}", "The body holds a number that is too large."),
        (b"[" * 100_000, "The body is nested too deeply."),
        (b'{"a":' * 100_000, "The body is nested too deeply."),
    ],
)
def test_body_that_is_no_json_is_refused_with_its_place(body: bytes, sentence: str) -> None:
    with pytest.raises(Malformed) as refusal:
        parse_rows(body)
    assert str(refusal.value.sentence) == sentence


@given(st.binary(max_size=200))
def test_any_bytes_are_parsed_or_refused(body: bytes) -> None:
    with contextlib.suppress(Malformed):
        assert isinstance(parse_rows(body), list)


@given(st.lists(st.recursive(st.none() | st.integers() | st.text(), st.lists, max_leaves=5)))
def test_what_was_written_is_read(rows: list[Any]) -> None:
    assert parse_rows(json.dumps(rows).encode()) == rows
