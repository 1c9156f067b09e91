"""Evaluating a campaign: sums of the panel → effects, checks and a verdict; and freezing them at the read-out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, replace
from datetime import datetime
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _

from careplans.enums import Arm, CampaignStatus
from careplans.models import Campaign
from careplans.selectors import contaminated, funnel
from careplans.services.campaigns import mark_read
from evaluation import selectors
from evaluation.enums import PRIMARY_WAVE, Metric, Wave
from evaluation.logic import readings, trust
from evaluation.logic.effects import Effect
from evaluation.logic.readings import CARE, COMPARED, HOLD_OUT, Cell
from evaluation.logic.shares import proportion
from evaluation.logic.trust import Check, Verdict
from evaluation.models import Estimate
from evaluation.selectors import Cells, Response
from evaluation.services.panel import absorb_answers
from evaluation.services.results import Evaluation, Level, Overview, Reading
from loopcare.common.errors import Conflict, Invalid
from loopcare.staff.models import User

MINIMUM_N = 30
"""Answers an arm needs for a verdict: with fewer, a mean of a five-step scale is not yet nearly normal."""

NO_RESPONSE = Response("", 0, 0, 0, 0, 0, 0, 0)


def evaluate(*, campaign: Campaign, now: datetime) -> Evaluation:
    """What the campaign has changed, by assigned arm: hold-out against care, month by month.

    Before the read-out date the verdict is interim; after the read-out the frozen numbers are given.
    """
    cells = selectors.cells([campaign])[campaign.pk]
    responses = selectors.responses(campaign)
    frozen = selectors.estimates(campaign)
    reached = _reached(campaign, now)
    wave = _wave_to_check(responses)
    if frozen:
        checks = tuple(Check(**check) for check in frozen[0].inputs["checks"])
        read = tuple(_frozen(row) for row in frozen)
    else:
        checks = _checks(campaign, cells, responses, wave)
        read = _read(cells, checks, reached=reached)
    return Evaluation(
        campaign=campaign,
        assigned=_assigned(cells),
        readings=read,
        levels=_levels(cells, responses),
        checks=checks,
        checked_wave=wave,
        funnel=funnel(campaign),
        verdict=next(reading.verdict for reading in read if reading.is_primary),
        reached=reached,
        frozen=bool(frozen),
    )


def overviews(*, campaigns: Sequence[Campaign], now: datetime) -> list[Overview]:
    """A line for each campaign, in their order; two queries, and a whole evaluation where one waits to be read out."""
    cells = selectors.cells(c for c in campaigns if c.status != CampaignStatus.READ)
    primary = Estimate.objects.filter(
        campaign__in=[c.pk for c in campaigns], metric=Metric.SATISFACTION, wave=PRIMARY_WAVE
    )
    frozen = {row.campaign_id: _frozen(row) for row in primary}
    return [_overview(c, frozen.get(c.pk), cells[c.pk], now) for c in campaigns]


@transaction.atomic
def read_out(*, campaign: Campaign, now: datetime, by: User | None) -> Evaluation:
    """Freeze the estimates, once, and close the campaign.

    Raises Invalid before the read-out date, Conflict while care still runs or when it was read out before.
    """
    if not _reached(campaign, now):
        raise Invalid(_("The read-out date, fixed at the launch, is %(day)s.") % {"day": campaign.read_out_on})
    if campaign.status in (CampaignStatus.LAUNCHED, CampaignStatus.PAUSED):
        raise Conflict(_("Care still runs: finish or stop the campaign, then read it out."))
    absorb_answers(now=now)
    mark_read(campaign=campaign, by=by, now=now)
    cells = selectors.cells([campaign])[campaign.pk]
    responses = selectors.responses(campaign)
    checks = _checks(campaign, cells, responses, _wave_to_check(responses))
    Estimate.objects.bulk_create(
        Estimate(
            campaign=campaign,
            metric=reading.metric,
            wave=reading.wave,
            effect=reading.effect.effect,
            se=reading.effect.se,
            low=reading.effect.low,
            high=reading.effect.high,
            inputs={
                "cells": [asdict(cell) for cell in cells[reading.wave]],
                "checks": [asdict(check) for check in checks],
            },
            method=reading.effect.method,
            verdict=reading.verdict,
            read_at=now,
        )
        for reading in _read(cells, checks, reached=True)
    )
    return evaluate(campaign=campaign, now=now)


def recompute(estimate: Estimate) -> Reading:
    """The same reading from the estimate's stored inputs alone: it must equal what is stored."""
    cells = [Cell(**cell) for cell in estimate.inputs["cells"]]
    checks = [Check(**check) for check in estimate.inputs["checks"]]
    return _reading(Metric(estimate.metric), estimate.wave, cells, checks, reached=True)


