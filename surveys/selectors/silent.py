"""Reading the models of silent dissatisfaction: who is heard of, latent scores, runs, and what audits say."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta

from django.db import connection
from django.db.models import Count, Q, QuerySet
from django.utils.translation import gettext as _

from loopcare.common.errors import Invalid, NotFound
from loopcare.warehouse import parse_address
from surveys.enums import SignalKind
from surveys.logic.silent.audit import Band, Pool, estimate
from surveys.models import AuditMember, AuditSample, ScoreRun, Signal, SilentModel, Warehouse

ANSWERED_LATELY = timedelta(days=90)
"""Who rated, reviewed or complained within it is not silent."""
STANDS_FOR = timedelta(days=90)
"""How long a prediction keeps its customer from being entered again while they are in the pool."""
SCORES_SHOWN_FOR = timedelta(days=365)
RUNS_SHOWN = 20

HEARD = """
SELECT c.reference FROM customers_customer AS c JOIN (
    SELECT customer_id FROM surveys_signal
    WHERE kind IN ('rating', 'review', 'complaint') AND opens AND occurred_on > %(since)s AND occurred_on <= %(day)s
    UNION
    SELECT customer_id FROM surveys_poolentry WHERE status <> 'left' AND kind = 'explicit'
) AS heard ON heard.customer_id = c.id
"""

# Predictions of the day itself do not count: a second run that day must choose the same customers.
STANDING = """
SELECT DISTINCT c.reference FROM surveys_signal AS s
JOIN surveys_poolentry AS e ON e.customer_id = s.customer_id AND e.status <> 'left'
JOIN customers_customer AS c ON c.id = s.customer_id
WHERE s.kind = 'prediction' AND s.dimension = %(name)s AND s.occurred_on > %(since)s AND s.occurred_on < %(day)s
    AND s.occurred_on >= e.entered_on - 1
"""


def heard_of(*, day: date) -> set[str]:
    """References of customers who are not silent: they told us something in 90 days, or are in the pool explicitly."""
    with connection.cursor() as cursor:
        cursor.execute(HEARD, {"day": day, "since": day - ANSWERED_LATELY})
        return {reference for (reference,) in cursor.fetchall()}


def standing_of(*, name: str, day: date) -> set[str]:
    """References of customers whom a model of this name entered before `day` and who are in the pool still."""
    with connection.cursor() as cursor:
        cursor.execute(STANDING, {"name": name, "day": day, "since": day - STANDS_FOR})
        return {reference for (reference,) in cursor.fetchall()}


# --- the pool --------------------------------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class LatentScore:
    """The latest prediction of one customer: the probability of being dissatisfied, by which model, on which day."""

    score: str
    model: str
    day: date


def latent_scores(customer_ids: Iterable[int], *, today: date) -> dict[int, LatentScore]:
    """Customer id → their latest prediction of the last year; who has none is not in it. One query."""
    signals = Signal.objects.filter(
        customer_id__in=list(customer_ids),
        kind=SignalKind.PREDICTION,
        occurred_on__gt=today - SCORES_SHOWN_FOR,
        occurred_on__lte=today,
    ).order_by("customer_id", "-occurred_on", "-id")
    found = signals.distinct("customer_id").values_list("customer_id", "raw", "dimension", "occurred_on")
    return {customer: LatentScore(raw, dimension, day) for customer, raw, dimension, day in found}


# --- models, runs, audits --------------------------------------------------------------------------------------------
def models_of(rows: QuerySet[SilentModel]) -> QuerySet[SilentModel]:
    """For lists and cards: without the fitted pipeline, which is megabytes of nothing to read."""
    return rows.defer("fitted").select_related("trained_by")


def runs_of(model: SilentModel) -> QuerySet[ScoreRun]:
    """The latest runs of a model, newest first."""
    return ScoreRun.objects.filter(model=model).select_related("created_by", "audit")[:RUNS_SHOWN]


@dataclass(frozen=True, slots=True)
class Audited:
    """One week's sample with what it says of the silent: `predicted` is what the model expected, in customers."""

    sample: AuditSample
    pool: Pool
    predicted: float
    bands: tuple[Band, ...]


def audits(samples: Iterable[AuditSample]) -> list[Audited]:
    """Samples with their estimates; one query for all counts."""
    rows = list(samples)
    counted = (
        AuditMember.objects.filter(sample__in=rows)
        .values_list("sample_id", "band")
        .annotate(n=Count("pk"), answered=Count("answered_on"), bad=Count("pk", filter=Q(dissatisfied=True)))
    )
    by_band = {(sample, band): (n, answered, bad) for sample, band, n, answered, bad in counted}
    found = []
    for row in rows:
        bands = tuple(
            Band(size, *by_band.get((row.pk, number), (0, 0, 0))) for number, (size, _expected) in enumerate(row.bands)
        )
        predicted = sum(size * expected for size, expected in row.bands)
        found.append(Audited(row, estimate(bands), predicted, bands))
    return found


# --- warehouses ------------------------------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class Place:
    """A table of a warehouse; `shown` names it to people and holds no password. `reference` may not be known."""

    url: str
    table: str
    shown: str
    reference: str = ""


def place_of(name: str, *, table: str = "") -> Place:
    """The table of a connected warehouse, or `table` at a URL. Raises NotFound, Invalid for no address."""
    if row := Warehouse.objects.filter(name=name).first():
        return Place(str(row.url), row.table, f"{row.name} · {row.table}", row.reference)
    if ":" not in name:
        raise NotFound(_("There is no warehouse %(name)s.") % {"name": name})
    if not table:
        raise Invalid(_("Name the table at this URL."), field="table")
    return Place(name, table, f"{parse_address(name).shown} · {table}")
