"""Readings of the pool, kept so that a page shows in a moment what took a minute to compute."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.utils.timezone import localdate

from surveys.enums import AnalysisKind
from surveys.models import Analysis


def keep_analysis(
    *, kind: AnalysisKind, figures: dict[str, Any], seconds: float, now: datetime, scope: str = ""
) -> Analysis:
    """Keep the figures of the local day of `now`; those of an earlier look of the same day are replaced."""
    row, _created = Analysis.objects.update_or_create(
        kind=kind,
        scope=scope,
        as_of=localdate(now),
        defaults={"figures": figures, "seconds": seconds, "made_at": now},
    )
    return row
