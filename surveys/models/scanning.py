"""Where silent customers are looked for: the operator's warehouses, the rules asked there, and each time they were."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from loopcare.common.due_rows import DueRow
from loopcare.customers.encryption import EncryptedText
from loopcare.staff.enums import Role
from surveys.models.detection import RuleText

if TYPE_CHECKING:
    from loopcare.staff.models import User


class WarehouseQuerySet(models.QuerySet["Warehouse"]):
    def visible_to(self, user: User) -> WarehouseQuerySet:
        return self.none() if user.role == Role.AGENT else self


class Warehouse(models.Model):
    """One table of an operator's base, one row a customer, and what its columns mean.

    The URL may hold a password, so it is kept encrypted and never shown; `shown` is what may be. `reference` is the
    column that names the customer, `changed` the one that says when a row last changed ('': unknown, every scan looks
    at everybody). `fields`: name in rules → {kind, label} and what it is made of: {column},
    {of, to} for one column divided by another, {until} for the days to a date.
    """

    name = models.CharField(_("name"), max_length=80, unique=True)
    url = EncryptedText()
    shown = models.CharField(max_length=400)
    engine = models.CharField(max_length=12)
    table = models.CharField(_("table"), max_length=200)
    reference = models.CharField(_("customer reference"), max_length=200)
    changed = models.CharField(_("changed at"), max_length=200, blank=True)
    fields = models.JSONField(default=dict)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    created_at = models.DateTimeField()

    objects = WarehouseQuerySet.as_manager()

    class Meta:
        ordering = ["name"]
        constraints = [
            # Rows without a name of their customer can be nobody's signal.
            models.CheckConstraint(name="warehouse_names_customers", condition=~Q(reference="") & ~Q(table="")),
        ]

    def __str__(self) -> str:
        return self.name


class ScanRuleQuerySet(models.QuerySet["ScanRule"]):
    def visible_to(self, user: User) -> ScanRuleQuerySet:
        return self.none() if user.role == Role.AGENT else self


class ScanRule(models.Model):
    """A named rule over the fields of a warehouse, and when it is asked there.

    `version` rises with every change. `every_days` 0: only by hand; otherwise at `at_hour` of the installation's day,
    `next_due` says when next. `watermark` is how far the rule has looked where the warehouse says when rows changed;
    another text begins anew. `meant_for_most`: somebody confirmed that it finds more than half of the customers.
    """

    warehouse = models.ForeignKey(Warehouse, models.PROTECT, related_name="rules")
    code = models.CharField(_("code"), max_length=40, db_collation="C")
    name = models.CharField(_("name"), max_length=80)
    rule = models.TextField(_("rule"), max_length=2000)
    version = models.PositiveSmallIntegerField(default=1)
    enabled = models.BooleanField(_("in use"), default=True)
    meant_for_most = models.BooleanField(default=False)
    every_days = models.PositiveSmallIntegerField(_("every … days"), default=0)
    at_hour = models.PositiveSmallIntegerField(_("at"), default=3)
    next_due = models.DateTimeField(null=True, blank=True)
    watermark = models.CharField(max_length=40, blank=True)

    objects = ScanRuleQuerySet.as_manager()

    class Meta:
        ordering = ["warehouse", "code"]
        constraints = [
            # A signal names its rule by this code.
            models.UniqueConstraint(fields=["warehouse", "code"], name="scan_rule_once"),
            models.CheckConstraint(name="scan_rule_within_a_year", condition=Q(every_days__range=(0, 366))),
            models.CheckConstraint(name="scan_rule_hour_of_day", condition=Q(at_hour__range=(0, 23))),
            # What is off, or asked by hand only, is not due.
            models.CheckConstraint(
                name="scan_rule_due_only_in_use", condition=Q(next_due=None) | Q(enabled=True, every_days__gt=0)
            ),
        ]
        indexes = [models.Index(fields=["next_due"], name="scan_rule_due", condition=Q(next_due__isnull=False))]

    @property
    def label(self) -> str:
        """The name as it is shown: a shipped one is translated, anybody's own stays as it is."""
        return gettext(self.name)


class ScanRuleVersion(RuleText):
    """One text of a scan rule."""

    rule = models.ForeignKey(ScanRule, models.PROTECT, related_name="versions")

    class Meta(RuleText.Meta):
        constraints = [
            # A version is written down once.
            models.UniqueConstraint(fields=["rule", "version"], name="scan_rule_version_once"),
        ]


class ScanQuerySet(models.QuerySet["Scan"]):
    def visible_to(self, user: User) -> ScanQuerySet:
        return self.none() if user.role == Role.AGENT else self


class Scan(DueRow):
    """One pass over a warehouse, for one rule or several, from the moment it is queued.

    Matches land in batches, each whole or not at all; `after` is the reference of the last one that landed, so a scan
    that was interrupted goes on behind it. `day` is the day its signals count for, however long it takes. Rows are
    looked at that changed up to `until` ('': all). `scanned` rows and `matched` (a customer whom two rules find is two
    matches) are counted before the first lands. `misses`: how often in a row the warehouse did not answer.
    """

    warehouse = models.ForeignKey(Warehouse, models.PROTECT, related_name="scans")
    day = models.DateField()
    after = models.CharField(max_length=64, blank=True)
    until = models.CharField(max_length=40, blank=True)
    scanned = models.PositiveBigIntegerField(null=True)
    matched = models.PositiveBigIntegerField(null=True)
    landed = models.PositiveBigIntegerField(default=0, help_text=_("matches that were handed over"))
    unknown = models.PositiveBigIntegerField(default=0, help_text=_("matches whose customer nobody knows"))
    signals = models.PositiveBigIntegerField(default=0)
    pool_new = models.PositiveBigIntegerField(default=0)
    seconds = models.FloatField(default=0)
    misses = models.PositiveSmallIntegerField(default=0)
    cancel_asked = models.BooleanField(default=False)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    created_at = models.DateTimeField()

    objects = ScanQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        constraints = [*DueRow.due_constraints("scan")]
        indexes = [DueRow.due_index("scan_due")]

    @property
    def progress(self) -> float:
        """Share of the matches that have landed, 0 to 1; the count before it has no share."""
        if self.status == "done":
            return 1.0
        return min(1.0, self.landed / self.matched) if self.matched else 0.0


class ScannedRule(models.Model):
    """One rule of a scan as it read then, since when ('': ever) rows had to have changed, and how many it found."""

    scan = models.ForeignKey(Scan, models.CASCADE, related_name="rules")
    rule = models.ForeignKey(ScanRule, models.PROTECT, related_name="scanned")
    version = models.PositiveSmallIntegerField()
    text = models.TextField()
    since = models.CharField(max_length=40, blank=True)
    matched = models.PositiveBigIntegerField(null=True)

    objects = models.Manager()

    class Meta:
        ordering = ["id"]
        constraints = [
            # Asked once in one pass.
            models.UniqueConstraint(fields=["scan", "rule"], name="scanned_rule_once"),
        ]
