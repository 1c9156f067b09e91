"""Detection rules by API: the same service as the page, and the same refusals."""

from __future__ import annotations

from typing import Any, ClassVar, cast

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet
from django.utils.timezone import localdate
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import ReadOnlyModelViewSet

from loopcare.common import clock
from loopcare.common.rules import in_words, parse, to_text
from loopcare.staff.enums import Role
from loopcare.staff.models import User
from surveys.api.serializers import RuleSerializer
from surveys.api.views import PLANNERS, READERS
from surveys.enums import EntryKind
from surveys.models import DetectionRule, RuleVersion
from surveys.selectors.detection import DETECTION_FIELDS
from surveys.selectors.rules import Record, records, sample
from surveys.services.rules import save_rule, switch_rule

EDITORS = frozenset({Role.SUPERVISOR, Role.ADMINISTRATOR})


class ShareSerializer(serializers.Serializer[Any]):
    """A share with its 95 % interval, 0–1; null where it is not known."""

    share = serializers.FloatField(allow_null=True)
    low = serializers.FloatField(allow_null=True)
    high = serializers.FloatField(allow_null=True)
    n = serializers.IntegerField()


class RuleVersionSerializer(serializers.ModelSerializer[RuleVersion]):
    saved_by = serializers.CharField(source="saved_by.username", default=None)

    class Meta:
        model = RuleVersion
        fields = ["version", "text", "enabled", "saved_by", "saved_at"]


class DetectionRuleSerializer(serializers.ModelSerializer[DetectionRule]):
    """`records` comes with the context: rule id → Record, read once for a whole page."""

    found_28d = serializers.SerializerMethodField()
    precision = serializers.SerializerMethodField()

    class Meta:
        model = DetectionRule
        fields = ["id", "code", "name", "kind", "rule", "version", "enabled", "found_28d", "precision"]

    @extend_schema_field(serializers.IntegerField(allow_null=True))
    def get_found_28d(self, row: DetectionRule) -> int | None:
        return self._record(row).found

    @extend_schema_field(ShareSerializer)
    def get_precision(self, row: DetectionRule) -> Any:
        return ShareSerializer(self._record(row).precision).data

    def _record(self, row: DetectionRule) -> Record:
        found: dict[int, Record] = self.context["records"]
        return found[row.pk]


class DetectionRuleDetailSerializer(DetectionRuleSerializer):
    versions = RuleVersionSerializer(many=True)

    class Meta(DetectionRuleSerializer.Meta):
        fields = [*DetectionRuleSerializer.Meta.fields, "versions"]


class SavedRuleSerializer(serializers.Serializer[Any]):
    """What a rule is to be. `version` is the one that was changed, so that nobody's work is overwritten unseen."""

    # The service judges all of them, so that page and API refuse with the same words.
    name = serializers.CharField()
    kind = serializers.ChoiceField(choices=EntryKind.choices)
    rule = serializers.CharField(trim_whitespace=False)
    enabled = serializers.BooleanField(required=False, help_text=_("left out: in use if new, else as it is"))
    confirmed = serializers.BooleanField(default=False)
    version = serializers.IntegerField(required=False)


class NewRuleSerializer(SavedRuleSerializer):
    code = serializers.CharField(required=False, default="")


class TriedSerializer(serializers.Serializer[Any]):
    """A rule as it was understood, in words, and what it finds among the opening signals of the last 28 days.

    Of very many signals only some are looked at: `found` of `looked`; `customers` and `unfound` are those of the found
    ones, `unfound` by no other rule within 90 days. Null where it took too long.
    """

    rule = serializers.CharField()
    words = serializers.DictField(child=serializers.CharField())
    of = serializers.IntegerField(allow_null=True)
    looked = serializers.IntegerField(allow_null=True)
    found = serializers.IntegerField(allow_null=True)
    share = serializers.FloatField(allow_null=True)
    customers = serializers.IntegerField(allow_null=True)
    unfound = serializers.IntegerField(allow_null=True)


class DetectionRules(ReadOnlyModelViewSet[DetectionRule]):
    """Named rules over signals: a signal that one finds means that its customer is dissatisfied."""

    roles: ClassVar[dict[str, frozenset[Role]]] = {
        "list": READERS,
        "retrieve": READERS,
        "create": EDITORS,
        "update": EDITORS,
        "explain": PLANNERS,
    }
    queryset = DetectionRule.objects.all()

    def get_queryset(self) -> QuerySet[DetectionRule]:
        rows = DetectionRule.objects.visible_to(_user(self.request))
        return rows if self.action == "list" else rows.prefetch_related("versions__saved_by")

    def get_serializer_class(self) -> type[DetectionRuleSerializer]:
        return DetectionRuleSerializer if self.action == "list" else DetectionRuleDetailSerializer

    def get_serializer(self, *args: Any, **kwargs: Any) -> Any:
        rows = args[0] if args else []
        rows = rows if isinstance(rows, list) else [rows]
        found = records(rows, today=localdate(clock.now())) if rows else {}
        kwargs["context"] = {**self.get_serializer_context(), "records": found}
        return self.get_serializer_class()(*args, **kwargs)

    @extend_schema(request=NewRuleSerializer, responses={201: DetectionRuleDetailSerializer})
    def create(self, request: Request) -> Response:
        """A new rule; it holds for what lands from now on. 409 where it finds nearly everybody and is not confirmed."""
        given = NewRuleSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        said = dict(given.validated_data)
        said.pop("version", None)
        row = self._save(None, said)
        return Response(self.get_serializer(row).data, status=201)

    @extend_schema(request=SavedRuleSerializer, responses=DetectionRuleDetailSerializer)
    def update(self, request: Request, pk: str) -> Response:
        """Another text, name or kind, or on and off. Another text is another version; what was found stays."""
        row = self.get_object()
        given = SavedRuleSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        said = dict(given.validated_data)
        return Response(self.get_serializer(self._save(row, said)).data)

    @extend_schema(request=RuleSerializer, responses=TriedSerializer)
    @action(detail=False, methods=["post"])
    def explain(self, request: Request) -> Response:
        """What a rule means and would have found, saved or not; 422 with the position where it is none."""
        given = RuleSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        text = given.validated_data["rule"]
        rule = parse(text, DETECTION_FIELDS)
        words = {language: in_words(rule, DETECTION_FIELDS, language) for language, _name in settings.LANGUAGES}
        seen = sample(text, today=localdate(clock.now()))
        counts = {name: getattr(seen, name) for name in ("of", "looked", "found", "share", "customers", "unfound")}
        return Response({"rule": to_text(rule), "words": words, **counts})

    def _save(self, row: DetectionRule | None, said: dict[str, Any]) -> DetectionRule:
        on, seen, now = said.pop("enabled", None), said.pop("version", None), clock.now()
        by = _user(self.request)
        with transaction.atomic():
            saved = save_rule(**said, by=by, now=now, row=row, seen=seen)
            return saved if on is None else switch_rule(row=saved, on=on, by=by, now=now)


def _user(request: Request) -> User:
    """The permission class let only somebody who is signed in come so far."""
    return cast(User, request.user)
