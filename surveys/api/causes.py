"""The cause tree by API: read by everybody who works here, changed through the same services as on the page."""

from __future__ import annotations

from typing import Any, ClassVar, cast

from django.db.models import QuerySet
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import ReadOnlyModelViewSet

from loopcare.common import clock
from loopcare.common.errors import Invalid
from loopcare.staff.access import EVERYONE
from loopcare.staff.models import User
from surveys.api.detection import EDITORS
from surveys.api.views import READERS
from surveys.filters.feedback import CauseFilter
from surveys.models import Cause, CauseChange
from surveys.selectors.cause_tree import history
from surveys.services.causes.tree import (
    NewCause,
    add_cause,
    change_cause,
    merge_cause,
    retire_cause,
    revive_cause,
    split_cause,
)


class CauseSerializer(serializers.ModelSerializer[Cause]):
    """`retired_at` is null while it is in use; `merged_into` is the code of what it became."""

    merged_into = serializers.CharField(source="merged_into.code", default=None)

    class Meta:
        model = Cause
        fields = ["id", "code", "name_en", "name_zh", "keywords", "merged_into", "retired_at"]


class ReasonSerializer(serializers.Serializer[Any]):
    # The service judges what is written, so that page and API refuse with the same words.
    reason = serializers.CharField(required=False, default="", allow_blank=True)


class NamesSerializer(serializers.Serializer[Any]):
    name_en = serializers.CharField(allow_blank=True)
    name_zh = serializers.CharField(required=False, default="", allow_blank=True)
    keywords = serializers.ListField(child=serializers.CharField(allow_blank=True), required=False, default=list)


class PartSerializer(NamesSerializer):
    code = serializers.CharField()


class NewCauseSerializer(PartSerializer, ReasonSerializer):
    """A cause; its code is its path and never changes."""


class ChangedCauseSerializer(ReasonSerializer):
    """What is not said stays."""

    name_en = serializers.CharField(required=False, allow_blank=True)
    name_zh = serializers.CharField(required=False, allow_blank=True)
    keywords = serializers.ListField(child=serializers.CharField(allow_blank=True), required=False)


class MergeSerializer(ReasonSerializer):
    into = serializers.CharField(help_text="code")


class MergedSerializer(serializers.Serializer[Any]):
    rewritten = serializers.IntegerField(help_text="open entries")


class SplitSerializer(ReasonSerializer):
    """`code` of a part is what it adds to the code of the cause."""

    parts = PartSerializer(many=True)


class ChangeSerializer(serializers.ModelSerializer[CauseChange]):
    cause = serializers.CharField(source="cause.code")
    other = serializers.CharField(source="other.code", default=None)
    by = serializers.CharField(source="by.username", default=None)

    class Meta:
        model = CauseChange
        fields = ["version", "act", "cause", "other", "before", "after", "reason", "by", "at"]


class Causes(ReadOnlyModelViewSet[Cause]):
    """The cause tree, one node a row; a code is its path. None is ever deleted."""

    roles: ClassVar[dict[str, frozenset[str]]] = {
        "list": EVERYONE,
        "retrieve": EVERYONE,
        "history": READERS,
        "create": EDITORS,
        "partial_update": EDITORS,
        "merge": EDITORS,
        "split": EDITORS,
        "retire": EDITORS,
        "revive": EDITORS,
    }
    serializer_class = CauseSerializer
    filterset_class = CauseFilter
    queryset = Cause.objects.select_related("merged_into")

    @extend_schema(request=NewCauseSerializer, responses={201: CauseSerializer})
    def create(self, request: Request) -> Response:
        """Add a cause; 422 where the code is taken or nothing stands above it."""
        said = _said(NewCauseSerializer, request)
        row = add_cause(new=_new(said), **_by(request, said))
        return Response(CauseSerializer(row).data, status=201)

    @extend_schema(request=ChangedCauseSerializer, responses=CauseSerializer)
    def partial_update(self, request: Request, pk: str) -> Response:
        """Other names or keywords; what is not said stays."""
        cause, said = self.get_object(), _said(ChangedCauseSerializer, request)
        names = {name: said.get(name, getattr(cause, name)) for name in ("name_en", "name_zh", "keywords")}
        return Response(CauseSerializer(change_cause(cause=cause, **names, **_by(request, said))).data)

    @extend_schema(request=MergeSerializer, responses=MergedSerializer)
    @action(detail=True, methods=["post"])
    def merge(self, request: Request, pk: str) -> Response:
        """Let it be another from now on; open entries that have it are rewritten."""
        cause, said = self.get_object(), _said(MergeSerializer, request)
        into = Cause.objects.filter(code=said["into"]).first()
        if into is None:
            raise Invalid(_("There is no cause %(code)s.") % {"code": said["into"]}, field="into")
        return Response({"rewritten": merge_cause(cause=cause, into=into, **_by(request, said))})

    @extend_schema(request=SplitSerializer, responses={201: CauseSerializer(many=True)})
    @action(detail=True, methods=["post"], pagination_class=None, filterset_class=None)
    def split(self, request: Request, pk: str) -> Response:
        """Add two or more causes below it; it stays."""
        cause, said = self.get_object(), _said(SplitSerializer, request)
        rows = split_cause(cause=cause, parts=[_new(part) for part in said["parts"]], **_by(request, said))
        return Response(CauseSerializer(rows, many=True).data, status=201)

    @extend_schema(request=ReasonSerializer, responses=CauseSerializer)
    @action(detail=True, methods=["post"])
    def retire(self, request: Request, pk: str) -> Response:
        """Offer it to nobody any more; whoever has it keeps it."""
        cause, said = self.get_object(), _said(ReasonSerializer, request)
        return Response(CauseSerializer(retire_cause(cause=cause, **_by(request, said))).data)

    @extend_schema(request=ReasonSerializer, responses=CauseSerializer)
    @action(detail=True, methods=["post"])
    def revive(self, request: Request, pk: str) -> Response:
        """Take it back into use."""
        cause, said = self.get_object(), _said(ReasonSerializer, request)
        return Response(CauseSerializer(revive_cause(cause=cause, **_by(request, said))).data)

    @extend_schema(responses={200: ChangeSerializer(many=True)})
    @action(detail=False, methods=["get"], filterset_class=None)
    def history(self, request: Request) -> Response:
        """What was done to the tree, the latest first."""
        rows: QuerySet[CauseChange] = history()
        page = self.paginate_queryset(cast(Any, rows))
        return self.get_paginated_response(ChangeSerializer(page, many=True).data)


def _said(form: type[serializers.Serializer[Any]], request: Request) -> dict[str, Any]:
    given = form(data=request.data)
    given.is_valid(raise_exception=True)
    return dict(given.validated_data)


def _new(said: dict[str, Any]) -> NewCause:
    return NewCause(said["code"], said["name_en"], said["name_zh"], tuple(said["keywords"]))


def _by(request: Request, said: dict[str, Any]) -> dict[str, Any]:
    """The permission class let only somebody who is signed in come so far."""
    return {"reason": said["reason"], "by": cast(User, request.user), "now": clock.now()}
