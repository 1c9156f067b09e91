"""Words about contacts with a customer."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class Channel(models.TextChoices):
    PHONE = "phone", _("phone")
    EMAIL = "email", _("e-mail")
    SMS = "sms", _("SMS")
    WEBHOOK = "webhook", _("app or chat")


class Purpose(models.TextChoices):
    """Why the customer is contacted; it decides which holds and limits count."""

    CARE = "care", _("care")
    CASE = "case", _("a try in an open case")
    CALLBACK = "callback", _("agreed callback")
    SURVEY = "survey", _("survey")
    FOLLOW_UP = "follow_up", _("follow-up question")
    CONFIRMATION = "confirmation", _("confirmation question")


class HoldKind(models.TextChoices):
    """A note the stages above leave on the door."""

    OPEN_CARE = "open_care", _("another care is open")
    HOLD_OUT = "hold_out", _("held out of a campaign")


class Refusal(models.TextChoices):
    """Why a contact was refused."""

    SUPPRESSED = "suppressed", _("do not contact")
    NO_POINT = "no_point", _("no number or address")
    CONSENT = "consent", _("consent withdrawn")
    HOLD_OUT = "hold_out", _("held out")
    OPEN_CARE = "open_care", _("other care is open")
    FATIGUE = "fatigue", _("contacted too often lately")
    NIGHT = "night", _("outside local hours")
    HOLIDAY = "holiday", _("holiday")


POINT_OF = {Channel.PHONE: "phone", Channel.SMS: "phone", Channel.EMAIL: "email"}
"""The kind of contact point a channel needs; a webhook needs none."""
