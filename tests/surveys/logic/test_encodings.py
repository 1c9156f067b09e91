"""Encodings told from a few lines."""

from __future__ import annotations

import pytest

from surveys.logic.encodings import encoding_of

SIMPLIFIED = ["1,9,通话质量一般", "2,3,信号不好", "3,5,客服态度很差，等待时间太长", "4,1,无", "5,2,退款三周才到"]
TRADITIONAL = ["1,9,通話品質一般", "2,3,訊號不好", "3,5,客服態度很差，等待時間太長", "4,1,無", "5,2,退款三週才到"]
WESTERN = ["1,9,Müller in Zürich", "2,3,déjà vu", "3,5,Größe falsch – wie immer", "4,1,señor", "5,2,crème"]
RUSSIAN = ["1,9,привет", "2,3,плохое качество", "3,5,ждал три часа"]


@pytest.mark.parametrize(
    ("lines", "encoding"),
    [
        (SIMPLIFIED, "utf-8"),
        (TRADITIONAL, "utf-8"),
        (WESTERN, "utf-8"),
        (SIMPLIFIED, "gb18030"),
        (TRADITIONAL, "big5"),
        (WESTERN, "cp1252"),
        (SIMPLIFIED[:1], "gb18030"),
        (TRADITIONAL[:1], "big5"),
        (WESTERN[:1], "cp1252"),
    ],
)
def test_encoding_is_told(lines: list[str], encoding: str) -> None:
    assert encoding_of([line.encode(encoding) for line in lines]) == encoding


@pytest.mark.parametrize("encoding", ["cp1251", "shift_jis", "koi8-r"])
def test_encoding_that_is_none_of_ours_is_not_guessed(encoding: str) -> None:
    lines = RUSSIAN if encoding != "shift_jis" else ["1,9,通話品質が悪いです", "2,3,ありがとう"]
    assert encoding_of([line.encode(encoding) for line in lines]) is None


def test_plain_lines_are_utf8() -> None:
    assert encoding_of([]) == "utf-8"


def test_few_damaged_lines_are_damage_and_many_are_another_encoding() -> None:
    whole, damaged = "信号好".encode(), "信号好".encode()[:-1]
    assert encoding_of([whole] * 95 + [damaged] * 5) == "utf-8"
    assert encoding_of([whole] * 5 + ["信号好".encode("gb18030")] * 95) != "utf-8"
