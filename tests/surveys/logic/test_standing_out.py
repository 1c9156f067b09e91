"""Terms that stand out among comments of unknown cause."""

from __future__ import annotations

import math
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from surveys.logic.causes.standing_out import LEAST_COMMENTS, standing_out, z_of


def test_z_is_the_published_formula_worked_out_by_hand() -> None:
    # 30 of 100 against 10 of 300; prior: 4 of 40.
    difference = math.log(34 / (100 + 40 - 34)) - math.log(14 / (300 + 40 - 14))
    assert z_of(30, 10, 100, 300) == pytest.approx(difference / math.sqrt(1 / 34 + 1 / 14), abs=1e-12)
    assert z_of(30, 10, 100, 300) == pytest.approx(6.3320, abs=1e-4)


@given(st.integers(0, 50), st.integers(0, 50), st.integers(0, 500), st.integers(0, 500))
def test_z_turns_its_sign_with_the_groups_and_is_always_a_number(one: int, other: int, more: int, most: int) -> None:
    z = z_of(one, other, one + more, other + most)
    assert math.isfinite(z)
    assert z == pytest.approx(-z_of(other, one, other + most, one + more), abs=1e-9)


def test_what_both_say_alike_does_not_stand_out() -> None:
    assert z_of(30, 90, 100, 300) == pytest.approx(0, abs=1e-12)
    assert z_of(5, 0, 10, 0) == 0
    assert z_of(0, 0, 10, 10) == 0
    assert z_of(10, 10, 10, 10) == 0


KNOWN = [f"没有信号{suffix}" for suffix in "啊呀呢吧了" * 20]


def test_chinese_terms_are_told_once_by_the_longest_that_holds_them() -> None:
    unknown = [f"{name}手机停机{end}" for name in "张王李赵" for end in ("不通知", "了", "很久")] + ["信号"] * 5
    assert [(term.term, term.unknown, term.known) for term in standing_out(unknown, KNOWN)] == [("手机停机", 12, 0)]


def test_windows_over_one_longer_phrase_are_told_once() -> None:
    assert [term.term for term in standing_out(["停机不通知"] * 10, KNOWN)] == ["停机不通"]


def test_words_of_latin_letters_are_told_whole() -> None:
    unknown = ["the porting of my number failed"] * 12 + ["无"] * 5 + ["😡"]
    told = {term.term for term in standing_out(unknown, KNOWN)}
    assert told == {"the", "porting", "number", "failed"}


def test_term_of_few_comments_and_one_said_often_in_one_comment_is_not_told() -> None:
    rare = ["porting " * 200] + ["porting failed"] * (LEAST_COMMENTS - 2)
    assert standing_out([*rare, *KNOWN], KNOWN) == []
    told = standing_out([*rare, "porting", *["电梯里"] * 3], KNOWN)
    assert [(term.term, term.unknown) for term in told] == [("porting", LEAST_COMMENTS)]


@pytest.mark.parametrize(
    ("unknown", "known"), [([], []), ([], KNOWN), (["porting failed"] * 20, []), (["", "无", "😡"], ["无"])]
)
def test_nothing_to_compare_is_nothing_told(unknown: list[str], known: list[str]) -> None:
    assert standing_out(unknown, known) == []


def test_most_are_told_from_the_strongest_down() -> None:
    unknown = [word for n, word in enumerate(("alpha", "beta", "gamma"), start=1) for _ in range(10 * n)]
    told = standing_out(unknown, KNOWN, most=2)
    assert [term.term for term in told] == ["gamma", "beta"]


def test_very_long_comments_are_looked_at_in_bounded_time() -> None:
    began = time.perf_counter()
    standing_out(["停机不通知" * 2_000] * 500, ["没有信号" * 2_500] * 500)
    assert time.perf_counter() - began < 20
