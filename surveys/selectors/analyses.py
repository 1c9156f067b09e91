"""What was read of the pool, the latest first."""

from __future__ import annotations

from django.db.models import QuerySet

from surveys.enums import AnalysisKind
from surveys.models import Analysis


def latest_analysis(rows: QuerySet[Analysis], kind: AnalysisKind) -> Analysis | None:
    """The latest reading of one kind; None before the first."""
    return rows.filter(kind=kind).order_by("-as_of", "scope").first()


def latest_of_each(rows: QuerySet[Analysis], kind: AnalysisKind) -> list[Analysis]:
    """The latest reading of one kind for each scope, by scope."""
    return list(rows.filter(kind=kind).order_by("scope", "-as_of").distinct("scope"))
