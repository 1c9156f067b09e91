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
from surveys.enums import AdequateFrom, SignalKind, SourceChannel, UnknownCustomers

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
    unknown_customers = models.CharField(
        _("unknown customers"), max_length=6, choices=UnknownCustomers.choices, default=UnknownCustomers.CREATE
    )
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
            models.CheckConstraint(name="source_kind_known", condition=Q(kind__in=SignalKind.values)),
            models.CheckConstraint(
                name="source_unknown_customers_known", condition=Q(unknown_customers__in=UnknownCustomers.values)
            ),
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

    A rating has levels: `perceived`, `adequate` and `desired` on the 0–100 scale, three columns because their
    difference is a rule for entering the pool, not a predictor; the raw answer is kept beside them, and `adequate_from`
    says who set the adequate one. An event (complaint, contact, ticket) has `topic`, moments and `transfers`, and its
    kind as dimension. `opens` marks what may open a pool entry; the other dimensions explain it.

    Nothing points here with a foreign key: later rows copy what they need and keep `signal_on, signal_no`. Nor do
    signals point with one: a check per row costs more than all three indexes. One statement trigger asks for the
    customers of a whole landing at once (migration 0003), and a source with signals is never deleted.
    """

    pk = models.CompositePrimaryKey("occurred_on", "id")
    id = models.BigIntegerField(db_default=models.Func(models.Value("surveys_signal_id"), function="nextval"))
    occurred_on = models.DateField()
    source = models.ForeignKey(Source, models.PROTECT, related_name="+", db_constraint=False, db_index=False)
    external_id = models.CharField(max_length=80, db_collation="C")
    dimension = models.CharField(max_length=40, db_collation="C")
    customer = models.ForeignKey(
        "customers.Customer", models.CASCADE, related_name="signals", db_constraint=False, db_index=False
    )
    kind = models.CharField(max_length=10, choices=SignalKind.choices)
    channel = models.CharField(max_length=8, choices=SourceChannel.choices, blank=True, db_collation="C")
    raw = models.CharField(max_length=40, blank=True)
    perceived = models.FloatField(null=True)
    adequate = models.FloatField(null=True)
    desired = models.FloatField(null=True)
    adequate_from = models.CharField(max_length=7, choices=AdequateFrom.choices, blank=True, db_collation="C")
    opens = models.BooleanField(default=False)
    topic = models.CharField(max_length=60, blank=True, db_collation="C")
    occurred_at = models.DateTimeField(null=True)
    promised_at = models.DateTimeField(null=True, help_text=_("by when it was to be done"))
    closed_at = models.DateTimeField(null=True)
    transfers = models.PositiveSmallIntegerField(null=True)
    disputed = models.BooleanField(null=True)
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
            # Few rows carry a promise: the daily look for broken ones must not read the others.
            models.Index(fields=["promised_at"], condition=Q(promised_at__isnull=False), name="signal_promised"),
        ]


class SavedMappingQuerySet(models.QuerySet["SavedMapping"]):
    def visible_to(self, user: User) -> SavedMappingQuerySet:
        return self.none() if user.role == Role.AGENT else self


class ImportQuerySet(models.QuerySet["Import"]):
    def visible_to(self, user: User) -> ImportQuerySet:
        return self.none() if user.role == Role.AGENT else self


class SavedMapping(models.Model):
    """A mapping kept for the next file of its kind; `header` is the fingerprint by which such a file is recognised."""

    name = models.CharField(_("name"), max_length=80, unique=True)
    text = models.TextField(_("mapping"))
    header = models.CharField(max_length=64, db_index=True, db_collation="C")
    saved_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    saved_at = models.DateTimeField()

    objects = SavedMappingQuerySet.as_manager()

    class Meta:
        ordering = ["name"]


class Import(DueRow):
    """One file on its way into the pool, or its dry run, which leaves nothing but its counts.

    The file lands in parts, each whole or not at all: `rows_done` is the last row of the file that has landed, so an
    import that was interrupted goes on behind it. The mapping is kept as it was used.
    """

    source = models.ForeignKey(Source, models.PROTECT, related_name="imports")
    file_name = models.CharField(max_length=200)
    path = models.CharField(max_length=400, blank=True, help_text=_("where the uploaded file waits"))
    sha256 = models.CharField(max_length=64)
    mapping = models.TextField()
    counts = models.JSONField(default=dict)
    dry_run = models.BooleanField(default=False)
    checked = models.OneToOneField("self", models.SET_NULL, null=True, related_name="followed_by")
    rows_done = models.PositiveBigIntegerField(default=0)
    progress = models.FloatField(default=0, help_text=_("share of the file that was read, 0 to 1"))
    cancel_asked = models.BooleanField(default=False)
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


class IngestReply(models.Model):
    """What a call was answered, kept beside its effect: the same call again gets the same bytes and does nothing."""

    key = models.ForeignKey("staff.ApiKey", models.CASCADE, related_name="+")
    idempotency_key = models.CharField(max_length=80, db_collation="C")
    body_sha256 = models.CharField(max_length=64, db_collation="C")
    status = models.PositiveSmallIntegerField()
    reply = models.BinaryField()
    created_at = models.DateTimeField(db_index=True)

    objects = models.Manager()

    class Meta:
        constraints = [
            # One key of a sender names one call.
            models.UniqueConstraint(fields=["key", "idempotency_key"], name="ingest_reply_once"),
        ]
