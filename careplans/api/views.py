"""The API of stage 3: the same filters, selectors and services as the pages."""

from __future__ import annotations

from typing import Any, ClassVar, cast

from django.db.models import QuerySet
from django.utils.translation import gettext as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import ReadOnlyModelViewSet

from careplans.api import serializers
from careplans.filters import AssignmentFilter, CampaignFilter, CaseFilter
from careplans.models import Assignment, Campaign, Case, Strategy
from careplans.selectors import case_view
from careplans.services import campaigns, cases
from loopcare.common import clock
from loopcare.common.errors import DomainError, Invalid
from loopcare.staff.access import EVERYONE
from loopcare.staff.enums import Role
from loopcare.staff.models import User

WRITERS = frozenset({Role.SUPERVISOR})
READERS = frozenset({Role.SUPERVISOR, Role.ANALYST, Role.ADMINISTRATOR})
CALLERS = frozenset({Role.AGENT, Role.SUPERVISOR})


class PreconditionRequired(DomainError):
    """A case write must say which hold it belongs to."""

    code = "precondition_required"
    status = 428


def _user(request: Request) -> User:
    """The permission class let only somebody who is signed in come so far."""
    return cast(User, request.user)


class Strategies(ReadOnlyModelViewSet[Strategy]):
    """The ways to care."""

    roles = EVERYONE
    serializer_class = serializers.StrategySerializer
    queryset = Strategy.objects.all()

    def get_queryset(self) -> QuerySet[Strategy]:
        return Strategy.objects.visible_to(_user(self.request))


class Assignments(ReadOnlyModelViewSet[Assignment]):
    """Who got which arm of which campaign; never changed."""

    roles = READERS
    serializer_class = serializers.AssignmentSerializer
    filterset_class = AssignmentFilter
    queryset = Assignment.objects.all()

    def get_queryset(self) -> QuerySet[Assignment]:
        return Assignment.objects.visible_to(_user(self.request))


class Campaigns(ReadOnlyModelViewSet[Campaign]):
    """Plans, and what became of them."""

    roles: ClassVar[dict[str, frozenset[Role]]] = {
        "list": READERS,
        "retrieve": READERS,
        "create": WRITERS,
        "update": WRITERS,
        "preview": WRITERS,
        "launch": WRITERS,
        "pause": WRITERS,
        "resume": WRITERS,
        "finish": WRITERS,
        "stop": WRITERS,
    }
    serializer_class = serializers.CampaignSerializer
    filterset_class = CampaignFilter
    queryset = Campaign.objects.all()

    def get_queryset(self) -> QuerySet[Campaign]:
        return Campaign.objects.visible_to(_user(self.request)).prefetch_related("lines")

    @extend_schema(request=serializers.NewCampaignSerializer, responses={201: serializers.CampaignSerializer})
    def create(self, request: Request) -> Response:
        """Draft a plan; the lines count in their order."""
        campaign = campaigns.draft_campaign(**self._plan(), by=_user(request), now=clock.now())
        return Response(self.get_serializer(campaign).data, status=201)

    @extend_schema(request=serializers.NewCampaignSerializer, responses=serializers.CampaignSerializer)
    def update(self, request: Request, pk: str) -> Response:
        """Another plan for a draft; a preview made before no longer counts."""
        campaign = campaigns.edit_campaign(campaign=self.get_object(), **self._plan())
        return Response(self.get_serializer(campaign).data)

    @extend_schema(request=None, responses=serializers.PreviewSerializer)
    @action(detail=True, methods=["post"])
    def preview(self, request: Request, pk: str) -> Response:
        """Freeze the list that a launch would assign."""
        preview = campaigns.preview_campaign(campaign=self.get_object(), now=clock.now())
        return Response(serializers.PreviewSerializer(preview).data)

    @extend_schema(request=serializers.LaunchSerializer, responses=serializers.LaunchedSerializer)
    @action(detail=True, methods=["post"])
    def launch(self, request: Request, pk: str) -> Response:
        """Assign exactly the newest frozen list; 409 for an edited plan, an old list, or a second launch."""
        asked = serializers.LaunchSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        counts = campaigns.launch_campaign(
            campaign=self.get_object(), hash=asked.validated_data["hash"], by=_user(request), now=clock.now()
        )
        return Response(serializers.LaunchedSerializer(counts).data)

    @extend_schema(request=serializers.ReasonSerializer, responses=serializers.CampaignSerializer)
    @action(detail=True, methods=["post"])
    def pause(self, request: Request, pk: str) -> Response:
        """Agents get none of its cases until it is resumed."""
        return self._change(campaigns.pause)

    @extend_schema(request=serializers.ReasonSerializer, responses=serializers.CampaignSerializer)
    @action(detail=True, methods=["post"])
    def resume(self, request: Request, pk: str) -> Response:
        """Go on after a pause."""
        return self._change(campaigns.resume)

    @extend_schema(request=serializers.ReasonSerializer, responses=serializers.CampaignSerializer)
    @action(detail=True, methods=["post"])
    def finish(self, request: Request, pk: str) -> Response:
        """End as planned; refused while a promised callback is open."""
        return self._change(campaigns.finish)

    @extend_schema(request=serializers.ReasonSerializer, responses=serializers.CampaignSerializer)
    @action(detail=True, methods=["post"])
    def stop(self, request: Request, pk: str) -> Response:
        """End at once; what waits is withdrawn."""
        return self._change(campaigns.stop)

    def _plan(self) -> dict[str, Any]:
        asked = serializers.NewCampaignSerializer(data=self.request.data, user=_user(self.request))
        asked.is_valid(raise_exception=True)
        return dict(asked.validated_data)

    def _change(self, service: Any) -> Response:
        asked = serializers.ReasonSerializer(data=self.request.data)
        asked.is_valid(raise_exception=True)
        campaign = self.get_object()
        service(campaign=campaign, by=_user(self.request), now=clock.now(), reason=asked.validated_data["reason"])
        return Response(self.get_serializer(campaign).data)


