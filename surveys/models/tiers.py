"""Tiers of customers: by which measure they are told apart, and who moved when."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from loopcare.staff.enums import Role
from surveys.enums import TierKind

if TYPE_CHECKING:
    from loopcare.staff.models import User


class TierRuleQuerySet(models.QuerySet["TierRule"]):
    def visible_to(self, user: User) -> TierRuleQuerySet:
        return self.none() if user.role == Role.AGENT else self


class TierRule(models.Model):
    """How one kind of tier is told: a measure and three cuts, from the best tier down. The latest version holds.

    A customer whose measure is at least `cuts[0]` is in the first tier (active, strategic), at least `cuts[1]` in the
    second, at least `cuts[2]` in the third, else in the last. Without the measure a customer keeps the tier they have.
    """

    kind = models.CharField(max_length=8, choices=TierKind.choices)
    version = models.PositiveIntegerField()
    measure = models.CharField(max_length=60, db_collation="C")
    cuts = ArrayField(models.FloatField(), size=3)
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    decided_at = models.DateTimeField()

    objects = TierRuleQuerySet.as_manager()

    class Meta:
        ordering = ["kind", "-version"]
        constraints = [
            models.UniqueConstraint(fields=["kind", "version"], name="tier_rule_version_once"),
            models.CheckConstraint(name="tier_rule_kind_known", condition=Q(kind__in=TierKind.values)),
            models.CheckConstraint(
                name="tier_rule_three_falling_cuts",
                condition=Q(cuts__len=3, cuts__0__gt=models.F("cuts__1"), cuts__1__gt=models.F("cuts__2")),
            ),
        ]


class TierMove(models.Model):
    """That a customer went from one tier to another, on a day, by which rule. Append-only."""

    customer = models.ForeignKey("customers.Customer", models.CASCADE, related_name="tier_moves")
    rule = models.ForeignKey(TierRule, models.PROTECT, related_name="+", db_index=False)
    kind = models.CharField(max_length=8, choices=TierKind.choices)
    from_tier = models.CharField(max_length=10, blank=True, db_collation="C")
    to_tier = models.CharField(max_length=10, db_collation="C")
    moved_on = models.DateField()

    objects = models.Manager()

    class Meta:
        indexes = [models.Index(fields=["moved_on", "kind"], name="tier_move_by_day")]
