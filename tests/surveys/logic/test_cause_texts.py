"""Comments brought to one form, and causes read from them."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from surveys.logic.causes.reader import LEAST_JUDGED, TARGET, Coded, read, train
from surveys.logic.causes.seed import SEED
from surveys.logic.causes.texts import LONGEST, normalised


@given(st.text(max_size=4_000))
def test_normalised_is_short_plain_and_stays_as_it_is(comment: str) -> None:
    text = normalised(comment)
    assert len(text) <= LONGEST
    assert re.search(r"[\W_]", text.replace(" ", "")) is None
    assert normalised(text) == text


@pytest.mark.parametrize(
    ("comment", "text"),
    [
        ("　信号　不好！！😡", "信号 不好"),
        ("ＢＩＬＬ is Wrong…", "bill is wrong"),
        ("无", ""),
        ("N/A", ""),
        ("😡😡😡", ""),
        ("没有", ""),
        ("", ""),
        ("没有信号", "没有信号"),
    ],
)
def test_comments_that_say_nothing_are_nothing(comment: str, text: str) -> None:
    assert normalised(comment) == text


def test_seed_reads_both_languages_and_leaves_places_alone() -> None:
    fitted, card = train([], SEED, seed=1)
    comments = [
        "家里没有信号",
        "The call dropped twice",
        "网速慢，一直转圈",
        "I was charged twice for the same thing",
        "电梯",
        "in the lift",
        "😡",
        "x" * 10_000,
    ]
    guesses = read(fitted, {}, comments)
    assert [guess.cause if guess and guess.accepted else "" for guess in guesses] == [
        "network.coverage",
        "network.voice",
        "network.speed",
        "billing.charge",
        *[""] * 4,
    ]
    assert (card.coded, card.coverage, card.precision) == (0, None, None)
    assert {cause.precision for cause in card.causes} == {None}


def coded(n: int, *, noise: int = 0) -> list[Coded]:
    """Comments on two causes; `noise` of each hundred were given the other one."""
    words = {"network.coverage": "no signal at home", "product.price": "far too expensive for me"}
    causes = list(words)
    rows = []
    for row in range(n):
        said = causes[row % 2]
        named = causes[(row + 1) % 2] if row // 2 % 100 < noise else said
        rows.append(Coded(f"{words[said]} {row}", named))
    return rows


def test_precision_is_measured_out_of_fold_where_enough_is_coded() -> None:
    _fitted, card = train(coded(200), {}, seed=1)
    assert [(one.cause, one.n, one.precision, one.judged >= LEAST_JUDGED) for one in card.causes] == [
        ("network.coverage", 100, 1.0, True),
        ("product.price", 100, 1.0, True),
    ]
    assert card.coverage == 1.0
    assert all(one.low is not None and one.low > 0.9 for one in card.causes)


def test_cause_whose_guesses_are_mostly_wrong_is_never_believed() -> None:
    fitted, card = train(coded(200, noise=50), {}, seed=1)
    thresholds = {one.cause: one.threshold for one in card.causes}
    for one in card.causes:
        assert one.precision is None or one.precision >= TARGET
    if all(threshold > 1 for threshold in thresholds.values()):
        assert [guess.accepted for guess in read(fitted, thresholds, ["no signal at home"]) if guess] == [False]


def test_same_seed_gives_the_same_card() -> None:
    assert train(coded(60), SEED, seed=1)[1] == train(coded(60), SEED, seed=1)[1]


def test_one_cause_alone_cannot_be_told_from_nothing() -> None:
    with pytest.raises(ValueError, match="two causes"):
        train([Coded("no signal", "network.coverage")], {}, seed=1)


def test_nothing_to_read_is_nothing() -> None:
    fitted, _card = train([], SEED, seed=1)
    assert read(fitted, {}, []) == []
    assert read(fitted, {}, ["", "好"]) == [None, None]


# Row of the file and column; what a person reads there (several where either is right); all others name no cause.
COVERAGE, SPEED, VOICE = "network.coverage", "network.speed", "network.voice"
PRICE, REPEAT = "product.price", "service.repeat"
READ_BY_HAND: dict[tuple[int, int], set[str]] = {
    (84, 14): {COVERAGE, PRICE}, (161, 22): {VOICE}, (204, 22): set(), (215, 22): {VOICE}, (266, 14): {COVERAGE},
    (396, 14): set(), (528, 14): set(), (531, 14): set(), (637, 14): set(), (810, 22): {COVERAGE, SPEED},
    (831, 14): {PRICE}, (831, 22): set(), (981, 14): set(), (996, 22): set(), (1092, 22): set(), (1169, 14): set(),
    (1310, 14): {VOICE}, (1412, 14): set(), (1501, 14): set(), (1513, 14): set(), (1584, 14): set(),
    (1625, 22): {VOICE}, (1651, 14): set(), (1694, 14): set(), (1718, 14): set(), (1844, 14): {COVERAGE, SPEED},
    (1874, 14): set(), (1897, 14): set(), (1951, 14): {VOICE}, (1999, 14): {COVERAGE}, (2024, 14): set(),
    (2176, 22): {COVERAGE}, (2321, 14): set(), (2590, 14): {VOICE}, (2661, 14): set(), (2721, 22): set(),
    (2877, 14): {COVERAGE, VOICE, REPEAT}, (3267, 14): set(), (3427, 14): {COVERAGE, REPEAT}, (3538, 22): set(),
    (3582, 14): set(), (3650, 22): {VOICE}, (3808, 22): {SPEED}, (3929, 14): set(), (3975, 22): {VOICE},
    (4010, 14): {COVERAGE}, (4080, 14): set(), (4083, 14): set(), (4128, 14): set(), (4155, 14): set(),
    (4160, 14): set(), (4301, 14): set(), (4359, 14): set(), (4468, 22): {COVERAGE}, (4495, 14): set(),
    (4635, 22): {VOICE}, (4711, 14): set(), (4974, 22): {VOICE}, (5219, 14): set(), (5270, 22): set(),
}  # fmt: skip


def test_voice_survey_comments_are_read_as_a_person_reads_them(voice_comments: dict[tuple[int, int], str]) -> None:
    fitted, _card = train([], SEED, seed=1)
    assert len(voice_comments) == 384
    asked = {place: voice_comments[place] for place in READ_BY_HAND}
    guesses = dict(zip(asked, read(fitted, {}, list(asked.values())), strict=True))
    given = {place: guess.cause for place, guess in guesses.items() if guess and guess.accepted}
    right = sum(cause in READ_BY_HAND[place] for place, cause in given.items())
    meant = sum(bool(causes) for causes in READ_BY_HAND.values())
    # Of 60 comments 22 name a cause, 38 a place or nothing; 19 were given one, 18 of them rightly.
    assert (len(asked), meant, len(given), right) == (60, 22, 19, 18)
