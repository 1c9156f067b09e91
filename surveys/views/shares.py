"""Shares as pages write them: in percent, with interval and n."""

from __future__ import annotations

from dataclasses import dataclass

from loopcare.common.charts.scales import UNKNOWN, number
from surveys.logic.metrics import Share


@dataclass(frozen=True, slots=True)
class Shown:
    """A share in words; "?" where it is not known."""

    share: str
    interval: str
    n: str


def shown(share: Share) -> Shown:
    if share.share is None or share.low is None or share.high is None:
        return Shown(UNKNOWN, "", number(share.n))
    return Shown(percent(share.share), f"{number(100 * share.low, 1)}–{percent(share.high)}", number(share.n))


def percent(share: float | None) -> str:
    return UNKNOWN if share is None else f"{number(100 * share, 1)}%"


def percent_of(count: int | None, n: int | None) -> str:
    """A count as a share of n; empty where there is nothing to divide."""
    return percent(count / n) if n and count is not None else ""
