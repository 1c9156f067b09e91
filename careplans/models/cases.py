"""One customer's care in one campaign: the case, every try to reach them, and the notes in progress."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from careplans.enums import CaseStatus, CloseReason, Outcome
from loopcare.common.leases import Lease
from loopcare.common.states import Event
from loopcare.contact.enums import Channel
from loopcare.staff.enums import Role

if TYPE_CHECKING:
    from loopcare.staff.models import User


class CaseQuerySet(models.QuerySet["Case"]):
    def open(self) -> CaseQuerySet:
        return self.exclude(status=CaseStatus.CLOSED)

    def queued(self) -> CaseQuerySet:
        return self.filter(status=CaseStatus.QUEUED)

    def visible_to(self, user: User) -> CaseQuerySet:
        """Agents and supervisors see their own team's cases."""
        return self if user.sees_all_teams else self.filter(team_id=user.team_pk)


class Case(Lease):
    """One customer's care in one campaign, from opened to closed. An agent holds it by its lease.

    `due_at` is when the next try may happen: the service level at first, the ladder or the booked callback later.
    `episode` is the first case of a chain of relapses. `priority` is expected value saved per agent minute.
    """

    assignment = models.OneToOneField("careplans.Assignment", models.PROTECT, related_name="case")
    campaign = models.ForeignKey("careplans.Campaign", models.PROTECT, related_name="cases")
    strategy = models.ForeignKey("careplans.Strategy", models.PROTECT, related_name="+")
    customer = models.ForeignKey("customers.Customer", models.PROTECT, related_name="cases")
    entry = models.ForeignKey("surveys.PoolEntry", models.PROTECT, related_name="+")
    episode = models.ForeignKey("self", models.PROTECT, null=True, related_name="relapses")
    team = models.ForeignKey("staff.Team", models.PROTECT, related_name="cases")
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        related_name="+",
        help_text=_("who agreed the callback"),
    )
    status = models.CharField(max_length=16, choices=CaseStatus.choices, default=CaseStatus.QUEUED)
    priority = models.FloatField(default=0)
    due_at = models.DateTimeField()
    booked_at = models.DateTimeField(null=True, blank=True)
    tries = models.PositiveSmallIntegerField(default=0)
    cause = models.CharField(max_length=60, blank=True, db_collation="C")
    action = models.CharField(max_length=80, blank=True)
    opened_at = models.DateTimeField()
    solved_at = models.DateTimeField(null=True, blank=True)
    closed_at = models.DateTimeField(null=True, blank=True)
    close_reason = models.CharField(max_length=14, choices=CloseReason.choices, blank=True)

    objects = CaseQuerySet.as_manager()

    class Meta:
        constraints = [
            CaseStatus.check(name="case_status_known"),
            # One care at a time: a customer with an open case gets no second one.
            models.UniqueConstraint(
                fields=["customer"], condition=~Q(status=CaseStatus.CLOSED), name="case_one_open_per_customer"
            ),
            models.CheckConstraint(
                name="case_closed_when_closed",
                condition=Q(status=CaseStatus.CLOSED, closed_at__isnull=False) & ~Q(close_reason="")
                | ~Q(status=CaseStatus.CLOSED) & Q(closed_at=None, close_reason=""),
            ),
            # A case in hand is in somebody's hand, and only then.
            models.CheckConstraint(
                name="case_held_only_in_hand",
                condition=Q(status=CaseStatus.IN_HAND, lease_until__isnull=False) & ~Q(holder="")
                | ~Q(status=CaseStatus.IN_HAND) & Q(holder="", lease_until=None),
            ),
            # One case at a time in each hand, however often "next" is pressed.
            models.UniqueConstraint(
                fields=["holder"], condition=Q(status=CaseStatus.IN_HAND), name="case_one_in_hand_per_holder"
            ),
        ]
        indexes = [
            # The queue: the next best due case of a team.
            models.Index(
                fields=["team", "-priority", "due_at", "id"],
                condition=Q(status=CaseStatus.QUEUED),
                name="case_queue",
            ),
            # Promised callbacks, served before the queue.
            models.Index(
                fields=["team", "booked_at"],
                condition=Q(status=CaseStatus.QUEUED, booked_at__isnull=False),
                name="case_booked",
            ),
            # Solved cases wait here until the customer confirms or stays silent too long.
            models.Index(fields=["solved_at"], condition=Q(status=CaseStatus.SOLVED), name="case_solved"),
            # The few cases in hand, looked through for lapsed leases each second.
            models.Index(fields=["lease_until"], condition=Q(status=CaseStatus.IN_HAND), name="case_in_hand"),
        ]


class CaseEvent(Event):
    """One move of a case."""

    case = models.ForeignKey(Case, models.PROTECT, related_name="events")

    objects = models.Manager()


class AttemptQuerySet(models.QuerySet["Attempt"]):
    def visible_to(self, user: User) -> AttemptQuerySet:
        return self if user.sees_all_teams else self.filter(case__team_id=user.team_pk)


class Attempt(models.Model):
    """One try to reach the customer and what came of it. `key` is the client's: sending it twice records it once."""

    case = models.ForeignKey(Case, models.PROTECT, related_name="attempts")
    agent = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    outcome = models.CharField(max_length=14, choices=Outcome.choices)
    channel = models.CharField(max_length=8, choices=Channel.choices, default=Channel.PHONE)
    point = models.ForeignKey("customers.ContactPoint", models.SET_NULL, null=True, related_name="+")
    notes = models.TextField(blank=True, max_length=20_000)
    cause = models.CharField(max_length=60, blank=True, db_collation="C")
    action = models.CharField(max_length=80, blank=True)
    booked_at = models.DateTimeField(null=True, blank=True)
    at = models.DateTimeField()
    key = models.CharField(max_length=64, unique=True, db_collation="C")

    objects = AttemptQuerySet.as_manager()

    class Meta:
        ordering = ["at", "id"]
        constraints = [
            models.CheckConstraint(name="attempt_outcome_known", condition=Q(outcome__in=Outcome.values)),
            models.CheckConstraint(
                name="attempt_callback_is_booked",
                condition=~Q(outcome=Outcome.CALLBACK) | Q(booked_at__isnull=False),
            ),
        ]


class DraftQuerySet(models.QuerySet["Draft"]):
    def visible_to(self, user: User) -> DraftQuerySet:
        return self.filter(agent=user) if user.role == Role.AGENT else self


class Draft(models.Model):
    """An agent's notes in progress on a case: theirs alone, kept whoever else acts on the case."""

    case = models.ForeignKey(Case, models.CASCADE, related_name="drafts")
    agent = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    notes = models.TextField(blank=True, max_length=20_000)
    cause = models.CharField(max_length=60, blank=True)
    action = models.CharField(max_length=80, blank=True)
    saved_at = models.DateTimeField()

    objects = DraftQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["case", "agent"], name="draft_once_per_agent")]
