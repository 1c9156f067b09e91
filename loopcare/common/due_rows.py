"""Due rows: work for machines. The row is the queue and the schedule; Celery and Redis only ring.

A row waits until `due_at`, is claimed in batches, started one by one, and ends `done`, back in `waiting` with a later
`due_at`, or visibly `dead` after `MAX_TRIES`. While it runs, `due_at` is the end of its lease: a row whose worker
vanished becomes due by itself. Tries are counted, in their own commit, as a row starts; a row that was started before
is claimed alone. So a row that kills its worker is charged five times and its neighbours never.
"""

from __future__ import annotations

import logging
import os
import socket
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Generic, TypeVar

from django.db import models, transaction
from django.db.models import F, Q
from django.db.models.functions import Cast, Coalesce
from django.utils.translation import gettext_lazy as _

from loopcare.common import clock
from loopcare.common.compiled import Hole
from loopcare.common.errors import StaleLease
from loopcare.common.leases import RELEASED, Claim, Lease
from loopcare.common.states import State

logger = logging.getLogger(__name__)

MAX_TRIES = 5
BATCH = 100


class DueStatus(State):
    WAITING = "waiting", _("waiting")
    RUNNING = "running", _("running")
    DONE = "done", _("done")
    DEAD = "dead", _("dead")
    CANCELLED = "cancelled", _("cancelled")

    @classmethod
    def moves(cls) -> dict[str, frozenset[str]]:
        return {
            cls.WAITING: frozenset({cls.RUNNING, cls.CANCELLED}),
            # running → running: the worker vanished and another one claimed the row after its lease
            cls.RUNNING: frozenset({cls.RUNNING, cls.DONE, cls.WAITING, cls.DEAD, cls.CANCELLED}),
            cls.DONE: frozenset(),
            cls.DEAD: frozenset({cls.WAITING}),
            cls.CANCELLED: frozenset(),
        }


LIVE = (DueStatus.WAITING.value, DueStatus.RUNNING.value)


class DueRow(Lease):
    """A Lease plus when it is due, how often it was tried and what went wrong last."""

    status = models.CharField(max_length=12, choices=DueStatus.choices, default=DueStatus.WAITING, editable=False)
    due_at = models.DateTimeField()
    tries = models.PositiveSmallIntegerField(default=0, editable=False)
    last_error = models.TextField(blank=True, default="", editable=False)

    class Meta:
        abstract = True

    @staticmethod
    def due_index(name: str) -> models.Index:
        """The one partial index over live rows, small however many are done."""
        return models.Index(fields=["due_at", "id"], name=name, condition=Q(status__in=LIVE))

    @staticmethod
    def due_constraints(prefix: str) -> list[models.BaseConstraint]:
        return [
            DueStatus.check(name=f"{prefix}_status_known"),
            # Only a running row is held; a row put down keeps no holder.
            models.CheckConstraint(
                name=f"{prefix}_held_only_while_running",
                condition=Q(status=DueStatus.RUNNING) | Q(holder="", lease_until=None),
            ),
        ]


def holder_name() -> str:
    """Who is working: machine, process and thread."""
    return f"{socket.gethostname()[:40]}:{os.getpid()}:{threading.get_ident() % 100_000}"


@dataclass
class Drained:
    """What one drain did."""

    done: int = 0
    failed: int = 0
    dead: int = 0
    put_off: int = 0

    @property
    def total(self) -> int:
        return self.done + self.failed + self.dead + self.put_off


class Later(Exception):
    """Raised by the work of a row that must wait for another time: not a failure, no try is charged."""

    def __init__(self, until: datetime, **changes: Any) -> None:
        super().__init__(until)
        self.until = until
        self.changes = changes


class Never(Exception):
    """Raised by the work of a row that is not to happen any more: the row is cancelled, with these changes."""

    def __init__(self, reason: str, **changes: Any) -> None:
        super().__init__(reason)
        self.changes = changes


Row = TypeVar("Row", bound=DueRow)


