"""Writing customers: set-based from a staging table, or one at a time."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import connection, transaction
from django.utils.translation import gettext as _

from loopcare.common.errors import NotFound
from loopcare.customers.enums import PointKind, PointStatus
from loopcare.customers.models import ContactPoint, Customer, Region
from loopcare.customers.numbers import normalise
from loopcare.customers.points import merge_points
from loopcare.staff.enums import AuditAction
from loopcare.staff.models import User
from loopcare.staff.services import audit

ERASED = "erased-"

MERGE_REGIONS = """
INSERT INTO customers_region (code, name, time_zone)
SELECT DISTINCT region, region, %s FROM {staging} WHERE region <> ''
ON CONFLICT (code) DO NOTHING
"""

# One look a customer, by the index: how many customers there are must not matter to one call, and the planner, who
# counts pages on a disk, would rather read them all.
KNOW = """
INSERT INTO {known} (no, id, tier)
SELECT s.no, c.id, coalesce(nullif(s.value_tier, ''), c.value_tier) FROM {staging} AS s
CROSS JOIN LATERAL (
    SELECT id, value_tier FROM customers_customer WHERE reference = s.reference LIMIT 1
) AS c WHERE {missing}
"""
# NOT IN is a hash of what is known at the start; as a join it could be planned to read again, for every row, a table
# that grows with every row.
ALL, MISSING = "true", "s.no NOT IN (SELECT k.no FROM {known} AS k)"

ADD_CUSTOMERS = """
INSERT INTO customers_customer
    (reference, name, brand, region, language, value_tier, activity_tier, attributes, created_at)
SELECT reference, name_enc, brand, nullif(region, ''), language, value_tier, '', attributes, %s
FROM {staging} AS s WHERE {missing} ORDER BY reference ON CONFLICT (reference) DO NOTHING
"""

# What is not said is left as it was. Rows are locked in one order, so that two who tell of the same take turns.
UPDATE_CUSTOMERS = """
WITH told AS MATERIALIZED (
    SELECT c.id, s.name_enc, s.brand, s.region, s.language, s.value_tier, s.attributes
    FROM {staging} AS s JOIN {known} AS k ON k.no = s.no
    CROSS JOIN LATERAL (SELECT * FROM customers_customer WHERE id = k.id LIMIT 1) AS c
    WHERE (s.name_enc IS NOT NULL AND c.name IS NULL)
       OR coalesce(nullif(s.brand, ''), c.brand) <> c.brand
       OR coalesce(nullif(s.region, ''), c.region) IS DISTINCT FROM c.region
       OR coalesce(nullif(s.language, ''), c.language) <> c.language
       OR coalesce(nullif(s.value_tier, ''), c.value_tier) <> c.value_tier
       OR NOT c.attributes @> s.attributes
), held AS MATERIALIZED (
    SELECT c.id FROM customers_customer AS c JOIN told ON told.id = c.id ORDER BY c.id FOR NO KEY UPDATE OF c
)
UPDATE customers_customer AS c SET
    name = coalesce(told.name_enc, c.name),
    brand = coalesce(nullif(told.brand, ''), c.brand),
    region = coalesce(nullif(told.region, ''), c.region),
    language = coalesce(nullif(told.language, ''), c.language),
    value_tier = coalesce(nullif(told.value_tier, ''), c.value_tier),
    attributes = c.attributes || told.attributes
FROM told JOIN held ON held.id = told.id WHERE told.id = c.id
"""


def merge_customers(*, staging: str, known: str, rows: int, facts: bool, create: bool, now: datetime) -> int:
    """Know, create and update the customers of a staging table; `known` gets their ids. Returns how many it knows then.

    `staging` has `rows` rows, one a customer: no (any number, once each), reference, name_enc (bytea or NULL), brand,
    region, language, value_tier (text, '' where unknown) and attributes (jsonb). `known`, an empty table, gets no, id
    and tier. Both names are the caller's own, never input. Without `facts` staging says nothing but references, and
    nobody who is known can change; without `create` nobody is made.
    """
    missing = MISSING.format(known=known)
    with connection.cursor() as cursor:
        cursor.execute(KNOW.format(staging=staging, known=known, missing=ALL))
        found = cursor.rowcount
        if facts:
            cursor.execute(MERGE_REGIONS.format(staging=staging), [settings.TIME_ZONE])
            if found:
                cursor.execute(UPDATE_CUSTOMERS.format(staging=staging, known=known))
        if create and found < rows:
            cursor.execute(ADD_CUSTOMERS.format(staging=staging, missing=missing), [now])
            cursor.execute(KNOW.format(staging=staging, known=known, missing=missing))
            found += cursor.rowcount
    return int(found)


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


@transaction.atomic
def erase_customer(*, customer_id: int, now: datetime, actor: User | None = None, note: str = "") -> Customer:
    """Take away who a customer is: numbers and addresses, name, attributes; the reference becomes `erased-<id>`.

    Brand, region and tiers stay, which name nobody and keep every count as it was. A later row under the old reference
    is a new customer; numbers that are suppressed stay so, because a suppression knows them by their blind index.
    One line in the audit trail, whose note must name nobody; none when it was done before. Raises NotFound.
    """
    customer = Customer.objects.select_for_update().filter(pk=customer_id).first()
    if customer is None:
        raise NotFound(_("There is no such customer."))
    if not is_erased(customer):
        ContactPoint.objects.filter(customer=customer).delete()
        customer.reference, customer.name, customer.attributes = f"{ERASED}{customer.pk}", None, {}
        customer.save(update_fields=["reference", "name", "attributes"])
        audit(actor=actor, action=AuditAction.ERASE, subject="customer", subject_id=customer.pk, note=note, now=now)
    return customer


def is_erased(customer: Customer) -> bool:
    """Whether nobody is known behind this customer any more."""
    return customer.reference == f"{ERASED}{customer.pk}"


def set_point_status(*, point_id: int, status: PointStatus) -> None:
    """A number turned out dead, or was blocked by its owner."""
    ContactPoint.objects.filter(pk=point_id).update(status=status)
