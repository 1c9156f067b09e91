"""The panel: one row per assigned customer, the three waves beside each other, so that a read-out is one scan."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import models
from django.db.models import Q

from evaluation.enums import Wave
from loopcare.common.due_rows import DueRow
from loopcare.contact.enums import Refusal
from loopcare.staff.enums import Role

if TYPE_CHECKING:
    from loopcare.staff.models import User


class PanelQuerySet(models.QuerySet["PanelMember"]):
    def visible_to(self, user: User) -> PanelQuerySet:
        if user.role == Role.AGENT:
            return self.none()
        return self if user.sees_all_teams else self.filter(assignment__campaign__team_id=user.team_pk)


class PanelMember(models.Model):
    """One assigned customer. `before` is the perceived level at assignment, `wave_1…3` the answered scores on 0–100.

    A wave without an answer is empty; empty is never counted as zero.
    """

    assignment = models.OneToOneField("careplans.Assignment", models.PROTECT, related_name="panel")
    campaign = models.ForeignKey("careplans.Campaign", models.PROTECT, related_name="+", db_index=False)
    customer = models.ForeignKey("customers.Customer", models.PROTECT, related_name="+")
    arm = models.CharField(max_length=8)
    stratum = models.CharField(max_length=40)
    anchored_on = models.DateField()
    before = models.FloatField(null=True)
    wave_1 = models.FloatField(null=True)
    wave_2 = models.FloatField(null=True)
    wave_3 = models.FloatField(null=True)

    objects = PanelQuerySet.as_manager()

    class Meta:
        # Serves the scan of one campaign, and tells how far its assignments are enrolled.
        indexes = [models.Index(fields=["campaign", "assignment"], name="panel_by_campaign")]


class FollowUpQuerySet(models.QuerySet["FollowUp"]):
    def visible_to(self, user: User) -> FollowUpQuerySet:
        if user.role == Role.AGENT:
            return self.none()
        return self if user.sees_all_teams else self.filter(member__assignment__campaign__team_id=user.team_pk)


class FollowUp(DueRow):
    """One wave's question to one panel member; it becomes an invitation and a message when it is due."""

    member = models.ForeignKey(PanelMember, models.PROTECT, related_name="follow_ups")
    wave = models.PositiveSmallIntegerField(choices=Wave.choices)
    invitation = models.OneToOneField("surveys.Invitation", models.PROTECT, null=True, related_name="follow_up")
    refused = models.CharField(max_length=12, choices=Refusal.choices, blank=True)

    objects = FollowUpQuerySet.as_manager()

    class Meta:
        constraints = [
            *DueRow.due_constraints("follow_up"),
            # A wave happens once, however often it is scheduled.
            models.UniqueConstraint(fields=["member", "wave"], name="follow_up_once_per_wave"),
            models.CheckConstraint(name="follow_up_wave_known", condition=Q(wave__in=Wave.values)),
        ]
        indexes = [DueRow.due_index("follow_up_due")]
