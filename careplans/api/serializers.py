"""What the API says and takes of stage 3. Customers are masked, here as everywhere."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from careplans.enums import Outcome
from careplans.models import Assignment, Attempt, Campaign, CampaignLine, Case, Draft, Preview, Strategy
from careplans.selectors import CaseView
from loopcare.customers.enums import PointStatus
from loopcare.staff.models import Team, User
from surveys.models import Segment


class StrategySerializer(serializers.ModelSerializer[Strategy]):
    class Meta:
        model = Strategy
        fields = [
            "id",
            "name",
            "kind",
            "guide_en",
            "guide_zh",
            "minutes",
            "unit_cost",
            "max_tries",
            "first_contact_hours",
            "version",
        ]


# --- campaigns -------------------------------------------------------------------------------------------------------
class LineSerializer(serializers.ModelSerializer[CampaignLine]):
    """One segment with its strategy; the order is that of the list."""

    class Meta:
        model = CampaignLine
        fields = ["segment", "strategy"]


class CampaignSerializer(serializers.ModelSerializer[Campaign]):
    lines = LineSerializer(many=True)

    class Meta:
        model = Campaign
        fields = [
            "id",
            "name",
            "status",
            "team",
            "lines",
            "starts_on",
            "ends_on",
            "hold_out_share",
            "agents",
            "hours_per_day",
            "plan_version",
            "launched_at",
            "read_out_on",
            "created_at",
        ]


class NewLineSerializer(serializers.Serializer[Any]):
    segment = serializers.PrimaryKeyRelatedField(queryset=Segment.objects.all())
    strategy = serializers.PrimaryKeyRelatedField(queryset=Strategy.objects.all())


class NewCampaignSerializer(serializers.Serializer[Any]):
    """A plan. `hold_out_share` is 0 to 0.5. The team is one that the user sees."""

    name = serializers.CharField(max_length=80)
    team = serializers.PrimaryKeyRelatedField(queryset=Team.objects.none())
    lines = NewLineSerializer(many=True)
    starts_on = serializers.DateField()
    ends_on = serializers.DateField()
    hold_out_share = serializers.DecimalField(max_digits=4, decimal_places=3, default=Decimal("0.1"))
    agents = serializers.IntegerField(min_value=1, max_value=10_000)
    hours_per_day = serializers.DecimalField(max_digits=4, decimal_places=2, default=Decimal("5.5"))

    def __init__(self, *args: Any, user: User | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if user is not None:
            self.fields["team"].queryset = Team.objects.visible_to(user)  # type: ignore[attr-defined]

    def validate_lines(self, lines: list[dict[str, Any]]) -> list[tuple[Segment, Strategy]]:
        return [(line["segment"], line["strategy"]) for line in lines]


class CapacitySerializer(serializers.Serializer[Any]):
    minutes = serializers.FloatField(help_text="agent minutes available")
    needed = serializers.FloatField(help_text="agent minutes, everybody eligible for care served")
    share = serializers.FloatField(allow_null=True)


class CountsSerializer(serializers.Serializer[Any]):
    """A frozen list in numbers; `mde` in percentage points, `cost` in the installation's currency."""

    found = serializers.IntegerField()
    exclusions = serializers.DictField(child=serializers.IntegerField())
    eligible = serializers.IntegerField()
    hold_out = serializers.IntegerField()
    care = serializers.IntegerField()
    deferred = serializers.IntegerField()
    capacity = CapacitySerializer()
    mde = serializers.FloatField(allow_null=True)
    cost = serializers.FloatField()
    warnings = serializers.ListField(child=serializers.CharField())
    hash = serializers.CharField()


class PreviewSerializer(serializers.ModelSerializer[Preview]):
    counts = CountsSerializer()

    class Meta:
        model = Preview
        fields = ["id", "plan_version", "hash", "counts", "created_at"]


class LaunchSerializer(serializers.Serializer[Any]):
    hash = serializers.CharField(help_text="of the newest preview")


class LaunchedSerializer(serializers.Serializer[Any]):
    """How many were assigned to each arm, how many cases were opened, and who of the care arm got none."""

    care = serializers.IntegerField()
    hold_out = serializers.IntegerField()
    deferred = serializers.IntegerField()
    cases = serializers.IntegerField()
    no_case = serializers.IntegerField()


