"""Reading the pool: who waits, how many where, and whom a segment means."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.db.models import BooleanField, Case, CharField, Count, F, FloatField, Func, Q, QuerySet, Value, When
from django.db.models.functions import Cast, Least
from django.utils.translation import gettext_lazy as _

from loopcare.common.rules import Field, FieldSet, RuleError, parse, to_q
from loopcare.customers.enums import ActivityTier, ValueTier
from loopcare.customers.models import Region
from surveys.enums import EntryKind, PoolStatus, RepeatBand, SourceChannel
from surveys.models import Cause, PoolEntry, Segment, Signal, Source

SEGMENT_FIELDS = FieldSet(
    Field("latest_rating", "number", _("latest rating")),
    Field("gap", "number", _("gap to the adequate level")),
    Field("repeat_count", "number", _("times dissatisfied")),
    Field("source", "text", _("source"), path="source__code"),
    Field("channel", "text", _("channel"), choices=dict(SourceChannel.choices)),
    Field("kind", "text", _("kind"), choices=dict(EntryKind.choices)),
    Field("dimension", "text", _("dimension")),
    Field("brand", "text", _("brand")),
    Field("region", "text", _("region")),
    Field("value_tier", "text", _("value tier"), choices=dict(ValueTier.choices)),
    Field("activity_tier", "text", _("activity tier"), choices=dict(ActivityTier.choices)),
    Field("signal_on", "date", _("day of the latest signal")),
    Field("entered_on", "date", _("in the pool since")),
    Field("causes", "codes", _("causes")),
    Field("has_comment", "boolean", _("has a comment")),
)


def waiting_pool() -> QuerySet[PoolEntry]:
    """Everybody who is dissatisfied and neither in care nor held out."""
    return PoolEntry.objects.waiting()


def matching(rule: str) -> QuerySet[PoolEntry]:
    """The waiting entries a rule means. Raises RuleError for what is no rule."""
    return with_rule_fields(waiting_pool()).filter(filter_of(rule))


def filter_of(rule: str) -> Q:
    """The filter of a rule, for entries `with_rule_fields`. Raises RuleError for what is no rule."""
    return to_q(parse(rule, SEGMENT_FIELDS), SEGMENT_FIELDS)


def segment_entries(segment: Segment) -> QuerySet[PoolEntry]:
    """The waiting entries of a segment, as of now."""
    return matching(segment.rule)


# The pattern alone would decide, but most answers are marks up to ten, and comparing costs a third of matching.
_A_NUMBER = Q(raw__in=[str(mark) for mark in range(11)]) | Q(raw__regex=r"^-?[0-9]+(\.[0-9]+)?$")


def with_rule_fields(entries: QuerySet[PoolEntry]) -> QuerySet[PoolEntry]:
    """Adds what a rule may name but no column holds; a raw answer that is no number has no latest rating."""
    return entries.annotate(
        latest_rating=Case(When(_A_NUMBER, then=Cast("raw", FloatField())), default=None, output_field=FloatField()),
        has_comment=Case(When(comment="", then=Value(False)), default=Value(True), output_field=BooleanField()),
    )


def sources() -> QuerySet[Source]:
    """Every source, by code."""
    return Source.objects.order_by("code")


def causes(*, in_use: bool = False) -> QuerySet[Cause]:
    """Every cause of the tree, by code; or only those that are given to anybody: a retired one keeps its name."""
    every = Cause.objects.order_by("code")
    return every.filter(retired_at=None) if in_use else every


# --- the board -------------------------------------------------------------------------------------------------------
UNKNOWN = "?"
"""How an empty code is written in a filter and on a page."""

SIGNALS_SHOWN = 100


@dataclass(frozen=True)
class Headline:
    """The pool in numbers: now, a week ago, and who came in."""

    open: int
    open_week_ago: int
    new_today: int
    new_mean: float
    waiting: int
    in_care: int
    held_out: int
    repeated: int


def headline(entries: QuerySet[PoolEntry], *, today: date) -> Headline:
    """One scan of `entries`, past stays included. `new_mean` is the mean of the seven days before `today`."""
    week_ago = today - timedelta(days=7)
    still_there = Q(left_at=None) | Q(left_at__date__gt=week_ago)
    counted = entries.aggregate(
        open=Count("pk", filter=~Q(status=PoolStatus.LEFT)),
        open_week_ago=Count("pk", filter=still_there & Q(entered_on__lte=week_ago)),
        new_today=Count("pk", filter=Q(entered_on=today)),
        new_week=Count("pk", filter=Q(entered_on__gte=week_ago, entered_on__lt=today)),
        waiting=Count("pk", filter=Q(status=PoolStatus.WAITING)),
        in_care=Count("pk", filter=Q(status=PoolStatus.IN_CARE)),
        held_out=Count("pk", filter=Q(status=PoolStatus.HELD_OUT)),
        repeated=Count("pk", filter=~Q(status=PoolStatus.LEFT) & Q(repeat_count__gte=2)),
    )
    return Headline(new_mean=counted.pop("new_week") / 7, **counted)


@dataclass(frozen=True)
class Crossed:
    """Counts by two axes, with their margins, largest first. An entry counts once in a margin however many causes
    it has, so margins of causes are not sums."""

    rows: list[tuple[str, int]]
    columns: list[tuple[str, int]]
    cells: dict[tuple[str, str], int]
    total: int


def crossed(entries: QuerySet[PoolEntry], *, rows: str, columns: str) -> Crossed:
    """`entries` by two of source, brand, region, channel, causes and repeat_band; the empty code is the unknown one."""
    both = _keyed(_keyed(entries, rows, "row"), columns, "column").values_list("row", "column")
    cells = {(row, column): n for row, column, n in both.annotate(n=Count("pk")).order_by()}
    return Crossed(_margin(entries, rows), _margin(entries, columns), cells, entries.count())


_CODES: ArrayField[Any, Any] = ArrayField(CharField())


class Unnest(Func):
    """One row for each element of an array."""

    function = "unnest"
    output_field = CharField()
    set_returning = True


def _keyed(entries: QuerySet[PoolEntry], axis: str, name: str) -> QuerySet[Any]:
    if axis == "causes":
        # An entry without causes stands once, under the empty code; unnesting nothing would drop it.
        named = Case(When(causes__len=0, then=Value([""])), default=F("causes"), output_field=_CODES)
        return entries.annotate(**{name: Unnest(named)})
    if axis == "repeat_band":
        return entries.annotate(**{name: Cast(Least(F("repeat_count"), max(RepeatBand)), CharField())})
    return entries.annotate(**{name: F("source__code" if axis == "source" else axis)})


def _margin(entries: QuerySet[PoolEntry], axis: str) -> list[tuple[str, int]]:
    counted = _keyed(entries, axis, "key").values_list("key").annotate(n=Count("pk")).order_by()
    return sorted(counted, key=lambda pair: (pair[0] == "", -pair[1], pair[0]))


def labels(axis: str) -> dict[str, str]:
    """What people read for the codes of a field of the pool; a code without a name is read as it is."""
    match axis:
        case "source":
            return {source.code: source.label for source in Source.objects.all()}
        case "region":
            return dict(Region.objects.values_list("code", "name"))
        case "causes":
            return {cause.code: cause.name for cause in causes()}
        case "brand":
            brands = PoolEntry.objects.open().exclude(brand="").order_by("brand").values_list("brand", flat=True)
            return {brand: brand for brand in brands.distinct()}
        case "repeat_band":
            return {str(band): str(label) for band, label in RepeatBand.choices}
    field: Any = PoolEntry._meta.get_field(axis)
    return {code: str(label) for code, label in field.choices}


def reading_fields() -> FieldSet:
    """`SEGMENT_FIELDS` with the names of their codes, for reading a rule to people. Not for parsing: a rule may name a
    code that nobody bears yet."""
    named = {name: labels(name) for name in ("source", "region", "causes")}
    return FieldSet(
        *(replace(field, choices=named.get(field.name, field.choices)) for field in SEGMENT_FIELDS.values())
    )


def segment_counts(segments: Iterable[Segment]) -> dict[int, int | None]:
    """Segment id → its waiting entries, all in one statement; None where the rule no longer reads."""
    filters: dict[int, Q | None] = {segment.pk: _readable(segment.rule) for segment in segments}
    wanted = {f"segment_{pk}": Count("pk", filter=q) for pk, q in filters.items() if q is not None}
    counted = with_rule_fields(waiting_pool()).aggregate(**wanted) if wanted else {}
    return {pk: counted.get(f"segment_{pk}") for pk in filters}


def _readable(rule: str) -> Q | None:
    try:
        return filter_of(rule)
    except RuleError:
        return None


def signals_of(customer_id: int) -> QuerySet[Signal]:
    """The latest signals of one customer, newest first."""
    signals = Signal.objects.filter(customer_id=customer_id).select_related("source")
    return signals.order_by("-occurred_on", "source_id", "-opens", "dimension")[:SIGNALS_SHOWN]


def stays_of(customer_id: int) -> QuerySet[PoolEntry]:
    """Every stay of one customer in the pool, the latest first."""
    return PoolEntry.objects.filter(customer_id=customer_id).select_related("source", "rule").order_by("-id")
