"""Alarms and incidents by the API: the same filters and services as the pages."""

from __future__ import annotations

from datetime import datetime
from functools import cached_property
from typing import Any, ClassVar, cast

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import ReadOnlyModelViewSet

from loopcare.common import clock
from loopcare.customers.selectors import masked
from loopcare.staff.enums import Role
from loopcare.staff.models import User
from surveys.api.serializers import CustomerSerializer
from surveys.filters.monitoring import AlarmFilter, IncidentFilter
from surveys.models import Alarm, Incident, IncidentStep
from surveys.selectors.incidents import clock_of, log_of, possible_owners, with_progress
from surveys.selectors.monitoring import customers_behind
from surveys.services import incidents as services
from surveys.services.monitoring import acknowledge

READERS = frozenset({Role.SUPERVISOR, Role.ANALYST, Role.AUDITOR, Role.ADMINISTRATOR})
ACTORS = frozenset({Role.SUPERVISOR, Role.ADMINISTRATOR})


def _user(request: Request) -> User:
    """The permission class let only somebody who is signed in come so far."""
    return cast(User, request.user)


# --- what is said ----------------------------------------------------------------------------------------------------
class AlarmSerializer(serializers.ModelSerializer[Alarm]):
    """A cell's null means all, its empty text what is not known; `lower` to `upper` is what chance brings."""

    source = serializers.CharField(source="source.code", default=None, allow_null=True)  # type: ignore[assignment]

    class Meta:
        model = Alarm
        fields = [
            *("id", "day", "source", "brand", "region", "channel", "observed", "expected", "lower", "upper"),
            *("p_value", "phi", "raised_at", "status", "acknowledged_by", "acknowledged_at", "incident"),
        ]


class IncidentSerializer(serializers.ModelSerializer[Incident]):
    steps_all = serializers.IntegerField()
    steps_done = serializers.IntegerField()
    steps_overdue = serializers.IntegerField()
    next_due = serializers.DateTimeField(allow_null=True)

    class Meta:
        model = Incident
        fields = [
            *("id", "title", "status", "owner", "opened_by", "opened_at", "closed_at"),
            *("steps_all", "steps_done", "steps_overdue", "next_due"),
        ]


class StepSerializer(serializers.ModelSerializer[IncidentStep]):
    class Meta:
        model = IncidentStep
        fields = ["name", "due_at", "done_at", "done_by"]


class PhaseSerializer(serializers.Serializer[Any]):
    """A phase of the response clock; its state is done, overdue, running or coming."""

    code = serializers.CharField()
    ends_at = serializers.DateTimeField()
    state = serializers.CharField()
    steps = StepSerializer(many=True)


class LogLineSerializer(serializers.Serializer[Any]):
    at = serializers.DateTimeField()
    by: Any = serializers.PrimaryKeyRelatedField(read_only=True)
    kind = serializers.CharField(help_text="the status moved to, or the kind of note")
    text = serializers.CharField()


class IncidentDetailSerializer(IncidentSerializer):
    """With its clock, alarms and log, the latest line first."""

    phases = serializers.SerializerMethodField()
    alarms: Any = serializers.PrimaryKeyRelatedField(many=True, read_only=True)
    log = serializers.SerializerMethodField()

    class Meta(IncidentSerializer.Meta):
        fields = [*IncidentSerializer.Meta.fields, "phases", "alarms", "log"]

    @extend_schema_field(PhaseSerializer(many=True))
    def get_phases(self, incident: Incident) -> Any:
        return PhaseSerializer(clock_of(incident, self.context["now"]), many=True).data

    @extend_schema_field(LogLineSerializer(many=True))
    def get_log(self, incident: Incident) -> Any:
        return LogLineSerializer(log_of(incident), many=True).data


# --- what is asked ---------------------------------------------------------------------------------------------------
class NewIncidentSerializer(serializers.Serializer[Any]):
    title = serializers.CharField(max_length=120)
    owner = serializers.PrimaryKeyRelatedField(queryset=possible_owners(), required=False)
    alarm = serializers.PrimaryKeyRelatedField(queryset=Alarm.objects.all(), required=False)


class OwnerSerializer(serializers.Serializer[Any]):
    owner = serializers.PrimaryKeyRelatedField(queryset=possible_owners())


class TickSerializer(serializers.Serializer[Any]):
    name = serializers.CharField(max_length=12)
    done = serializers.BooleanField()


class NoteSerializer(serializers.Serializer[Any]):
    text = serializers.CharField(max_length=services.LONGEST_NOTE)


class JoinSerializer(serializers.Serializer[Any]):
    alarm = serializers.PrimaryKeyRelatedField(queryset=Alarm.objects.all())


