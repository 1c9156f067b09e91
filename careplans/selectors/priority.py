"""What priorities are made of now, or were at a time; what that makes care worth; and what closed cases suggest."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Count, Max, Q

from careplans.enums import CaseStatus, CloseReason, FactorBasis, FactorKind, StrategyKind
from careplans.logic.calibration import Suggestion, suggest
from careplans.logic.priority import SHIPPED, ExpectedValue, Factors, TierAssumption
from careplans.models import Case, PriorityFactor, Strategy
from loopcare.customers.enums import ValueTier
from loopcare.staff.models import User

Name = tuple[str, str]
"""A factor's kind and what it is of."""

ALL_FACTORS: tuple[Name, ...] = (
    *((FactorKind.P_LEAVES.value, tier) for tier in ValueTier.values),
    *((FactorKind.VALUE.value, tier) for tier in ValueTier.values),
    *((FactorKind.EFFECT.value, kind) for kind in StrategyKind.values),
)

COUNTED = (
    CloseReason.CONFIRMED,
    CloseReason.UNCONFIRMED,
    CloseReason.UNREACHABLE,
    CloseReason.REFUSED,
    CloseReason.DO_NOT_CONTACT,
)
"""How a case ends that tells something of the care; withdrawn and recovered ones had none to the end."""


@dataclass(frozen=True, slots=True)
class Standing:
    """One factor in force: its value and where that comes from; without `basis` it is as shipped: assumed."""

    kind: str
    of: str
    value: float
    basis: str = ""
    by: User | None = None
    at: datetime | None = None
    version: int = 0
    evidence: dict[str, Any] | None = None


def standings(at: datetime | None = None) -> dict[Name, Standing]:
    """Every factor as it is now, or as it was at a time."""
    rows = PriorityFactor.objects.select_related("by").order_by("kind", "of", "-version").distinct("kind", "of")
    said = {(row.kind, row.of): row for row in (rows.filter(at__lte=at) if at else rows)}
    return {name: _standing(name, said.get(name)) for name in ALL_FACTORS}


def _standing(name: Name, row: PriorityFactor | None) -> Standing:
    if row is None:
        return Standing(*name, shipped_value(name))
    return Standing(*name, row.value, row.basis, row.by, row.at, row.version, row.evidence or None)


def shipped_value(name: Name) -> float:
    """What a factor is until somebody changes it."""
    kind, of = name
    if kind == FactorKind.EFFECT:
        return SHIPPED.effects[of]
    tier = SHIPPED.tiers[of]
    return tier.p_leaves if kind == FactorKind.P_LEAVES else tier.value_at_stake


def factors_in_force(at: datetime | None = None) -> Factors:
    """What a launch reckons with."""
    return factors_of({name: standing.value for name, standing in standings(at).items()})


def factors_of(values: dict[Name, float]) -> Factors:
    """All factors by name as `logic` takes them."""
    return Factors(
        tiers={
            tier: TierAssumption(values[FactorKind.P_LEAVES.value, tier], values[FactorKind.VALUE.value, tier])
            for tier in ValueTier.values
        },
        effects={kind: values[FactorKind.EFFECT.value, kind] for kind in StrategyKind.values},
    )


def factors_version() -> int:
    """How many times factors were changed."""
    latest: int | None = PriorityFactor.objects.aggregate(latest=Max("version"))["latest"]
    return latest or 0


def worth(factors: Factors, value_tier: str, strategy: Strategy) -> ExpectedValue:
    """What care by a strategy is worth for a customer of a tier ("" unknown)."""
    return factors.expected(value_tier, strategy.kind, cost=float(strategy.unit_cost), minutes=float(strategy.minutes))


def worth_by_tier(factors: Factors, strategies: Iterable[Strategy]) -> list[tuple[Strategy, list[float | None]]]:
    """Value per agent minute by strategy and value tier, the best tier first; None: not ordered by value."""
    return [
        (strategy, [worth(factors, tier, strategy).per_minute for tier in ValueTier.values]) for strategy in strategies
    ]


def suggested_effects() -> dict[str, Suggestion]:
    """What closed cases suggest of the kinds of care that have any; empty while they are too few.

    They are weighed against what was shipped or set, never against what was calibrated: a case counts once.
    """
    counted = (
        Case.objects.filter(status=CaseStatus.CLOSED, close_reason__in=COUNTED)
        .values_list("strategy__kind")
        .annotate(closed=Count("pk"), confirmed=Count("pk", filter=Q(close_reason=CloseReason.CONFIRMED)))
        .order_by("strategy__kind")
    )
    outcomes = {kind: (closed, confirmed) for kind, closed, confirmed in counted}
    said = PriorityFactor.objects.filter(kind=FactorKind.EFFECT, basis=FactorBasis.SET)
    by_hand = dict(said.order_by("of", "-version").distinct("of").values_list("of", "value"))
    return suggest(outcomes, {**SHIPPED.effects, **by_hand})
