"""The API of stages 1 and 2: the same filters, selectors and services as the pages."""

from __future__ import annotations

from typing import Any, cast

from django.conf import settings
from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import mixins
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import BaseSerializer
from rest_framework.viewsets import GenericViewSet, ReadOnlyModelViewSet

from loopcare.common import clock
from loopcare.common.rules import in_words, parse, to_text
from loopcare.customers.models import Customer
from loopcare.customers.selectors import masked
from loopcare.staff.enums import Role
from loopcare.staff.models import User
from surveys.api import serializers
from surveys.filters.feedback import CustomerFilter, InvitationFilter
from surveys.filters.pool import PoolEntryFilter
from surveys.models import Invitation, PoolEntry, Segment
from surveys.selectors import SEGMENT_FIELDS
from surveys.services.segments import count_segment, save_segment

READERS = frozenset({Role.SUPERVISOR, Role.ANALYST, Role.AUDITOR, Role.ADMINISTRATOR})
PLANNERS = frozenset({Role.SUPERVISOR, Role.ANALYST, Role.ADMINISTRATOR})


def _user(request: Request) -> User:
    """The permission class let only somebody who is signed in come so far."""
    return cast(User, request.user)


class PoolEntries(ReadOnlyModelViewSet[PoolEntry]):
    """Stays in the pool, past ones included; `status__in=waiting,in_care,held_out` is the pool as it is now."""

    roles = READERS
    serializer_class = serializers.PoolEntrySerializer
    filterset_class = PoolEntryFilter
    queryset = PoolEntry.objects.select_related("source")

    def get_queryset(self) -> QuerySet[PoolEntry]:
        return PoolEntry.objects.visible_to(_user(self.request)).select_related("source")


class Customers(ReadOnlyModelViewSet[Customer]):
    """Customers, masked."""

    roles = READERS
    serializer_class = serializers.CustomerSerializer
    filterset_class = CustomerFilter
    queryset = Customer.objects.all()

    def get_queryset(self) -> QuerySet[Customer]:
        return Customer.objects.visible_to(_user(self.request))

    def get_serializer(self, *args: Any, **kwargs: Any) -> BaseSerializer[Customer]:
        rows = args[0] if args else []
        people = masked([row.pk for row in (rows if isinstance(rows, list) else [rows])])
        kwargs["context"] = {**self.get_serializer_context(), "masked": people}
        return serializers.CustomerSerializer(*args, **kwargs)


class Segments(
    mixins.CreateModelMixin,
    mixins.UpdateModelMixin,
    ReadOnlyModelViewSet[Segment],
):
    """Saved rules over the waiting pool."""

    roles = PLANNERS
    serializer_class = serializers.SegmentSerializer
    queryset = Segment.objects.all()

    def get_queryset(self) -> QuerySet[Segment]:
        return Segment.objects.visible_to(_user(self.request))

    def perform_create(self, serializer: BaseSerializer[Segment]) -> None:
        serializer.instance = save_segment(**serializer.validated_data, by=_user(self.request), now=clock.now())

    def perform_update(self, serializer: BaseSerializer[Segment]) -> None:
        assert serializer.instance is not None
        said = {"name": serializer.instance.name, "rule": serializer.instance.rule, **serializer.validated_data}
        save_segment(**said, by=_user(self.request), now=clock.now(), segment=serializer.instance)

    @extend_schema(responses=serializers.CountSerializer)
    @action(detail=True)
    def count(self, request: Request, pk: str) -> Response:
        """How many waiting customers the segment means now."""
        return Response({"count": count_segment(self.get_object().rule)})

    @extend_schema(request=serializers.RuleSerializer, responses=serializers.ExplainedSerializer)
    @action(detail=False, methods=["post"])
    def explain(self, request: Request) -> Response:
        """What a rule means, saved or not; 422 with the position where it is none."""
        given = serializers.RuleSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        text = given.validated_data["rule"]
        rule = parse(text, SEGMENT_FIELDS)
        words = {language: in_words(rule, SEGMENT_FIELDS, language) for language, _name in settings.LANGUAGES}
        return Response({"rule": to_text(rule), "words": words, "count": count_segment(text)})


class Invitations(mixins.ListModelMixin, GenericViewSet[Invitation]):
    """Who was asked what, and whether they answered."""

    roles = READERS
    serializer_class = serializers.InvitationSerializer
    filterset_class = InvitationFilter
    queryset = Invitation.objects.select_related("questionnaire", "answer")

    def get_queryset(self) -> QuerySet[Invitation]:
        return Invitation.objects.visible_to(_user(self.request)).select_related("questionnaire", "answer")
