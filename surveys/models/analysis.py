"""Why customers are dissatisfied, and groups of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from loopcare.staff.enums import Role
from surveys.enums import AnalysisKind, CauseAct, CauseBasis

if TYPE_CHECKING:
    from loopcare.staff.models import User


class Cause(models.Model):
    """A node of the cause tree; `code` is its path, such as `network.voice.dropped`, and never changes.

    A cause that was merged into another, or retired, is no longer given to anybody; what it was given to stays true.
    `keywords` are words, in either language, that speak of it: the seed from which texts are read.
    """

    code = models.CharField(_("code"), max_length=60, unique=True, db_collation="C")
    name_en = models.CharField(_("name in English"), max_length=80)
    name_zh = models.CharField(_("name in Chinese"), max_length=80, blank=True)
    keywords = ArrayField(models.CharField(max_length=60), default=list, blank=True)
    merged_into = models.ForeignKey("self", models.PROTECT, null=True, blank=True, related_name="merged")
    retired_at = models.DateTimeField(null=True, blank=True)

    objects = models.Manager()

    class Meta:
        ordering = ["code"]
        constraints = [
            # A merged cause is out of use since then.
            models.CheckConstraint(name="cause_merged_is_retired", condition=Q(merged_into=None) | ~Q(retired_at=None))
        ]

    @property
    def name(self) -> str:
        chinese = (get_language() or "en").startswith("zh")
        return (self.name_zh if chinese else self.name_en) or self.name_en or self.name_zh


class CauseChange(models.Model):
    """One change of the tree: its version, what was done to which cause, what stood before and after. Append-only."""

    version = models.PositiveIntegerField(unique=True)
    act = models.CharField(max_length=8, choices=CauseAct.choices)
    cause = models.ForeignKey(Cause, models.PROTECT, related_name="changes")
    other = models.ForeignKey(Cause, models.PROTECT, null=True, related_name="+")
    before = models.JSONField(default=dict)
    after = models.JSONField(default=dict)
    reason = models.CharField(max_length=200, blank=True)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    at = models.DateTimeField()

    objects = models.Manager()

    class Meta:
        ordering = ["-version"]
        constraints = [models.CheckConstraint(name="cause_change_act_known", condition=Q(act__in=CauseAct.values))]


class TextModel(models.Model):
    """One trained reader of comments with its card, never changed after; the latest version reads.

    `fitted` is the pickled pipeline, loaded only under its `signature` by this installation's key.
    """

    version = models.PositiveIntegerField(unique=True)
    tree_version = models.PositiveIntegerField()
    card = models.JSONField()
    fitted = models.BinaryField()
    signature = models.CharField(max_length=64, db_collation="C")
    trained_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    trained_at = models.DateTimeField()

    objects = models.Manager()

    class Meta:
        ordering = ["-version"]


class CauseCode(models.Model):
    """That somebody or something named the cause of a stay in the pool, beside what the customer chose.

    What customers choose stands on their signals; a case's agent and the reader of comments are kept here. A text has
    one code, the best guess: `accepted` only above its cause's confidence, else the cause stays unknown. `confidence`
    is a chance, 0–1, NULL for an agent.
    """

    entry = models.ForeignKey("surveys.PoolEntry", models.CASCADE, related_name="cause_codes")
    basis = models.CharField(max_length=6, choices=CauseBasis.choices)
    cause = models.CharField(max_length=60, db_collation="C")
    accepted = models.BooleanField(default=True)
    confidence = models.FloatField(null=True)
    model = models.ForeignKey(TextModel, models.PROTECT, null=True, related_name="+")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    at = models.DateTimeField()

    objects = models.Manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["entry", "cause"], condition=Q(basis="agent"), name="agent_code_once"),
            models.UniqueConstraint(fields=["entry"], condition=Q(basis="text"), name="text_code_once"),
            models.CheckConstraint(
                name="cause_code_basis_known",
                condition=Q(basis="agent", by__isnull=False, model=None, confidence=None, accepted=True)
                | Q(basis="text", by=None, model__isnull=False, confidence__range=(0, 1)),
            ),
        ]


class AnalysisQuerySet(models.QuerySet["Analysis"]):
    def visible_to(self, user: User) -> AnalysisQuerySet:
        return self.none() if user.role == Role.AGENT else self


class Analysis(models.Model):
    """One reading of the pool, computed once and shown often: its kind, whom it looked at, and its figures.

    `scope` is the rule of the entries it looked at ('' is the whole pool), `as_of` its day. What `figures` hold is said
    by the service that makes it.
    """

    kind = models.CharField(max_length=12, choices=AnalysisKind.choices)
    scope = models.CharField(max_length=2000, blank=True)
    as_of = models.DateField()
    figures = models.JSONField()
    seconds = models.FloatField(help_text=_("how long it took"))
    made_at = models.DateTimeField()

    objects = AnalysisQuerySet.as_manager()

    class Meta:
        ordering = ["-as_of"]
        constraints = [
            models.UniqueConstraint(fields=["kind", "scope", "as_of"], name="analysis_once_a_day"),
            models.CheckConstraint(name="analysis_kind_known", condition=Q(kind__in=AnalysisKind.values)),
        ]


class SegmentQuerySet(models.QuerySet["Segment"]):
    def visible_to(self, user: User) -> SegmentQuerySet:
        return self.none() if user.role == Role.AGENT else self


class Segment(models.Model):
    """A named, saved rule over customers and pool entries."""

    name = models.CharField(_("name"), max_length=80, unique=True)
    rule = models.TextField(_("rule"), max_length=2000)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    created_at = models.DateTimeField()

    objects = SegmentQuerySet.as_manager()

    class Meta:
        ordering = ["name"]
