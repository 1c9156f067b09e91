"""What customers say and what happens to them, as rows to be landed: ratings on 0–100 and events."""

from __future__ import annotations

import itertools
from datetime import date, datetime
from typing import Any

from django.db import transaction

from surveys.logic.decoding import Decoded, Event, Rating
from surveys.services.landing import Landed, land
from tests.surveys.factories import source

ADEQUATE = 60.0

_number = itertools.count(1)


def rated(
    reference: str, level: float, *, on: date, dimension: str = "overall", adequate: float | None = ADEQUATE, **row: Any
) -> Decoded:
    """One opening rating, perceived at `level`."""
    rating = Rating(dimension, f"{level:g}", level, adequate=adequate, desired=None, opens=True)
    return _row(reference, on, ratings=(rating,), **row)


def happened(reference: str, kind: str, *, on: date, facts: dict[str, Any] | None = None, **row: Any) -> Decoded:
    """One event; `facts` are those of `Event`."""
    return _row(reference, on, event=Event(kind, **facts or {}), **row)


def _row(reference: str, on: date, **row: Any) -> Decoded:
    number = next(_number)
    return Decoded(**{"row": number, "reference": reference, "external_id": f"x{number}", "occurred_on": on, **row})


def hear(*rows: Decoded, now: datetime, by: str = "cards") -> Landed:
    """Land these rows of one source."""
    with transaction.atomic():
        return land(rows=rows, source=source(by), now=now)
