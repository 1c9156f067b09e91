"""Tiers in words, and a measure's columns with the cuts through them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _

from loopcare.common.charts.scales import Scale, decimals_of, nice_ticks, number
from surveys.forms.tiers import LABELS, measure_label
from surveys.logic.tiers import RECENCY, TIERS, TOLD, Kind, shown_as
from surveys.selectors.tiers import BUCKETS, Spread
from surveys.views.shares import percent_of

HEIGHT, TOP = 140, 16
TONES = ("vital", "day-alike", "rest", "day-other")
"""How the tiers are filled, the best first."""
GAP = 0.15  # share of a column's place


@dataclass(frozen=True, slots=True)
class Block:
    """The part of a column that is one tier. Across in percent, down in pixels."""

    x: str
    y: str
    width: str
    height: str
    tone: str
    text: str


@dataclass(frozen=True, slots=True)
class Histogram:
    """Everything `surveys/tiers/histogram.html` needs; `first` and `last` are the values at the ends of the axis."""

    name: str
    title: str
    axis: str
    blocks: tuple[Block, ...]
    cuts: tuple[tuple[str, str], ...]
    ticks: tuple[tuple[str, str], ...]
    key: tuple[tuple[str, str], ...]
    first: str
    last: str
    height: int = HEIGHT


@dataclass(frozen=True, slots=True)
class TierLine:
    """One tier: from where on it begins, how many have it now and would have it, of those who have the measure."""

    tier: str
    begins: str
    now: str
    now_share: str
    becomes: str
    becomes_share: str


def tier_label(tier: str) -> str:
    return str(LABELS[tier])


def begins(measure: str, cuts: Sequence[float], kind: Kind) -> list[tuple[str, str]]:
    """(tier, from where on), the best first."""
    if measure == TOLD:
        return []
    shown = [value(shown_as(measure, cut)) for cut in cuts]
    at_least, less = _("at least %(cut)s"), _("less")
    if measure == RECENCY:
        at_least, less = _("at most %(cut)s days ago"), _("longer ago")
    words = [*(at_least % {"cut": cut} for cut in shown), less]
    return [(tier_label(tier), text) for tier, text in zip(TIERS[kind], words, strict=True)]


def value(number_: float) -> str:
    """A measure's value with as many decimals as it needs, three at most."""
    return number(number_, min(3, decimals_of(number_)))


def tier_lines(kind: Kind, measure: str, cuts: Sequence[float], spread: Spread) -> list[TierLine]:
    now, becomes = dict.fromkeys(TIERS[kind], 0), dict.fromkeys(TIERS[kind], 0)
    for (was, tier), n in spread.moves.items():
        becomes[tier] += n
        if was:
            now[was] += n
    n = sum(becomes.values())
    return [
        TierLine(
            tier=label,
            begins=text,
            now=number(scaled(now[tier], spread)),
            now_share=percent_of(now[tier], n),
            becomes=number(scaled(becomes[tier], spread)),
            becomes_share=percent_of(becomes[tier], n),
        )
        for tier, (label, text) in zip(TIERS[kind], begins(measure, cuts, kind), strict=True)
    ]


def move_rows(kind: Kind, moves: Mapping[tuple[str, str], int]) -> list[tuple[str, list[tuple[str, bool]]]]:
    """A from → to table: each row's name, then by tier how many went there and whether they stayed; rows of nobody
    are left out."""
    rows = []
    for was in ("", *TIERS[kind]):
        counts = [moves.get((was, tier), 0) for tier in TIERS[kind]]
        if any(counts):
            rows.append((tier_label(was), [(number(n), was == t) for n, t in zip(counts, TIERS[kind], strict=True)]))
    return rows


def scaled(count: int, spread: Spread) -> int:
    """A count of those who were looked at as one of all customers."""
    return round(count * 100 / spread.percent)


def histogram(kind: Kind, measure: str, cuts: Sequence[float], spread: Spread) -> Histogram | None:
    """The measure's columns, each divided by tier, with the cuts through them; None where nobody has the measure."""
    if not spread.quantiles:
        return None
    totals = [sum(spread.columns.get((bucket, tier), 0) for tier in TIERS[kind]) for bucket in range(BUCKETS + 2)]
    ticks = nice_ticks(0, max(scaled(max(totals), spread), 1), 4)
    up = Scale(0, ticks[-1], HEIGHT, TOP)
    low, high = spread.quantiles[0], spread.quantiles[-1]
    return Histogram(
        name=f"{kind}-histogram",
        title=measure_label(measure),
        axis=_("customers"),
        blocks=tuple(_blocks(kind, measure, spread, up)),
        cuts=tuple((_place(cut, low, high), value(shown_as(measure, cut))) for cut in cuts),
        ticks=tuple((f"{up(tick):.1f}", number(tick)) for tick in ticks[1:]),
        key=tuple((tone, tier_label(tier)) for tone, tier in zip(TONES, TIERS[kind], strict=True)),
        first=value(round(shown_as(measure, low), 3)),
        last=value(round(shown_as(measure, high), 3)),
    )


def _blocks(kind: Kind, measure: str, spread: Spread, up: Scale) -> list[Block]:
    place, blocks = 100 / (BUCKETS + 2), []
    for bucket in range(BUCKETS + 2):
        below = 0
        for tone, tier in reversed(list(zip(TONES, TIERS[kind], strict=True))):
            n = scaled(spread.columns.get((bucket, tier), 0), spread)
            if not n:
                continue
            top = up(below + n)
            text = f"{_span(bucket, measure, spread)} · {tier_label(tier)}: {number(n)}"
            width, height = (1 - GAP) * place, max(1.0, up(below) - top)
            blocks.append(
                Block(f"{(bucket + GAP / 2) * place:.2f}%", f"{top:.1f}", f"{width:.2f}%", f"{height:.1f}", tone, text)
            )
            below += n
    return blocks


def _span(bucket: int, measure: str, spread: Spread) -> str:
    """The values of a column in words."""
    low, high = spread.quantiles[0], spread.quantiles[-1]
    edges = [shown_as(measure, low + (high - low) * share / BUCKETS) for share in (bucket - 1, bucket)]
    if bucket in (0, BUCKETS + 1):
        return ("> " if (bucket == 0) == (measure == RECENCY) else "< ") + value(round(edges[bucket == 0], 3))
    return " … ".join(value(round(edge, 3)) for edge in edges)


def _place(cut: float, low: float, high: float) -> str:
    """Where a cut stands among the columns; one beyond the ends stands at the end."""
    share = 0.5 if low == high and cut == low else (cut - low) / (high - low) if high > low else float(cut > low)
    bucket = min(max(1 + share * BUCKETS, 0.0), BUCKETS + 2.0)
    return f"{100 * bucket / (BUCKETS + 2):.2f}%"
