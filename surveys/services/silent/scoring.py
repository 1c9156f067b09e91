"""Scoring: everybody of a table once, the silent with the highest scores into the pool, a random few into the audit.

The table is read and scored outside any transaction; what was found lands in the one that completes the run. A run that
is killed half-way leaves nothing, and begins anew; the same table on the same day chooses the same customers.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
from django.db import transaction
from django.utils.timezone import localdate
from django.utils.translation import gettext as _

from loopcare.common.due_rows import Drained, DueStatus, Later, Never, Queue
from loopcare.common.errors import DomainError
from loopcare.staff.models import User
from loopcare.warehouse import Unreachable
from surveys.logic.silent import drift, table
from surveys.logic.silent.choosing import Chooser
from surveys.logic.silent.spec import parse_spec
from surveys.logic.silent.training import predict
from surveys.models import ScoreRun, SilentModel
from surveys.selectors.silent import heard_of, standing_of
from surveys.services.pulse import pulse
from surveys.services.silent.audits import draw
from surveys.services.silent.batches import Batch, of_file, of_warehouse
from surveys.services.silent.entering import enter
from surveys.services.silent.keeping import load
from surveys.services.silent.queueing import be_in_use, checked, queue_again

LEASE = timedelta(minutes=2)
AGAIN = timedelta(minutes=10)
"""How soon a warehouse that does not answer is asked again."""


@dataclass(frozen=True, slots=True)
class Found:
    """What one pass over a table found, nothing of it written yet."""

    scored: int
    silent: int
    standing: int
    chosen: Chooser
    drift: list[dict[str, Any]]
    seconds: float


def find(
    *, model: SilentModel, run: ScoreRun, batches: Iterable[Batch], told: Callable[[int], None] | None = None
) -> Found:
    """Score every batch. `told` is given the customers scored so far."""
    begun = time.monotonic()
    fitted, layout = load(model), table.from_plain(model.card["layout"])
    watch = drift.DriftWatch(layout, drift.from_plain(model.card["spreads"]))
    heard, standing = heard_of(day=run.day), standing_of(name=model.name, day=run.day)
    chooser = Chooser(
        capacity=run.capacity,
        floor=run.floor,
        borders=model.card["borders"],
        asked=run.asked,
        seed=run.day.toordinal(),
    )
    silent = still = 0
    for references, columns in batches:
        if not len(references):
            continue
        matrix, scores = predict(fitted, layout, columns)
        watch.feed(matrix, scores)
        quiet = np.fromiter((who not in heard for who in references), dtype=bool, count=len(references))
        may_enter = np.fromiter((who not in standing for who in references), dtype=bool, count=len(references))
        silent += int(quiet.sum())
        still += int((quiet & ~may_enter).sum())
        chooser.feed(references[quiet], scores[quiet], may_enter[quiet])
        if told is not None:
            told(watch.n)
    shifts = [asdict(shift) for shift in watch.shifts()]
    return Found(watch.n, silent, still, chooser, shifts, time.monotonic() - begun)


@transaction.atomic
def settle(run: ScoreRun, found: Found, *, now: datetime) -> None:
    """Land what was found, draw the week's audit, and write the counts onto the run."""
    chosen = found.chosen.entered()
    landed = enter(model=run.model, chosen=chosen, day=run.day, now=now, actor_id=run.created_by_id)
    if run.asked:
        draw(run=run, chooser=found.chosen)
    run.scored, run.silent, run.standing = found.scored, found.silent, found.standing
    run.entered, run.unknown, run.pool_new = len(chosen) - len(landed.unknown), len(landed.unknown), landed.pool_new
    run.threshold, run.drift, run.seconds = found.chosen.threshold, found.drift, found.seconds
    run.save(
        update_fields=[
            *("scored", "silent", "standing", "entered", "unknown", "pool_new", "threshold", "drift", "seconds"),
        ]
    )


# --- at once, in this process ----------------------------------------------------------------------------------------
def score_file(
    *,
    model: SilentModel,
    path: Path,
    capacity: int,
    now: datetime,
    asked: int = 0,
    floor: float = 0.0,
    by: User | None = None,
    told: Callable[[int], None] | None = None,
) -> ScoreRun:
    """Score a file. Raises Conflict for a model that is not in use, Invalid for what the file lacks."""
    layout, spec = _usable(model), parse_spec(model.spec)
    batches = of_file(path, reference=spec.reference, features=layout.features)
    run = _run(model, path.name, capacity=capacity, asked=asked, floor=floor, now=now, by=by)
    return _at_once(run, batches, now=now, told=told)


def score_table(
    *,
    model: SilentModel,
    url: str,
    table_name: str,
    reference: str,
    shown: str,
    capacity: int,
    now: datetime,
    asked: int = 0,
    floor: float = 0.0,
    by: User | None = None,
    told: Callable[[int], None] | None = None,
) -> ScoreRun:
    """Score a warehouse's table at once; `shown` names it to people."""
    layout = _usable(model)
    batches = of_warehouse(url, table=table_name, reference=reference, features=layout.features)
    run = _run(model, shown, capacity=capacity, asked=asked, floor=floor, now=now, by=by)
    return _at_once(run, batches, now=now, told=told)


def _run(model: SilentModel, name: str, *, now: datetime, by: User | None, **facts: Any) -> ScoreRun:
    checked(**facts)
    day = localdate(now)
    return ScoreRun(model=model, table=name[:200], day=day, due_at=now, created_by=by, created_at=now, **facts)


def _at_once(run: ScoreRun, batches: Iterable[Batch], *, now: datetime, told: Callable[[int], None] | None) -> ScoreRun:
    found = find(model=run.model, run=run, batches=batches, told=told)
    with transaction.atomic():
        run.status = DueStatus.DONE
        run.save()
        settle(run, found, now=now)
    return run


def _usable(model: SilentModel) -> table.Layout:
    """What the model looks at. Raises Conflict for one that is not in use."""
    be_in_use(model)
    return table.from_plain(model.card["layout"])


# --- queued ----------------------------------------------------------------------------------------------------------
def run_due_scores(*, now: datetime | None = None) -> Drained:
    """Score what is due."""
    return QUEUE.drain(now=now)


def _look(run: ScoreRun, now: datetime) -> None:
    model, warehouse = run.model, run.warehouse
    if warehouse is None:
        raise Never(_("The warehouse is gone."))
    with _refusing(now), pulse(run, now=now, lease=LEASE):
        features = _usable(model).features
        batches = of_warehouse(warehouse.url, table=warehouse.table, reference=warehouse.reference, features=features)
        run.found = find(model=model, run=run, batches=batches)  # type: ignore[attr-defined]


def _finish(run: ScoreRun, now: datetime) -> None:
    settle(run, run.found, now=now)  # type: ignore[attr-defined]
    if run.every_days:
        queue_again(run, now=now)


@contextmanager
def _refusing(now: datetime) -> Iterator[None]:
    """A warehouse that does not answer may do so later; what it has not, and a model that was changed, stay so."""
    try:
        yield
    except Unreachable as error:
        raise Later(now + AGAIN, last_error=error.message) from error
    except DomainError as error:
        raise Never(error.message) from error


QUEUE = Queue(ScoreRun, _finish, outside=_look, lease=LEASE)
