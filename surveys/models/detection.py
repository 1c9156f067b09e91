"""When a customer is dissatisfied: named rules over signals, what each of them found, and what is good enough."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from loopcare.customers.enums import ActivityTier, ValueTier
from loopcare.staff.enums import Role
from surveys.enums import AdequateFrom, EntryKind, SignalKind, SourceChannel

if TYPE_CHECKING:
    from loopcare.staff.models import User


class DetectionRuleQuerySet(models.QuerySet["DetectionRule"]):
    def visible_to(self, user: User) -> DetectionRuleQuerySet:
        return self.none() if user.role == Role.AGENT else self


class DetectionRule(models.Model):
    """A named rule over sightings; a signal it finds means that its customer is dissatisfied.

    `version` rises with every change of the text; detections keep the version that found them.
    """

    code = models.CharField(_("code"), max_length=40, unique=True, db_collation="C")
    name = models.CharField(_("name"), max_length=80)
    kind = models.CharField(_("kind"), max_length=8, choices=EntryKind.choices)
    rule = models.TextField(_("rule"), max_length=2000)
    version = models.PositiveSmallIntegerField(default=1)
    enabled = models.BooleanField(_("in use"), default=True)

    objects = DetectionRuleQuerySet.as_manager()

    class Meta:
        ordering = ["code"]
        constraints = [
            models.CheckConstraint(name="detection_rule_kind_known", condition=Q(kind__in=EntryKind.values)),
        ]

    @property
    def label(self) -> str:
        """The name as it is shown: a shipped one is translated, anybody's own stays as it is."""
        return gettext(self.name)


class RuleText(models.Model):
    """One text of a rule, append-only: what it said, since when, by whom."""

    version = models.PositiveSmallIntegerField()
    text = models.TextField()
    enabled = models.BooleanField()
    saved_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    saved_at = models.DateTimeField()

    objects = models.Manager()

    class Meta:
        abstract = True
        ordering = ["-id"]


class RuleVersion(RuleText):
    """One text of a detection rule."""

    rule = models.ForeignKey(DetectionRule, models.PROTECT, related_name="versions")


class Detection(models.Model):
    """One rule found one signal: the customer was dissatisfied once more.

    Two rules that find the same signal mean one time. Brand, region and channel are copied as they were; `day` is the
    day it counts for: the signal's own, or for what only the passing of time revealed (a broken promise) that day.
    `repeat_count` is how many times within the repeat window, this one included, as it was known then. What it points
    to is asked for once a landing (migration 0006).
    """

    rule = models.ForeignKey(
        DetectionRule, models.PROTECT, related_name="detections", db_constraint=False, db_index=False
    )
    rule_version = models.PositiveSmallIntegerField()
    customer = models.ForeignKey(
        "customers.Customer", models.CASCADE, related_name="+", db_constraint=False, db_index=False
    )
    signal_on = models.DateField()
    signal_no = models.BigIntegerField()
    day = models.DateField()
    source = models.ForeignKey("surveys.Source", models.PROTECT, related_name="+", db_constraint=False, db_index=False)
    channel = models.CharField(max_length=8, choices=SourceChannel.choices, db_collation="C")
    brand = models.CharField(max_length=40, blank=True, db_collation="C")
    region = models.CharField(max_length=20, blank=True, db_collation="C")
    repeat_count = models.PositiveIntegerField()
    detected_at = models.DateTimeField()

    objects = models.Manager()

    class Meta:
        constraints = [
            # A rule finds a signal once, however often it looks.
            models.UniqueConstraint(fields=["signal_on", "signal_no", "rule"], name="detection_once"),
        ]
        indexes = [
            models.Index(fields=["customer", "day"], name="detection_by_customer"),
            models.Index(fields=["day"], name="detection_by_day"),
        ]