class Queue(Generic[Row]):
    """The due rows of one model and the work they ask for.

    `work(row, now)` runs in the transaction that also completes the row: both happen or neither. `outside(row, now)`
    runs before it, outside any transaction, and is the only place from which a message or webhook may leave; it gets
    a committed row with a fixed key and must be harmless when repeated with that key. Both may raise `Later` or
    `Never`; any other error puts the row back with a growing delay.
    """

    def __init__(
        self,
        model: type[Row],
        work: Callable[[Row, datetime], None],
        *,
        outside: Callable[[Row, datetime], None] | None = None,
        lease: timedelta = timedelta(seconds=60),
        back_off: Callable[[int], timedelta] = lambda tries: timedelta(seconds=min(3600, 5 * 4 ** (tries - 1))),
    ) -> None:
        self.model = model
        self._work = work
        self._outside = outside
        self._lease = lease
        self._back_off = back_off
        # Fresh rows go in batches; a row that was started before is taken alone, so that it harms no neighbour.
        self._fresh = self._claim(Q(tries=0))
        self._again = self._claim(Q(tries__gt=0))

    def _claim(self, which: Q) -> Claim:
        return Claim(
            lambda: self.model._default_manager.filter(which, status__in=LIVE, due_at__lte=self._moment()).order_by(
                "due_at", "pk"
            ),
            lease=self._lease,
            to=DueStatus.RUNNING,
            due_follows_lease=True,
        )

    @staticmethod
    def _moment() -> Coalesce:
        """The `now` given to `drain`, or the clock's."""
        return Coalesce(Cast(Hole("now"), models.DateTimeField()), clock.Now())

    def drain(self, *, now: datetime | None = None, limit: int = 10_000) -> Drained:
        """Do everything that is due, up to `limit` rows. Harmless to run twice or in many places at once."""
        result, holder = Drained(), holder_name()
        while result.total < limit:
            held = self._fresh.take(holder=holder, now=now, limit=min(BATCH, limit - result.total))
            if not held:
                held = self._again.take(holder=holder, now=now, limit=1)
            if not held:
                break
            rows = {row.pk: row for row in self.model._default_manager.filter(pk__in=[h.pk for h in held])}
            for claim in held:
                # A row whose epoch moved on meanwhile belongs to somebody else already.
                if (row := rows.get(claim.pk)) is not None and row.epoch == claim.epoch:
                    self._run(row, now=now or clock.now(), result=result)
        return result

    def _run(self, row: Row, *, now: datetime, result: Drained) -> None:
        if row.tries >= MAX_TRIES:
            self._settle(row, DueStatus.DEAD, last_error=row.last_error or "The worker was lost in every try.")
            result.dead += 1
            return
        until = now + self._lease
        if not self._mine(row).update(tries=F("tries") + 1, lease_until=until, due_at=until):
            return
        row.tries += 1
        try:
            if self._outside is not None:
                self._outside(row, now)
            with transaction.atomic():
                self._work(row, now)
                if not self._settle(row, DueStatus.DONE):
                    raise StaleLease("The lease ended while the row ran.")
            result.done += 1
        except Later as later:
            self._settle(row, DueStatus.WAITING, due_at=later.until, tries=F("tries") - 1, **later.changes)
            result.put_off += 1
        except Never as never:
            self._settle(row, DueStatus.CANCELLED, last_error=str(never), **never.changes)
            result.put_off += 1
        except StaleLease:
            logger.warning("%s %s: lease lost, nothing written", self.model._meta.label, row.pk)
        except Exception as error:
            self._failed(row, error, now, result)

    def _failed(self, row: Row, error: Exception, now: datetime, result: Drained) -> None:
        """Put the row back for later, or call it dead. The message may name a person: it is kept in the row only."""
        logger.warning("%s %s: try %s: %s", self.model._meta.label, row.pk, row.tries, type(error).__name__)
        text = f"{type(error).__name__}: {error}"[:2000]
        if row.tries >= MAX_TRIES:
            self._settle(row, DueStatus.DEAD, last_error=text)
            result.dead += 1
        else:
            self._settle(row, DueStatus.WAITING, last_error=text, due_at=now + self._back_off(row.tries))
            result.failed += 1

    def _mine(self, row: Row) -> models.QuerySet[Row]:
        return self.model._default_manager.filter(pk=row.pk, epoch=row.epoch, status=DueStatus.RUNNING)

    def _settle(self, row: Row, status: DueStatus, **changes: Any) -> bool:
        """End this claim under its epoch; False when another holder has the row."""
        settled = self._mine(row).update(status=status, **RELEASED, **changes)
        if settled:
            row.status = status
        return bool(settled)
