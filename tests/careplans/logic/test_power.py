"""Power and detectable effects against published values."""

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from careplans.logic.power import (
    minimum_detectable_difference,
    minimum_detectable_effect,
    sample_size_means,
    sample_size_two_proportions,
)


def test_sample_size_two_proportions_returns_the_published_value() -> None:
    assert sample_size_two_proportions(0.50, 0.75, power=0.9) == pytest.approx(76.707, abs=5e-4)


def test_sample_size_means_returns_the_published_value() -> None:
    assert sample_size_means(0.5, power=0.8) == pytest.approx(63.766, abs=5e-4)


def test_minimum_detectable_effect_returns_the_published_value() -> None:
    assert minimum_detectable_effect(0.70, 1000, 1000) == pytest.approx(0.0557, abs=5e-5)


@given(st.floats(0.01, 0.9), st.integers(200, 100_000))
def test_minimum_detectable_effect_undoes_the_sample_size(p: float, n: int) -> None:
    rise = minimum_detectable_effect(p, n, n)
    if rise is not None:
        assert sample_size_two_proportions(p, p + rise) == pytest.approx(n, rel=1e-4)


def test_minimum_detectable_effect_shrinks_with_the_smaller_arm() -> None:
    rises = [minimum_detectable_effect(0.7, 10_000 - n, n) or 0.0 for n in (5000, 2000, 1000, 100)]
    assert rises == sorted(set(rises))
    assert rises[0] > 0


@pytest.mark.parametrize(("p", "n"), [(0.7, 0), (0.7, 1), (0.99, 10), (1.0, 1000)])
def test_minimum_detectable_effect_is_none_when_nothing_could_be_seen(p: float, n: int) -> None:
    assert minimum_detectable_effect(p, 1000, n) is None


def test_minimum_detectable_effect_of_a_thing_that_never_happens_is_above_zero() -> None:
    assert minimum_detectable_effect(0.0, 1000, 1000) == pytest.approx(0.0078, abs=2e-4)


@given(st.floats(0.05, 2), st.floats(0.1, 50))
def test_minimum_detectable_difference_undoes_the_sample_size(d: float, sd: float) -> None:
    n = round(sample_size_means(d))
    if n > 2:
        assert minimum_detectable_difference(sd, n, n) == pytest.approx(sd * d, rel=0.2)
    assert sample_size_means(d) == pytest.approx(sample_size_means(-d))


def test_minimum_detectable_difference_at_the_published_size() -> None:
    assert minimum_detectable_difference(10, 64, 64) == pytest.approx(5, abs=0.01)


def test_minimum_detectable_difference_stands_millions() -> None:
    assert minimum_detectable_difference(20, 9_000_000, 1_000_000) == pytest.approx(0.059, abs=5e-4)


def test_minimum_detectable_difference_without_an_arm_is_none() -> None:
    assert minimum_detectable_difference(10, 64, 1) is None


@pytest.mark.parametrize(
    "call",
    [
        lambda: sample_size_two_proportions(0.5, 0.5),
        lambda: sample_size_two_proportions(0.5, 1.5),
        lambda: sample_size_two_proportions(0.5, 0.6, power=0.01),
        lambda: sample_size_means(0),
        lambda: minimum_detectable_effect(-0.1, 10, 10),
        lambda: minimum_detectable_difference(0, 10, 10),
        lambda: minimum_detectable_effect(0.5, 10, 10, alpha=0),
    ],
)
def test_power_refuses_impossible_arguments(call: Callable[[], float | None]) -> None:
    with pytest.raises(ValueError, match=r"\.$"):
        call()
