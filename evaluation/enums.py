"""Words of stage 4."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class Wave(models.IntegerChoices):
    """One of three monthly follow-up checks; the third is the primary one."""

    FIRST = 1, _("month 1")
    SECOND = 2, _("month 2")
    THIRD = 3, _("month 3")


class Metric(models.TextChoices):
    SATISFACTION = "satisfaction", _("satisfaction")
    SATISFIED = "satisfied", _("share satisfied")
