"""What there is to know of signals and the pool; other apps read through the names given here."""

from surveys.selectors.pool import (
    SEGMENT_FIELDS,
    UNKNOWN,
    Crossed,
    Headline,
    causes,
    crossed,
    headline,
    labels,
    matching,
    reading_fields,
    segment_counts,
    segment_entries,
    signals_of,
    sources,
    stays_of,
    waiting_pool,
)

__all__ = [
    "SEGMENT_FIELDS",
    "UNKNOWN",
    "Crossed",
    "Headline",
    "causes",
    "crossed",
    "headline",
    "labels",
    "matching",
    "reading_fields",
    "segment_counts",
    "segment_entries",
    "signals_of",
    "sources",
    "stays_of",
    "waiting_pool",
]