IF_MATCH = OpenApiParameter(
    "If-Match", OpenApiTypes.STR, OpenApiParameter.HEADER, required=True, description='the case\'s ETag, such as "3"'
)


class Cases(ReadOnlyModelViewSet[Case]):
    """The cases of the user's team. `next` leases one; its ETag goes back as If-Match with the outcome or release."""

    roles = CALLERS
    serializer_class = serializers.CaseSerializer
    filterset_class = CaseFilter
    queryset = Case.objects.all()

    def get_queryset(self) -> QuerySet[Case]:
        cases = Case.objects.visible_to(_user(self.request))
        return cases.select_related("customer__region", "strategy", "campaign", "entry__source")

    @extend_schema(responses=serializers.WorkspaceSerializer)
    def retrieve(self, request: Request, pk: str) -> Response:
        """The case with everything its agent sees."""
        return self._workspace(self.get_object())

    @extend_schema(
        request=None,
        responses={200: serializers.WorkspaceSerializer, 204: OpenApiResponse(description="nothing is due")},
    )
    @action(detail=False, methods=["post"])
    def next(self, request: Request) -> Response:
        """Lease the next case for five minutes; asked again, the same one."""
        case = cases.next_case(agent=_user(request), now=clock.now())
        return self._workspace(case) if case else Response(status=204)

    @extend_schema(
        request=serializers.OutcomeSerializer, responses=serializers.AttemptSerializer, parameters=[IF_MATCH]
    )
    @action(detail=True, methods=["post"])
    def outcome(self, request: Request, pk: str) -> Response:
        """Record one try; 409 when the hold has ended, and the notes are kept."""
        asked = serializers.OutcomeSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        attempt = cases.record_outcome(
            case_id=self.get_object().pk,
            agent=_user(request),
            epoch=_epoch(request),
            now=clock.now(),
            **asked.validated_data,
        )
        return Response(serializers.AttemptSerializer(attempt).data)

    @extend_schema(request=serializers.NotesSerializer, responses=serializers.DraftSerializer)
    @action(detail=True, methods=["post"])
    def notes(self, request: Request, pk: str) -> Response:
        """Keep the notes in progress, whoever holds the case."""
        asked = serializers.NotesSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        draft = cases.save_draft(
            case_id=self.get_object().pk, agent=_user(request), now=clock.now(), **asked.validated_data
        )
        return Response(serializers.DraftSerializer(draft).data)

    @extend_schema(request=serializers.ReasonSerializer, responses={204: None}, parameters=[IF_MATCH])
    @action(detail=True, methods=["post"])
    def release(self, request: Request, pk: str) -> Response:
        """Put the case down without an outcome."""
        asked = serializers.ReasonSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        cases.release(
            case_id=self.get_object().pk,
            agent=_user(request),
            epoch=_epoch(request),
            now=clock.now(),
            reason=asked.validated_data["reason"],
        )
        return Response(status=204)

    def _workspace(self, case: Case) -> Response:
        view = case_view(case, clock.now(), _user(self.request))
        return Response(serializers.WorkspaceSerializer(view).data, headers={"ETag": f'"{case.epoch}"'})


def _epoch(request: Request) -> int:
    """The hold that a write belongs to, from If-Match."""
    tag = request.headers.get("If-Match")
    if tag is None:
        raise PreconditionRequired(_("Send If-Match with the ETag of the case."))
    epoch = tag.strip().strip('"')
    if not epoch.isdecimal():
        raise Invalid(_('If-Match must be the ETag of the case, such as "3".'))
    return int(epoch)
