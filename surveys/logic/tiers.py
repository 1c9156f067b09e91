"""Tiers told apart by a measure and three cuts, and a health score that is shown rather than predicted."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

Kind = Literal["activity", "value"]

TIERS: Mapping[Kind, tuple[str, str, str, str]] = {
    "activity": ("active", "steady", "fading", "silent"),
    "value": ("strategic", "high", "core", "basic"),
}
"""The tiers of each kind, the best first."""
CUTS = 3

ATTRIBUTE = "attribute:"
HEARD = "days_heard_90d"
RECENCY = "days_since_contact"
TOLD = "told"
"""Not a measure: tiers stay as files, calls and people tell them."""
NO_CUTS = (3.0, 2.0, 1.0)
"""What stands for the cuts where nothing is measured."""
BUILT_IN: Mapping[Kind, tuple[str, ...]] = {"activity": (RECENCY, HEARD, TOLD), "value": (TOLD,)}
"""Measures that need no attribute: minus the days since the customer was last heard of, because more must be better;
on how many of the last 90 days the customer was heard of."""
MAX_ATTRIBUTE = 50  # characters


class NoRule(ValueError):
    """What was given is no rule; `field` is measure or cuts."""

    def __init__(self, field: Literal["measure", "cuts"]) -> None:
        super().__init__(field)
        self.field = field


def check(measure: str, cuts: Sequence[float], kind: Kind) -> None:
    """Raises NoRule for a measure that this kind has not, or for other than three finite, falling cuts."""
    name = attribute_of(measure)
    if measure not in BUILT_IN[kind] and (name is None or not 0 < len(name) <= MAX_ATTRIBUTE or "\x00" in name):
        raise NoRule("measure")
    if len(cuts) != CUTS or not all(map(math.isfinite, cuts)) or not cuts[0] > cuts[1] > cuts[2]:
        raise NoRule("cuts")


def attribute_of(measure: str) -> str | None:
    """The customer's attribute that a measure reads; None for a built-in one."""
    return measure.removeprefix(ATTRIBUTE) if measure.startswith(ATTRIBUTE) else None


def tier_of(measure: float | None, cuts: Sequence[float], kind: Kind) -> str | None:
    """The tier of a measure: the first whose cut it reaches, else the last; None where nothing was measured."""
    if measure is None or math.isnan(measure):
        return None
    return TIERS[kind][sum(measure < cut for cut in cuts)]


def shown_as(measure: str, value: float) -> float:
    """A value as people read it: days since the last contact are kept as minus the days and shown as days."""
    return -value + 0.0 if measure == RECENCY else value + 0.0


def cuts_at_shares(quantiles: Sequence[float | None]) -> tuple[float, float, float] | None:
    """Falling cuts from three quantiles, the highest first; None where they do not fall, so that nothing divides."""
    known = [value for value in quantiles if value is not None and math.isfinite(value)]
    if len(known) != CUTS or not known[0] > known[1] > known[2]:
        return None
    return known[0], known[1], known[2]


# --- health ----------------------------------------------------------------------------------------------------------
# What each part weighs when all are known; they sum to 100.
ACTIVITY, GAP, REPEATS, CONTACTS, PROMISES, LATENT = "activity", "gap", "repeats", "contacts", "promises", "latent"
WEIGHTS: Mapping[str, int] = {ACTIVITY: 15, GAP: 30, REPEATS: 15, CONTACTS: 15, PROMISES: 15, LATENT: 10}

ACTIVITY_SHARE: Mapping[str, float] = {"active": 1.0, "steady": 0.75, "fading": 0.35, "silent": 0.0}
WORST_GAP = -50.0
"""Points on 0–100 below the adequate level at which the gap leaves nothing."""
MOST_REPEATS = 3
"""Dissatisfied so many times within the repeat window leaves nothing."""
FREE_CONTACTS, MOST_CONTACTS = 1, 5
"""One contact in 30 days costs nothing, five and more leave nothing."""
MOST_PROMISES = 2
"""So many broken promises leave nothing."""


@dataclass(frozen=True, slots=True)
class Condition:
    """What is known of one customer. None: not known.

    `gap` is perceived − adequate of the latest rating with both, −100…100; `repeats` how many times dissatisfied within
    the repeat window, 0 outside the pool; `contacts` and `promises` counts; `latent` a probability, 0–1.
    """

    activity_tier: str
    gap: float | None
    repeats: int
    contacts: int
    promises: int
    latent: float | None


@dataclass(frozen=True, slots=True)
class Part:
    """One part of a health score: `points` of at most `most`. Both are None where nothing is known of it."""

    name: str
    points: int | None
    most: int | None


@dataclass(frozen=True, slots=True)
class Health:
    """`score` 0 (bad) to 100 (good) is the sum of the points of its parts."""

    score: int
    parts: tuple[Part, ...]


def health(condition: Condition) -> Health:
    """A health score of one customer, in parts.

    It is a shown rule of thumb, not a prediction: the weights are ours, nobody fitted them, and no chance of leaving or
    complaining may be read from them. What is not known weighs nothing; the others' weights then grow to 100 together.
    """
    shares = {name: share for name, share in _shares(condition).items() if share is not None}
    together = sum(WEIGHTS[name] for name in shares)
    most = dict(zip(shares, _whole([100 * WEIGHTS[name] / together for name in shares]), strict=True))
    points = dict(zip(shares, _whole([most[name] * share for name, share in shares.items()]), strict=True))
    return Health(sum(points.values()), tuple(Part(name, points.get(name), most.get(name)) for name in WEIGHTS))


def _shares(condition: Condition) -> dict[str, float | None]:
    """How well each part stands, 0–1."""
    gap, latent = condition.gap, condition.latent
    return {
        ACTIVITY: ACTIVITY_SHARE.get(condition.activity_tier),
        GAP: None if gap is None else _between(1 - gap / WORST_GAP),
        REPEATS: _between(1 - condition.repeats / MOST_REPEATS),
        CONTACTS: _between((MOST_CONTACTS - condition.contacts) / (MOST_CONTACTS - FREE_CONTACTS)),
        PROMISES: _between(1 - condition.promises / MOST_PROMISES),
        LATENT: None if latent is None else _between(1 - latent),
    }


def _between(share: float) -> float:
    return min(1.0, max(0.0, share))


def _whole(amounts: Sequence[float]) -> list[int]:
    """Each amount rounded up or down, so that their sum is that of the amounts, rounded: largest remainders first."""
    whole = [math.floor(amount + 1e-9) for amount in amounts]
    by_rest = sorted(range(len(amounts)), key=lambda place: whole[place] - amounts[place])
    for place in by_rest[: round(sum(amounts)) - sum(whole)]:
        whole[place] += 1
    return whole
