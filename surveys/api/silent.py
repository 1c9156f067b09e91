"""The API of the models of the silent: their cards, putting one in use, scoring a warehouse by it."""

from __future__ import annotations

from typing import Any, ClassVar, cast

from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import ReadOnlyModelViewSet

from loopcare.common import clock
from loopcare.common.bell import ring
from loopcare.staff.enums import Role
from loopcare.staff.models import User
from surveys.models import ScoreRun, SilentModel, Warehouse
from surveys.selectors.silent import models_of
from surveys.services.silent.keeping import put_in_use, retire
from surveys.services.silent.queueing import queue_score

READERS = frozenset({Role.SUPERVISOR, Role.ANALYST, Role.AUDITOR, Role.ADMINISTRATOR})
EDITORS = frozenset({Role.SUPERVISOR, Role.ADMINISTRATOR})
RUN = "surveys.tasks.score_silent"


class SilentModelSerializer(serializers.ModelSerializer[SilentModel]):
    """`card` holds what the page of the model shows: how it was tried (the first way counts), at which capacities,
    its calibration curve, segments, influences, and the findings of the leak report."""

    trained_by = serializers.CharField(source="trained_by.username", default=None)

    class Meta:
        model = SilentModel
        fields = [
            *("id", "name", "version", "status", "for_silent", "learned_from", "trained_by", "trained_at"),
            *("card", "spec"),
        ]


class NewScoreSerializer(serializers.Serializer[Any]):
    # The service judges the numbers, so that page and API refuse with the same words.
    warehouse = serializers.IntegerField()
    capacity = serializers.IntegerField()
    asked = serializers.IntegerField(required=False, default=0)
    floor = serializers.FloatField(required=False, default=0.0)
    every_days = serializers.IntegerField(required=False, default=0)


class ScoreRunSerializer(serializers.ModelSerializer[ScoreRun]):
    """The counts are null until the run is done. `drift`: the scores first (column ""), then the columns."""

    class Meta:
        model = ScoreRun
        fields = [
            *("id", "model", "warehouse", "table", "status", "day", "capacity", "asked", "floor", "every_days"),
            *("scored", "silent", "standing", "entered", "unknown", "pool_new", "threshold", "drift", "seconds"),
            *("last_error", "created_at"),
        ]


class SilentModels(ReadOnlyModelViewSet[SilentModel]):
    """Models of latent dissatisfaction with their cards. They are trained by the command train_silent."""

    roles: ClassVar[dict[str, frozenset[Role]]] = {
        "list": READERS,
        "retrieve": READERS,
        "runs": READERS,
        "use": EDITORS,
        "retire": EDITORS,
        "score": EDITORS,
    }
    serializer_class = SilentModelSerializer
    queryset = SilentModel.objects.all()

    def get_queryset(self) -> QuerySet[SilentModel]:
        return models_of(SilentModel.objects.visible_to(_user(self.request)))

    @extend_schema(request=None)
    @action(detail=True, methods=["post"])
    def use(self, request: Request, pk: str) -> Response:
        """Put it in use; the version that was is retired. 409 for one that is not for silent customers."""
        row = put_in_use(model=self.get_object(), now=clock.now(), by=_user(request))
        return Response(self.get_serializer(row).data)

    @extend_schema(request=None)
    @action(detail=True, methods=["post"])
    def retire(self, request: Request, pk: str) -> Response:
        """Take it out of use; what it found stays."""
        row = retire(model=self.get_object(), now=clock.now(), by=_user(request))
        return Response(self.get_serializer(row).data)

    @extend_schema(request=NewScoreSerializer, responses={201: ScoreRunSerializer})
    @action(detail=True, methods=["post"])
    def score(self, request: Request, pk: str) -> Response:
        """Queue the scoring of a warehouse's customers; the highest silent ones enter the pool."""
        model = self.get_object()
        given = NewScoreSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        said = dict(given.validated_data)
        warehouses = Warehouse.objects.visible_to(_user(request))
        warehouse = get_object_or_404(warehouses, pk=said.pop("warehouse"))
        run = queue_score(model=model, warehouse=warehouse, **said, now=clock.now(), by=_user(request))
        ring(RUN)
        return Response(ScoreRunSerializer(run).data, status=201)

    @extend_schema(responses={200: ScoreRunSerializer(many=True)})
    @action(detail=True, methods=["get"], pagination_class=None)
    def runs(self, request: Request, pk: str) -> Response:
        """Its latest runs, newest first."""
        rows = ScoreRun.objects.visible_to(_user(request)).filter(model=self.get_object())[:50]
        return Response(ScoreRunSerializer(rows, many=True).data)


def _user(request: Request) -> User:
    """The permission class let only somebody who is signed in come so far."""
    return cast(User, request.user)
