"""Why customers are dissatisfied, and groups of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.conf import settings
from django.db import models
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from loopcare.staff.enums import Role

if TYPE_CHECKING:
    from loopcare.staff.models import User


class Cause(models.Model):
    """A node of the cause tree; `code` is its path, such as `network.voice.dropped`."""

    code = models.CharField(_("code"), max_length=60, unique=True, db_collation="C")
    name_en = models.CharField(_("name in English"), max_length=80)
    name_zh = models.CharField(_("name in Chinese"), max_length=80, blank=True)

    objects = models.Manager()

    class Meta:
        ordering = ["code"]

    @property
    def name(self) -> str:
        chinese = (get_language() or "en").startswith("zh")
        return (self.name_zh if chinese else self.name_en) or self.name_en or self.name_zh


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
