"""The true size of the silent pool: textbook values, certainty where there is any, bounds, and the coverage."""

from __future__ import annotations

import math

import numpy as np
import pytest

from surveys.logic.metrics import proportion
from surveys.logic.silent.audit import Band, allocate, estimate, needed


def test_total_of_a_simple_sample_is_cochrans() -> None:
    """Cochran, Sampling Techniques (1977), 3.2: 38 of 200 out of 3,042 → 578 with a standard error of 81.8."""
    found = estimate([Band(3042, 200, 200, 38)])

    assert found.estimate == pytest.approx(578, abs=0.5)
    assert found.low is not None
    assert found.high is not None
    # Wilson's interval is not symmetric; its width is that of ± 1.96 errors, within two in a hundred.
    assert (found.high - found.low) / (2 * 1.959964) == pytest.approx(81.8, rel=0.02)


def test_without_end_of_the_population_the_interval_is_wilsons() -> None:
    """The variance has n − 1 where Wilson's has n: with 263 asked the two are the same to four in a thousand."""
    found = estimate([Band(10**9, 263, 263, 81)])
    plain = proportion(81, 263)

    assert found.low is not None
    assert found.high is not None
    assert plain.low is not None
    assert plain.high is not None
    assert (found.low / 1e9, found.high / 1e9) == pytest.approx((plain.low, plain.high), abs=2e-4)


def test_who_asked_everybody_knows() -> None:
    found = estimate([Band(50, 50, 50, 7), Band(20, 20, 20, 9)])

    assert (found.estimate, found.low, found.high, found.least, found.most) == pytest.approx((16, 16, 16, 16, 16))


def test_bands_are_weighted_by_their_size_not_by_how_many_were_asked() -> None:
    found = estimate([Band(9000, 100, 100, 5), Band(1000, 300, 300, 150)])

    assert found.estimate == pytest.approx(9000 * 0.05 + 1000 * 0.5)


def test_bounds_hold_whatever_those_who_did_not_answer_think() -> None:
    found = estimate([Band(1000, 100, 60, 12)])

    nobody, everybody = estimate([Band(1000, 100, 100, 12)]), estimate([Band(1000, 100, 100, 52)])
    assert (found.least, found.most) == pytest.approx((nobody.low, everybody.high))
    assert found.estimate == pytest.approx(200)
    assert found.low is not None
    assert found.high is not None
    assert found.least < found.low < 200 < found.high < found.most


def test_nothing_is_claimed_of_a_band_from_which_nobody_answered() -> None:
    found = estimate([Band(1000, 50, 40, 4), Band(500, 20, 0, 0)])

    assert (found.estimate, found.low, found.high) == (None, None, None)
    assert 0 < found.least < found.most <= 1500


def test_nobody_found_is_not_nobody_there() -> None:
    found = estimate([Band(20_000, 20, 20, 0)])

    assert found.estimate == 0
    assert found.high is not None
    assert found.high / 20_000 == pytest.approx(0.1611, abs=0.06)  # Wilson's 0 of 20 (Newcombe 1998)


def test_impossible_counts_are_refused() -> None:
    with pytest.raises(ValueError, match="band"):
        estimate([Band(10, 20, 5, 1)])


def test_more_is_drawn_where_more_may_be_found() -> None:
    drawn = allocate([9000, 900, 100], [0.02, 0.2, 0.5], 300)

    assert sum(drawn) == 300
    # Neyman: by size × √(p (1 − p)), with p (1 − p) taken as at least .01.
    weights = [9000 * math.sqrt(0.02 * 0.98), 900 * math.sqrt(0.16), 100 * math.sqrt(0.25)]
    assert drawn == pytest.approx([300 * weight / sum(weights) for weight in weights], abs=1.5)


def test_never_more_than_a_band_has_and_ten_of_each() -> None:
    assert allocate([5, 100_000, 0], [0.5, 0.01, 0.0], 100) == [5, 95, 0]
    assert allocate([50, 100_000], [0.01, 0.01], 100) == [10, 90]
    assert allocate([3, 4], [0.1, 0.1], 100) == [3, 4]


def test_answers_needed_are_those_of_a_simple_draw() -> None:
    """p = .5 within ± 5 points: 385 answers; of 1,000 customers 278 (Cochran's correction)."""
    assert needed(0.5, size=10**9, reach=0.05) == 385
    assert needed(0.5, size=1000, reach=0.05) == 278
    assert needed(0.01, size=10**6, reach=0.2) == 30


def covered(bases: int, *, seed: int) -> tuple[float, float]:
    """(share of simulated bases whose true pool lies in the interval, share whose pool lies within the bounds).

    A base of 20,000 silent customers whose scores rank but are wrong by half; 400 are drawn by band, and of those the
    dissatisfied answer less often than the others (40 against 60 %), which only the bounds allow for. The interval is
    judged on the same draw with everybody answering.
    """
    rng = np.random.default_rng(seed)
    inside = bounded = 0
    for _base in range(bases):
        truth = 1 / (1 + np.exp(-rng.normal(-2.2, 1.0, 20_000)))
        unhappy = rng.random(len(truth)) < truth
        band = np.searchsorted(np.quantile(truth, (0.5, 0.8, 0.95)), truth, side="right")
        sizes = np.bincount(band, minlength=4).tolist()
        expected = [float(truth[band == b].mean() / 2) for b in range(4)]
        full, partial = [], []
        for b, n in enumerate(allocate(sizes, expected, 400)):
            drawn = unhappy[rng.choice(np.flatnonzero(band == b), n, replace=False)]
            answers = rng.random(n) < np.where(drawn, 0.4, 0.6)
            full.append(Band(sizes[b], n, n, int(drawn.sum())))
            partial.append(Band(sizes[b], n, int(answers.sum()), int((drawn & answers).sum())))
        everybody, some = estimate(full), estimate(partial)
        assert everybody.low is not None
        assert everybody.high is not None
        inside += everybody.low <= unhappy.sum() <= everybody.high
        bounded += some.least <= unhappy.sum() <= some.most
    return inside / bases, bounded / bases


def test_the_interval_covers_the_true_pool_as_often_as_it_says() -> None:
    """500 simulated bases; 95 % ± two standard errors of such a share."""
    inside, bounded = covered(500, seed=20260504)

    assert 0.93 <= inside <= 0.97
    assert bounded >= 0.975
