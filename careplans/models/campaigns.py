"""A launch of strategies onto segments: the plan, the frozen list, and who got which arm."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from careplans.enums import Arm, CampaignStatus
from loopcare.common.states import Event
from loopcare.staff.enums import Role

if TYPE_CHECKING:
    from loopcare.staff.models import User


class CampaignQuerySet(models.QuerySet["Campaign"]):
    def visible_to(self, user: User) -> CampaignQuerySet:
        """Agents meet a campaign through their cases; a supervisor with a team plans for that team only."""
        if user.role == Role.AGENT:
            return self.none()
        return self if user.sees_all_teams else self.filter(team_id=user.team_pk)


class Campaign(models.Model):
    """A plan and its life. `plan_version` rises with every edit, so that a launch can tell an outdated preview.

    `hold_out_share` is 0 to 0.5 of the eligible; `agents × hours_per_day × working days` is the capacity. `seed` fixes
    every random choice of the plan. The verdict is read out at `read_out_on`, fixed at launch.
    """

    name = models.CharField(_("name"), max_length=80, unique=True)
    status = models.CharField(max_length=8, choices=CampaignStatus.choices, default=CampaignStatus.DRAFT)
    team = models.ForeignKey("staff.Team", models.PROTECT, verbose_name=_("team"))
    starts_on = models.DateField(_("starts on"))
    ends_on = models.DateField(_("ends on"))
    hold_out_share = models.DecimalField(_("hold-out share"), max_digits=4, decimal_places=3, default="0.100")
    agents = models.PositiveSmallIntegerField(_("agents"), default=1)
    hours_per_day = models.DecimalField(_("hours per agent and day"), max_digits=4, decimal_places=2, default=5.5)
    seed = models.CharField(max_length=32)
    plan_version = models.PositiveIntegerField(default=1)
    launched_at = models.DateTimeField(null=True, blank=True)
    read_out_on = models.DateField(null=True, blank=True)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    created_at = models.DateTimeField()

    objects = CampaignQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        constraints = [
            CampaignStatus.check(name="campaign_status_known"),
            models.CheckConstraint(name="campaign_days_in_order", condition=Q(ends_on__gte=F("starts_on"))),
            # More held out than cared for would waste the care; 0 is allowed and told.
            models.CheckConstraint(name="campaign_hold_out_at_most_half", condition=Q(hold_out_share__range=(0, 0.5))),
            models.CheckConstraint(
                name="campaign_launched_has_dates",
                condition=Q(status=CampaignStatus.DRAFT, launched_at=None, read_out_on=None)
                | ~Q(status=CampaignStatus.DRAFT) & Q(launched_at__isnull=False, read_out_on__isnull=False),
            ),
        ]


class CampaignEvent(Event):
    """One move of a campaign."""

    campaign = models.ForeignKey(Campaign, models.PROTECT, related_name="events")

    objects = models.Manager()


class CampaignLine(models.Model):
    """One segment and the strategy it gets; a customer in several segments belongs to the first line."""

    campaign = models.ForeignKey(Campaign, models.CASCADE, related_name="lines")
    segment = models.ForeignKey("surveys.Segment", models.PROTECT, related_name="+", verbose_name=_("segment"))
    strategy = models.ForeignKey("careplans.Strategy", models.PROTECT, related_name="+", verbose_name=_("strategy"))
    place = models.PositiveSmallIntegerField(default=0)

    objects = models.Manager()

    class Meta:
        ordering = ["campaign_id", "place", "id"]
        constraints = [models.UniqueConstraint(fields=["campaign", "segment"], name="campaign_line_once_per_segment")]


class Preview(models.Model):
    """A frozen list: who would get which arm, under which version of the plan. The launch assigns exactly this."""

    campaign = models.ForeignKey(Campaign, models.CASCADE, related_name="previews")
    plan_version = models.PositiveIntegerField()
    hash = models.CharField(max_length=64)
    counts = models.JSONField(default=dict)
    created_at = models.DateTimeField()

    objects = models.Manager()

    class Meta:
        ordering = ["-id"]


class PreviewMember(models.Model):
    """One customer of a frozen list."""

    preview = models.ForeignKey(Preview, models.CASCADE, related_name="members")
    line = models.ForeignKey(CampaignLine, models.CASCADE, related_name="+")
    customer = models.ForeignKey("customers.Customer", models.CASCADE, related_name="+")
    entry = models.ForeignKey("surveys.PoolEntry", models.CASCADE, related_name="+")
    arm = models.CharField(max_length=8, choices=Arm.choices)
    stratum = models.CharField(max_length=40)
    propensity = models.FloatField()

    objects = models.Manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["preview", "customer"], name="preview_member_once"),
            models.CheckConstraint(name="preview_member_arm_known", condition=Q(arm__in=Arm.values)),
        ]


class AssignmentQuerySet(models.QuerySet["Assignment"]):
    def visible_to(self, user: User) -> AssignmentQuerySet:
        if user.role == Role.AGENT:
            return self.none()
        return self if user.sees_all_teams else self.filter(campaign__team_id=user.team_pk)


class Assignment(models.Model):
    """One customer's arm in one campaign, written before any contact and never changed.

    `propensity` is the probability of the arm that was drawn, `stratum` the group it was drawn in, `snapshot` what was
    known of the customer at that moment (gap, perceived, repeat count, tiers).
    """

    campaign = models.ForeignKey(Campaign, models.PROTECT, related_name="assignments")
    line = models.ForeignKey(CampaignLine, models.PROTECT, related_name="+")
    customer = models.ForeignKey("customers.Customer", models.PROTECT, related_name="assignments")
    entry = models.ForeignKey("surveys.PoolEntry", models.PROTECT, related_name="+")
    arm = models.CharField(max_length=8, choices=Arm.choices)
    stratum = models.CharField(max_length=40)
    propensity = models.FloatField()
    snapshot = models.JSONField(default=dict)
    assigned_at = models.DateTimeField()

    objects = AssignmentQuerySet.as_manager()

    class Meta:
        constraints = [
            # Nobody is drawn twice in one campaign.
            models.UniqueConstraint(fields=["campaign", "customer"], name="assignment_once_per_campaign"),
            models.CheckConstraint(name="assignment_arm_known", condition=Q(arm__in=Arm.values)),
            models.CheckConstraint(
                name="assignment_propensity_possible", condition=Q(propensity__gt=0, propensity__lte=1)
            ),
        ]
        indexes = [
            models.Index(fields=["campaign", "arm"], name="assignment_by_arm"),
            # The newest assignment of a campaign, which the follow-up panel asks for each second.
            models.Index(fields=["campaign", "id"], name="assignment_newest"),
        ]
