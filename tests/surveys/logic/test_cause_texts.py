"""Comments brought to one form, and causes read from them."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from surveys.logic.causes.reader import EVEN, LEAST_JUDGED, NEVER, Coded, read, train
from surveys.logic.causes.seed import NOTHING, SEED
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
        ("call me at +86 138-0013-8000, 4G, 86 yuan", "call me at 86 138 4g 86 yuan"),
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


def test_seed_reads_both_languages_and_leaves_places_and_praise_alone() -> None:
    fitted, card = train([], SEED, nothing=NOTHING, seed=1)
    comments = [
        "家里没有信号",
        "The call dropped twice",
        "网速慢，一直转圈",
        "I was charged twice for the same thing",
        "信号不好 no signal at all 😡",
        "电梯",
        "in the lift",
        "很好，谢谢",
        "😡",
        "x" * 10_000,
        "电梯" + "没信号" * 4_000,
    ]
    guesses = read(fitted, {}, comments)
    assert [guess.cause if guess and guess.accepted else "" for guess in guesses] == [
        "network.coverage",
        "network.voice",
        "network.speed",
        "billing.charge",
        "network.coverage",
        *[""] * 5,
        "network.coverage",
    ]
    assert (card.coded, card.given, card.coverage, card.precision) == (0, 0, None, None)
    assert [cause.cause for cause in card.causes] == sorted(SEED)
    assert {(cause.threshold, cause.precision) for cause in card.causes} == {(EVEN, None)}


def test_no_phrase_of_the_seed_is_said_twice_or_too_short_to_read() -> None:
    phrases = [normalised(phrase) for each in (*SEED.values(), NOTHING) for phrase in each]
    assert sorted(set(phrases)) == sorted(phrases)
    assert min(map(len, phrases)) >= 2


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
    assert [(one.cause, one.n, one.precision, one.judged, one.found) for one in card.causes] == [
        # The confidence that four folds ask for leaves out a few of the fifth.
        ("network.coverage", 100, 1.0, 98, 0.98),
        ("product.price", 100, 1.0, 99, 0.99),
    ]
    assert (card.given, card.right, card.coverage, card.precision) == (197, 197, 0.985, 1.0)
    assert all(one.low is not None and one.low > 0.9 for one in card.causes)


def test_cause_whose_guesses_are_mostly_wrong_is_never_believed() -> None:
    fitted, card = train(coded(200, noise=50), {}, seed=1)
    assert [(one.threshold, one.judged, one.precision) for one in card.causes] == [(NEVER, 0, None)] * 2
    thresholds = {one.cause: one.threshold for one in card.causes}
    (guess,) = read(fitted, thresholds, ["no signal at home"])
    assert guess is not None
    assert (guess.cause in thresholds, guess.accepted) == (True, False)


def test_cause_with_few_coded_cases_is_not_measured_and_asked_for_even_confidence() -> None:
    few = [Coded(f"waited {row} hours in the shop", "service.waiting") for row in range(LEAST_JUDGED - 1)]
    rare = [Coded("refund refund", "billing.refund")]
    _fitted, card = train([*coded(200), *few, *rare], {}, seed=1)
    cards = {one.cause: one for one in card.causes}
    waiting = cards["service.waiting"]
    assert (waiting.n, waiting.threshold, waiting.precision, waiting.judged) == (19, EVEN, None, 19)
    assert (cards["billing.refund"].n, cards["billing.refund"].judged) == (1, 0)
    assert cards["network.coverage"].precision is not None


def test_few_coded_cases_teach_but_are_not_judged() -> None:
    _fitted, card = train(coded(19), SEED, seed=1)
    assert (card.coded, card.given, card.coverage, card.precision) == (19, 0, None, None)
    assert {(one.threshold, one.found) for one in card.causes} == {(EVEN, None)}


def test_coded_cases_teach_a_cause_that_the_seed_does_not_know() -> None:
    own = [Coded(f"手机充电慢 {row}", "device.battery") for row in range(20)]
    fitted, _card = train(own, SEED, nothing=NOTHING, seed=1)
    (guess,) = read(fitted, {}, ["我的手机充电慢"])
    assert guess is not None
    assert (guess.cause, guess.accepted) == ("device.battery", True)


def test_same_seed_gives_the_same_card() -> None:
    assert train(coded(60, noise=10), SEED, seed=1)[1] == train(coded(60, noise=10), SEED, seed=1)[1]


def test_one_cause_alone_cannot_be_told_from_nothing() -> None:
    with pytest.raises(ValueError, match="two causes"):
        train([Coded("no signal", "network.coverage")], {}, nothing=["at home"], seed=1)


def test_nothing_to_read_is_nothing() -> None:
    fitted, _card = train([], SEED, seed=1)
    assert read(fitted, {}, []) == []
    assert read(fitted, {}, ["", "好"]) == [None, None]


# Row of the file and column; what a person reads there (several where either is right); all others name no cause.
COVERAGE, SPEED, VOICE = "network.coverage", "network.speed", "network.voice"
PRICE, FIT, REPEAT = "product.price", "product.fit", "service.repeat"
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


# The same of 60 others, drawn and read after the first seed was written, and left alone while it grew.
READ_LATER: dict[tuple[int, int], set[str]] = {
    (60, 14): set(), (186, 14): set(), (195, 22): {COVERAGE, SPEED}, (204, 14): set(), (529, 14): set(),
    (532, 14): set(), (651, 14): set(), (814, 22): {COVERAGE}, (830, 14): set(), (998, 22): {COVERAGE, SPEED},
    (1060, 14): set(), (1060, 22): {VOICE}, (1463, 14): set(), (1471, 22): set(), (1678, 22): {VOICE},
    (1697, 14): set(), (1846, 14): set(), (1887, 22): {COVERAGE, SPEED}, (1988, 14): {COVERAGE, VOICE},
    (2176, 14): set(), (2218, 14): set(), (2544, 22): {COVERAGE}, (2550, 14): set(), (2557, 14): {COVERAGE},
    (2751, 14): set(), (2858, 14): set(), (2877, 22): {COVERAGE, FIT}, (2908, 14): {COVERAGE}, (2947, 14): set(),
    (3157, 14): set(), (3161, 14): set(), (3170, 14): set(), (3259, 14): set(), (3309, 22): {PRICE},
    (3368, 22): {COVERAGE, VOICE}, (3375, 22): {COVERAGE}, (3418, 14): set(), (3543, 22): {COVERAGE},
    (3650, 14): set(), (3702, 14): {COVERAGE}, (3721, 22): set(), (3759, 14): set(), (3776, 22): {COVERAGE},
    (3812, 14): set(), (3975, 14): {COVERAGE}, (4121, 14): set(), (4130, 14): {COVERAGE},
    (4366, 22): {COVERAGE, VOICE}, (4484, 14): {COVERAGE, SPEED}, (4516, 14): {COVERAGE, VOICE}, (4739, 14): set(),
    (4775, 14): set(), (4974, 14): {COVERAGE}, (5100, 14): set(), (5141, 14): {COVERAGE}, (5379, 14): set(),
    (5400, 22): set(), (5403, 14): set(), (5407, 14): set(), (5432, 14): {COVERAGE, SPEED},
}  # fmt: skip


@pytest.mark.parametrize(
    ("by_hand", "found"),
    [
        # Of 60 comments 22 name a cause, 38 a place or nothing; 19 were given one, all of them rightly.
        (READ_BY_HAND, (60, 22, 19, 19)),
        # 25 name a cause; 19 were given one, 17 of them rightly.
        (READ_LATER, (60, 25, 19, 17)),
    ],
)
def test_voice_survey_comments_are_read_as_a_person_reads_them(
    voice_comments: dict[tuple[int, int], str],
    by_hand: dict[tuple[int, int], set[str]],
    found: tuple[int, int, int, int],
) -> None:
    fitted, _card = train([], SEED, nothing=NOTHING, seed=1)
    assert len(voice_comments) == 384
    asked = {place: voice_comments[place] for place in by_hand}
    guesses = dict(zip(asked, read(fitted, {}, list(asked.values())), strict=True))
    given = {place: guess.cause for place, guess in guesses.items() if guess and guess.accepted}
    right = sum(cause in by_hand[place] for place, cause in given.items())
    meant = sum(bool(causes) for causes in by_hand.values())
    assert (len(asked), meant, len(given), right) == found
