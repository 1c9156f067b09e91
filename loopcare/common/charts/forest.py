"""Effects with their intervals, one row each, against a line at zero."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from loopcare.common.charts.scales import Scale, decimals_of, nice_ticks, number, shorten, signed

ROW_HEIGHT = 56
AXIS_HEIGHT = 26
LABEL_COLUMNS = 30


@dataclass(frozen=True, slots=True)
class ForestRow:
    """What a caller knows of one effect; None where it is unknown. A primary row is emphasised."""

    label: str
    effect: float | None
    low: float | None
    high: float | None
    n_care: int
    n_hold_out: int
    primary: bool = False
    higher_is_better: bool = True


@dataclass(frozen=True, slots=True)
class Interval:
    """Where a row's effect is drawn, in percent of the plot's width, and how it reads.

    `tone`: good or bad when the interval excludes zero, open when it does not.
    """

    x: str
    x_low: str
    x_high: str
    tone: str


@dataclass(frozen=True, slots=True)
class ForestMark:
    """One drawn row; `interval` is None when the effect is unknown."""

    label: str
    short_label: str
    effect: str
    low: str
    high: str
    n_care: str
    n_hold_out: str
    primary: bool
    top: int
    interval: Interval | None


@dataclass(frozen=True, slots=True)
class Tick:
    x: str
    text: str
    is_zero: bool


@dataclass(frozen=True, slots=True)
class ForestChart:
    """Everything `charts/forest.html` needs; `name` is unique on its page. Lengths in pixels."""

    name: str
    title: str
    axis: str
    csv_url: str
    marks: tuple[ForestMark, ...]
    ticks: tuple[Tick, ...]
    axis_height: int
    row_height: int
    height: int


def forest(
    rows: Sequence[ForestRow], *, name: str, title: str, axis: str, csv_url: str = "", decimals: int = 1
) -> ForestChart:
    """A forest plot. `axis` says what is measured and in which unit, which all rows share."""
    known = [end for row in rows if row.low is not None and row.high is not None for end in (row.low, row.high)]
    values = nice_ticks(min([0.0, *known]), max([0.0, *known]))
    scale = Scale(values[0], values[-1], 4, 96)
    tick_decimals = max(map(decimals_of, values))
    return ForestChart(
        name=name,
        title=title,
        axis=axis,
        csv_url=csv_url,
        marks=tuple(_mark(row, index, scale, decimals) for index, row in enumerate(rows)),
        ticks=tuple(Tick(scale.percent(v), signed(v, tick_decimals), v == 0) for v in values),
        axis_height=AXIS_HEIGHT,
        row_height=ROW_HEIGHT,
        height=AXIS_HEIGHT + ROW_HEIGHT * len(rows),
    )


def _mark(row: ForestRow, index: int, scale: Scale, decimals: int) -> ForestMark:
    return ForestMark(
        label=row.label,
        short_label=shorten(row.label, LABEL_COLUMNS),
        effect=signed(row.effect, decimals),
        low=signed(row.low, decimals),
        high=signed(row.high, decimals),
        n_care=number(row.n_care),
        n_hold_out=number(row.n_hold_out),
        primary=row.primary,
        top=AXIS_HEIGHT + ROW_HEIGHT * index,
        interval=_interval(row, scale),
    )


def _interval(row: ForestRow, scale: Scale) -> Interval | None:
    if row.effect is None or row.low is None or row.high is None:
        return None
    tone = _tone(row.low, row.high, row.higher_is_better)
    return Interval(scale.percent(row.effect), scale.percent(row.low), scale.percent(row.high), tone)


def _tone(low: float, high: float, higher_is_better: bool) -> str:
    if low <= 0 <= high:
        return "open"
    return "good" if (low > 0) == higher_is_better else "bad"