class Sighting(models.Model):
    """A signal in its context, as rules see it: the database view `surveys_sighting`, never written.

    Counts look back from the signal's own day and include it; a column that a rule does not name costs nothing.
    """

    pk = models.CompositePrimaryKey("occurred_on", "id")
    id = models.BigIntegerField()
    occurred_on = models.DateField()
    source = models.ForeignKey("surveys.Source", models.DO_NOTHING, related_name="+")
    customer = models.ForeignKey("customers.Customer", models.DO_NOTHING, related_name="+")
    source_code = models.CharField(max_length=40)
    kind = models.CharField(max_length=10, choices=SignalKind.choices)
    channel = models.CharField(max_length=8)
    dimension = models.CharField(max_length=40)
    topic = models.CharField(max_length=60)
    raw = models.CharField(max_length=40)
    rating = models.FloatField(null=True)
    perceived = models.FloatField(null=True)
    adequate = models.FloatField(null=True)
    desired = models.FloatField(null=True)
    gap = models.FloatField(null=True)
    opens = models.BooleanField()
    causes = ArrayField(models.CharField(max_length=60))
    comment = models.TextField()
    has_comment = models.BooleanField()
    promised_at = models.DateTimeField(null=True)
    closed_at = models.DateTimeField(null=True)
    received_at = models.DateTimeField()
    transfers = models.PositiveSmallIntegerField(null=True)
    disputed = models.BooleanField(null=True)
    promise_overdue = models.BooleanField(null=True)
    contacts_7d = models.IntegerField()
    contacts_30d = models.IntegerField()
    topic_contacts_30d = models.IntegerField()
    channels_1d = models.IntegerField()
    brand = models.CharField(max_length=40)
    region = models.CharField(max_length=20)
    value_tier = models.CharField(max_length=10)
    activity_tier = models.CharField(max_length=8, choices=ActivityTier.choices)

    objects = models.Manager()

    class Meta:
        managed = False
        db_table = "surveys_sighting"


class AdequateLevelQuerySet(models.QuerySet["AdequateLevel"]):
    def visible_to(self, user: User) -> AdequateLevelQuerySet:
        return self.none() if user.role == Role.AGENT else self


class AdequateLevel(models.Model):
    """What is good enough where an answer states no level: by source, dimension and value tier ('' is everybody).

    `level` is on the 0–100 scale. A level that was set goes before one that was learned, one for a tier before one for
    everybody. `evidence` holds what a learned level was learned from.
    """

    source = models.ForeignKey("surveys.Source", models.CASCADE, related_name="levels")
    dimension = models.CharField(_("dimension"), max_length=40, db_collation="C")
    value_tier = models.CharField(
        _("value tier"), max_length=10, choices=ValueTier.choices, blank=True, db_collation="C"
    )
    basis = models.CharField(max_length=7, choices=AdequateFrom.choices)
    level = models.FloatField(_("adequate level"))
    evidence = models.JSONField(default=dict, blank=True)
    reason = models.CharField(_("reason"), max_length=200, blank=True)
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    decided_at = models.DateTimeField()

    objects = AdequateLevelQuerySet.as_manager()

    class Meta:
        ordering = ["source", "dimension", "value_tier", "basis"]
        constraints = [
            # One level of each basis; a set one stands over the learned one, which is kept for comparison.
            models.UniqueConstraint(fields=["source", "dimension", "value_tier", "basis"], name="adequate_level_once"),
            models.CheckConstraint(
                name="adequate_level_basis_known", condition=Q(basis__in=[AdequateFrom.SET, AdequateFrom.LEARNED])
            ),
            models.CheckConstraint(name="adequate_level_in_range", condition=Q(level__range=(0, 100))),
            models.CheckConstraint(
                name="adequate_level_value_tier_known", condition=Q(value_tier__in=["", *ValueTier.values])
            ),
        ]


class Watermark(models.Model):
    """How far a recurring look has come, so that it neither repeats nor skips, whoever rings."""

    name = models.CharField(max_length=40, primary_key=True, db_collation="C")
    until = models.DateTimeField()

    objects = models.Manager()
