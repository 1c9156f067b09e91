"""The governor: may this customer be contacted, on this channel, for this purpose, at this time?

One query judges any number of customers; one customer is a set of one. The reasons stand in the order in which they
are told. A follow-up question passes a hold-out and an open care, because every arm must be asked; a try in an open
case passes its own hold; nothing passes a suppression. An agreed callback and a customer's own confirmation pass the
fatigue cap: the customer asked for them.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db.models import (
    BigIntegerField,
    Case,
    CharField,
    Count,
    DateTimeField,
    Exists,
    F,
    IntegerField,
    OuterRef,
    Q,
    QuerySet,
    Value,
    When,
)

from loopcare.common.compiled import Compiled, Hole
from loopcare.contact.enums import POINT_OF, Channel, HoldKind, Purpose, Refusal
from loopcare.contact.models import Contact, ContactRule, Hold, Suppression
from loopcare.customers.enums import Consent, PointStatus
from loopcare.customers.models import ContactPoint, Customer

PASSES_HOLDS = frozenset({Purpose.FOLLOW_UP, Purpose.CASE, Purpose.CALLBACK, Purpose.CONFIRMATION})
PASSES_FATIGUE = frozenset({Purpose.CALLBACK, Purpose.CONFIRMATION})


WHEN, COUNT = DateTimeField(), IntegerField()


@dataclass(frozen=True)
class Decision:
    """Yes; or no, with the reason and, where time alone mends it, the next allowed time."""

    allowed: bool
    reason: Refusal | None = None
    next_allowed_at: datetime | None = None


@dataclass(frozen=True)
class Limits:
    """The rule of a channel that is in force: local hours, and at most `cap` contacts in `cap_days` days."""

    from_hour: int = 9
    to_hour: int = 20
    cap: int = 3
    cap_days: int = 7


def limits(channel: Channel, at: datetime) -> Limits:
    """The newest rule of the channel that is in force at `at`, or the shipped one."""
    rule = (
        ContactRule.objects.filter(channel=channel, effective_from__lte=at.date()).order_by("-effective_from").first()
    )
    return Limits(rule.from_hour, rule.to_hour, rule.cap, rule.cap_days) if rule else Limits()


def judge(customers: QuerySet[Customer], *, channel: Channel, purpose: Purpose, at: datetime) -> dict[int, Refusal]:
    """The refused among `customers`, each with the first reason that holds, in one query.

    Local hours are left out: they pass by themselves, and a plan made at night must not lose anybody.
    """
    rule = limits(channel, at)
    verdict = _verdict(channel, purpose, at=at, since=at - timedelta(days=rule.cap_days), cap=rule.cap)
    rows = customers.order_by().annotate(refusal=verdict).exclude(refusal="").values_list("pk", "refusal")
    return {pk: Refusal(reason) for pk, reason in rows}


def may_contact(*, customer_id: int, channel: Channel, purpose: Purpose, at: datetime) -> Decision:
    """The answer for one customer at one moment, local hours included."""
    rule = limits(channel, at)
    ((verdict, zone),) = _one(channel, purpose).rows(
        customer=customer_id, at=at, since=at - timedelta(days=rule.cap_days), cap=rule.cap
    ) or [(Refusal.NO_POINT, None)]
    reason = Refusal(verdict) if verdict else None
    if reason is Refusal.FATIGUE:
        return Decision(False, reason, _fatigue_ends(customer_id, channel, at, rule))
    if reason is not None:
        return Decision(False, reason)
    opens = _next_opening(at, ZoneInfo(zone or settings.TIME_ZONE), rule)
    if opens > at and purpose != Purpose.CALLBACK:
        return Decision(False, Refusal.NIGHT, opens)
    return Decision(True)


@cache
def _one(channel: Channel, purpose: Purpose) -> Compiled:
    """The same verdict for a single customer, with their zone; asked before every contact, so compiled once."""
    return Compiled(
        lambda: (
            Customer.objects.filter(pk=Hole("customer", BigIntegerField()))
            .annotate(
                refusal=_verdict(
                    channel, purpose, at=Hole("at", WHEN), since=Hole("since", WHEN), cap=Hole("cap", COUNT)
                )
            )
            .values_list("refusal", "region__time_zone")
        )
    )


def _verdict(channel: Channel, purpose: Purpose, *, at: Any, since: Any, cap: Any) -> Case:
    """The first reason that holds, or an empty text; the moments and the cap are values or holes."""
    reasons = _reasons(channel, purpose, at=at, since=since, cap=cap)
    return Case(*reasons, default=Value(""), output_field=CharField())


def _reasons(channel: Channel, purpose: Purpose, *, at: Any, since: Any, cap: Any) -> list[When]:
    """One `When` a reason, in the order in which they are told."""
    points = ContactPoint.objects.filter(customer=OuterRef("pk"), kind=POINT_OF.get(channel, ""))
    blocked = Suppression.objects.filter(Q(channel="") | Q(channel=channel), ended_at=None)
    usable = points.filter(status=PointStatus.OK).exclude(
        Exists(blocked.filter(index=OuterRef("index"))),
    )
    reasons = [When(Exists(blocked.filter(customer=OuterRef("pk"))), then=Value(Refusal.SUPPRESSED))]
    if channel in POINT_OF:
        reasons += [
            When(~Exists(usable), then=Value(Refusal.NO_POINT)),
            When(~Exists(usable.exclude(consent=Consent.WITHDRAWN)), then=Value(Refusal.CONSENT)),
        ]
    if purpose not in PASSES_HOLDS:
        holds = Hold.objects.filter(Q(until=None) | Q(until__gt=at), customer=OuterRef("pk"))
        reasons += [
            When(Exists(holds.filter(kind=kind)), then=Value(refusal))
            for kind, refusal in (
                (HoldKind.HOLD_OUT, Refusal.HOLD_OUT),
                (HoldKind.OPEN_CARE, Refusal.OPEN_CARE),
            )
            if not (kind == HoldKind.OPEN_CARE and purpose == Purpose.SURVEY)
        ]
    if purpose not in PASSES_FATIGUE:
        tired = (
            Contact.objects.filter(customer=OuterRef("pk"), channel=channel, at__gt=since, at__lte=at)
            .order_by()
            .values("customer")
            .annotate(n=Count("pk"))
            .filter(n__gte=cap)
        )
        reasons.append(When(Exists(tired), then=Value(Refusal.FATIGUE)))
    return reasons


def _fatigue_ends(customer_id: int, channel: Channel, at: datetime, rule: Limits) -> datetime | None:
    """When the oldest contact that fills the cap leaves the window."""
    times = (
        Contact.objects.filter(customer_id=customer_id, channel=channel, at__lte=at)
        .order_by("-at")
        .values_list(F("at"), flat=True)[rule.cap - 1 : rule.cap]
    )
    oldest = next(iter(times), None)
    return oldest + timedelta(days=rule.cap_days) if oldest else None


def _next_opening(at: datetime, zone: ZoneInfo, rule: Limits) -> datetime:
    """`at` itself within local hours, else the next local opening hour; right across daylight-saving changes."""
    local = at.astimezone(zone)
    if rule.from_hour <= local.hour < rule.to_hour:
        return at
    day = local.date() + timedelta(days=1 if local.hour >= rule.to_hour else 0)
    return datetime.combine(day, time(rule.from_hour), tzinfo=zone).astimezone(at.tzinfo)


def is_stopped(customer_id: int) -> bool:
    """Whether this customer asked not to be contacted any more, on any channel."""
    return Suppression.objects.filter(customer_id=customer_id, channel="", ended_at=None).exists()
