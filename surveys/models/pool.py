"""The pool: everybody who is dissatisfied now, and how they came and went."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from loopcare.common.states import Event
from loopcare.customers.enums import ActivityTier, ValueTier
from loopcare.staff.enums import Role
from surveys.enums import EntryKind, LeftReason, PoolStatus, SourceChannel

if TYPE_CHECKING:
    from loopcare.staff.models import User


class PoolEntryQuerySet(models.QuerySet["PoolEntry"]):
    def open(self) -> PoolEntryQuerySet:
        return self.exclude(status=PoolStatus.LEFT)

    def waiting(self) -> PoolEntryQuerySet:
        return self.filter(status=PoolStatus.WAITING)

    def visible_to(self, user: User) -> PoolEntryQuerySet:
        """Agents meet the pool through their cases only."""
        return self.none() if user.role == Role.AGENT else self


class PoolEntry(models.Model):
    """One customer's stay in the pool. Brand, region and channel are those of the signal that opened it.

    `gap` is perceived − adequate on the 0–100 scale: negative, and the lower the worse; an event such as a complaint
    has no levels, and NULL says so. `rule` found the signal that opened the entry. `repeat_count` counts how many times
    the customer was dissatisfied within the repeat window, this time included. When an open entry meets another signal,
    `raw`, `dimension` and `signal_*` become the latest signal's, the three levels stay the worst one's. What it points
    to is asked for once a landing (migration 0006), and never changes.
    """

    customer = models.ForeignKey("customers.Customer", models.CASCADE, related_name="pool_entries", db_constraint=False)
    status = models.CharField(max_length=8, choices=PoolStatus.choices, default=PoolStatus.WAITING)
    kind = models.CharField(max_length=8, choices=EntryKind.choices)
    rule = models.ForeignKey(
        "surveys.DetectionRule", models.PROTECT, null=True, related_name="+", db_constraint=False, db_index=False
    )
    source = models.ForeignKey("surveys.Source", models.PROTECT, related_name="+", db_constraint=False, db_index=False)
    channel = models.CharField(max_length=8, choices=SourceChannel.choices)
    brand = models.CharField(max_length=40, blank=True, db_collation="C")
    region = models.CharField(max_length=20, blank=True, db_collation="C")
    value_tier = models.CharField(max_length=10, choices=ValueTier.choices, blank=True)
    activity_tier = models.CharField(max_length=8, choices=ActivityTier.choices, blank=True)
    dimension = models.CharField(max_length=40, db_collation="C")
    raw = models.CharField(max_length=40, blank=True)
    perceived = models.FloatField(null=True)
    adequate = models.FloatField(null=True)
    desired = models.FloatField(null=True)
    gap = models.GeneratedField(
        expression=models.F("perceived") - models.F("adequate"),
        output_field=models.FloatField(),
        db_persist=True,
    )
    repeat_count = models.PositiveIntegerField(default=1)
    causes = ArrayField(models.CharField(max_length=60), default=list)
    comment = models.TextField(blank=True)
    signal_on = models.DateField()
    signal_no = models.BigIntegerField()
    entered_on = models.DateField()
    left_at = models.DateTimeField(null=True, blank=True)
    left_reason = models.CharField(max_length=10, choices=LeftReason.choices, blank=True)

    objects = PoolEntryQuerySet.as_manager()

    class Meta:
        constraints = [
            PoolStatus.check(name="pool_entry_status_known"),
            # A customer is in the pool once, however many signals say so.
            models.UniqueConstraint(
                fields=["customer"],
                condition=~Q(status=PoolStatus.LEFT),
                name="pool_entry_one_open_per_customer",
            ),
            models.CheckConstraint(
                name="pool_entry_left_when_left",
                condition=Q(status=PoolStatus.LEFT, left_at__isnull=False) & ~Q(left_reason="")
                | ~Q(status=PoolStatus.LEFT) & Q(left_at=None, left_reason=""),
            ),
        ]
        indexes = [
            models.Index(
                fields=["source", "brand", "region"],
                condition=~Q(status=PoolStatus.LEFT),
                name="pool_entry_open_by_place",
            )
        ]


class PoolEvent(Event):
    """One move of a pool entry."""

    entry = models.ForeignKey(PoolEntry, models.PROTECT, related_name="events", db_constraint=False)

    objects = models.Manager()
