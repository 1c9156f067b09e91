"""Reading customers: always behind the mask."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db.models import Q, QuerySet

from loopcare.common.errors import Invalid
from loopcare.customers.encryption import blind_index
from loopcare.customers.enums import PointKind
from loopcare.customers.models import ContactPoint, Customer
from loopcare.customers.numbers import mask, mask_name, normalise

LAST_FOUR = "last_four"


@dataclass(frozen=True)
class MaskedPoint:
    """A number or address as it may be shown."""

    id: int
    kind: str
    text: str
    status: str


@dataclass(frozen=True)
class Masked:
    """A customer as a person may be shown: masked name, masked numbers in the order they are tried."""

    name: str
    points: list[MaskedPoint] = field(default_factory=list)


def masked(customer_ids: Iterable[int]) -> dict[int, Masked]:
    """The masked view of these customers, two queries whatever their number."""
    ids = list(customer_ids)
    people = {
        pk: Masked(name=mask_name(str(name or "")))
        for pk, name in Customer.objects.filter(pk__in=ids).values_list("pk", "name")
    }
    for point in ContactPoint.objects.filter(customer_id__in=ids):
        people[point.customer_id].points.append(
            MaskedPoint(id=point.pk, kind=point.kind, text=mask(point.kind, point.value), status=point.status)
        )
    return people


def zone_of(customer: Customer) -> ZoneInfo:
    """The customer's local zone: their region's, or the installation's while it is unknown."""
    return ZoneInfo(customer.region.time_zone if customer.region else settings.TIME_ZONE)


def find_by_contact(text: str) -> QuerySet[Customer]:
    """Customers with this whole number or address, or whose number ends in these four digits."""
    text = text.strip()
    if len(text) == 4 and text.isdecimal():
        return Customer.objects.filter(points__last_four=blind_index(text, purpose=LAST_FOUR)).distinct()
    indexes = []
    for kind in PointKind.values:
        try:
            indexes.append(blind_index(normalise(kind, text), purpose=kind))
        except Invalid:
            continue
    return Customer.objects.filter(Q(points__index__in=indexes) | Q(reference=text)).distinct()