class ReasonSerializer(serializers.Serializer[Any]):
    reason = serializers.CharField(max_length=60, required=False, default="", allow_blank=True)


class AssignmentSerializer(serializers.ModelSerializer[Assignment]):
    class Meta:
        model = Assignment
        fields = ["id", "campaign", "customer", "entry", "arm", "stratum", "propensity", "snapshot", "assigned_at"]


# --- cases -----------------------------------------------------------------------------------------------------------
class CaseSerializer(serializers.ModelSerializer[Case]):
    """`epoch` numbers the holds: send it as `If-Match` with every write."""

    class Meta:
        model = Case
        fields = [
            "id",
            "campaign",
            "strategy",
            "customer",
            "team",
            "status",
            "priority",
            "due_at",
            "booked_at",
            "tries",
            "cause",
            "action",
            "epoch",
            "lease_until",
            "opened_at",
            "solved_at",
            "closed_at",
            "close_reason",
        ]


class MaskedPointSerializer(serializers.Serializer[Any]):
    id = serializers.IntegerField()
    kind = serializers.CharField()
    text = serializers.CharField(help_text="masked")
    status = serializers.ChoiceField(choices=PointStatus.choices)


class ChoiceSerializer(serializers.Serializer[Any]):
    """One outcome and what it would do right now."""

    code = serializers.ChoiceField(choices=Outcome.choices)
    label = serializers.CharField()  # type: ignore[assignment]  # a field named as an attribute of fields
    effect = serializers.CharField()
    due_at = serializers.DateTimeField(allow_null=True)


class TrySerializer(serializers.Serializer[Any]):
    at = serializers.DateTimeField()
    agent = serializers.CharField()
    outcome = serializers.CharField()
    notes = serializers.CharField()
    case_id = serializers.IntegerField()


class DraftSerializer(serializers.ModelSerializer[Draft]):
    class Meta:
        model = Draft
        fields = ["notes", "cause", "action", "saved_at"]
        read_only_fields = ["saved_at"]


class WorkspaceSerializer(serializers.Serializer[CaseView]):
    """A case as its agent sees it."""

    case = CaseSerializer()
    name = serializers.CharField(help_text="masked")
    points = MaskedPointSerializer(many=True)
    local_time = serializers.SerializerMethodField()
    zone = serializers.CharField()
    within_hours = serializers.BooleanField()
    why = serializers.ListField(child=serializers.CharField())
    gap = serializers.FloatField(allow_null=True)
    comment = serializers.CharField()
    causes = serializers.ListField(child=serializers.CharField())
    guide = serializers.ListField(child=serializers.CharField())
    history = TrySerializer(many=True)
    outcomes = ChoiceSerializer(many=True)
    try_no = serializers.IntegerField()
    max_tries = serializers.IntegerField()
    draft = DraftSerializer(allow_null=True)

    @extend_schema_field({"type": "string", "format": "date-time"})
    def get_local_time(self, view: CaseView) -> str:
        return view.local_time.isoformat()


class OutcomeSerializer(serializers.Serializer[Mapping[str, Any]]):
    """One try. `cause` and `action` are needed for `solved`, `booked_at` for `callback`. A `key` is new for every try;
    the same one again gives the same attempt."""

    key = serializers.CharField(max_length=64)
    outcome = serializers.ChoiceField(choices=Outcome.choices)
    notes = serializers.CharField(required=False, default="", allow_blank=True, trim_whitespace=False)
    cause = serializers.CharField(required=False, default="", allow_blank=True)
    action = serializers.CharField(required=False, default="", allow_blank=True)
    booked_at = serializers.DateTimeField(required=False, allow_null=True, default=None)


class AttemptSerializer(serializers.ModelSerializer[Attempt]):
    class Meta:
        model = Attempt
        fields = ["id", "case", "outcome", "notes", "cause", "action", "booked_at", "at", "key"]


class NotesSerializer(serializers.Serializer[Any]):
    notes = serializers.CharField(allow_blank=True, trim_whitespace=False)
    cause = serializers.CharField(required=False, default="", allow_blank=True)
    action = serializers.CharField(required=False, default="", allow_blank=True)
