"""Expected value per agent minute."""

import pytest

from careplans.logic.priority import ExpectedValue, expected_value


def test_expected_value_multiplies_out_per_minute() -> None:
    value = ExpectedValue(p_leaves=0.1, value_at_stake=3600.0, effect=0.5, cost=18.0, minutes=9.0)
    assert value.net == pytest.approx(162.0)
    assert value.per_minute == pytest.approx(18.0)


def test_expected_value_below_cost_is_negative() -> None:
    value = ExpectedValue(p_leaves=0.1, value_at_stake=100.0, effect=0.5, cost=18.0, minutes=10.0)
    assert value.per_minute == pytest.approx(-1.3)


@pytest.mark.parametrize(("effect", "net"), [(None, None), (0.0, -5.0), (-0.1, -6.0)])
def test_expected_value_of_an_unproven_or_harmful_effect_does_not_order(
    effect: float | None, net: float | None
) -> None:
    value = ExpectedValue(p_leaves=0.1, value_at_stake=100.0, effect=effect, cost=5.0, minutes=10.0)
    assert (value.proven, value.per_minute) == (False, None)
    assert value.net == (None if net is None else pytest.approx(net))


def test_expected_value_by_tier_orders_the_tiers() -> None:
    tiers = ("strategic", "high", "core", "basic")
    worth = [expected_value(tier, effect=0.2, cost=10, minutes=9).per_minute or 0.0 for tier in tiers]
    assert worth == sorted(worth, reverse=True)
    assert worth[1] == pytest.approx((0.10 * 3600 * 0.2 - 10) / 9)


def test_expected_value_of_an_unknown_tier_is_refused() -> None:
    with pytest.raises(ValueError, match="Unknown value tier 'gold'; known: strategic, high, core, basic"):
        expected_value("gold", effect=0.2, cost=10, minutes=9)


@pytest.mark.parametrize(
    "wrong",
    [
        {"p_leaves": 1.1},
        {"p_leaves": -0.1},
        {"effect": 1.5},
        {"cost": -1},
        {"value_at_stake": float("inf")},
        {"minutes": 0},
        {"minutes": float("nan")},
    ],
)
def test_expected_value_refuses_impossible_factors(wrong: dict[str, float]) -> None:
    factors = {"p_leaves": 0.1, "value_at_stake": 100.0, "effect": 0.5, "cost": 5.0, "minutes": 10.0}
    with pytest.raises(ValueError, match=r"\.$"):
        ExpectedValue(**factors | wrong)
