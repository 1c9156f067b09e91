"""Words and states of stages 1 and 2."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from loopcare.common.states import State


class SignalKind(models.TextChoices):
    """What a signal is; ratings, complaints and reviews are explicit, the others latent."""

    RATING = "rating", _("rating")
    COMPLAINT = "complaint", _("complaint")
    REVIEW = "review", _("review")
    CONTACT = "contact", _("contact")
    USAGE = "usage", _("usage change")
    PREDICTION = "prediction", _("prediction")


class SourceChannel(models.TextChoices):
    HOTLINE = "hotline", _("hotline")
    SMS = "sms", _("SMS")
    EMAIL = "email", _("e-mail")
    APP = "app", _("app")
    WEB = "web", _("web")
    SHOP = "shop", _("shop")
    SOCIAL = "social", _("social")
    SCAN = "scan", _("scan")


class EntryKind(models.TextChoices):
    EXPLICIT = "explicit", _("explicit")
    LATENT = "latent", _("latent")


class LeftReason(models.TextChoices):
    RECOVERED = "recovered", _("recovered")
    EXPIRED = "expired", _("expired")
    WITHDRAWN = "withdrawn", _("withdrawn")
    ERASED = "erased", _("erased")


class PoolStatus(State):
    WAITING = "waiting", _("waiting")
    IN_CARE = "in_care", _("in care")
    HELD_OUT = "held_out", _("held out")
    LEFT = "left", _("left")

    @classmethod
    def moves(cls) -> dict[str, frozenset[str]]:
        return {
            cls.WAITING: frozenset({cls.IN_CARE, cls.HELD_OUT, cls.LEFT}),
            cls.IN_CARE: frozenset({cls.WAITING, cls.LEFT}),
            # A complaint, a call-me-back or a regulator's case ends a hold-out: care starts at once, by way of waiting.
            cls.HELD_OUT: frozenset({cls.WAITING, cls.LEFT}),
            cls.LEFT: frozenset(),
        }


class QuestionKind(models.TextChoices):
    CSAT = "csat", _("satisfaction, 1 to 5")
