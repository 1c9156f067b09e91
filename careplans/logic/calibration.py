"""What closed cases say about how much the kinds of care keep.

That a customer confirms a solution is not that they stay, so cases cannot tell the level of an effect; only a hold-out
can. They can tell that one kind of care solves more than another, against what is assumed of both. So the level stays
as it is assumed, over all closed cases, and the kinds are set apart as their confirmed shares are.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from scipy import special

LEAST_CLOSED, LEAST_KINDS = 30, 2
"""Closed cases together, and kinds of care among them, before anything is suggested: one kind alone tells nothing."""
PRIOR_CASES = 20
"""How many closed cases an assumption counts for: a kind with few cases stays near it."""


@dataclass(frozen=True, slots=True)
class Suggestion:
    """What the closed cases of one kind suggest: `share` is the shrunk share confirmed with its 95 % interval (0–1).

    `effect` and its ends are that share on the level of what is assumed; the level's own doubt is not in them.
    """

    closed: int
    confirmed: int
    share: float
    share_low: float
    share_high: float
    effect: float
    effect_low: float
    effect_high: float


def suggest(outcomes: Mapping[str, tuple[int, int]], assumed: Mapping[str, float]) -> dict[str, Suggestion]:
    """`outcomes`: kind → (closed, confirmed); `assumed`: kind → its effect before any case was counted.

    For each kind a Beta–Binomial whose prior is the share that would be confirmed if the assumed effects stood to each
    other as they are assumed to. Kinds without a case, and those that are assumed to keep nobody, are left out; empty
    while too few cases or kinds are left, or no case is confirmed. Raises ValueError for counts that are none.
    """
    if any(not 0 <= confirmed <= closed for closed, confirmed in outcomes.values()):
        raise ValueError(f"More cases are confirmed than closed: {dict(outcomes)}.")
    counted = {kind: counts for kind, counts in outcomes.items() if counts[0] and assumed[kind] > 0}
    closed, confirmed = (sum(counts[place] for counts in counted.values()) for place in (0, 1))
    if closed < LEAST_CLOSED or len(counted) < LEAST_KINDS or not confirmed:
        return {}
    # What one confirmed case stands for, so that all of them together keep as many as is assumed.
    level = sum(n * assumed[kind] for kind, (n, _confirmed) in counted.items()) / confirmed
    return {kind: _suggestion(*counts, min(1.0, assumed[kind] / level), level) for kind, counts in counted.items()}


def _suggestion(closed: int, confirmed: int, expected: float, level: float) -> Suggestion:
    a = confirmed + expected * PRIOR_CASES
    b = closed - confirmed + (1 - expected) * PRIOR_CASES
    share = a / (a + b)
    low, high = (float(special.betaincinv(a, b, tail)) if b else 1.0 for tail in (0.025, 0.975))
    return Suggestion(closed, confirmed, share, low, high, *(min(1.0, level * each) for each in (share, low, high)))