# --- the views -------------------------------------------------------------------------------------------------------
class Alarms(ReadOnlyModelViewSet[Alarm]):
    """Cells that brought more on one day than chance explains."""

    roles: ClassVar[dict[str, frozenset[Role]]] = {
        "list": READERS,
        "retrieve": READERS,
        "customers": READERS,
        "acknowledge": ACTORS,
    }
    serializer_class = AlarmSerializer
    filterset_class = AlarmFilter
    queryset = Alarm.objects.select_related("source")

    def get_queryset(self) -> QuerySet[Alarm]:
        return Alarm.objects.visible_to(_user(self.request)).select_related("source")

    @extend_schema(request=None, responses=AlarmSerializer)
    @action(detail=True, methods=["post"])
    def acknowledge(self, request: Request, pk: str) -> Response:
        """Somebody has looked; 409 when somebody had."""
        alarm = self.get_object()
        acknowledge(alarm=alarm, by=_user(request), now=clock.now())
        return Response(self.get_serializer(alarm).data)

    @extend_schema(responses=CustomerSerializer(many=True), filters=False)
    @action(detail=True, filterset_class=None)
    def customers(self, request: Request, pk: str) -> Response:
        """The customers behind it, masked, a page at a time."""
        behind: Any = customers_behind([self.get_object()]).select_related("region")
        rows: list[Any] = list(self.paginate_queryset(behind) or [])
        context = {**self.get_serializer_context(), "masked": masked([row.pk for row in rows])}
        return self.get_paginated_response(CustomerSerializer(rows, many=True, context=context).data)


class Incidents(ReadOnlyModelViewSet[Incident]):
    """Abnormal growth that somebody answers for, with its response clock."""

    roles: ClassVar[dict[str, frozenset[Role]]] = {
        "list": READERS,
        "retrieve": READERS,
        **dict.fromkeys(("create", "owner", "steps", "notes", "alarms", "contain", "close", "reopen"), ACTORS),
    }
    serializer_class = IncidentDetailSerializer
    filterset_class = IncidentFilter
    queryset = Incident.objects.all()

    @cached_property
    def now(self) -> datetime:
        """The time of this request, asked once."""
        return clock.now()

    def get_queryset(self) -> QuerySet[Incident]:
        return with_progress(Incident.objects.visible_to(_user(self.request)), self.now)

    def get_serializer_class(self) -> type[IncidentSerializer]:
        return IncidentSerializer if self.action == "list" else IncidentDetailSerializer

    def get_serializer_context(self) -> dict[str, Any]:
        return {**super().get_serializer_context(), "now": self.now}

    @extend_schema(request=NewIncidentSerializer, responses={201: IncidentDetailSerializer})
    def create(self, request: Request) -> Response:
        """Open one, by hand or from an alarm; its clock starts now."""
        said = self._said(NewIncidentSerializer)
        incident = services.open_incident(**said, by=_user(request), now=self.now)
        return Response(self._fresh(incident.pk), status=201)

    @extend_schema(request=OwnerSerializer, responses=IncidentDetailSerializer)
    @action(detail=True, methods=["post"])
    def owner(self, request: Request, pk: str) -> Response:
        """Somebody else answers for it from now on."""
        return self._act(services.assign, **self._said(OwnerSerializer))

    @extend_schema(request=TickSerializer, responses=IncidentDetailSerializer)
    @action(detail=True, methods=["post"])
    def steps(self, request: Request, pk: str) -> Response:
        """Tick a step of the checklist, or take the tick away."""
        return self._act(services.set_step, **self._said(TickSerializer))

    @extend_schema(request=NoteSerializer, responses=IncidentDetailSerializer)
    @action(detail=True, methods=["post"])
    def notes(self, request: Request, pk: str) -> Response:
        """A line for the log."""
        return self._act(services.note, **self._said(NoteSerializer))

    @extend_schema(request=JoinSerializer, responses=IncidentDetailSerializer)
    @action(detail=True, methods=["post"])
    def alarms(self, request: Request, pk: str) -> Response:
        """Another alarm that is the same trouble."""
        return self._act(services.add_alarm, **self._said(JoinSerializer))

    @extend_schema(request=None, responses=IncidentDetailSerializer)
    @action(detail=True, methods=["post"])
    def contain(self, request: Request, pk: str) -> Response:
        """It no longer grows."""
        return self._act(services.contain)

    @extend_schema(request=None, responses=IncidentDetailSerializer)
    @action(detail=True, methods=["post"])
    def close(self, request: Request, pk: str) -> Response:
        """It is over."""
        return self._act(services.close)

    @extend_schema(request=None, responses=IncidentDetailSerializer)
    @action(detail=True, methods=["post"])
    def reopen(self, request: Request, pk: str) -> Response:
        """It broke out again."""
        return self._act(services.reopen)

    def _said(self, shape: type[serializers.Serializer[Any]]) -> dict[str, Any]:
        given = shape(data=self.request.data)
        given.is_valid(raise_exception=True)
        return dict(given.validated_data)

    def _act(self, service: Any, **said: Any) -> Response:
        incident = self.get_object()
        service(incident=incident, by=_user(self.request), now=self.now, **said)
        return Response(self._fresh(incident.pk))

    def _fresh(self, pk: int) -> Any:
        return self.get_serializer(self.get_queryset().get(pk=pk)).data