def _frozen(row: Estimate) -> Reading:
    """A stored reading. What was told is told again, also by a later version with another method."""
    again = recompute(row)
    effect = replace(again.effect, effect=row.effect, se=row.se, low=row.low, high=row.high)
    return replace(again, effect=effect, verdict=Verdict(row.verdict))


def _reached(campaign: Campaign, now: datetime) -> bool:
    today = now.astimezone(ZoneInfo(settings.TIME_ZONE)).date()
    return campaign.read_out_on is not None and today >= campaign.read_out_on


def _read(cells: Cells, checks: Sequence[Check], *, reached: bool) -> tuple[Reading, ...]:
    return tuple(
        _reading(metric, wave, cells[wave], checks, reached=reached) for metric in Metric for wave in Wave.values
    )


def _reading(metric: Metric, wave: int, cells: list[Cell], checks: Sequence[Check], *, reached: bool) -> Reading:
    if metric == Metric.SATISFACTION:
        effect, unadjusted = readings.satisfaction(cells), readings.unadjusted(cells)
    else:
        effect = unadjusted = readings.satisfied(cells)
    word = trust.verdict(effect, minimum_n=MINIMUM_N, checks=checks, read_out_reached=reached)
    return Reading(metric, wave, effect, unadjusted, word)


def _wave_to_check(responses: Sequence[Response]) -> int:
    """The latest wave that was asked; the primary one while none was."""
    return max((row.wave for row in responses if row.asked), default=PRIMARY_WAVE)


def _checks(campaign: Campaign, cells: Cells, responses: Sequence[Response], wave: int) -> tuple[Check, ...]:
    """Split of those asked, willingness to answer, untouched hold-out, and likeness of those who answered."""
    assigned = _assigned(cells)
    asked = dict.fromkeys(COMPARED, 0)
    answered = dict(asked)
    for row in responses:
        if row.wave == wave and row.arm in asked:
            asked[row.arm], answered[row.arm] = row.asked, row.answered
    if not all(assigned[arm] for arm in COMPARED):
        split = Check("sample_ratio", None)
    else:
        split = trust.sample_ratio(asked, {arm: float(assigned[arm]) for arm in COMPARED})
    at_wave = cells[wave]
    return (
        split,
        trust.response_by_arm(answered, asked),
        trust.contamination(contaminated(campaign), assigned[HOLD_OUT]),
        trust.balance(readings.before(at_wave, CARE), readings.before(at_wave, HOLD_OUT)),
    )


def _assigned(cells: Cells) -> dict[str, int]:
    """Everybody in the panel, by arm."""
    return {arm: sum(cell.assigned for cell in cells[Wave.FIRST] if cell.arm == arm) for arm in Arm.values}


def _levels(cells: Cells, responses: Sequence[Response]) -> tuple[Level, ...]:
    by_place = {(row.arm, row.wave): row for row in responses}
    return tuple(
        _level(arm, wave, cells[wave], by_place.get((arm.value, wave), replace(NO_RESPONSE, arm=arm.value, wave=wave)))
        for arm in Arm
        for wave in Wave.values
    )


def _level(arm: Arm, wave: int, cells: list[Cell], response: Response) -> Level:
    stats = readings.total(cells, arm)
    return Level(
        arm=arm,
        wave=wave,
        score=readings.mean(stats),
        satisfied=proportion(readings.count_satisfied(cells, arm), stats.n),
        response=response,
        rate=proportion(response.answered, response.asked),
    )


def _overview(campaign: Campaign, frozen: Reading | None, cells: Cells, now: datetime) -> Overview:
    if frozen is not None:
        return _line(campaign, frozen.wave, frozen.effect, frozen.verdict)
    if _reached(campaign, now):
        whole = evaluate(campaign=campaign, now=now)
        return _line(campaign, whole.primary.wave, whole.primary.effect, whole.verdict)
    effects = {wave: readings.satisfaction(cells[wave]) for wave in Wave.values}
    wave = max((wave for wave, effect in effects.items() if effect.known), default=PRIMARY_WAVE)
    return _line(campaign, wave, effects[wave], Verdict.INTERIM)


def _line(campaign: Campaign, wave: int, effect: Effect, verdict: Verdict) -> Overview:
    return Overview(campaign, wave, effect if effect.known else None, verdict, campaign.read_out_on)
