"""Words of stage 4."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from evaluation.logic import trust


class Wave(models.IntegerChoices):
    """One of three monthly follow-up checks; the third is the primary one."""

    FIRST = 1, _("month 1")
    SECOND = 2, _("month 2")
    THIRD = 3, _("month 3")


PRIMARY_WAVE = Wave.THIRD


class Metric(models.TextChoices):
    SATISFACTION = "satisfaction", _("satisfaction")
    SATISFIED = "satisfied", _("share satisfied")


class Verdict(models.TextChoices):
    """One word for an effect; the rules stand in `evaluation.logic.trust`."""

    WON = trust.Verdict.WON, _("won")
    LOST = trust.Verdict.LOST, _("lost")
    NO_EVIDENCE = trust.Verdict.NO_EVIDENCE, _("no evidence")
    NOT_ENOUGH_DATA = trust.Verdict.NOT_ENOUGH_DATA, _("not enough data")
    SUSPICIOUS = trust.Verdict.SUSPICIOUS, _("suspicious")
    INTERIM = trust.Verdict.INTERIM, _("interim")
