"""Customers, sources and pool entries for tests, made by the services that make them in earnest."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime

from loopcare.customers.services import add_customer
from surveys.logic.decoding import Decoded, Rating
from surveys.logic.tolerance import rescale
from surveys.models import PoolEntry, Source
from surveys.services.landing import Landed, land


def row(reference: str, score: float, *, on: date, number: int = 1, causes: Sequence[str] = ()) -> Decoded:
    """A row with one opening rating on 1–10, adequate at 6.5."""
    rating = Rating(
        "overall", f"{score:g}", rescale(score, 1, 10), adequate=rescale(6.5, 1, 10), desired=None, opens=True
    )
    return Decoded(
        row=number,
        reference=reference,
        external_id=f"{reference}-{on}",
        occurred_on=on,
        ratings=(rating,),
        causes=tuple(causes),
    )


def source(code: str = "cards") -> Source:
    return Source.objects.get_or_create(code=code, defaults={"name": code, "channel": "shop"})[0]


def land_rows(*rows: Decoded, now: datetime) -> Landed:
    return land(rows=rows, source=source(), now=now)


def waiting_entry(reference: str, *, now: datetime) -> PoolEntry:
    land_rows(row(reference, 2, on=now.date()), now=now)
    return PoolEntry.objects.open().get(customer__reference=reference)


def customer_id(reference: str, *, now: datetime) -> int:
    return add_customer(reference=reference, now=now).pk
