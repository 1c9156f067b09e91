"""Whom to enter and whom to ask: the same whatever the batches, the best within the capacity, fair among equals."""

from __future__ import annotations

import numpy as np
import pytest

from surveys.logic.silent.choosing import Chooser

N = 5_000
REFERENCES = np.array([f"C{k:05d}" for k in range(N)], dtype=object)
SCORES = np.random.default_rng(11).random(N).round(3)


def chooser(*, capacity: int = 100, floor: float = 0.0, asked: int = 60, seed: int = 4) -> Chooser:
    return Chooser(capacity=capacity, floor=floor, borders=(0.5, 0.9), asked=asked, seed=seed)


def fed(found: Chooser, *, batches: int = 1, may_enter: np.ndarray | None = None) -> Chooser:
    allowed = np.ones(N, dtype=bool) if may_enter is None else may_enter
    for part in np.array_split(np.arange(N), batches):
        found.feed(REFERENCES[part], SCORES[part], allowed[part])
    return found


def test_the_highest_scores_fit_the_capacity_and_set_the_threshold() -> None:
    found = fed(chooser())

    entered = found.entered()

    assert [score for _reference, score in entered] == sorted(SCORES, reverse=True)[:100]
    assert found.threshold == sorted(SCORES, reverse=True)[99]
    assert len({reference for reference, _score in entered}) == 100


def test_nobody_below_the_floor_is_entered_though_there_is_room() -> None:
    found = fed(chooser(capacity=N, floor=0.98))

    assert len(found.entered()) == int((SCORES >= 0.98).sum())
    assert found.threshold is not None
    assert found.threshold >= 0.98


def test_those_who_may_not_enter_are_counted_and_may_be_asked() -> None:
    allowed = np.zeros(N, dtype=bool)
    found = fed(chooser(), may_enter=allowed)

    assert (found.entered(), found.threshold) == ([], None)
    assert sum(found.sizes) == N
    assert len(found.sample([10, 10, 10])) == 30


@pytest.mark.parametrize("batches", [2, 37])
def test_batches_of_any_size_fill_the_same_bands(batches: int) -> None:
    one, many = fed(chooser()), fed(chooser(), batches=batches)

    assert many.sizes == one.sizes
    assert many.expected == pytest.approx(one.expected)
    assert [score for _r, score in many.entered()] == [score for _r, score in one.entered()]


def test_the_same_rows_with_the_same_seed_choose_the_same() -> None:
    one, other, third = fed(chooser(), batches=7), fed(chooser(), batches=7), fed(chooser(seed=5), batches=7)

    assert one.entered() == other.entered()
    assert one.sample([20, 20, 20]) == other.sample([20, 20, 20])
    assert one.sample([20, 20, 20]) != third.sample([20, 20, 20])


def test_equals_at_the_threshold_take_their_chance() -> None:
    """Everybody scores the same: over many seeds each third of the file is entered as often as another."""
    counts = np.zeros(3)
    references = np.array([str(k) for k in range(300)], dtype=object)
    for seed in range(200):
        found = chooser(capacity=30, seed=seed)
        for part in np.array_split(np.arange(300), 3):
            found.feed(references[part], np.full(100, 0.7), np.ones(100, dtype=bool))
        for reference, _score in found.entered():
            counts[int(reference) // 100] += 1
    assert counts / counts.sum() == pytest.approx([1 / 3] * 3, abs=0.02)


def test_a_band_is_sampled_at_random_with_the_probability_that_is_told() -> None:
    """Over many seeds everybody in a band is drawn equally often, also across batches."""
    counts = np.zeros(N)
    place = {reference: k for k, reference in enumerate(REFERENCES)}
    for seed in range(200):
        found = fed(chooser(seed=seed), batches=5)
        drawn = found.sample([0, 60, 0])
        assert {one.band for one in drawn} == {1}
        assert {one.chance for one in drawn} == {60 / found.sizes[1]}
        for one in drawn:
            counts[place[one.reference]] += 1
    in_band = (SCORES >= 0.5) & (SCORES < 0.9)
    assert counts[~in_band].sum() == 0
    first, second = counts[in_band][: in_band.sum() // 2].sum(), counts[in_band][in_band.sum() // 2 :].sum()
    assert first / (first + second) == pytest.approx(0.5, abs=0.02)
    # Drawn independently 200 times, the counts are as spread as those of a Poisson process: variance = mean.
    assert counts[in_band].var() / counts[in_band].mean() == pytest.approx(1 - 60 / in_band.sum(), abs=0.12)


def test_scores_and_bands_of_the_drawn_are_their_own() -> None:
    place = {reference: k for k, reference in enumerate(REFERENCES)}
    for one in fed(chooser()).sample([20, 20, 20]):
        assert one.score == SCORES[place[one.reference]]
        assert one.band == int(np.searchsorted((0.5, 0.9), one.score, side="right"))


def test_more_than_a_band_keeps_is_refused() -> None:
    with pytest.raises(ValueError, match="band"):
        fed(chooser(asked=10)).sample([11, 0, 0])
