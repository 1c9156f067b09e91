"""Words and states of stages 1 and 2."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from loopcare.common.states import State


class SignalKind(models.TextChoices):
    """What a signal is. The dimension of a signal that is no rating is its kind."""

    RATING = "rating", _("rating")
    COMPLAINT = "complaint", _("complaint")
    REVIEW = "review", _("review")
    CONTACT = "contact", _("contact")
    TICKET = "ticket", _("ticket")
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


class AdequateFrom(models.TextChoices):
    """Who said what level is good enough."""

    STATED = "stated", _("stated by the customer")
    MAPPED = "mapped", _("given with the file")
    SET = "set", _("set by a supervisor")
    LEARNED = "learned", _("learned from what customers did")
    SOURCE = "source", _("the source's own")


class UnknownCustomers(models.TextChoices):
    """What becomes of a signal whose customer nobody knows."""

    CREATE = "create", _("create the customer")
    REJECT = "reject", _("reject the row")


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


class SilentStatus(State):
    DRAFT = "draft", _("draft")
    IN_USE = "in_use", _("in use")
    RETIRED = "retired", _("retired")

    @classmethod
    def moves(cls) -> dict[str, frozenset[str]]:
        return {
            cls.DRAFT: frozenset({cls.IN_USE, cls.RETIRED}),
            cls.IN_USE: frozenset({cls.RETIRED}),
            # The version before it can be taken back, should a new one disappoint.
            cls.RETIRED: frozenset({cls.IN_USE}),
        }


class QuestionKind(models.TextChoices):
    CSAT = "csat", _("satisfaction, 1 to 5")


# --- monitoring ------------------------------------------------------------------------------------------------------
class RepeatBand(models.IntegerChoices):
    """How many times customers were dissatisfied within the repeat window."""

    ONCE = 1, _("once")
    TWICE = 2, _("twice")
    OFTEN = 3, _("three times and more")


class AlarmStatus(State):
    NEW = "new", _("new")
    ACKNOWLEDGED = "acknowledged", _("acknowledged")
    INCIDENT = "incident", _("in an incident")

    @classmethod
    def moves(cls) -> dict[str, frozenset[str]]:
        return {
            cls.NEW: frozenset({cls.ACKNOWLEDGED, cls.INCIDENT}),
            cls.ACKNOWLEDGED: frozenset({cls.INCIDENT}),
            cls.INCIDENT: frozenset(),
        }


class IncidentStatus(State):
    OPEN = "open", _("open")
    CONTAINED = "contained", _("contained")
    CLOSED = "closed", _("closed")

    @classmethod
    def moves(cls) -> dict[str, frozenset[str]]:
        return {
            # A false alarm is closed at once; what broke out again is open again, with the same clock.
            cls.OPEN: frozenset({cls.CONTAINED, cls.CLOSED}),
            cls.CONTAINED: frozenset({cls.OPEN, cls.CLOSED}),
            cls.CLOSED: frozenset({cls.OPEN}),
        }


class IncidentPhase(models.TextChoices):
    CONFIRM = "confirm", _("Confirm")
    EXPLAIN = "explain", _("Explain")
    CONTAIN = "contain", _("Contain")
    MEND = "mend", _("Mend")
    LEARN = "learn", _("Learn")


class IncidentStepName(models.TextChoices):
    """The checklist, in the order of the clock."""

    NUMBERS = "numbers", _("The numbers are right: no file twice, no rule changed")
    CUSTOMERS = "customers", _("Ten of the customers behind it were read")
    EXTENT = "extent", _("How many are affected, and how badly, is written down")
    CAUSE = "cause", _("What happened, since when and to whom is known")
    AGENTS = "agents", _("Agents know what to say")
    DEPARTMENT = "department", _("The department that can mend it was told")
    STOP = "stop", _("The cause is stopped or worked around")
    SEGMENT = "segment", _("The customers affected are in a segment with care")
    MENDED = "mended", _("The cause is removed")
    INFORMED = "informed", _("Everybody affected was told or cared for")
    USUAL = "usual", _("Daily counts were usual for seven days")
    LESSON = "lesson", _("The cause is in the cause tree, with an action against it")
    REVIEW = "review", _("The incident was looked at together")


class IncidentNoteKind(models.TextChoices):
    NOTE = "note", _("note")
    DONE = "done", _("done")
    UNDONE = "undone", _("not done after all")
    OWNER = "owner", _("owner")
    ALARM = "alarm", _("alarm added")


# --- analysis --------------------------------------------------------------------------------------------------------
class TierKind(models.TextChoices):
    ACTIVITY = "activity", _("activity")
    VALUE = "value", _("value")


class CauseAct(models.TextChoices):
    """What can be done to the cause tree."""

    ADDED = "added", _("added")
    CHANGED = "changed", _("changed")
    MERGED = "merged", _("merged")
    SPLIT = "split", _("split")
    RETIRED = "retired", _("retired")
    REVIVED = "revived", _("taken back into use")


class CauseBasis(models.TextChoices):
    """Who named a cause that the customer did not choose."""

    AGENT = "agent", _("the case's agent")
    TEXT = "text", _("read from the comment")


class AnalysisKind(models.TextChoices):
    CAUSES = "causes", _("causes")
    DRIVERS = "drivers", _("drivers")
    HOTSPOTS = "hotspots", _("effort hot spots")
    NEXT_ISSUE = "next_issue", _("next issue")
    PROFILE = "profile", _("profile")
    TIERS = "tiers", _("tiers")
