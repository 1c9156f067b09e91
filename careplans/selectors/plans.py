"""Campaigns for the page: the frozen counts as a waterfall, the people of a list, the work in progress."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Count, JSONField, OuterRef, QuerySet, Subquery
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from careplans.enums import Arm, CampaignStatus, CaseStatus
from careplans.models import Assignment, Campaign, Case, Preview, PreviewMember
from careplans.selectors.campaigns import Funnel, contaminated, funnel
from loopcare.contact.enums import Refusal


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a waterfall: `n` customers, drawn from `start`. `kind` is minus, total or nothing."""

    label: str
    n: int
    start: int = 0
    kind: str = ""


def waterfall(counts: dict[str, Any]) -> list[Step]:
    """From everybody found to those who get care, by the counts of a preview."""
    left = counts["found"]
    steps = [Step(_("In the segments"), left)]

    def less(label: str, n: int) -> None:
        nonlocal left
        if n:
            left -= n
            steps.append(Step(label, n, start=left, kind="minus"))

    for reason, n in counts["exclusions"].items():
        less(str(capfirst(Refusal(reason).label)), n)
    steps.append(Step(_("Eligible"), left, kind="total"))
    less(_("Hold-out"), counts["hold_out"])
    less(_("Wait for capacity"), counts["deferred"])
    steps.append(Step(_("Care"), left, kind="total"))
    return steps


def with_counts(campaigns: QuerySet[Campaign]) -> QuerySet[Campaign]:
    """Each with `counts` of its newest preview, which a launch assigned exactly; None before the first one."""
    newest = Preview.objects.filter(campaign=OuterRef("pk")).order_by("-pk").values("counts")[:1]
    return campaigns.select_related("team").annotate(counts=Subquery(newest, output_field=JSONField()))


def frozen_people(preview: Preview) -> QuerySet[PreviewMember]:
    return PreviewMember.objects.filter(preview=preview).select_related(
        "line__segment", "line__strategy", "entry", "customer"
    )


def assigned_people(campaign: Campaign) -> QuerySet[Assignment]:
    return Assignment.objects.filter(campaign=campaign).select_related(
        "line__segment", "line__strategy", "entry", "customer", "case"
    )


@dataclass(frozen=True, slots=True)
class Progress:
    """A launched campaign right now. `open_cases` wait or are worked on; the time of `due` has come."""

    funnel: Funnel
    arms: list[tuple[str, int]]
    cases: list[tuple[str, int]]
    open_cases: int
    due: int
    hold_out: int
    contaminated: int


def progress(campaign: Campaign, now: datetime) -> Progress:
    arms = dict(Assignment.objects.filter(campaign=campaign).values_list("arm").annotate(n=Count("pk")))
    cases = dict(Case.objects.filter(campaign=campaign).values_list("status").annotate(n=Count("pk")))
    running = campaign.status == CampaignStatus.LAUNCHED
    due = Case.objects.queued().filter(campaign=campaign, due_at__lte=now).count() if running else 0
    return Progress(
        funnel=funnel(campaign),
        arms=[(str(capfirst(arm.label)), arms.get(arm, 0)) for arm in Arm],
        cases=[(str(status.label), cases[status]) for status in CaseStatus if status in cases],
        open_cases=sum(n for status, n in cases.items() if status != CaseStatus.CLOSED),
        due=due,
        hold_out=arms.get(Arm.HOLD_OUT, 0),
        contaminated=contaminated(campaign),
    )
