"""Effects as they were read out: frozen, with the inputs they came from."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import models
from django.db.models import Q

from evaluation.enums import Metric, Wave
from loopcare.staff.enums import Role

if TYPE_CHECKING:
    from loopcare.staff.models import User


class EstimateQuerySet(models.QuerySet["Estimate"]):
    def visible_to(self, user: User) -> EstimateQuerySet:
        if user.role == Role.AGENT:
            return self.none()
        return self if user.sees_all_teams else self.filter(campaign__team_id=user.team_pk)


class Estimate(models.Model):
    """One effect at the read-out: care minus hold-out by assigned arm, with its 95 % interval and its inputs."""

    campaign = models.ForeignKey("careplans.Campaign", models.PROTECT, related_name="estimates")
    metric = models.CharField(max_length=12, choices=Metric.choices)
    wave = models.PositiveSmallIntegerField(choices=Wave.choices)
    effect = models.FloatField(null=True)
    se = models.FloatField(null=True)
    low = models.FloatField(null=True)
    high = models.FloatField(null=True)
    inputs = models.JSONField(help_text="the sufficient statistics by arm and stratum")
    method = models.CharField(max_length=40)
    verdict = models.CharField(max_length=20)
    read_at = models.DateTimeField()

    objects = EstimateQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["campaign", "metric", "wave"], name="estimate_read_out_once"),
            models.CheckConstraint(
                name="estimate_interval_in_order",
                condition=Q(effect=None) | Q(low__lte=models.F("effect"), high__gte=models.F("effect")),
            ),
        ]
