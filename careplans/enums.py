"""Words and states of stage 3."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from careplans.logic import cadence
from loopcare.common.states import State


class StrategyKind(models.TextChoices):
    CALLBACK = "callback", _("callback")
    OUTREACH = "outreach", _("outreach")
    TOUCHPOINT = "touchpoint", _("touchpoint")
    INTERVIEW = "interview", _("interview")


class CampaignStatus(State):
    DRAFT = "draft", _("draft")
    LAUNCHED = "launched", _("launched")
    PAUSED = "paused", _("paused")
    FINISHED = "finished", _("finished")
    STOPPED = "stopped", _("stopped")
    READ = "read", _("read out")

    @classmethod
    def moves(cls) -> dict[str, frozenset[str]]:
        return {
            cls.DRAFT: frozenset({cls.LAUNCHED}),
            cls.LAUNCHED: frozenset({cls.PAUSED, cls.FINISHED, cls.STOPPED}),
            cls.PAUSED: frozenset({cls.LAUNCHED, cls.FINISHED, cls.STOPPED}),
            cls.FINISHED: frozenset({cls.READ}),
            cls.STOPPED: frozenset({cls.READ}),
            cls.READ: frozenset(),
        }


class Arm(models.TextChoices):
    CARE = "care", _("care")
    HOLD_OUT = "hold_out", _("hold-out")
    DEFERRED = "deferred", _("deferred")


class CaseStatus(State):
    QUEUED = "queued", _("queued")
    IN_HAND = "in_hand", _("in hand")
    WAITING_INTERNAL = "waiting_internal", _("waiting for another department")
    NEEDS_DATA = "needs_data", _("needs data")
    SOLVED = "solved", _("solved")
    CLOSED = "closed", _("closed")

    @classmethod
    def moves(cls) -> dict[str, frozenset[str]]:
        return {
            cls.QUEUED: frozenset({cls.IN_HAND, cls.CLOSED}),
            cls.IN_HAND: frozenset({cls.QUEUED, cls.WAITING_INTERNAL, cls.NEEDS_DATA, cls.SOLVED, cls.CLOSED}),
            cls.WAITING_INTERNAL: frozenset({cls.QUEUED, cls.CLOSED}),
            cls.NEEDS_DATA: frozenset({cls.QUEUED, cls.CLOSED}),
            # The customer confirms, says no, or stays silent for seven days (closed as unconfirmed).
            cls.SOLVED: frozenset({cls.CLOSED, cls.QUEUED}),
            cls.CLOSED: frozenset(),
        }


class CloseReason(models.TextChoices):
    CONFIRMED = "confirmed", _("confirmed by the customer")
    UNCONFIRMED = "unconfirmed", _("not confirmed in time")
    UNREACHABLE = "unreachable", _("unreachable")
    REFUSED = "refused", _("refused")
    DO_NOT_CONTACT = "do_not_contact", _("do not contact")
    RECOVERED = "recovered", _("recovered")
    WITHDRAWN = "withdrawn", _("withdrawn")


class Outcome(models.TextChoices):
    """What came of one try, in the order of the keys 1 to 9. The codes and their rules: `careplans.logic.cadence`."""

    SOLVED = cadence.Outcome.SOLVED, _("Solved")
    FOLLOW_UP = cadence.Outcome.FOLLOW_UP, _("Follow-up")
    CALLBACK = cadence.Outcome.CALLBACK, _("Callback agreed")
    NO_ANSWER = cadence.Outcome.NO_ANSWER, _("No answer")
    BUSY = cadence.Outcome.BUSY, _("Busy")
    CUT_OFF = cadence.Outcome.CUT_OFF, _("Cut off")
    WRONG_NUMBER = cadence.Outcome.WRONG_NUMBER, _("Wrong number")
    REFUSED = cadence.Outcome.REFUSED, _("Refused this time")
    DO_NOT_CONTACT = cadence.Outcome.DO_NOT_CONTACT, _("Do not contact")


class SkipReason(models.TextChoices):
    """Why an agent puts a case down without an outcome; kept in the event of the move."""

    BAD_MOMENT = "bad_moment", _("Not a good moment to call")
    LANGUAGE = "language", _("Needs another language or skill")
    ACQUAINTED = "acquainted", _("I know this customer")
    UNPREPARED = "unprepared", _("Something must be found out first")
    STOPPING = "stopping", _("I stop working now")


REACHED = frozenset(
    {Outcome.SOLVED, Outcome.FOLLOW_UP, Outcome.CALLBACK, Outcome.CUT_OFF, Outcome.REFUSED, Outcome.DO_NOT_CONTACT}
)
"""Outcomes in which the customer was spoken to; only these count as a contact."""

TALKED = frozenset({Outcome.SOLVED, Outcome.FOLLOW_UP})
"""Outcomes in which the matter itself was talked about, not only the time of another call."""

LADDER = frozenset({Outcome.NO_ANSWER, Outcome.BUSY, Outcome.CUT_OFF, Outcome.WRONG_NUMBER})
"""Outcomes that use up one of the strategy's tries; an agreed next talk uses up none."""


class PlanWarning(models.TextChoices):
    """What a supervisor should know before launching; a preview keeps the codes in `counts["warnings"]`."""

    NO_HOLD_OUT = "no_hold_out", _("Nobody is held out: the effect of this campaign cannot be proven.")
    TOO_FEW = "too_few", _("The groups are too small to show any effect.")
    SHORT = "short", _("Capacity is short: some customers wait, drawn at random.")
    STRATEGIC_OVER = "strategic_over", _("Strategic customers alone need more than the capacity.")


class FactorKind(models.TextChoices):
    """What a priority is made of: two factors a value tier, one a kind of care."""

    P_LEAVES = "p_leaves", _("chance of leaving")
    VALUE = "value", _("value at stake")
    EFFECT = "effect", _("share kept")


class FactorBasis(models.TextChoices):
    """Where a factor comes from; one that nobody changed is assumed."""

    SET = "set", _("set")
    CALIBRATED = "calibrated", _("calibrated")
