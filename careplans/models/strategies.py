"""The four kinds of care and how each is given."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from careplans.enums import StrategyKind

if TYPE_CHECKING:
    from loopcare.staff.models import User


class StrategyQuerySet(models.QuerySet["Strategy"]):
    def visible_to(self, user: User) -> StrategyQuerySet:
        return self


class Strategy(models.Model):
    """One way to care: its kind, guide, minutes, tries, cost and service level."""

    name = models.CharField(_("name"), max_length=80, unique=True)
    kind = models.CharField(_("kind"), max_length=10, choices=StrategyKind.choices)
    guide_en = models.TextField(_("guide in English"), blank=True, help_text=_("one step a line"))
    guide_zh = models.TextField(_("guide in Chinese"), blank=True)
    minutes = models.DecimalField(_("minutes per case"), max_digits=5, decimal_places=1, default=9)
    unit_cost = models.DecimalField(_("cost per case"), max_digits=8, decimal_places=2, default=0)
    max_tries = models.PositiveSmallIntegerField(_("tries"), default=4)
    first_contact_hours = models.PositiveSmallIntegerField(_("first contact within hours"), default=24)
    version = models.PositiveIntegerField(default=1)

    objects = StrategyQuerySet.as_manager()

    class Meta:
        ordering = ["name"]
        constraints = [
            models.CheckConstraint(name="strategy_kind_known", condition=Q(kind__in=StrategyKind.values)),
            models.CheckConstraint(name="strategy_takes_time", condition=Q(minutes__gt=0, max_tries__gt=0)),
            models.CheckConstraint(name="strategy_cost_not_negative", condition=Q(unit_cost__gte=0)),
        ]

    @property
    def label(self) -> str:
        """The name as it is shown: a shipped one is translated, anybody's own stays as it is."""
        return gettext(self.name)
