"""Where signals come from, and the signals themselves."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import BrinIndex
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from loopcare.common.due_rows import DueRow
from loopcare.staff.enums import Role
from surveys.enums import SignalKind, SourceChannel

if TYPE_CHECKING:
    from loopcare.staff.models import User


class SourceQuerySet(models.QuerySet["Source"]):
    def visible_to(self, user: User) -> SourceQuerySet:
        return self


class Source(models.Model):
    """Where signals come from: hotline rating, SMS rating, web survey, complaint desk, shop, app, usage scan, model."""

    code = models.CharField(_("code"), max_length=40, unique=True, db_collation="C")
    name = models.CharField(_("name"), max_length=80)
    channel = models.CharField(_("channel"), max_length=8, choices=SourceChannel.choices)
    kind = models.CharField(max_length=10, choices=SignalKind.choices, default=SignalKind.RATING)
    latent = models.BooleanField(default=False)
    adequate = models.DecimalField(
        _("adequate level"),
        max_digits=6,
        decimal_places=3,
        null=True,
        blank=True,
        help_text=_("0 to 100; used where an answer states none"),
    )

    objects = SourceQuerySet.as_manager()

    class Meta:
        ordering = ["code"]
        constraints = [
            models.CheckConstraint(name="source_channel_known", condition=Q(channel__in=SourceChannel.values)),
            models.CheckConstraint(
                name="source_adequate_in_range", condition=Q(adequate=None) | Q(adequate__range=(0, 100))
            ),
        ]

    @property
    def label(self) -> str:
        """The name as it is shown: a shipped one is translated, anybody's own stays as it is."""
        return gettext(self.name)


class Signal(models.Model):
    """One observed fact about one customer, on one dimension. Partitioned by month of `occurred_on`.

    `perceived`, `adequate` and `desired` are on the 0–100 scale and stay three columns: their difference is a rule for
    entering the pool, not a predictor. The raw answer is kept beside them. `opens` marks the dimension that may open a
    pool entry; the others explain it. Nothing points here with a foreign key: later rows copy what they need and keep
    `signal_on, signal_no`.
    """

    pk = models.CompositePrimaryKey("occurred_on", "id")
    id = models.BigIntegerField(db_default=models.Func(models.Value("surveys_signal_id"), function="nextval"))
    occurred_on = models.DateField()
    source = models.ForeignKey(Source, models.PROTECT, related_name="+")
    external_id = models.CharField(max_length=80, db_collation="C")
    dimension = models.CharField(max_length=40, db_collation="C")
    customer = models.ForeignKey("customers.Customer", models.CASCADE, related_name="signals")
    kind = models.CharField(max_length=10, choices=SignalKind.choices)
    raw = models.CharField(max_length=40, blank=True)
    perceived = models.FloatField(null=True)
    adequate = models.FloatField(null=True)
    desired = models.FloatField(null=True)
    opens = models.BooleanField(default=False)
    causes = ArrayField(models.CharField(max_length=60), default=list)
    comment = models.TextField(blank=True)
    received_at = models.DateTimeField()

    objects = models.Manager()

    class Meta:
        constraints = [
            # The natural key: one signal per source, external id and dimension on the day it occurred.
            models.UniqueConstraint(fields=["source", "external_id", "dimension", "occurred_on"], name="signal_once"),
            models.CheckConstraint(
                name="signal_levels_in_range",
                condition=(
                    (Q(perceived=None) | Q(perceived__range=(0, 100)))
                    & (Q(adequate=None) | Q(adequate__range=(0, 100)))
                    & (Q(desired=None) | Q(desired__range=(0, 100)))
                ),
            ),
        ]
        indexes = [
            models.Index(fields=["customer", "-occurred_on"], name="signal_by_customer"),
            BrinIndex(fields=["received_at"], name="signal_received"),
        ]


class ImportQuerySet(models.QuerySet["Import"]):
    def visible_to(self, user: User) -> ImportQuerySet:
        return self.none() if user.role == Role.AGENT else self


class Import(DueRow):
    """One file on its way into the pool. The mapping is kept as it was used; counts are those of the finished run."""

    source = models.ForeignKey(Source, models.PROTECT, related_name="imports")
    file_name = models.CharField(max_length=200)
    path = models.CharField(max_length=400, blank=True, help_text=_("where the uploaded file waits"))
    sha256 = models.CharField(max_length=64)
    mapping = models.TextField()
    counts = models.JSONField(default=dict)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    created_at = models.DateTimeField()

    objects = ImportQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        constraints = [*DueRow.due_constraints("import")]
        indexes = [DueRow.due_index("import_due")]


class ImportReject(models.Model):
    """One cell that kept a row out: where it is, what it says, and why it cannot be used."""

    batch = models.ForeignKey(Import, models.CASCADE, related_name="rejects")
    row = models.PositiveIntegerField(help_text=_("row in the file; the header is row 1"))
    column = models.CharField(max_length=200, blank=True)
    value = models.CharField(max_length=200, blank=True)
    reason = models.CharField(max_length=200)

    objects = models.Manager()

    class Meta:
        ordering = ["row", "id"]
