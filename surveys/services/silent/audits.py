"""The audit of the silent: a few drawn at random each week, and what they answered since."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.db import connection, transaction
from django.utils.timezone import localdate

from loopcare.customers.models import Customer
from surveys.logic.silent.audit import allocate
from surveys.logic.silent.choosing import Chooser
from surveys.models import AuditMember, AuditSample, ScoreRun
from surveys.services.daily import once_a_day

ANSWERED_WITHIN = timedelta(days=28)
"""An answer later than this says little about the week of the audit."""
KEPT = timedelta(days=90)
"""How long the reference of somebody unknown here is kept."""
TAKING, TAKING_LOCK = "answers of audits", 7_010

# Whoever has landed here since is named by their row, so that an erasure reaches them.
KNOW = """
UPDATE surveys_auditmember AS m SET customer_id = c.id, reference = ''
FROM customers_customer AS c WHERE m.reference <> '' AND c.reference = m.reference
"""

# Whom nobody here knows even then is not kept by name.
FORGET = """
UPDATE surveys_auditmember AS m SET reference = 'forgotten-' || m.id FROM surveys_auditsample AS d
WHERE d.id = m.sample_id AND m.reference <> '' AND m.reference NOT LIKE 'forgotten-%%' AND d.drawn_on < %(kept)s
"""

# The first rating after the draw, unless care came before it: then it says how good the help was.
TAKE = """
UPDATE surveys_auditmember AS m SET answered_on = a.occurred_on, dissatisfied = a.dissatisfied
FROM (
    SELECT w.id, r.occurred_on, r.dissatisfied FROM surveys_auditmember AS w
    JOIN surveys_auditsample AS d ON d.id = w.sample_id
    CROSS JOIN LATERAL (
        SELECT s.occurred_on, s.perceived < s.adequate AS dissatisfied FROM surveys_signal AS s
        WHERE s.customer_id = w.customer_id AND s.opens AND s.kind = 'rating' AND s.perceived - s.adequate IS NOT NULL
            AND s.occurred_on > d.drawn_on AND s.occurred_on <= d.drawn_on + %(within)s
            AND s.occurred_on <= %(today)s
        ORDER BY s.occurred_on, s.id LIMIT 1
    ) AS r
    WHERE w.answered_on IS NULL AND d.drawn_on >= %(earliest)s AND NOT EXISTS (
        SELECT FROM surveys_poolentry AS e JOIN surveys_poolevent AS v ON v.entry_id = e.id
        WHERE e.customer_id = w.customer_id AND v.to_status = 'in_care' AND v.at < r.occurred_on + 1
            AND (e.left_at IS NULL OR e.left_at >= d.drawn_on))
) AS a WHERE a.id = m.id
"""


def draw(*, run: ScoreRun, chooser: Chooser) -> AuditSample | None:
    """Keep the week's sample of the silent that a run scored; None where the week has one, or nobody is silent."""
    week = run.day - timedelta(days=run.day.weekday())
    if not sum(chooser.sizes) or AuditSample.objects.filter(model=run.model, week=week).exists():
        return None
    drawn = chooser.sample(allocate(chooser.sizes, chooser.expected, run.asked))
    bands = [list(band) for band in zip(chooser.sizes, chooser.expected, strict=True)]
    sample = AuditSample.objects.create(model=run.model, run=run, week=week, drawn_on=run.day, bands=bands)
    known = dict(Customer.objects.filter(reference__in=[one.reference for one in drawn]).values_list("reference", "pk"))
    AuditMember.objects.bulk_create(
        [
            AuditMember(
                sample=sample,
                customer_id=known.get(one.reference),
                reference="" if one.reference in known else one.reference,
                band=one.band,
                score=one.score,
                chance=one.chance,
            )
            for one in drawn
        ],
        batch_size=5_000,
    )
    return sample


def take_answers_daily(*, now: datetime) -> int:
    """Once a day, take in what was answered. Returns how many answers were new."""
    return once_a_day(lambda: take_answers(now=now), name=TAKING, lock=TAKING_LOCK, now=now) or 0


@transaction.atomic
def take_answers(*, now: datetime) -> int:
    """Fill in the first answers of customers who were drawn in the last four weeks. Returns how many were new."""
    today = localdate(now)
    with connection.cursor() as cursor:
        cursor.execute(KNOW)
        facts: dict[str, Any] = {
            "today": today,
            "within": ANSWERED_WITHIN.days,
            "earliest": today - 2 * ANSWERED_WITHIN,
        }
        cursor.execute(TAKE, facts)
        taken = int(cursor.rowcount)
        cursor.execute(FORGET, {"kept": today - KEPT})
    return taken
