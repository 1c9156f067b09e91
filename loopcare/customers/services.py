"""Writing customers: set-based from a staging table, or one at a time."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import connection, transaction
from django.utils.translation import gettext as _

from loopcare.common.errors import NotFound
from loopcare.customers.encryption import blind_index
from loopcare.customers.enums import PointKind, PointStatus
from loopcare.customers.models import ContactPoint, Customer, Region
from loopcare.customers.numbers import last_four, normalise
from loopcare.customers.selectors import LAST_FOUR
from loopcare.staff.enums import AuditAction
from loopcare.staff.models import User
from loopcare.staff.services import audit

MERGE_REGIONS = """
INSERT INTO customers_region (code, name, time_zone)
SELECT DISTINCT region, region, %s FROM {staging} WHERE region <> ''
ON CONFLICT (code) DO NOTHING
"""

# What a file does not say is left as it was; the last row of a customer in the file wins.
MERGE_CUSTOMERS = """
INSERT INTO customers_customer AS c
    (reference, name, brand, region, language, value_tier, activity_tier, attributes, created_at)
SELECT DISTINCT ON (reference)
    reference, name_enc, brand, nullif(region, ''), language, value_tier, '', attributes, %s
FROM {staging} ORDER BY reference, {order} DESC
ON CONFLICT (reference) DO UPDATE SET
    name = coalesce(excluded.name, c.name),
    brand = coalesce(nullif(excluded.brand, ''), c.brand),
    region = coalesce(excluded.region, c.region),
    language = coalesce(nullif(excluded.language, ''), c.language),
    value_tier = coalesce(nullif(excluded.value_tier, ''), c.value_tier),
    attributes = c.attributes || excluded.attributes
WHERE (excluded.name IS NOT NULL AND c.name IS NULL)
   OR coalesce(nullif(excluded.brand, ''), c.brand) <> c.brand
   OR coalesce(excluded.region, c.region) IS DISTINCT FROM c.region
   OR coalesce(nullif(excluded.language, ''), c.language) <> c.language
   OR coalesce(nullif(excluded.value_tier, ''), c.value_tier) <> c.value_tier
   OR NOT c.attributes @> excluded.attributes
"""


def merge_customers(*, staging: str, order: str, now: datetime) -> None:
    """Create and update customers from a staging table, one statement each.

    The table has columns reference, name_enc (bytea or NULL), brand, region, language, value_tier (text, '' where
    unknown) and attributes (jsonb); `order` is its column of file order. Both names are the caller's own, never input.
    """
    with connection.cursor() as cursor:
        cursor.execute(MERGE_REGIONS.format(staging=staging), [settings.TIME_ZONE])
        cursor.execute(MERGE_CUSTOMERS.format(staging=staging, order=order), [now])


def merge_points(*, rows: Iterable[tuple[str, str, str]]) -> int:
    """Add contact points from (reference, kind, normalised value); known ones stay. Returns how many are new.

    Points of nobody are left out: a row that repeats another's answer under a new reference makes no customer.
    """
    wanted = list(rows)
    ids = dict(
        Customer.objects.filter(reference__in={reference for reference, _kind, _value in wanted}).values_list(
            "reference", "pk"
        )
    )
    known = ContactPoint.objects.filter(customer_id__in=ids.values())
    before = known.count()
    ContactPoint.objects.bulk_create(
        [_point(ids[reference], kind, value) for reference, kind, value in wanted if reference in ids],
        ignore_conflicts=True,
        batch_size=5_000,
    )
    return known.count() - before


def _point(customer_id: int, kind: str, value: str) -> ContactPoint:
    return ContactPoint(
        customer_id=customer_id,
        kind=kind,
        value=value,
        index=blind_index(value, purpose=kind),
        last_four=blind_index(last_four(value), purpose=LAST_FOUR),
    )


@transaction.atomic
def add_customer(
    *,
    reference: str,
    now: datetime,
    name: str = "",
    brand: str = "",
    region: str = "",
    value_tier: str = "",
    activity_tier: str = "",
    language: str = "",
    phone: str = "",
    email: str = "",
    attributes: Mapping[str, Any] | None = None,
) -> Customer:
    """One new customer with their contact points. Raises Invalid for a number or address that is none."""
    if region:
        Region.objects.get_or_create(pk=region, defaults={"name": region, "time_zone": settings.TIME_ZONE})
    customer = Customer.objects.create(
        reference=reference,
        name=name or None,
        brand=brand,
        region_id=region or None,
        value_tier=value_tier,
        activity_tier=activity_tier,
        language=language,
        attributes=dict(attributes or {}),
        created_at=now,
    )
    given = [(PointKind.PHONE, phone), (PointKind.EMAIL, email)]
    merge_points(rows=[(reference, kind, normalise(kind, text)) for kind, text in given if text])
    return customer


@transaction.atomic
def reveal(*, point_id: int, actor: User, now: datetime, note: str = "") -> str:
    """The number or address itself; every look is one line of the audit trail."""
    point = ContactPoint.objects.filter(pk=point_id).first()
    if point is None:
        raise NotFound(_("This number is no longer there."))
    audit(
        actor=actor,
        action=AuditAction.REVEAL,
        subject="customer",
        subject_id=point.customer_id,
        note=note or f"point {point.pk}",
        now=now,
    )
    return str(point.value)


def set_point_status(*, point_id: int, status: PointStatus) -> None:
    """A number turned out dead, or was blocked by its owner."""
    ContactPoint.objects.filter(pk=point_id).update(status=status)
