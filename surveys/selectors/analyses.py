"""What was read of the pool, the latest first."""

from __future__ import annotations

from surveys.enums import AnalysisKind
from surveys.models import Analysis


def latest_analysis(kind: AnalysisKind, *, scope: str = "") -> Analysis | None:
    """The latest reading of one kind; None before the first."""
    return Analysis.objects.filter(kind=kind, scope=scope).order_by("-as_of").first()
