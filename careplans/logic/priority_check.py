"""Does the order save more? Checked on simulated customers whose truth is known: no data tell who would have left.

Each customer truly leaves with a chance, takes a value along, and is kept by care with an effect; all three scatter
around what is assumed of their tier and their kind of care, tiers are sometimes wrong, and whole factors are off. What
is assumed orders the queue; what is true says what the order saved.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from careplans.logic.priority import SHIPPED, Factors

Floats = NDArray[np.float64]

# Share of customers by value tier, and (cost, minutes) and share of cases by kind of care: as the demo world has them.
TIER_SHARES: Mapping[str, float] = MappingProxyType({"strategic": 0.01, "high": 0.09, "core": 0.35, "basic": 0.55})
CARE: Mapping[str, tuple[float, float, float]] = MappingProxyType(
    {
        "callback": (18.0, 9.0, 0.55),
        "outreach": (0.6, 1.0, 0.20),
        "touchpoint": (2.0, 3.0, 0.15),
        "interview": (96.0, 35.0, 0.10),
    }
)
CUSTOMERS = 2_000
HOURS = 60.0


@dataclass(frozen=True, slots=True)
class Doubt:
    """How far the truth lies from what is assumed: standard deviations of logarithms, and the share of wrong tiers."""

    customer: float = 0.5
    factor: float = 0.3
    wrong_tier: float = 0.1
    risk_score: float = 0.5


@dataclass(frozen=True, slots=True)
class Saved:
    """Value kept less cost, per agent minute of the first minutes, in the operator's currency, by the order taken."""

    ours: float
    by_risk: float
    at_random: float


def compare_orders(
    *,
    seed: int,
    customers: int = CUSTOMERS,
    minutes: float = 60 * HOURS,
    assumed: Factors = SHIPPED,
    doubt: Doubt | None = None,
) -> Saved:
    """One simulated queue, worked for so many agent minutes in three orders.

    By risk: a churn score of each customer, better than any tier, but blind to value, effect and minutes. At random:
    whoever comes. Ours: expected value per minute from the tier that is on file and the assumed factors.
    """
    doubt, chance = doubt or Doubt(), np.random.default_rng(seed)
    tiers, kinds = list(TIER_SHARES), list(CARE)
    tier = chance.choice(len(tiers), customers, p=list(TIER_SHARES.values()))
    kind = chance.choice(len(kinds), customers, p=[share for _cost, _minutes, share in CARE.values()])
    filed = np.where(chance.random(customers) < doubt.wrong_tier, chance.permutation(tier), tier)
    cost, length = (np.array([CARE[name][place] for name in kinds])[kind] for place in (0, 1))

    leaves = _true([assumed.tiers[name].p_leaves for name in tiers], tier, doubt, chance).clip(max=0.9)
    value = _true([assumed.tiers[name].value_at_stake for name in tiers], tier, doubt, chance)
    effect = _true([assumed.effects[name] for name in kinds], kind, doubt, chance).clip(max=0.9)
    saved = leaves * value * effect - cost

    table = np.array([[_per_minute(assumed, one, care) for care in kinds] for one in tiers])
    risk = leaves * np.exp(chance.normal(0, doubt.risk_score, customers))
    orders = (table[filed, kind], risk, chance.random(customers))
    return Saved(*(_saved(order, saved, length, minutes) for order in orders))


def _true(assumed: list[float], of: NDArray[np.int_], doubt: Doubt, chance: np.random.Generator) -> Floats:
    """What is true of each customer: the whole factor is off by as much for all, and each customer by their own."""
    off = np.exp(chance.normal(0, doubt.factor, len(assumed)))
    own = np.exp(chance.normal(-(doubt.customer**2) / 2, doubt.customer, len(of)))
    return np.asarray((np.array(assumed) * off)[of] * own)


def _per_minute(factors: Factors, tier: str, kind: str) -> float:
    cost, minutes, _share = CARE[kind]
    return factors.expected(tier, kind, cost=cost, minutes=minutes).per_minute or 0.0


def _saved(order: Floats, saved: Floats, length: Floats, minutes: float) -> float:
    """What the first minutes save per minute, the highest of `order` first; the case that does not fit in ends it."""
    first = np.argsort(-order, kind="stable")
    spent = np.cumsum(length[first])
    done = spent <= minutes
    return float(saved[first][done].sum() / spent[done][-1]) if done.any() else 0.0
