"""Who may do what, by role."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class Role(models.TextChoices):
    AGENT = "agent", _("Care agent")
    SUPERVISOR = "supervisor", _("Supervisor")
    ANALYST = "analyst", _("Analyst")
    AUDITOR = "auditor", _("Auditor")
    ADMINISTRATOR = "administrator", _("Administrator")


class World(models.TextChoices):
    """What this installation serves; only a demo world may be loaded, simulated or moved in time."""

    LIVE = "live", _("live")
    DEMO = "demo", _("demo")


class AuditAction(models.TextChoices):
    REVEAL = "reveal", _("revealed contact details")
    EXPORT = "export", _("exported")
    SIGN_IN = "sign_in", _("signed in")
    LAUNCH = "launch", _("launched a campaign")
    CONFIGURE = "configure", _("changed a setting")
    ERASE = "erase", _("erased a customer")


class Scope(models.TextChoices):
    """What an API key may do; a route names the scopes it answers, beside its roles."""

    SIGNALS_WRITE = "signals:write", _("send signals")
