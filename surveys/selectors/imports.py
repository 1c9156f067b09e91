"""Reading imports: the list, and what kept rows out."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Count, QuerySet

from loopcare.staff.models import User
from surveys.models import Import, ImportReject

REASONS_SHOWN = 10


@dataclass(frozen=True, slots=True)
class Reason:
    """One thing that is wrong in one column, and in how many rows."""

    column: str
    reason: str
    rows: int


def imports_of(user: User) -> QuerySet[Import]:
    """What a user may list. A dry run whose file is used or gone has said what it had to say."""
    return Import.objects.visible_to(user).exclude(dry_run=True, path="").select_related("source", "created_by")


def reasons_of(batch: Import) -> list[Reason]:
    """What keeps rows of an import out, the most frequent first."""
    counted = ImportReject.objects.filter(batch=batch).values_list("column", "reason")
    rows = counted.annotate(rows=Count("row", distinct=True)).order_by("-rows", "column", "reason")
    return [Reason(*row) for row in rows[:REASONS_SHOWN]]
