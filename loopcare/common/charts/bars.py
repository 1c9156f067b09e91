"""Horizontal bars with value and share; sorted and accumulated as a Pareto chart."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate

from loopcare.common.charts.scales import Scale, number, shorten

ROW_HEIGHT = 38
LABEL_COLUMNS = 30
VITAL_SHARE = 0.8


@dataclass(frozen=True, slots=True)
class BarRow:
    """One count or amount, not negative; None when unknown."""

    label: str
    value: float | None


@dataclass(frozen=True, slots=True)
class Bar:
    """One drawn row. Widths in percent of the plot; `vital` bars together reach 80 % of the total."""

    label: str
    short_label: str
    value: str
    share: str
    cumulative: str
    width: str
    vital: bool
    top: int


@dataclass(frozen=True, slots=True)
class BarChart:
    """Everything `charts/bars.html` needs; `name` is unique on its page. Lengths in pixels."""

    name: str
    title: str
    axis: str
    csv_url: str
    bars: tuple[Bar, ...]
    total: str
    is_pareto: bool
    height: int


def bars(
    rows: Sequence[BarRow],
    *,
    name: str,
    title: str,
    axis: str,
    total: float | None = None,
    reached: Sequence[float] | None = None,
    csv_url: str = "",
    decimals: int = 0,
    is_pareto: bool = False,
) -> BarChart:
    """Bars in the given order, with shares of `total`, by default the sum of the rows.

    A Pareto chart goes from the largest down, unknown last, and lets the few that reach 80 % stand out. Where its rows
    overlap, `reached` says what each reaches with those before it: a sum would count twice.
    """
    if is_pareto:
        rows = sorted(rows, key=lambda row: -1 if row.value is None else row.value, reverse=True)
    values = [row.value or 0.0 for row in rows]
    if any(value < 0 for value in values):
        raise ValueError("Bars show counts and amounts; none may be negative.")
    whole = sum(values) if total is None else total
    scale = Scale(0, max(values, default=0) or 1)
    sums = list(accumulate(values)) if reached is None else list(reached)
    together = whole if reached is None else max(sums, default=0)
    drawn = tuple(
        Bar(
            label=row.label,
            short_label=shorten(row.label, LABEL_COLUMNS),
            value=number(row.value, decimals),
            share=_share(row.value, whole),
            cumulative=_share(None if row.value is None else sums[index], whole),
            width=scale.percent(values[index]),
            vital=not is_pareto or (sums[index - 1] if index else 0) < VITAL_SHARE * together,
            top=ROW_HEIGHT * index,
        )
        for index, row in enumerate(rows)
    )
    return BarChart(name, title, axis, csv_url, drawn, number(together, decimals), is_pareto, ROW_HEIGHT * len(rows))


def _share(value: float | None, total: float) -> str:
    """Percent of the total; empty when either is unknown or nothing."""
    return "" if value is None or total <= 0 else f"{number(100 * value / total, 1)}%"
