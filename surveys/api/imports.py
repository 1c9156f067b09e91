"""The API of imports: the dry run, the import that follows it, and how far they are."""

from __future__ import annotations

from typing import Any, ClassVar, cast

from django.db.models import QuerySet
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.parsers import JSONParser, MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import BaseSerializer
from rest_framework.viewsets import ReadOnlyModelViewSet

from loopcare.common import clock
from loopcare.common.bell import ring
from loopcare.common.errors import Invalid
from loopcare.staff.enums import Role
from loopcare.staff.models import User
from surveys.filters.feedback import ImportFilter
from surveys.forms.imports import LARGEST_UPLOAD
from surveys.logic.mapping import MAX_MAPPING
from surveys.models import Import, ImportReject
from surveys.selectors.imports import imports_of
from surveys.services.mappings import mapping_called, mapping_for
from surveys.services.previewing import sample_of
from surveys.services.running import COUNTED
from surveys.services.uploads import cancel, confirm, discard, keep_upload, queue_import

PLANNERS = frozenset({Role.SUPERVISOR, Role.ANALYST, Role.ADMINISTRATOR})
IMPORTERS = frozenset({Role.SUPERVISOR, Role.ADMINISTRATOR})
RUN = "surveys.tasks.run_imports"
REJECTS_SHOWN = 50


class CountsSerializer(serializers.Serializer[Any]):
    """What an import came to so far; rows = accepted + duplicates + rejected."""

    rows = serializers.IntegerField()
    accepted = serializers.IntegerField()
    duplicates = serializers.IntegerField()
    rejected = serializers.IntegerField()
    signals = serializers.IntegerField()
    updated = serializers.IntegerField()
    dissatisfied = serializers.IntegerField()
    pool_new = serializers.IntegerField()
    pool_open = serializers.IntegerField(required=False)
    warnings = serializers.ListField(child=serializers.CharField(), required=False)


class ImportSerializer(serializers.ModelSerializer[Import]):
    """`progress` is the share of the file that was read, 0 to 1; `counts` is null before anything is known."""

    source = serializers.CharField(source="source.code")  # type: ignore[assignment]
    counts = serializers.SerializerMethodField()

    class Meta:
        model = Import
        fields = [
            "id",
            "source",
            "file_name",
            "sha256",
            "dry_run",
            "checked",
            "status",
            "progress",
            "rows_done",
            "cancel_asked",
            "tries",
            "last_error",
            "counts",
            "created_at",
        ]

    @extend_schema_field(CountsSerializer(allow_null=True))
    def get_counts(self, batch: Import) -> Any:
        known = (*COUNTED, "pool_open", "warnings")
        return {name: batch.counts[name] for name in known if name in batch.counts} or None


class RejectSerializer(serializers.ModelSerializer[ImportReject]):
    class Meta:
        model = ImportReject
        fields = ["row", "column", "value", "reason"]


class ImportDetailSerializer(ImportSerializer):
    """With the mapping and, for those who may import, the first rejected cells and where the rejected rows are."""

    rejects = serializers.SerializerMethodField()
    rejects_file = serializers.SerializerMethodField()

    class Meta(ImportSerializer.Meta):
        fields = [*ImportSerializer.Meta.fields, "mapping", "rejects", "rejects_file"]

    @extend_schema_field(RejectSerializer(many=True))
    def get_rejects(self, batch: Import) -> Any:
        return RejectSerializer(batch.rejects.all()[:REJECTS_SHOWN], many=True).data if self._may_see() else []

    @extend_schema_field(serializers.URLField(allow_null=True))
    def get_rejects_file(self, batch: Import) -> Any:
        if not batch.counts.get("rejects_file") or not self._may_see():
            return None
        request: Request = self.context["request"]
        return request.build_absolute_uri(reverse("surveys:rejects_file", args=[batch.pk]))

    def _may_see(self) -> bool:
        return self.context["request"].user.role in IMPORTERS


