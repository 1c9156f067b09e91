"""Expectation, threshold and false discoveries against published values, and what the watch finds in simulations."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from surveys.logic.alarms import (
    ALPHA,
    Expected,
    expect,
    false_discovery_limit,
    limits,
    moderated,
    p_value,
    residuals,
    threshold,
)
from tests.surveys.histories import watch

# Benjamini and Hochberg 1995, section 4: fifteen p-values of one study.
P_VALUES = [
    0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344,
    0.0459, 0.3240, 0.4262, 0.5719, 0.6528, 0.7590, 1.0000,
]  # fmt: skip


@pytest.mark.parametrize(("transform", "upper"), [("none", 8.6926872), ("1/2", 9.3744842), ("2/3", 9.1154825)])
def test_threshold_returns_the_published_value(transform: str, upper: float) -> None:
    found = threshold(5, 0.2, 1, alpha=0.05, transform=transform)  # type: ignore[arg-type]
    assert found == pytest.approx(upper, abs=1e-6)


def test_false_discovery_limit_rejects_four_where_bonferroni_rejects_three() -> None:
    limit = false_discovery_limit(P_VALUES, share=0.05)
    assert sum(p <= limit for p in P_VALUES) == 4
    assert sum(p <= 0.05 / 15 for p in P_VALUES) == 3


def test_false_discovery_limit_leaves_unknown_cells_out_of_the_number_of_tests() -> None:
    assert false_discovery_limit([np.nan] * 1000 + [0.04], share=0.05) == 0.04
    assert false_discovery_limit([np.nan, 0.2], share=0.05) == 0
    assert false_discovery_limit([]) == 0


def weekly(*, judged: float, others: float) -> list[float]:
    return ([judged] + [others] * 6) * 8


def test_expect_takes_the_same_weekday_of_eight_weeks() -> None:
    expected = expect(weekly(judged=16, others=100))
    assert (expected.mean[0], expected.phi[0]) == (16, 1)
    assert expected.se[0] == pytest.approx((16 / 8) ** 0.5)


def test_expect_weighs_a_past_outbreak_down() -> None:
    history = weekly(judged=16, others=16)
    history[28] = 160
    assert sum(history[::7]) / 8 == 34
    assert expect(history).mean[0] == pytest.approx(16, abs=0.2)
    assert expect(history).phi[0] == pytest.approx(1, abs=0.2)


def test_expect_is_not_fooled_by_an_outbreak_of_two_weeks() -> None:
    history = np.random.default_rng(1).poisson(20, 56).astype(float)
    plain = expect(history)
    history[14:28] *= 4
    assert expect(history).mean[0] == pytest.approx(plain.mean[0], abs=1.5)


def test_expect_estimates_dispersion_with_the_weekdays_apart() -> None:
    rng = np.random.default_rng(2)
    means = np.tile([40, 80, 10, 20, 30, 60, 50], 8)
    calm, rough = rng.poisson(means, (200, 56)), rng.negative_binomial(means / 2, 1 / 3, (200, 56))
    assert expect(calm).phi.mean() == pytest.approx(1, abs=0.1)
    assert expect(rough).phi.mean() == pytest.approx(3, abs=0.3)


def test_expect_leaves_days_out_that_nobody_knows() -> None:
    history = np.array(weekly(judged=16, others=10), dtype=float)
    history[7] = np.nan
    expected = expect(history)
    assert (expected.mean[0], expected.se[0]) == (16, pytest.approx((16 / 7) ** 0.5))


@pytest.mark.parametrize("known_days", [0, 14, 16])
def test_expect_says_unknown_where_too_little_is_known(known_days: int) -> None:
    history = np.full(56, np.nan)
    history[56 - known_days :] = 9
    expected = expect(history)
    assert (np.isnan(expected.mean[0]), np.isnan(p_value([99], expected)[0])) == (True, True)


def test_expect_of_nothing_is_nearly_nothing() -> None:
    expected = expect(np.zeros(56))
    assert expected.mean[0] == pytest.approx(0.0625)
    assert np.isfinite(p_value([3], expected)[0])


def test_residuals_are_standard_where_nothing_happens_and_far_where_something_does() -> None:
    history = np.random.default_rng(5).poisson(30, 56).astype(float)
    history[40], history[41] = 90, np.nan
    far = residuals(history)
    assert (np.isnan(far[41]), far[40] > 6) == (True, True)
    others = np.delete(far, [40, 41])
    assert (others.mean(), others.std()) == pytest.approx((0, 1), abs=0.3)


def test_expect_of_no_cells_is_nothing() -> None:
    assert len(expect(np.zeros((0, 56))).mean) == 0


def test_expect_refuses_another_length() -> None:
    with pytest.raises(ValueError, match="56 days, not 55"):
        expect([1.0] * 55)


def test_moderated_takes_the_middle_where_cells_agree_and_their_own_where_they_differ() -> None:
    rng = np.random.default_rng(3)
    spare, usable = np.full(60, 49.0), np.full(60, True)
    alike = 1.5 * rng.chisquare(49, 60) / 49
    assert set(moderated(alike, spare, usable)) == {float(np.median(alike))}
    different = np.geomspace(1, 30, 60)
    assert moderated(different, spare, usable) == pytest.approx(different, rel=0.3)
    assert list(moderated(alike, spare, np.arange(60) < 9)) == list(alike)


@given(mean=st.floats(0.1, 3000), se=st.floats(0.05, 5), phi=st.floats(1, 6), p=st.sampled_from([ALPHA, 0.01, 0.05]))
def test_more_than_the_upper_limit_is_what_p_calls_unlikely(mean: float, se: float, phi: float, p: float) -> None:
    expected = Expected(np.array([mean]), np.array([se]), np.array([phi]))
    low, high = limits(expected, alpha=p)
    assert p_value([high[0] + 1], expected)[0] <= p < p_value([high[0]], expected)[0]
    assert 0 <= low[0] <= mean <= high[0] + 1


def test_p_value_of_nothing_is_one() -> None:
    assert p_value([0], expect(weekly(judged=16, others=10)))[0] == 1


@pytest.mark.parametrize(("phi", "power"), [(1.0, 0.85), (1.5, 0.60)])
def test_watch_finds_spikes_and_seldom_cries_wolf(phi: float, power: float) -> None:
    findings = watch(level=10, phi=phi, times=3, days=700, seed=3, others=23)
    assert findings.power >= power
    assert findings.per_thousand <= 1
