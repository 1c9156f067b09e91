"""Events and ratings for tests, told the way every source tells them: by landing rows."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from django.db import transaction

from surveys.enums import SignalKind
from surveys.logic.decoding import Decoded, Event, Rating
from surveys.models import Detection, Source
from surveys.services.landing import Landed, land
from surveys.services.setup import ensure_rules


def desk(code: str = "desk", *, kind: str = SignalKind.TICKET, channel: str = "hotline", **fields: Any) -> Source:
    """A source, with the shipped rules in use."""
    ensure_rules()
    defaults = {"name": code, "channel": channel, "kind": kind}
    return Source.objects.get_or_create(code=code, defaults=defaults | fields)[0]


def event(reference: str, kind: str, *, on: date, number: int = 1, **fields: Any) -> Decoded:
    """One thing that happened; `number` tells it from others of the day."""
    return Decoded(
        row=number,
        reference=reference,
        external_id=f"{reference}-{kind}-{on}-{number}",
        occurred_on=on,
        event=Event(kind, **fields),
    )


def rating(
    reference: str,
    perceived: float,
    *,
    on: date,
    dimension: str = "overall",
    adequate: float | None = None,
    desired: float | None = None,
    opens: bool = True,
    stated: bool = False,
    value_tier: str = "",
    number: int = 1,
) -> Decoded:
    """One answer on the 0–100 scale."""
    one = Rating(dimension, f"{perceived:g}", perceived, adequate, desired, opens=opens, stated=stated)
    return Decoded(
        row=number,
        reference=reference,
        external_id=f"{reference}-{dimension}-{on}-{number}",
        occurred_on=on,
        ratings=(one,),
        value_tier=value_tier,
    )


def land_all(*rows: Decoded, now: datetime, source: Source | None = None) -> Landed:
    with transaction.atomic():
        return land(rows=rows, source=source or desk(), now=now)


def found(reference: str) -> list[tuple[str, str]]:
    """(rule, day it counts for) of everything that was found of a customer, by rule and day."""
    rows = Detection.objects.filter(customer__reference=reference).order_by("rule__code", "day", "signal_no")
    return [(code, day.isoformat()) for code, day in rows.values_list("rule__code", "day")]
