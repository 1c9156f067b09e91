"""The API of stage 4: the same selectors and services as the pages."""

from __future__ import annotations

from typing import cast

from django.db.models import QuerySet
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from careplans.models import Campaign
from evaluation.api.serializers import EvaluationSerializer, OverviewSerializer
from evaluation.filters import EvaluationFilter
from evaluation.selectors import evaluated
from evaluation.services.estimates import evaluate, overviews
from evaluation.services.results import evaluation_json, overview_json
from loopcare.common import clock
from loopcare.staff.enums import Role
from loopcare.staff.models import User


class Evaluations(GenericViewSet[Campaign]):
    """What campaigns have changed: one evaluation for each launched campaign, under the campaign's id."""

    roles = frozenset({Role.SUPERVISOR, Role.ANALYST, Role.AUDITOR, Role.ADMINISTRATOR})
    serializer_class = EvaluationSerializer
    filterset_class = EvaluationFilter
    queryset = Campaign.objects.all()

    def get_queryset(self) -> QuerySet[Campaign]:
        # Without `roles` nobody comes here; the permission class let only somebody of ours through.
        return evaluated(cast(User, self.request.user))

    @extend_schema(responses=OverviewSerializer(many=True))
    def list(self, request: Request) -> Response:
        """The satisfaction effect of every campaign at its latest month, with verdict and read-out date."""
        page = self.paginate_queryset(self.filter_queryset(self.get_queryset()))
        lines = overviews(campaigns=page or [], now=clock.now())
        return self.get_paginated_response(OverviewSerializer([overview_json(line) for line in lines], many=True).data)

    @extend_schema(parameters=[OpenApiParameter("id", int, OpenApiParameter.PATH, description="the campaign's id")])
    def retrieve(self, request: Request, pk: str) -> Response:
        """One campaign in full: levels and response by arm and month, effects, trust checks, funnel, verdict."""
        found = evaluate(campaign=self.get_object(), now=clock.now())
        return Response(EvaluationSerializer(evaluation_json(found)).data)
