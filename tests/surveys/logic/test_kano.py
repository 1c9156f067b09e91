"""Kano's table, better and worse."""

from __future__ import annotations

import pytest

from surveys.logic.kano import ANSWERS, kano

PUBLISHED = {"like": "QAAAO", "must-be": "RIIIM", "neutral": "RIIIM", "live-with": "RIIIM", "dislike": "RRRRQ"}


@pytest.mark.parametrize("functional", range(5))
@pytest.mark.parametrize("dysfunctional", range(5))
def test_each_pair_of_answers_has_its_published_class(functional: int, dysfunctional: int) -> None:
    one = kano([(functional, dysfunctional)])
    assert one is not None
    assert one.kind == PUBLISHED[ANSWERS[functional]][dysfunctional]


def test_better_and_worse_are_shares_of_the_clear_answers() -> None:
    pairs = [(0, 2)] * 4 + [(0, 4)] * 3 + [(2, 4)] * 2 + [(2, 2)] * 1 + [(4, 0)] * 5 + [(0, 0)] * 5
    found = kano(pairs)
    assert found is not None
    assert (found.n, found.kind) == (20, "R")
    assert found.counts == {"M": 2, "O": 3, "A": 4, "I": 1, "R": 5, "Q": 5}
    assert (found.better, found.worse) == (0.7, -0.5)


def test_tie_goes_to_what_hurts_more_when_missing() -> None:
    found = kano([(0, 4), (2, 4)])
    assert found is not None
    assert found.kind == "M"


def test_no_answers_have_no_class_and_unclear_ones_no_better() -> None:
    assert kano([]) is None
    unclear = kano([(0, 0)])
    assert unclear is not None
    assert (unclear.better, unclear.worse) == (None, None)
    with pytest.raises(ValueError, match="0 to 4"):
        kano([(0, 5)])
