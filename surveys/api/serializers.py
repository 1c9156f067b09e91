"""What the API says of stages 1 and 2. Customers are masked, here as everywhere."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from loopcare.customers.models import Customer
from loopcare.customers.selectors import Masked
from surveys.models import Invitation, PoolEntry, Segment


class PoolEntrySerializer(serializers.ModelSerializer[PoolEntry]):
    source = serializers.CharField(source="source.code")  # type: ignore[assignment]
    gap = serializers.FloatField(read_only=True)

    class Meta:
        model = PoolEntry
        fields = [
            "id",
            "customer",
            "status",
            "kind",
            "source",
            "channel",
            "brand",
            "region",
            "value_tier",
            "activity_tier",
            "dimension",
            "raw",
            "perceived",
            "adequate",
            "desired",
            "gap",
            "repeat_count",
            "causes",
            "comment",
            "signal_on",
            "entered_on",
            "left_at",
            "left_reason",
        ]


class PointSerializer(serializers.Serializer[Any]):
    """One number or address behind its mask."""

    id = serializers.IntegerField()
    kind = serializers.CharField()
    text = serializers.CharField(help_text=_("masked"))
    status = serializers.CharField()


class CustomerSerializer(serializers.ModelSerializer[Customer]):
    """`masked` comes with the context: customer id → Masked, read once for a whole page."""

    name = serializers.SerializerMethodField()
    points = serializers.SerializerMethodField()

    class Meta:
        model = Customer
        fields = ["id", "name", "brand", "region", "language", "value_tier", "activity_tier", "points", "created_at"]

    def get_name(self, customer: Customer) -> str:
        return self._masked(customer).name

    @extend_schema_field(PointSerializer(many=True))
    def get_points(self, customer: Customer) -> Any:
        return PointSerializer(self._masked(customer).points, many=True).data

    def _masked(self, customer: Customer) -> Masked:
        people: dict[int, Masked] = self.context["masked"]
        return people[customer.pk]


class SegmentSerializer(serializers.ModelSerializer[Segment]):
    # The service judges both, so that page and API refuse with the same words.
    name = serializers.CharField(max_length=80)
    rule = serializers.CharField(max_length=2000, trim_whitespace=False)

    class Meta:
        model = Segment
        fields = ["id", "name", "rule", "created_at"]
        read_only_fields = ["created_at"]


class RuleSerializer(serializers.Serializer[Any]):
    rule = serializers.CharField(max_length=2000, trim_whitespace=False)


class CountSerializer(serializers.Serializer[Any]):
    count = serializers.IntegerField()


class ExplainedSerializer(serializers.Serializer[Any]):
    """A rule as it was understood: written canonically, in words of both languages, and what it finds now."""

    rule = serializers.CharField()
    words = serializers.DictField(child=serializers.CharField())
    count = serializers.IntegerField()


class InvitationSerializer(serializers.ModelSerializer[Invitation]):
    """Without the link: its token is a secret that only its hash is kept of."""

    questionnaire = serializers.CharField(source="questionnaire.code")
    answered_at = serializers.DateTimeField(source="answer.answered_at", default=None)

    class Meta:
        model = Invitation
        fields = ["id", "questionnaire", "customer", "purpose", "created_at", "expires_at", "answered_at"]
