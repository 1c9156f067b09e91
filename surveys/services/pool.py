"""How pool entries move: many at once, each move one guarded UPDATE with its events, all or none."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from loopcare.common.errors import Conflict
from loopcare.common.states import record_many
from surveys.enums import LeftReason, PoolStatus
from surveys.models import PoolEntry, PoolEvent


def take_into_care(*, entry_ids: Iterable[int], now: datetime, actor_id: int | None = None) -> None:
    """waiting → in care."""
    _move(entry_ids, PoolStatus.IN_CARE, now=now, actor_id=actor_id)


def hold_out(*, entry_ids: Iterable[int], now: datetime, actor_id: int | None = None) -> None:
    """waiting → held out."""
    _move(entry_ids, PoolStatus.HELD_OUT, now=now, actor_id=actor_id)


def return_to_waiting(
    *, entry_ids: Iterable[int], now: datetime, actor_id: int | None = None, reason: str = ""
) -> None:
    """in care | held out → waiting: the campaign ended, or a complaint breaks the hold-out."""
    _move(entry_ids, PoolStatus.WAITING, now=now, actor_id=actor_id, reason=reason)


def leave(*, entry_ids: Iterable[int], reason: LeftReason, now: datetime, actor_id: int | None = None) -> None:
    """waiting | in care | held out → left, for good; a later signal opens a new entry."""
    _move(
        entry_ids,
        PoolStatus.LEFT,
        now=now,
        actor_id=actor_id,
        reason=reason.value,
        left_at=now,
        left_reason=reason.value,
    )


@transaction.atomic
def _move(
    entry_ids: Iterable[int],
    target: PoolStatus,
    *,
    now: datetime,
    actor_id: int | None,
    reason: str = "",
    **changes: Any,
) -> None:
    """Raises Conflict, and moves nothing, when one of the entries is not where it may leave from."""
    wanted = set(entry_ids)
    came_from = _locked(wanted, PoolStatus.sources(target))
    if len(came_from) != len(wanted):
        raise Conflict(
            _("%(count)s customers of the pool have moved meanwhile; look again and repeat.")
            % {"count": len(wanted) - len(came_from)}
        )
    PoolEntry.objects.filter(pk__in=wanted).update(status=target, **changes)
    for source in sorted(set(came_from.values())):
        record_many(
            PoolEvent,
            subject="entry",
            ids=sorted(pk for pk, status in came_from.items() if status == source),
            from_status=source,
            to_status=target.value,
            now=now,
            reason=reason,
            actor_id=actor_id,
        )


def _locked(wanted: set[int], sources: list[str]) -> dict[int, str]:
    """The entries that may move, with where they stand; in one order, so that two movers take turns."""
    rows = PoolEntry.objects.filter(pk__in=wanted, status__in=sources).order_by("pk").select_for_update()
    return dict(rows.values_list("pk", "status"))
