"""Score runs on their way: queued by a page, a call, or by the run before them. Loads nothing that scores."""

from __future__ import annotations

import importlib
from datetime import datetime, timedelta

from django.db import transaction
from django.utils.timezone import localdate
from django.utils.translation import gettext as _

from loopcare.common.due_rows import LIVE, DueStatus
from loopcare.common.errors import Conflict, Invalid
from loopcare.staff.models import User
from surveys.enums import SilentStatus
from surveys.models import ScoreRun, SilentModel, Warehouse

MOST_CALLED = 1_000_000
MOST_ASKED = 100_000


def run_due_scores(*, now: datetime) -> int:
    """Score what is due; returns how many rows of the queue were touched. What scores is loaded only then."""
    if not ScoreRun.objects.filter(status__in=LIVE, due_at__lte=now).exists():
        return 0
    scoring = importlib.import_module("surveys.services.silent.scoring")
    return int(scoring.run_due_scores(now=now).total)


@transaction.atomic
def queue_score(
    *,
    model: SilentModel,
    warehouse: Warehouse,
    capacity: int,
    now: datetime,
    asked: int = 0,
    floor: float = 0.0,
    every_days: int = 0,
    by: User | None = None,
) -> ScoreRun:
    """Queue the scoring of a warehouse's table by a model in use; every so many days, where that is given.

    `capacity` customers can be called, `asked` are asked in the audit, nobody below `floor` (0–1) is entered. Raises
    Conflict for a model that is not in use, and while a run of it waits or runs; Invalid for numbers out of range.
    """
    row = SilentModel.objects.select_for_update().defer("fitted").get(pk=model.pk)
    be_in_use(row)
    checked(capacity=capacity, asked=asked, floor=floor)
    if not 0 <= every_days <= 366:
        raise Invalid(_("Repeat within a year: 0 to 366 days."), field="every_days")
    if ScoreRun.objects.filter(model__name=row.name, status__in=LIVE).exists():
        raise Conflict(_("A run of this model waits already; call it off first."))
    return ScoreRun.objects.create(
        model=row,
        warehouse=warehouse,
        table=f"{warehouse.name} · {warehouse.table}"[:200],
        day=localdate(now),
        capacity=capacity,
        asked=asked,
        floor=floor,
        every_days=every_days,
        due_at=now,
        created_by=by,
        created_at=now,
    )


def be_in_use(model: SilentModel) -> None:
    """Raises Conflict for a model that is not in use: nobody answers for what it finds."""
    if model.status != SilentStatus.IN_USE:
        raise Conflict(_("%(model)s is not in use: put it in use first.") % {"model": model.label})


def checked(*, capacity: int, asked: int, floor: float) -> None:
    """Raises Invalid for numbers out of range."""
    if not 0 <= capacity <= MOST_CALLED:
        raise Invalid(_("Between 0 and %(most)s customers can be called.") % {"most": MOST_CALLED}, field="capacity")
    if not 0 <= asked <= MOST_ASKED:
        raise Invalid(_("Between 0 and %(most)s customers can be asked.") % {"most": MOST_ASKED}, field="asked")
    if not 0 <= floor <= 1:
        raise Invalid(_("The lowest score lies between 0 and 1."), field="floor")


def queue_again(run: ScoreRun, *, now: datetime) -> ScoreRun:
    """The next of a repeated run, `every_days` after the last one was due, never in the past."""
    due = max(run.created_at + timedelta(days=run.every_days), now + timedelta(hours=1))
    facts = {name: getattr(run, name) for name in ("warehouse", "table", "capacity", "asked", "floor", "every_days")}
    return ScoreRun.objects.create(
        model_id=run.model_id, day=localdate(due), due_at=due, created_at=due, created_by_id=run.created_by_id, **facts
    )


def call_off(*, run: ScoreRun) -> None:
    """Call off a run that waits, and with it its repetition. Raises Conflict for one that runs or is over."""
    waiting = ScoreRun.objects.filter(pk=run.pk, status=DueStatus.WAITING)
    if not waiting.update(status=DueStatus.CANCELLED, last_error="Called off."):
        raise Conflict(_("This run is not waiting any more."))
