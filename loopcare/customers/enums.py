"""Words about customers."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class ValueTier(models.TextChoices):
    STRATEGIC = "strategic", _("strategic")
    HIGH = "high", _("high")
    CORE = "core", _("core")
    BASIC = "basic", _("basic")


class ActivityTier(models.TextChoices):
    ACTIVE = "active", _("active")
    STEADY = "steady", _("steady")
    FADING = "fading", _("fading")
    SILENT = "silent", _("silent")


class PointKind(models.TextChoices):
    PHONE = "phone", _("phone")
    EMAIL = "email", _("e-mail")


class PointStatus(models.TextChoices):
    OK = "ok", _("reachable")
    DEAD = "dead", _("dead")
    BLOCKED = "blocked", _("blocked")


class Consent(models.TextChoices):
    UNKNOWN = "unknown", _("not asked")
    GIVEN = "given", _("given")
    WITHDRAWN = "withdrawn", _("withdrawn")
