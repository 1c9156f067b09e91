"""Tier rules by API: every version read, a new one decided through the same service as on the page."""

from __future__ import annotations

from typing import Any, ClassVar, cast

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import mixins, serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from loopcare.common import clock
from loopcare.staff.enums import Role
from loopcare.staff.models import User
from surveys.api.detection import EDITORS
from surveys.api.views import READERS
from surveys.filters.tiers import TierRuleFilter
from surveys.models import TierRule
from surveys.services.tiers import decide_tier_rule


class TierRuleSerializer(serializers.ModelSerializer[TierRule]):
    """`cuts` are the lowest values of the first three tiers, the best first. The highest version of a kind holds."""

    decided_by = serializers.CharField(source="decided_by.username", default=None)

    class Meta:
        model = TierRule
        fields = ["id", "kind", "version", "measure", "cuts", "decided_by", "decided_at"]


class NewTierRuleSerializer(serializers.Serializer[Any]):
    """`measure` is attribute:<name>, `told` (no measure), or for activity days_since_contact (minus the days, such as
    -30) or days_heard_90d."""

    # The service judges all of them, so that page and API refuse with the same words.
    kind = serializers.CharField()
    measure = serializers.CharField()
    cuts = serializers.ListField(child=serializers.FloatField(), default=list)


class TierRules(mixins.ListModelMixin, GenericViewSet[TierRule]):
    """How customers are told apart, every version of it."""

    roles: ClassVar[dict[str, frozenset[Role]]] = {"list": READERS, "create": EDITORS}
    serializer_class = TierRuleSerializer
    filterset_class = TierRuleFilter
    queryset = TierRule.objects.select_related("decided_by")

    def get_queryset(self) -> QuerySet[TierRule]:
        return TierRule.objects.visible_to(_user(self.request)).select_related("decided_by")

    @extend_schema(request=NewTierRuleSerializer, responses={201: TierRuleSerializer})
    def create(self, request: Request) -> Response:
        """Decide a rule. All customers are told anew by it on the next day."""
        given = NewTierRuleSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        row = decide_tier_rule(**given.validated_data, by=_user(request), now=clock.now())
        return Response(self.get_serializer(row).data, status=201)


def _user(request: Request) -> User:
    """The permission class let only somebody who is signed in come so far."""
    return cast(User, request.user)
