"""How one customer stands: a shown rule of thumb in parts, each with its points and the reason."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import connection
from django.utils.timezone import localdate
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from loopcare.common.charts.scales import number
from loopcare.customers.enums import ActivityTier
from loopcare.customers.models import Customer
from surveys.logic.tiers import ACTIVITY, CONTACTS, GAP, LATENT, PROMISES, REPEATS, Condition, Health, health
from surveys.models import PoolEntry
from surveys.selectors.silent import latent_scores

CONTACTS_OVER = timedelta(days=30)
PROMISES_OVER = timedelta(days=180)
GAP_OVER = timedelta(days=365)

LABELS = {
    ACTIVITY: gettext_lazy("Activity tier"),
    GAP: gettext_lazy("Latest gap"),
    REPEATS: gettext_lazy("Dissatisfied before"),
    CONTACTS: gettext_lazy("Contacts"),
    PROMISES: gettext_lazy("Broken promises"),
    LATENT: gettext_lazy("Silent score"),
}

OF_ONE = """
SELECT
    (SELECT perceived - adequate FROM surveys_signal
     WHERE customer_id = %(customer)s AND perceived - adequate IS NOT NULL
        AND occurred_on > %(gap_since)s AND occurred_on <= %(today)s
     ORDER BY occurred_on DESC, opens DESC, id DESC LIMIT 1),
    (SELECT count(*) FROM surveys_signal
     WHERE customer_id = %(customer)s AND kind IN ('contact', 'ticket', 'complaint')
        AND occurred_on > %(contacts_since)s AND occurred_on <= %(today)s),
    (SELECT count(*) FROM surveys_signal
     WHERE customer_id = %(customer)s AND promised_at < coalesce(closed_at, %(now)s)
        AND occurred_on > %(promises_since)s AND occurred_on <= %(today)s)
"""


@dataclass(frozen=True, slots=True)
class HealthPart:
    """One part in words; `points` and `most` are None where nothing is known, and then it weighs nothing."""

    name: str
    label: str
    points: int | None
    most: int | None
    reason: str


@dataclass(frozen=True, slots=True)
class CustomerHealth:
    """`score` 0 (bad) to 100 (good), the sum of the points of its parts. A rule of thumb, not a prediction."""

    score: int
    parts: tuple[HealthPart, ...]


def health_of(customer_id: int, *, now: datetime) -> CustomerHealth:
    """The health score of one customer as it is at `now`. Four queries. Raises Customer.DoesNotExist."""
    condition = condition_of(customer_id, now=now)
    found: Health = health(condition)
    reasons = _reasons(condition)
    parts = tuple(
        HealthPart(part.name, str(LABELS[part.name]), part.points, part.most, reasons[part.name])
        for part in found.parts
    )
    return CustomerHealth(found.score, parts)


def condition_of(customer_id: int, *, now: datetime) -> Condition:
    """What the score is made of: counts of the last 30 and 180 days, the latest gap and prediction of a year."""
    today = localdate(now)
    tier = Customer.objects.values_list("activity_tier", flat=True).get(pk=customer_id)
    entry = PoolEntry.objects.open().filter(customer_id=customer_id).values_list("repeat_count", flat=True).first()
    facts: dict[str, Any] = {
        "customer": customer_id,
        "today": today,
        "now": now,
        "gap_since": today - GAP_OVER,
        "contacts_since": today - CONTACTS_OVER,
        "promises_since": today - PROMISES_OVER,
    }
    with connection.cursor() as cursor:
        cursor.execute(OF_ONE, facts)
        gap, contacts, promises = cursor.fetchone()
    latent = latent_scores([customer_id], today=today).get(customer_id)
    return Condition(tier, gap, entry or 0, contacts, promises, _chance(latent.score) if latent else None)


def _chance(score: str) -> float | None:
    """A prediction's score as it was kept; None where it is no number."""
    try:
        value = float(score)
    except ValueError:
        return None
    return value if 0 <= value <= 1 else None


def _reasons(condition: Condition) -> dict[str, str]:
    gap, latent = condition.gap, condition.latent
    tier = dict(ActivityTier.choices).get(condition.activity_tier)
    return {
        ACTIVITY: str(tier) if tier else _("not known"),
        GAP: _("no rating with an adequate level within a year") if gap is None else _gap(gap),
        REPEATS: ngettext(
            "%(count)s time within the repeat window", "%(count)s times within the repeat window", condition.repeats
        )
        % {"count": condition.repeats}
        if condition.repeats
        else _("not in the pool"),
        CONTACTS: ngettext("%(count)s within 30 days", "%(count)s within 30 days", condition.contacts)
        % {"count": condition.contacts},
        PROMISES: ngettext("%(count)s within 180 days", "%(count)s within 180 days", condition.promises)
        % {"count": condition.promises},
        LATENT: _("no prediction within a year")
        if latent is None
        else _("predicted with probability %(score)s") % {"score": number(latent, 2)},
    }


def _gap(gap: float) -> str:
    if gap >= 0:
        return _("%(points)s points above the adequate level") % {"points": number(gap, 1)}
    return _("%(points)s points below the adequate level") % {"points": number(-gap, 1)}
