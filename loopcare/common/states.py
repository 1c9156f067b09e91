"""States and their moves, built once.

The allowed moves stand on the enum (`moves`); a move is one guarded UPDATE with its event row in the same
transaction; no row moved means a `Conflict`. Nothing else writes a status.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import models, transaction
from django.utils.translation import gettext as _

from loopcare.common.errors import Conflict, StaleLease


class State(models.TextChoices):
    """Base of the status enums; each gives its table of moves."""

    @classmethod
    def moves(cls) -> Mapping[str, frozenset[str]]:
        """Status → the statuses it may move to. A final status maps to nothing."""
        raise NotImplementedError

    @classmethod
    def sources(cls, target: str) -> list[str]:
        """The statuses from which `target` may be reached."""
        return [status for status, targets in cls.moves().items() if target in targets]

    @classmethod
    def check(cls, *, name: str, field: str = "status") -> models.CheckConstraint:
        """Choices alone do not reach the database: this constraint does."""
        return models.CheckConstraint(name=name, condition=models.Q(**{f"{field}__in": cls.values}))


class Event(models.Model):
    """One move, append-only: who, when, from, to, why. Ids only, so that erasing a person keeps the chain."""

    from_status = models.CharField(max_length=20, blank=True)
    to_status = models.CharField(max_length=20)
    reason = models.CharField(max_length=60, blank=True)
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+")
    at = models.DateTimeField()

    class Meta:
        abstract = True
        ordering = ["id"]


def move(
    row: models.Model,
    target: State,
    *,
    now: datetime,
    actor_id: int | None = None,
    reason: str = "",
    epoch: int | None = None,
    **changes: Any,
) -> None:
    """Move one row to `target`, write `changes` with it, and record the event.

    `row` must carry `status` and a model attribute `events` (reverse name of its Event). `epoch` names the lease the
    writer was given: a write under an older epoch is refused with `StaleLease`. Raises `Conflict` when the row's
    status does not allow the move. On success the instance is brought up to date.
    """
    model = type(row)
    if target.value not in type(target).moves().get(_status(row), frozenset()):
        raise _refusal(row, target)
    guard: dict[str, Any] = {"pk": row.pk, "status": _status(row)}
    if epoch is not None:
        guard["epoch"] = epoch
    with transaction.atomic():
        moved = model._default_manager.filter(**guard).update(status=target.value, **changes)
        if not moved:
            raise _lost(row, target, epoch)
        record(row, from_status=_status(row), to_status=target.value, now=now, actor_id=actor_id, reason=reason)
    for name, value in {"status": target.value, **changes}.items():
        setattr(row, name, value)


def record(
    row: models.Model,
    *,
    from_status: str,
    to_status: str,
    now: datetime,
    actor_id: int | None,
    reason: str = "",
) -> None:
    """Write the event of a move (or of a birth, with an empty `from_status`)."""
    row.events.create(  # type: ignore[attr-defined]
        from_status=from_status, to_status=to_status, at=now, actor_id=actor_id, reason=reason
    )


def record_many(
    events: type[Event],
    *,
    subject: str,
    ids: Iterable[int],
    from_status: str,
    to_status: str,
    now: datetime,
    reason: str = "",
    actor_id: int | None = None,
) -> None:
    """The events of one set-based move: `subject` is the name of the foreign key on `events`."""
    events._default_manager.bulk_create(
        [
            events(
                **{f"{subject}_id": pk},
                from_status=from_status,
                to_status=to_status,
                at=now,
                reason=reason,
                actor_id=actor_id,
            )
            for pk in ids
        ],
        batch_size=5_000,
    )


def _status(row: models.Model) -> str:
    return str(row.status)  # type: ignore[attr-defined]


def _refusal(row: models.Model, target: State) -> Conflict:
    here = type(target)(_status(row)).label
    return Conflict(
        _("This is %(here)s and cannot become %(there)s.") % {"here": here, "there": target.label},
        status_now=_status(row),
    )


def _lost(row: models.Model, target: State, epoch: int | None) -> Conflict:
    """Why the guarded UPDATE met no row: read once more, only to say it well."""
    fresh = type(row)._default_manager.filter(pk=row.pk).values("status").first()
    if epoch is not None and fresh and fresh["status"] == _status(row):
        return StaleLease(_("Your hold on this ended and somebody else may have it; nothing was changed."))
    here = type(target)(fresh["status"]).label if fresh else _("gone")
    return Conflict(
        _("Somebody was faster: this is now %(here)s.") % {"here": here},
        status_now=fresh["status"] if fresh else None,
    )
