"""Models of silent dissatisfaction: what was learned, each time customers were scored, and the audits of the silent."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from loopcare.common.due_rows import DueRow
from loopcare.common.states import Event
from loopcare.staff.enums import Role
from surveys.enums import SilentStatus

if TYPE_CHECKING:
    from loopcare.staff.models import User


class SilentModelQuerySet(models.QuerySet["SilentModel"]):
    def visible_to(self, user: User) -> SilentModelQuerySet:
        return self.none() if user.role == Role.AGENT else self

    def in_use(self) -> SilentModelQuerySet:
        return self.filter(status=SilentStatus.IN_USE)


class SilentModel(models.Model):
    """One trained model with its card, never changed after.

    `spec` is the text of the roles of its columns, `card` what `surveys.logic.silent.card` keeps, `fitted` the pickled
    pipeline: code of whoever wrote it, so it is loaded only under its `signature` by this installation's key.
    `for_silent`: nothing that only an answer tells trained it.
    """

    name = models.CharField(_("name"), max_length=40, db_collation="C")
    version = models.PositiveIntegerField()
    status = models.CharField(max_length=8, choices=SilentStatus.choices, default=SilentStatus.DRAFT)
    for_silent = models.BooleanField()
    spec = models.TextField()
    card = models.JSONField()
    fitted = models.BinaryField()
    signature = models.CharField(max_length=64, db_collation="C")
    learned_from = models.CharField(max_length=200, help_text=_("the file or table it was trained on"))
    trained_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    trained_at = models.DateTimeField()

    objects = SilentModelQuerySet.as_manager()

    class Meta:
        ordering = ["name", "-version"]
        constraints = [
            SilentStatus.check(name="silent_model_status_known"),
            models.UniqueConstraint(fields=["name", "version"], name="silent_model_version_once"),
            # Scores of two versions cannot be compared, and a signal names its model only.
            models.UniqueConstraint(
                fields=["name"], condition=Q(status=SilentStatus.IN_USE), name="silent_model_one_in_use"
            ),
            # A silent customer has given none of the answers that such a model looks at.
            models.CheckConstraint(
                name="silent_model_in_use_is_for_silent", condition=~Q(status=SilentStatus.IN_USE) | Q(for_silent=True)
            ),
        ]

    @property
    def label(self) -> str:
        return f"{self.name} {self.version}"


class SilentModelEvent(Event):
    """One move of a model."""

    model = models.ForeignKey(SilentModel, models.PROTECT, related_name="events")

    objects = models.Manager()


class ScoreRunQuerySet(models.QuerySet["ScoreRun"]):
    def visible_to(self, user: User) -> ScoreRunQuerySet:
        return self.none() if user.role == Role.AGENT else self


class ScoreRun(DueRow):
    """Everybody of one table scored once by one model: who are silent, who are entered, who is asked.

    `capacity` is how many can be called, `asked` how many the audit draws (0: none), `floor` the score below which
    nobody is entered. Of `scored` customers `silent` have neither answered lately nor stand in the pool explicitly;
    `standing` of these were entered before and are still there. `threshold` is the lowest score that was entered.
    `drift` compares the scored with those the model learned from. `every_days`: when it is done, the next one is
    queued so many days later.
    """

    model = models.ForeignKey(SilentModel, models.PROTECT, related_name="runs")
    warehouse = models.ForeignKey("surveys.Warehouse", models.PROTECT, null=True, related_name="+")
    table = models.CharField(_("table"), max_length=200)
    day = models.DateField()
    capacity = models.PositiveIntegerField(_("callable customers"))
    asked = models.PositiveIntegerField(_("customers asked in the audit"), default=0)
    floor = models.FloatField(default=0)
    every_days = models.PositiveSmallIntegerField(_("every … days"), default=0)
    scored = models.PositiveBigIntegerField(null=True)
    silent = models.PositiveBigIntegerField(null=True)
    standing = models.PositiveBigIntegerField(null=True)
    entered = models.PositiveBigIntegerField(null=True)
    unknown = models.PositiveBigIntegerField(default=0, help_text=_("whom nobody here knows, and the source refuses"))
    pool_new = models.PositiveBigIntegerField(default=0)
    threshold = models.FloatField(null=True)
    drift = models.JSONField(default=list)
    seconds = models.FloatField(default=0)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    created_at = models.DateTimeField()

    objects = ScoreRunQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        constraints = [
            *DueRow.due_constraints("score_run"),
            models.CheckConstraint(name="score_run_within_a_year", condition=Q(every_days__range=(0, 366))),
            models.CheckConstraint(name="score_run_floor_is_a_share", condition=Q(floor__range=(0, 1))),
        ]
        indexes = [DueRow.due_index("score_run_due")]


class AuditSampleQuerySet(models.QuerySet["AuditSample"]):
    def visible_to(self, user: User) -> AuditSampleQuerySet:
        return self.none() if user.role == Role.AGENT else self


class AuditSample(models.Model):
    """A random sample of the silent of one week, who are asked how satisfied they are.

    `week` is its Monday. `bands` says of each band of scores how many silent customers it has and which share of them
    is predicted to be dissatisfied: [[size, expected], …].
    """

    model = models.ForeignKey(SilentModel, models.PROTECT, related_name="audits")
    run = models.OneToOneField(ScoreRun, models.PROTECT, related_name="audit")
    week = models.DateField()
    drawn_on = models.DateField()
    bands = models.JSONField()

    objects = AuditSampleQuerySet.as_manager()

    class Meta:
        ordering = ["-week", "-id"]
        constraints = [
            # A second sample in a week would be a second chance to like what it says.
            models.UniqueConstraint(fields=["model", "week"], name="audit_sample_once_a_week"),
        ]


class AuditMember(models.Model):
    """One silent customer who is asked: known here by their row, unknown ones by their reference only.

    `chance` is the probability with which they were drawn. `dissatisfied` is their first answer since: perceived
    service below the adequate level.
    """

    sample = models.ForeignKey(AuditSample, models.CASCADE, related_name="members")
    customer = models.ForeignKey("customers.Customer", models.CASCADE, null=True, related_name="+")
    reference = models.CharField(max_length=64, blank=True, db_collation="C")
    band = models.PositiveSmallIntegerField()
    score = models.FloatField()
    chance = models.FloatField()
    answered_on = models.DateField(null=True)
    dissatisfied = models.BooleanField(null=True)

    objects = models.Manager()

    class Meta:
        ordering = ["id"]
        constraints = [
            # Whoever is known is named by their row, so that an erasure reaches them.
            models.CheckConstraint(
                name="audit_member_named_once",
                condition=Q(customer=None) & ~Q(reference="") | Q(customer__isnull=False, reference=""),
            ),
            models.UniqueConstraint(
                fields=["sample", "customer"], condition=Q(customer__isnull=False), name="audit_member_customer_once"
            ),
            models.UniqueConstraint(
                fields=["sample", "reference"], condition=~Q(reference=""), name="audit_member_reference_once"
            ),
            models.CheckConstraint(
                name="audit_member_answer_is_dated",
                condition=Q(answered_on=None, dissatisfied=None)
                | Q(answered_on__isnull=False, dissatisfied__isnull=False),
            ),
            models.CheckConstraint(
                name="audit_member_drawn_by_chance", condition=Q(chance__gt=0, chance__lte=1, score__range=(0, 1))
            ),
        ]
        indexes = [
            # The few whose answer is still waited for.
            models.Index(fields=["sample"], condition=Q(answered_on=None), name="audit_member_waiting"),
        ]
