"""What priorities are made of, as supervisors set it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.conf import settings
from django.db import models
from django.db.models import Q

from careplans.enums import FactorBasis, FactorKind, StrategyKind
from loopcare.customers.enums import ValueTier
from loopcare.staff.enums import Role

if TYPE_CHECKING:
    from loopcare.staff.models import User

MOST_VALUE = 1e9
"""No customer is worth more a year, in any currency."""


class PriorityFactorQuerySet(models.QuerySet["PriorityFactor"]):
    def visible_to(self, user: User) -> PriorityFactorQuerySet:
        """Agents read the factors of a case of theirs in its words."""
        return self.none() if user.role == Role.AGENT else self


class PriorityFactor(models.Model):
    """One factor as it holds from `at` on; the highest version of a factor holds. Append-only.

    `of` is a value tier, or for an effect a kind of strategy. `value`: a chance (0–1), twelve months' margin in the
    operator's currency, or the share of would-be leavers kept (−1…1). `version` counts the changes of all factors: what
    was saved together bears one. `evidence` of a calibrated effect: closed cases and confirmed ones, share, low and
    high. A factor without a row is as shipped (`careplans.logic.priority`).
    """

    kind = models.CharField(max_length=8, choices=FactorKind.choices)
    of = models.CharField(max_length=10, db_collation="C")
    value = models.FloatField()
    basis = models.CharField(max_length=10, choices=FactorBasis.choices)
    evidence = models.JSONField(default=dict)
    version = models.PositiveIntegerField()
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    at = models.DateTimeField()

    objects = PriorityFactorQuerySet.as_manager()

    class Meta:
        ordering = ["kind", "of", "-version"]
        constraints = [
            models.UniqueConstraint(fields=["kind", "of", "version"], name="priority_factor_version_once"),
            models.CheckConstraint(name="priority_factor_basis_known", condition=Q(basis__in=FactorBasis.values)),
            # Each kind has its own range, and nothing is a factor of what is not there.
            models.CheckConstraint(
                name="priority_factor_in_its_range",
                condition=Q(kind=FactorKind.P_LEAVES, of__in=ValueTier.values, value__range=(0, 1))
                | Q(kind=FactorKind.VALUE, of__in=ValueTier.values, value__range=(0, MOST_VALUE))
                | Q(kind=FactorKind.EFFECT, of__in=StrategyKind.values, value__range=(-1, 1)),
            ),
        ]
