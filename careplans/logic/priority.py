"""What an hour of care is worth, customer by customer.

Expected value = P(leaves | dissatisfied) × value at stake × effect of the strategy − cost, per agent minute.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType


@dataclass(frozen=True, slots=True)
class TierAssumption:
    """What is assumed of a dissatisfied customer of one value tier until the operator's own data say better.

    `p_leaves`: chance of leaving within twelve months without care, 0–1.
    `value_at_stake`: twelve months' margin, in the operator's currency.
    """

    p_leaves: float
    value_at_stake: float


# Assumptions, not findings, until a supervisor sets others. Chances: the dissatisfied leave about two to four times as
# often as a 3–4 % base, and larger accounts, tied by contract, a little less. Values: 25 : 6 : 2 : 1, a steep value
# pyramid.
TIER_ASSUMPTIONS: Mapping[str, TierAssumption] = MappingProxyType(
    {
        "strategic": TierAssumption(p_leaves=0.08, value_at_stake=15_000.0),
        "high": TierAssumption(p_leaves=0.10, value_at_stake=3_600.0),
        "core": TierAssumption(p_leaves=0.12, value_at_stake=1_200.0),
        "basic": TierAssumption(p_leaves=0.14, value_at_stake=600.0),
    }
)

# Share of would-be leavers kept, by kind of strategy: the queue's order until a campaign of the kind is read out.
# Assumptions too; a talk that solves the matter keeps more than a message does.
ASSUMED_EFFECTS: Mapping[str, float] = MappingProxyType(
    {"callback": 0.30, "interview": 0.15, "touchpoint": 0.10, "outreach": 0.05}
)

LEAST_TIER = "basic"
"""What a customer of an unknown tier counts as."""


@dataclass(frozen=True, slots=True)
class ExpectedValue:
    """Every factor, so that the page can say in words where the number comes from.

    `effect` is the share of would-be leavers whom the strategy keeps (−1…1), None while unproven.
    `value_at_stake` and `cost` share a currency; `minutes` are agent minutes over all expected tries.
    """

    p_leaves: float
    value_at_stake: float
    effect: float | None
    cost: float
    minutes: float

    def __post_init__(self) -> None:
        if not 0 <= self.p_leaves <= 1:
            raise ValueError(f"The chance of leaving lies between 0 and 1, not {self.p_leaves}.")
        if self.effect is not None and not -1 <= self.effect <= 1:
            raise ValueError(f"The effect lies between -1 and 1, not {self.effect}.")
        if not all(math.isfinite(amount) and amount >= 0 for amount in (self.value_at_stake, self.cost)):
            raise ValueError("Value at stake and cost must be finite and not negative.")
        if not (math.isfinite(self.minutes) and self.minutes > 0):
            raise ValueError(f"A case takes some agent minutes, not {self.minutes}.")

    @property
    def proven(self) -> bool:
        """Whether the case may be ordered by value: an unproven or harmful effect may not."""
        return self.effect is not None and self.effect > 0

    @property
    def net(self) -> float | None:
        """Expected value of the whole case minus its cost; None while the effect is unproven."""
        if self.effect is None:
            return None
        return self.p_leaves * self.value_at_stake * self.effect - self.cost

    @property
    def per_minute(self) -> float | None:
        """What the live queue is ordered by; None: order this case by service level alone."""
        return self.net / self.minutes if self.proven and self.net is not None else None


@dataclass(frozen=True, slots=True)
class Factors:
    """Everything a priority is made of but the strategy's own cost and minutes: by value tier, and by kind of care."""

    tiers: Mapping[str, TierAssumption]
    effects: Mapping[str, float]

    def expected(self, value_tier: str, kind: str, *, cost: float, minutes: float) -> ExpectedValue:
        """What care of one kind is worth for a customer of one tier; "" is an unknown tier."""
        return expected_value(
            value_tier or LEAST_TIER, effect=self.effects[kind], cost=cost, minutes=minutes, tiers=self.tiers
        )


SHIPPED = Factors(TIER_ASSUMPTIONS, ASSUMED_EFFECTS)


def expected_value(
    value_tier: str,
    *,
    effect: float | None,
    cost: float,
    minutes: float,
    tiers: Mapping[str, TierAssumption] = TIER_ASSUMPTIONS,
) -> ExpectedValue:
    """Expected value from what holds for the tier. An unknown tier is an error: it would hide customers."""
    try:
        tier = tiers[value_tier]
    except KeyError:
        known = ", ".join(tiers)
        raise ValueError(f"Unknown value tier {value_tier!r}; known: {known}.") from None
    return ExpectedValue(tier.p_leaves, tier.value_at_stake, effect, cost, minutes)
