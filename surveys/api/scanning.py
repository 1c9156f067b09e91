"""The API of warehouse scans: what is connected, the rules asked there, scans that are started and called off."""

from __future__ import annotations

from typing import Any, ClassVar, cast

from django.db.models import QuerySet
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
from surveys.models import Scan, ScannedRule, ScanRule, Warehouse
from surveys.selectors.scanning import scans_of
from surveys.services.scanning import cancel_scan, queue_scans

READERS = frozenset({Role.SUPERVISOR, Role.ANALYST, Role.AUDITOR, Role.ADMINISTRATOR})
EDITORS = frozenset({Role.SUPERVISOR, Role.ADMINISTRATOR})
RUN = "surveys.tasks.run_scans"


class WarehouseSerializer(serializers.ModelSerializer[Warehouse]):
    """`address` is its URL without the password; `fields` by name: kind, label, and what each is made of."""

    address = serializers.CharField(source="shown")

    class Meta:
        model = Warehouse
        fields = ["id", "name", "engine", "address", "table", "reference", "changed", "fields"]

    def get_fields(self) -> dict[str, serializers.Field[Any, Any, Any, Any]]:
        """The model has a column by the name of a serializer's own attribute."""
        return super().get_fields() | {"fields": serializers.JSONField(read_only=True)}


class ScanRuleSerializer(serializers.ModelSerializer[ScanRule]):
    class Meta:
        model = ScanRule
        fields = [
            "id",
            "warehouse",
            "code",
            "name",
            "rule",
            "version",
            "enabled",
            "every_days",
            "at_hour",
            "next_due",
            "watermark",
        ]


class ScannedRuleSerializer(serializers.ModelSerializer[ScannedRule]):
    rule = serializers.CharField(source="rule.code")

    class Meta:
        model = ScannedRule
        fields = ["rule", "version", "text", "since", "matched"]


class ScanSerializer(serializers.ModelSerializer[Scan]):
    """`progress` is the share of the matches that landed, 0 to 1; `scanned` and `matched` are null until counted."""

    progress = serializers.FloatField(read_only=True)
    rules = ScannedRuleSerializer(many=True)

    class Meta:
        model = Scan
        fields = [
            "id",
            "warehouse",
            "status",
            "day",
            "scanned",
            "matched",
            "landed",
            "unknown",
            "signals",
            "pool_new",
            "progress",
            "seconds",
            "until",
            "cancel_asked",
            "last_error",
            "created_at",
            "rules",
        ]


class Warehouses(ReadOnlyModelViewSet[Warehouse]):
    """The operator's own data, as it is connected."""

    roles: ClassVar[dict[str, frozenset[Role]]] = {"list": READERS, "retrieve": READERS}
    queryset = Warehouse.objects.all()
    serializer_class = WarehouseSerializer

    def get_queryset(self) -> QuerySet[Warehouse]:
        return Warehouse.objects.visible_to(_user(self.request))


class ScanRules(ReadOnlyModelViewSet[ScanRule]):
    """Rules over the fields of a warehouse."""

    roles: ClassVar[dict[str, frozenset[Role]]] = {"list": READERS, "retrieve": READERS, "run": EDITORS}
    queryset = ScanRule.objects.all()
    serializer_class = ScanRuleSerializer

    def get_queryset(self) -> QuerySet[ScanRule]:
        return ScanRule.objects.visible_to(_user(self.request)).select_related("warehouse")

    @extend_schema(request=None, responses={201: ScanSerializer})
    @action(detail=True, methods=["post"])
    def run(self, request: Request, pk: str) -> Response:
        """Queue a scan by this rule. 409 while it is being asked, 422 where it is off."""
        (scan,) = queue_scans(rules=[self.get_object()], now=clock.now(), created_by=_user(request))
        ring(RUN)
        return Response(ScanSerializer(scan).data, status=201)


class Scans(ReadOnlyModelViewSet[Scan]):
    """Scans, from the moment they are queued."""

    roles: ClassVar[dict[str, frozenset[Role]]] = {"list": READERS, "retrieve": READERS, "cancel": EDITORS}
    queryset = Scan.objects.all()
    serializer_class = ScanSerializer

    def get_queryset(self) -> QuerySet[Scan]:
        return scans_of(_user(self.request))

    @extend_schema(request=None, responses=ScanSerializer)
    @action(detail=True, methods=["post"])
    def cancel(self, request: Request, pk: str) -> Response:
        """Call a scan off: it stops behind the matches in hand, and what landed stays. 409 when it is over."""
        cancel_scan(scan=self.get_object())
        return Response(self.get_serializer(self.get_object()).data)


def _user(request: Request) -> User:
    """The permission class let only somebody who is signed in come so far."""
    return cast(User, request.user)
