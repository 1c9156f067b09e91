"""The start page of an agent: how much is due, what is promised today, what is done."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db.models import Count, DateTimeField, DurationField, ExpressionWrapper, F, Q, QuerySet, Value
from django.db.models.functions import ExtractHour

from careplans.enums import CampaignStatus, CaseStatus
from careplans.models import Attempt, Case
from loopcare.staff.enums import Role
from loopcare.staff.models import User

OWNER_FIRST = timedelta(minutes=30)
"""How long after its time a booked callback is its owner's alone; then anybody in the team keeps the promise."""


@dataclass(frozen=True, slots=True)
class HourCount:
    """Callbacks booked within one hour of the installation's clock."""

    hour: int
    count: int


@dataclass(frozen=True, slots=True)
class QueueHome:
    """`due_now` and `overdue` are the team's; `overdue` is the part of `due_now` whose promised time has passed.

    `booked_today` and `done_today` are this agent's own; with `whole_team`, for a supervisor, those of everybody they
    see. `in_hand` is the case this person already holds.
    """

    whole_team: bool
    due_now: int
    overdue: int
    team_waiting: int
    booked_today: list[HourCount]
    done_today: int
    in_hand: Case | None


def holder_of(user: User) -> str:
    """The name an agent holds cases by."""
    return f"agent:{user.pk}"


def in_hand_of(user: User) -> Case | None:
    """The case this agent holds; a lease that lapsed but was not collected yet still counts."""
    return (
        Case.objects.filter(status=CaseStatus.IN_HAND, holder=holder_of(user))
        .select_related("customer__region", "strategy", "campaign", "entry__source")
        .first()
    )


def queue_home(user: User, now: datetime) -> QueueHome:
    """The figures of the start page, in the installation's zone."""
    zone = ZoneInfo(settings.TIME_ZONE)
    midnight = datetime.combine(now.astimezone(zone).date(), time(0), tzinfo=zone)
    today = (midnight, midnight + timedelta(days=1))
    whole_team = user.role == Role.SUPERVISOR
    waiting = Case.objects.queued().visible_to(user).filter(campaign__status=CampaignStatus.LAUNCHED)
    due = Q(due_at__lte=now)
    counts = _with_promise(waiting).aggregate(
        team_waiting=Count("pk"),
        due_now=Count("pk", filter=due),
        overdue=Count(
            "pk", filter=due & (Q(booked_at__lt=now - OWNER_FIRST) | Q(booked_at=None, tries=0, promised_at__lt=now))
        ),
    )
    hours = (
        waiting.filter(*([] if whole_team else [Q(owner=user)]), booked_at__range=today)
        .annotate(hour=ExtractHour("booked_at", tzinfo=zone))
        .values_list("hour")
        .annotate(n=Count("pk"))
        .order_by("hour")
    )
    tries = Attempt.objects.visible_to(user) if whole_team else Attempt.objects.filter(agent=user)
    return QueueHome(
        **counts,
        whole_team=whole_team,
        booked_today=[HourCount(hour, n) for hour, n in hours],
        done_today=tries.filter(at__gte=today[0], at__lt=today[1]).count(),
        in_hand=in_hand_of(user),
    )


def _with_promise(cases: QuerySet[Case]) -> QuerySet[Case]:
    """With `promised_at`: when the strategy promises the first contact."""
    hours = ExpressionWrapper(
        F("strategy__first_contact_hours") * Value(timedelta(hours=1)), output_field=DurationField()
    )
    return cases.annotate(promised_at=ExpressionWrapper(F("opened_at") + hours, output_field=DateTimeField()))
