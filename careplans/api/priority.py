"""The factors of the priority by API: read only; a supervisor changes them on their page."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from careplans.enums import FactorBasis, FactorKind
from careplans.models import PriorityFactor
from careplans.selectors.priority import Standing, standings
from loopcare.staff.enums import Role


class StandingSerializer(serializers.Serializer[Standing]):
    """A factor in force. `of` is a value tier, or of `effect` a kind of strategy; `basis` "" is assumed, as shipped."""

    kind = serializers.ChoiceField(FactorKind.choices)
    of = serializers.CharField()
    value = serializers.FloatField(help_text="a chance 0-1, an amount in the operator's currency, a share -1-1")
    basis = serializers.ChoiceField(FactorBasis.choices, allow_blank=True)
    by = serializers.CharField(source="by.username", default=None, allow_null=True)
    at = serializers.DateTimeField(allow_null=True)
    version = serializers.IntegerField()
    evidence: Any = serializers.DictField(allow_null=True)


class PriorityFactors(GenericViewSet[Any]):
    """What cases are ordered by: chance of leaving and value at stake by value tier, share kept by kind of care."""

    roles = frozenset({Role.SUPERVISOR, Role.ANALYST, Role.AUDITOR, Role.ADMINISTRATOR})
    serializer_class = StandingSerializer
    queryset = PriorityFactor.objects.all()
    pagination_class = None

    @extend_schema(responses=StandingSerializer(many=True))
    def list(self, request: Request) -> Response:
        """All twelve factors as they are now."""
        return Response([StandingSerializer(each).data for each in standings().values()])
