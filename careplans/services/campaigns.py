"""A campaign's plan and life: drafted, edited, previewed, launched, paused, resumed, stopped, finished."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from careplans.enums import CampaignStatus
from careplans.models import Campaign, CampaignLine, Case, Strategy
from careplans.services.closing import withdraw_left_over
from careplans.services.launches import launch_campaign
from careplans.services.previews import preview_campaign
from loopcare.common import states
from loopcare.common.errors import Conflict, Invalid
from loopcare.staff.models import Team, User
from surveys.enums import PoolStatus
from surveys.models import PoolEntry, Segment
from surveys.services import pool

__all__ = [
    "draft_campaign",
    "edit_campaign",
    "finish",
    "launch_campaign",
    "mark_read",
    "pause",
    "preview_campaign",
    "resume",
    "stop",
]

MOST_HELD_OUT = Decimal("0.5")
HOURS_A_DAY = 24
NAME_LENGTH = 80

Lines = Sequence[tuple[Segment, Strategy]]


@transaction.atomic
def draft_campaign(
    *,
    name: str,
    team: Team,
    lines: Lines,
    starts_on: date,
    ends_on: date,
    hold_out_share: Decimal,
    agents: int,
    hours_per_day: Decimal,
    by: User | None,
    now: datetime,
    seed: str = "",
) -> Campaign:
    """A new plan. `hold_out_share` is 0 to 0.5. Raises Invalid with the field that cannot stay as it is.

    `seed` (at most 32 characters) repeats a draw; without one it is drawn here.
    """
    plan = _plan(
        name=name,
        team=team,
        starts_on=starts_on,
        ends_on=ends_on,
        hold_out_share=hold_out_share,
        agents=agents,
        hours_per_day=hours_per_day,
    )
    _check_lines(lines)
    if Campaign.objects.filter(name=plan["name"]).exists():
        raise _name_taken(name)
    campaign = Campaign.objects.create(**plan, seed=seed or secrets.token_hex(8), created_by=by, created_at=now)
    _write_lines(campaign, lines)
    states.record(
        campaign,
        from_status="",
        to_status=CampaignStatus.DRAFT,
        now=now,
        actor_id=by.pk if by else None,
    )
    return campaign


@transaction.atomic
def edit_campaign(
    *,
    campaign: Campaign,
    name: str,
    team: Team,
    lines: Lines,
    starts_on: date,
    ends_on: date,
    hold_out_share: Decimal,
    agents: int,
    hours_per_day: Decimal,
) -> Campaign:
    """Another plan for a draft; a preview made before no longer counts. Raises Conflict once launched."""
    plan = _plan(
        name=name,
        team=team,
        starts_on=starts_on,
        ends_on=ends_on,
        hold_out_share=hold_out_share,
        agents=agents,
        hours_per_day=hours_per_day,
    )
    _check_lines(lines)
    if Campaign.objects.filter(name=plan["name"]).exclude(pk=campaign.pk).exists():
        raise _name_taken(name)
    locked = Campaign.objects.select_for_update().get(pk=campaign.pk)
    if locked.status != CampaignStatus.DRAFT:
        raise Conflict(_("This campaign is launched; its plan can no longer be changed."))
    for field, value in plan.items():
        setattr(locked, field, value)
    locked.plan_version += 1
    locked.save()
    locked.lines.all().delete()
    _write_lines(locked, lines)
    return locked


def pause(*, campaign: Campaign, by: User | None, now: datetime, reason: str = "") -> None:
    """No agent gets a case of this campaign until it is resumed; cases in hand are finished."""
    _move(campaign, CampaignStatus.PAUSED, by, now, reason)


def resume(*, campaign: Campaign, by: User | None, now: datetime, reason: str = "") -> None:
    """Go on after a pause. Raises Conflict for anything but a paused campaign."""
    if campaign.status != CampaignStatus.PAUSED:
        raise Conflict(_("Only a paused campaign can be resumed."))
    _move(campaign, CampaignStatus.LAUNCHED, by, now, reason)


@transaction.atomic
def stop(*, campaign: Campaign, by: User | None, now: datetime, reason: str = "") -> int:
    """End the care at once: cases that wait are withdrawn, those in hand when they are put down. Returns how many."""
    _move(campaign, CampaignStatus.STOPPED, by, now, reason)
    return withdraw_left_over(Case.objects.filter(campaign=campaign), now=now)


@transaction.atomic
def finish(*, campaign: Campaign, by: User | None, now: datetime, reason: str = "") -> int:
    """End the care as planned; what still waits is withdrawn. Refused while a promised callback is open."""
    promised = Case.objects.open().filter(campaign=campaign, booked_at__isnull=False).count()
    if promised:
        raise Conflict(
            ngettext(
                "%(n)d callback is still promised; keep it first, or stop the campaign.",
                "%(n)d callbacks are still promised; keep them first, or stop the campaign.",
                promised,
            )
            % {"n": promised}
        )
    _move(campaign, CampaignStatus.FINISHED, by, now, reason)
    return withdraw_left_over(Case.objects.filter(campaign=campaign), now=now)


@transaction.atomic
def mark_read(*, campaign: Campaign, by: User | None, now: datetime) -> None:
    """The effect is read out and frozen by the stage above. Needs an ended campaign.

    The hold-out is over: who was held out waits in the pool again, open to the next campaign.
    """
    _move(campaign, CampaignStatus.READ, by, now, "")
    held = PoolEntry.objects.filter(pk__in=campaign.assignments.values("entry"), status=PoolStatus.HELD_OUT)
    ids = list(held.values_list("pk", flat=True))
    pool.return_to_waiting(entry_ids=ids, now=now, actor_id=by.pk if by else None, reason="read out")


def _move(campaign: Campaign, target: CampaignStatus, by: User | None, now: datetime, reason: str) -> None:
    states.move(campaign, target, now=now, actor_id=by.pk if by else None, reason=reason)


def _plan(
    *,
    name: str,
    team: Team,
    starts_on: date,
    ends_on: date,
    hold_out_share: Decimal,
    agents: int,
    hours_per_day: Decimal,
) -> dict[str, object]:
    """The columns of a plan that can be carried out; the database's constraints say the same, later and shorter."""
    share, hours = Decimal(str(hold_out_share)), Decimal(str(hours_per_day))
    if not name.strip():
        raise Invalid(_("Give the campaign a name."), field="name")
    if len(name.strip()) > NAME_LENGTH:
        raise Invalid(_("The name may have at most %(n)d characters.") % {"n": NAME_LENGTH}, field="name")
    if ends_on < starts_on:
        raise Invalid(_("The campaign ends before it starts; choose a later last day."), field="ends_on")
    if not 0 <= share <= MOST_HELD_OUT:
        raise Invalid(
            _("The hold-out share lies between 0 and 0.5, not %(share)s.") % {"share": hold_out_share},
            field="hold_out_share",
        )
    if agents < 0:
        raise Invalid(_("The number of agents cannot be negative."), field="agents")
    if not 0 <= hours <= HOURS_A_DAY:
        raise Invalid(_("The hours per agent and day lie between 0 and 24."), field="hours_per_day")
    return {
        "name": name.strip(),
        "team": team,
        "starts_on": starts_on,
        "ends_on": ends_on,
        "hold_out_share": share,
        "agents": agents,
        "hours_per_day": hours,
    }


def _check_lines(lines: Lines) -> None:
    if not lines:
        raise Invalid(_("Choose at least one segment and its strategy."), field="lines")
    if len({segment.pk for segment, _strategy in lines}) < len(lines):
        raise Invalid(_("A segment stands in a campaign once; remove the second line."), field="lines")


def _write_lines(campaign: Campaign, lines: Lines) -> None:
    CampaignLine.objects.bulk_create(
        CampaignLine(campaign=campaign, segment=segment, strategy=strategy, place=place)
        for place, (segment, strategy) in enumerate(lines, start=1)
    )


def _name_taken(name: str) -> Invalid:
    return Invalid(_("The name %(name)s is taken; choose another.") % {"name": name}, field="name")
