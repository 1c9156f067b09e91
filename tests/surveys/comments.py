"""Comments in the pool for tests: landed as a file's rows are."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from django.db import transaction

from loopcare.staff.enums import Role
from loopcare.staff.models import User
from surveys.enums import CauseBasis
from surveys.models import CauseCode, PoolEntry
from surveys.services.landing import land
from surveys.services.setup import ensure_basics
from tests.factories import make_user
from tests.surveys.factories import row, source


def say(*said: tuple[str, str], now: datetime, causes: Iterable[str] = ()) -> None:
    """Land a low rating of each (customer, comment), with the causes that the customers chose."""
    ensure_basics()
    rows = [
        row(reference, 2, on=now.date(), number=number, causes=tuple(causes))._replace(comment=comment)
        for number, (reference, comment) in enumerate(said, start=1)
    ]
    with transaction.atomic():
        land(rows=rows, source=source(), now=now)


def entry_of(reference: str) -> PoolEntry:
    return PoolEntry.objects.get(customer__reference=reference)


def heard(reference: str, cause: str, *, at: datetime, by: User | None = None) -> None:
    """That an agent named a cause, as agents' outcomes write it."""
    entry = entry_of(reference)
    agent = by or make_user(Role.SUPERVISOR)
    CauseCode.objects.create(entry=entry, basis=CauseBasis.AGENT, cause=cause, by=agent, at=at)
    entry.causes = sorted({*entry.causes, cause})
    entry.save(update_fields=["causes"])


def read_of(reference: str) -> tuple[str, bool]:
    """(cause, whether it was given) as the latest reader read it."""
    code = CauseCode.objects.get(entry__customer__reference=reference, basis=CauseBasis.TEXT)
    return code.cause, code.accepted
