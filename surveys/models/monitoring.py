"""The daily watch: counts of detections, the alarms they raise, and incidents with their response clock."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from loopcare.common.clock import Now
from loopcare.common.states import Event
from loopcare.staff.enums import Role
from surveys.enums import (
    AlarmStatus,
    IncidentNoteKind,
    IncidentPhase,
    IncidentStatus,
    IncidentStepName,
    RepeatBand,
    SourceChannel,
)

if TYPE_CHECKING:
    from loopcare.staff.models import User


class DailyCount(models.Model):
    """How many signals showed dissatisfaction in one cell on one day. An empty code is an unknown one."""

    day = models.DateField()
    source = models.ForeignKey("surveys.Source", models.PROTECT, related_name="+", db_index=False)
    brand = models.CharField(max_length=40, blank=True, db_collation="C")
    region = models.CharField(max_length=20, blank=True, db_collation="C")
    channel = models.CharField(max_length=8, choices=SourceChannel.choices, db_collation="C")
    repeat_band = models.PositiveSmallIntegerField(choices=RepeatBand.choices)
    count = models.PositiveIntegerField()

    objects = models.Manager()

    class Meta:
        constraints = [
            # A cell is counted once a day; counting a day again replaces it.
            models.UniqueConstraint(
                fields=["day", "source", "brand", "region", "channel", "repeat_band"], name="daily_count_once"
            ),
            # A cell without a signal has no row: nothing is not stored.
            models.CheckConstraint(name="daily_count_of_something", condition=Q(count__gt=0)),
            models.CheckConstraint(
                name="daily_count_repeat_band_known", condition=Q(repeat_band__in=RepeatBand.values)
            ),
        ]


class ChangedDay(models.Model):
    """A day whose detections changed since it was counted; written by a trigger of the detections, whoever writes
    them, and taken away as the day is counted. So a late file is counted without looking for it."""

    day = models.DateField()
    changed_at = models.DateTimeField(db_default=Now())

    objects = models.Manager()


class JudgedDay(models.Model):
    """A day that was compared with the weeks before it: how many cells could be judged, and the codes of the sources
    that had not told anything of it then."""

    day = models.DateField(primary_key=True)
    cells = models.PositiveIntegerField()
    late = ArrayField(models.CharField(max_length=40), default=list)
    judged_at = models.DateTimeField()

    objects = models.Manager()


class AlarmQuerySet(models.QuerySet["Alarm"]):
    def waiting(self) -> AlarmQuerySet:
        """Nobody has looked at them."""
        return self.filter(status=AlarmStatus.NEW)

    def visible_to(self, user: User) -> AlarmQuerySet:
        return self.none() if user.role == Role.AGENT else self


class Alarm(models.Model):
    """One cell brought more on one day than chance explains.

    The cell is a path along source, brand, region, channel: NULL means all, an empty code the unknown one. `lower` to
    `upper` is what chance brings, `expected` the mean of the same weekday of eight weeks, `phi` variance over mean.
    """

    day = models.DateField()
    source = models.ForeignKey("surveys.Source", models.PROTECT, null=True, related_name="+")
    brand = models.CharField(max_length=40, null=True, blank=True, db_collation="C")  # noqa: DJ001 - NULL means all
    region = models.CharField(max_length=20, null=True, blank=True, db_collation="C")  # noqa: DJ001 - NULL means all
    channel = models.CharField(max_length=8, null=True, choices=SourceChannel.choices)  # noqa: DJ001 - NULL means all
    observed = models.PositiveIntegerField()
    expected = models.FloatField()
    lower = models.PositiveIntegerField()
    upper = models.PositiveIntegerField()
    p_value = models.FloatField()
    phi = models.FloatField()
    raised_at = models.DateTimeField()
    status = models.CharField(max_length=12, choices=AlarmStatus.choices, default=AlarmStatus.NEW)
    acknowledged_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    acknowledged_at = models.DateTimeField(null=True)
    incident = models.ForeignKey("surveys.Incident", models.PROTECT, null=True, related_name="alarms")

    objects = AlarmQuerySet.as_manager()

    class Meta:
        ordering = ["-day", "p_value", "id"]
        constraints = [
            AlarmStatus.check(name="alarm_status_known"),
            # A cell alarms once a day, however often the day is judged; "all" is a value like any other here.
            models.UniqueConstraint(
                fields=["day", "source", "brand", "region", "channel"], name="alarm_once", nulls_distinct=False
            ),
            # A cell is a path: who names a brand names its source, and so on.
            models.CheckConstraint(
                name="alarm_cell_is_a_path",
                condition=(Q(source__isnull=False) | Q(brand=None))
                & (Q(brand__isnull=False) | Q(region=None))
                & (Q(region__isnull=False) | Q(channel=None)),
            ),
            # Only more than usual is an alarm.
            models.CheckConstraint(name="alarm_is_a_rise", condition=Q(observed__gt=F("upper"))),
            # Whoever acknowledged it is named, with the time.
            models.CheckConstraint(
                name="alarm_acknowledged_by_somebody",
                condition=Q(acknowledged_by=None, acknowledged_at=None) & ~Q(status=AlarmStatus.ACKNOWLEDGED)
                | Q(acknowledged_by__isnull=False, acknowledged_at__isnull=False) & ~Q(status=AlarmStatus.NEW),
            ),
            # An alarm belongs to an incident when it says so, and only then.
            models.CheckConstraint(
                name="alarm_in_incident_when_it_says_so",
                condition=Q(status=AlarmStatus.INCIDENT, incident__isnull=False)
                | ~Q(status=AlarmStatus.INCIDENT) & Q(incident=None),
            ),
        ]


class AlarmEvent(Event):
    """One move of an alarm."""

    alarm = models.ForeignKey(Alarm, models.PROTECT, related_name="events")

    objects = models.Manager()


class IncidentQuerySet(models.QuerySet["Incident"]):
    def running(self) -> IncidentQuerySet:
        """Somebody must still do something."""
        return self.exclude(status=IncidentStatus.CLOSED)

    def visible_to(self, user: User) -> IncidentQuerySet:
        return self.none() if user.role == Role.AGENT else self


class Incident(models.Model):
    """Abnormal growth that somebody answers for. Its clock starts at `opened_at` and is never set back."""

    title = models.CharField(_("title"), max_length=120)
    status = models.CharField(max_length=10, choices=IncidentStatus.choices, default=IncidentStatus.OPEN)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    opened_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    opened_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True)

    objects = IncidentQuerySet.as_manager()

    class Meta:
        ordering = ["-opened_at", "-id"]
        constraints = [
            IncidentStatus.check(name="incident_status_known"),
            # Closed has a time, and nothing else has.
            models.CheckConstraint(
                name="incident_closed_when_closed",
                condition=Q(status=IncidentStatus.CLOSED, closed_at__isnull=False)
                | ~Q(status=IncidentStatus.CLOSED) & Q(closed_at=None),
            ),
        ]


class IncidentEvent(Event):
    """One move of an incident."""

    incident = models.ForeignKey(Incident, models.PROTECT, related_name="events")

    objects = models.Manager()


class IncidentStep(models.Model):
    """One item of an incident's checklist: when it is due, and who did it when."""

    incident = models.ForeignKey(Incident, models.CASCADE, related_name="steps", db_index=False)
    phase = models.CharField(max_length=8, choices=IncidentPhase.choices)
    name = models.CharField(max_length=12, choices=IncidentStepName.choices)
    due_at = models.DateTimeField()
    done_at = models.DateTimeField(null=True)
    done_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")

    objects = models.Manager()

    class Meta:
        ordering = ["due_at", "id"]
        constraints = [
            # The checklist is made once.
            models.UniqueConstraint(fields=["incident", "name"], name="incident_step_once"),
            # Done is done by somebody.
            models.CheckConstraint(
                name="incident_step_done_by_somebody",
                condition=Q(done_at=None, done_by=None) | Q(done_at__isnull=False, done_by__isnull=False),
            ),
        ]


class IncidentNote(models.Model):
    """One line of an incident's log that is no move, append-only. `text` is what was written, a step's name, the new
    owner's name or an alarm's number, as `kind` says."""

    incident = models.ForeignKey(Incident, models.PROTECT, related_name="notes")
    kind = models.CharField(max_length=6, choices=IncidentNoteKind.choices)
    text = models.CharField(max_length=2000)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    at = models.DateTimeField()

    objects = models.Manager()

    class Meta:
        ordering = ["id"]