class NewImportSerializer(serializers.Serializer[Any]):
    """A file and its mapping: its text, or the name of a saved one; with neither, the one saved for such columns."""

    file = serializers.FileField()
    mapping = serializers.CharField(required=False, max_length=MAX_MAPPING, trim_whitespace=False)
    saved_mapping = serializers.CharField(required=False, max_length=80)
    source = serializers.CharField(  # type: ignore[assignment]
        required=False, max_length=40, help_text=gettext_lazy("instead of the mapping's own")
    )
    dry_run = serializers.BooleanField(required=False, default=True)

    def validate_file(self, upload: Any) -> Any:
        if upload.size > LARGEST_UPLOAD:
            raise serializers.ValidationError(_("This file is larger than 200 MB; split it."))
        return upload


class Imports(ReadOnlyModelViewSet[Import]):
    """Files on their way into the pool, or arrived."""

    roles: ClassVar[dict[str, frozenset[Role]]] = {
        "list": PLANNERS,
        "retrieve": PLANNERS,
        "create": IMPORTERS,
        "start": IMPORTERS,
        "cancel": IMPORTERS,
    }
    filterset_class = ImportFilter
    queryset = Import.objects.select_related("source")
    parser_classes = [MultiPartParser, JSONParser]

    def get_queryset(self) -> QuerySet[Import]:
        user = cast(User, self.request.user)
        if self.action == "list":
            return imports_of(user)
        return Import.objects.visible_to(user).select_related("source")

    def get_serializer_class(self) -> type[BaseSerializer[Import]]:
        return ImportSerializer if self.action == "list" else ImportDetailSerializer

    @extend_schema(request={"multipart/form-data": NewImportSerializer}, responses={201: ImportDetailSerializer})
    def create(self, request: Request) -> Response:
        """Send a file: its dry run is queued, or with `dry_run` false its import. Ask for the row to see how far it is.

        422 for a file, mapping or source that cannot be used; nothing is kept then.
        """
        asked = NewImportSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        given = asked.validated_data
        now = clock.now()
        path = keep_upload(given["file"], now=now)
        try:
            batch = queue_import(
                path=path,
                mapping_text=_mapping(given, sample_of(path).header),
                source_code=given.get("source"),
                now=now,
                created_by=cast(User, request.user),
                dry_run=given["dry_run"],
            )
        except Invalid:
            discard(path)
            raise
        ring(RUN)
        return Response(self.get_serializer(batch).data, status=201)

    @extend_schema(request=None, responses={201: ImportDetailSerializer})
    @action(detail=True, methods=["post"])
    def start(self, request: Request, pk: str) -> Response:
        """Import what a finished dry run tried; the answer is the import's own row. 409 when it was followed before."""
        batch = confirm(tried=self.get_object(), now=clock.now(), created_by=cast(User, request.user))
        ring(RUN)
        return Response(self.get_serializer(batch).data, status=201)

    @extend_schema(request=None, responses=ImportDetailSerializer)
    @action(detail=True, methods=["post"])
    def cancel(self, request: Request, pk: str) -> Response:
        """Call an import off: it stops behind the rows in hand, and what landed stays. 409 when it is over."""
        cancel(batch=self.get_object())
        return Response(self.get_serializer(self.get_object()).data)


def _mapping(given: dict[str, Any], header: tuple[str, ...]) -> str:
    """The text of the mapping that was sent, named, or saved for files with these columns. Raises Invalid."""
    if given.get("mapping"):
        return str(given["mapping"])
    if name := given.get("saved_mapping"):
        saved = mapping_called(name)
        if saved is None:
            raise Invalid(_("There is no saved mapping %(name)s.") % {"name": name}, field="saved_mapping")
    else:
        saved = mapping_for(header)
        if saved is None:
            raise Invalid(_("No mapping is saved for a file with these columns: send one."), field="mapping")
    return saved.text
