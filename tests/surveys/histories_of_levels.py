"""Customers whose later complaints depend on their score, told by landing rows."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from surveys.enums import SignalKind
from surveys.models import Source
from tests.surveys.events import desk, event, land_all, rating


def rating_source(code: str = "hotline", **fields: Any) -> Source:
    return desk(code, kind=SignalKind.RATING, **fields)


def answers(
    acting: Mapping[float, tuple[int, int]],
    *,
    on: date,
    now: datetime,
    source: Source | None = None,
    tier: str = "",
    prefix: str = "c",
    after: int = 7,
) -> None:
    """`acting`: score → (customers, how many of them contact again `after` days after)."""
    ratings, events = [], []
    for score, (n, acted) in acting.items():
        for number in range(n):
            who = f"{prefix}{score:g}-{number}"
            ratings.append(rating(who, score, on=on, value_tier=tier))
            if number < acted:
                events.append(
                    event(
                        who, ("contact", "complaint", "ticket")[number % 3], on=date.fromordinal(on.toordinal() + after)
                    )
                )
    land_all(*ratings, source=source or rating_source(), now=now)
    if events:
        land_all(*events, now=now)
