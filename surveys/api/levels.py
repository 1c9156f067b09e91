"""Adequate levels by API: read, set and taken back through the same services as on the page."""

from __future__ import annotations

from typing import Any, ClassVar, cast

from django.db.models import QuerySet
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import ReadOnlyModelViewSet

from loopcare.common import clock
from loopcare.common.errors import Conflict, Invalid
from loopcare.staff.enums import Role
from loopcare.staff.models import User
from surveys.api.detection import EDITORS
from surveys.api.views import READERS
from surveys.enums import AdequateFrom
from surveys.filters.levels import LevelFilter
from surveys.models import AdequateLevel, Source
from surveys.services.levels import clear_level, set_level


class LevelSerializer(serializers.ModelSerializer[AdequateLevel]):
    """`value_tier` "" is everybody. `evidence` of a learned level holds n, acted, p, the shares who acted below and
    above it (share, low, high, n), and the curve (score, n, acted, monotone share)."""

    source = serializers.CharField(source="source.code")  # type: ignore[assignment]
    decided_by = serializers.CharField(source="decided_by.username", default=None)

    class Meta:
        model = AdequateLevel
        fields = [
            *("id", "source", "dimension", "value_tier", "basis", "level"),
            *("reason", "evidence", "decided_by", "decided_at"),
        ]


class NewLevelSerializer(serializers.Serializer[Any]):
    # The service judges all of them, so that page and API refuse with the same words.
    source = serializers.CharField()  # type: ignore[assignment]
    dimension = serializers.CharField(trim_whitespace=False)
    value_tier = serializers.CharField(required=False, default="", allow_blank=True)
    level = serializers.FloatField()
    reason = serializers.CharField(allow_blank=True)


class Levels(ReadOnlyModelViewSet[AdequateLevel]):
    """Levels that were set or learned; the source's own stands with the source, the customer's with the signal."""

    roles: ClassVar[dict[str, frozenset[Role]]] = {
        "list": READERS,
        "retrieve": READERS,
        "create": EDITORS,
        "destroy": EDITORS,
    }
    serializer_class = LevelSerializer
    filterset_class = LevelFilter
    queryset = AdequateLevel.objects.select_related("source", "decided_by")

    def get_queryset(self) -> QuerySet[AdequateLevel]:
        return AdequateLevel.objects.visible_to(_user(self.request)).select_related("source", "decided_by")

    @extend_schema(request=NewLevelSerializer, responses={201: LevelSerializer})
    def create(self, request: Request) -> Response:
        """Set a level; one that was set before is replaced. It holds for what lands from now on."""
        given = NewLevelSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        said = given.validated_data
        source = Source.objects.visible_to(_user(request)).filter(code=said["source"]).first()
        if source is None:
            raise Invalid(_("There is no source %(code)s.") % {"code": said["source"]}, field="source")
        row = set_level(
            source=source,
            dimension=said["dimension"],
            tier=said["value_tier"],
            level=said["level"],
            reason=said["reason"],
            by=_user(request),
            now=clock.now(),
        )
        return Response(self.get_serializer(row).data, status=201)

    @extend_schema(responses={204: None})
    def destroy(self, request: Request, pk: str) -> Response:
        """Take back what was set; 409 for a level that was learned, which only learning changes."""
        row = self.get_object()
        if row.basis != AdequateFrom.SET:
            raise Conflict(_("Only a level that was set can be taken back; set one over the learned one instead."))
        clear_level(source=row.source, dimension=row.dimension, tier=row.value_tier, by=_user(request), now=clock.now())
        return Response(status=204)


def _user(request: Request) -> User:
    """The permission class let only somebody who is signed in come so far."""
    return cast(User, request.user)
