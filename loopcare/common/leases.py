"""Leases: time-limited, exclusive claims on rows, and the one statement that takes them.

`Lease` gives a row `holder, lease_until, epoch`. `Claim` takes the next rows of a queryset with `FOR UPDATE SKIP
LOCKED`, raises the epoch and writes the event, all in one statement and one round trip. Every later write names the
epoch it was given, so a holder that was frozen past its lease (a zombie) cannot write.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any

from django.db import connection, models

from loopcare.common.compiled import Compiled, Hole, Literal, Parameter, run
from loopcare.common.states import Event, State


class Lease(models.Model):
    """A row that one holder at a time may work on."""

    holder = models.CharField(max_length=80, blank=True, default="", editable=False)
    lease_until = models.DateTimeField(null=True, blank=True, editable=False)
    epoch = models.PositiveIntegerField(default=0, editable=False)

    class Meta:
        abstract = True


@dataclass(frozen=True)
class Held:
    """A claim that was won: the row, the epoch every later write must name, and when it ends."""

    pk: int
    epoch: int
    lease_until: datetime


class Claim:
    """Takes the next rows of a queue. Compiled once, on first use: compiling at every call costs half the speed.

    `queue` makes the queryset (filtered and ordered; changing values are `Hole`s; it must not be sliced). `to` is the
    status the rows move to. With `event` (and `subject`, the name of its foreign key, and `came_from`, the one status
    that the queue offers) the move is recorded by the same statement.
    """

    def __init__(
        self,
        queue: Callable[[], models.QuerySet[Any]],
        *,
        lease: timedelta,
        to: State,
        event: type[Event] | None = None,
        subject: str = "",
        came_from: State | None = None,
        due_follows_lease: bool = False,
    ) -> None:
        self._queue = Compiled(lambda: queue().values_list("pk"))
        self._lease = lease
        self._to = to
        self._event = event
        self._subject = subject
        self._came_from = came_from
        self._due_follows_lease = due_follows_lease

    def take(
        self,
        *,
        holder: str,
        now: datetime | None = None,
        limit: int = 1,
        actor_id: int | None = None,
        **holes: Any,
    ) -> list[Held]:
        """Claim up to `limit` rows for `holder`; an empty list when none is free. `now`: default the clock's."""
        sql, params = self._statement
        own = {"holder": holder, "limit": limit, "actor": actor_id, "at": now, "lease": self._lease, "now": now}
        return [Held(*row) for row in run(sql, params, own | holes)]

    @cached_property
    def _statement(self) -> tuple[str, list[Parameter]]:
        """The SQL and its parameters in order: holes of ours and of the queue, and the queue's literals."""
        model = self._queue.model
        quote = connection.ops.quote_name
        table, pk = quote(model._meta.db_table), quote(_pk_column(model))
        inner, inner_params = self._queue.statement
        lock = connection.ops.for_update_sql(skip_locked=True, of=(table,))
        clock = "coalesce(%s::timestamptz, loopcare_now())"
        due = ", due_at = clock.until" if self._due_follows_lease else ""
        sql = (
            f"WITH clock AS MATERIALIZED (SELECT {clock} AS moment, {clock} + %s AS until), "
            f"next(pk) AS MATERIALIZED ({inner} LIMIT %s {lock}), "
            f"moved AS (UPDATE {table} AS t SET holder = %s, lease_until = clock.until, epoch = t.epoch + 1, "
            f"status = %s{due} FROM next, clock WHERE t.{pk} = next.pk "
            f"RETURNING t.{pk} AS pk, t.epoch, t.lease_until)"
        )
        params: list[Parameter] = [Hole("at"), Hole("at"), Hole("lease"), *inner_params]
        params += [Hole("limit"), Hole("holder"), Literal(self._to.value)]
        if self._event is not None and self._came_from is not None:
            sql += (
                f", logged AS (INSERT INTO {quote(self._event._meta.db_table)} "
                f"({quote(self._subject + '_id')}, from_status, to_status, reason, actor_id, at) "
                f"SELECT moved.pk, %s, %s, '', %s, clock.moment FROM moved, clock)"
            )
            params += [Literal(self._came_from.value), Literal(self._to.value), Hole("actor")]
        return sql + " SELECT pk, epoch, lease_until FROM moved", params


def _pk_column(model: type[models.Model]) -> str:
    column = model._meta.pk.column
    assert column is not None
    return column


def extend(row: Lease, *, lease: timedelta, now: datetime) -> bool:
    """Heartbeat: prolong the lease of a row in hand. False when the claim is no longer this holder's."""
    until = now + lease
    updated = (
        type(row)
        ._default_manager.filter(pk=row.pk, epoch=row.epoch, holder=row.holder)
        .exclude(holder="")
        .update(lease_until=until)
    )
    if updated:
        row.lease_until = until
    return bool(updated)


RELEASED: dict[str, Any] = {"holder": "", "lease_until": None}
"""The columns of a row that nobody holds; pass it to `move` when a row is put down."""
