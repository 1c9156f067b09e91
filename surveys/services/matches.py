"""Whom a scan found, on their way into the one set-based core."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.db import connection

from surveys.logic.decoding import MAX_REFERENCE, Decoded, Rating
from surveys.models import Source
from surveys.services.landing import land
from surveys.services.setup import SCANS, shipped_source

TOLD_AGAIN_AFTER = timedelta(days=28)
"""A state that lasts is one time of dissatisfaction, not one a day: a rule that finds a customer again within it is
silent."""

TOLD = """
SELECT m.reference, m.code FROM unnest(%s::text[], %s::text[]) AS m(reference, code) CROSS JOIN LATERAL (
    SELECT true FROM surveys_signal AS s
    WHERE s.source_id = %s AND s.external_id = m.reference AND s.dimension = m.code
        AND s.occurred_on > %s AND s.occurred_on <= %s LIMIT 1
) AS earlier
"""


@dataclass(frozen=True, slots=True)
class LandedMatches:
    """What became of a batch. `unknown`: nobody is known by the reference, or it is longer than one can be."""

    last: str
    handed: int  # a customer whom two rules found is two
    unknown: int
    signals: int
    pool_new: int


def land_matches(
    *, batch: Any, codes: Sequence[str], day: date, now: datetime, actor_id: int | None = None
) -> LandedMatches:
    """Land a batch of matches (Arrow: the reference, one truth a code): a signal a rule, once a customer and day.

    The signal's natural key is (the source of scans, the reference, the rule's code, the day): what is known adds
    nothing, nor does what the rule told of the customer within `TOLD_AGAIN_AFTER`. Call inside a transaction.
    """
    references = [str(reference) for reference in batch.column(0).to_pylist()]
    truths = [batch.column(1 + place).to_pylist() for place in range(len(codes))]
    source = shipped_source(SCANS)
    told = _told(references, truths, codes, source, day)
    landed = land(rows=_rows(references, truths, codes, day, told), source=source, now=now, actor_id=actor_id)
    too_long = sum(len(reference) > MAX_REFERENCE for reference in references)
    # `after` is what the scan goes on behind; one that is too long to keep is passed over with the next batch.
    last = next((reference for reference in reversed(references) if len(reference) <= MAX_REFERENCE), "")
    return LandedMatches(last, sum(map(sum, truths)), len(landed.unknown) + too_long, landed.signals, landed.pool_new)


def _told(
    references: list[str], truths: list[list[bool]], codes: Sequence[str], source: Source, day: date
) -> set[tuple[str, str]]:
    """The matches that were told lately, by a scan of the same day too: (reference, code)."""
    found = [
        (reference, code)
        for code, truth in zip(codes, truths, strict=True)
        for reference, is_found in zip(references, truth, strict=True)
        if is_found
    ]
    asked, by = [reference for reference, _code in found], [code for _reference, code in found]
    with connection.cursor() as cursor:
        cursor.execute(TOLD, [asked, by, source.pk, day - TOLD_AGAIN_AFTER, day])
        return set(cursor.fetchall())


def _rows(
    references: list[str],
    truths: list[list[bool]],
    codes: Sequence[str],
    day: date,
    told: set[tuple[str, str]],
) -> Iterator[Decoded]:
    signals = {code: _signal(code) for code in codes}
    for row, (reference, *found) in enumerate(zip(references, *truths, strict=True), start=1):
        if len(reference) <= MAX_REFERENCE:
            new = tuple(
                signals[code]
                for code, is_found in zip(codes, found, strict=True)
                if is_found and (reference, code) not in told
            )
            if new:
                yield Decoded(row, reference, reference, day, new)


def _signal(code: str) -> Rating:
    """Nobody answered anything: a signal without a level, on the dimension that is its rule's code."""
    return Rating(code, "", None, None, None, opens=True)
