"""One count a day as columns, the last one against the range that was to be expected."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from loopcare.common.charts.scales import Scale, nice_ticks, number

HEIGHT = 140
TOP = 16  # room for the highest number above its line
GAP = 0.2  # share of a column's place

Tone = Literal["judged", "alike", "other"]


@dataclass(frozen=True, slots=True)
class Day:
    """One day; None when its count is not known. `alike` days are those that the last one is compared with."""

    label: str
    count: int | None
    alike: bool = False


@dataclass(frozen=True, slots=True)
class Column:
    label: str
    value: str
    x: str
    y: str
    width: str
    height: str
    tone: Tone


@dataclass(frozen=True, slots=True)
class DaysChart:
    """Everything `charts/days.html` needs; `name` is unique on its page. Across in percent, down in pixels.

    `band` is where the expected range lies (top and height), `first` and `last` the days at the ends of the axis.
    """

    name: str
    title: str
    axis: str
    columns: tuple[Column, ...]
    band: tuple[str, str]
    band_text: str
    ticks: tuple[tuple[str, str], ...]
    first: str
    last: str
    height: int = HEIGHT


def days_chart(days: Sequence[Day], *, low: int, high: int, name: str, title: str, axis: str, band: str) -> DaysChart:
    """Columns from the oldest day to the newest, which is the one that is judged by `low` to `high`; at least one day.

    `axis` says what is counted, `band` what the range is.
    """
    counts = [day.count or 0 for day in days]
    values = nice_ticks(0, max([*counts, high, 1]), 4)
    up = Scale(0, values[-1], HEIGHT, TOP)
    place = 100 / len(days)
    return DaysChart(
        name=name,
        title=title,
        axis=axis,
        columns=tuple(
            Column(
                label=day.label,
                value=number(day.count),
                x=f"{(index + GAP / 2) * place:.2f}%",
                y=f"{up(day.count or 0):.1f}",
                width=f"{(1 - GAP) * place:.2f}%",
                height=f"{HEIGHT - up(day.count or 0):.1f}",
                tone="judged" if index == len(days) - 1 else "alike" if day.alike else "other",
            )
            for index, day in enumerate(days)
        ),
        band=(f"{up(high):.1f}", f"{max(1.0, up(low) - up(high)):.1f}"),
        band_text=band,
        ticks=tuple((f"{up(value):.1f}", number(value)) for value in values[1:]),
        first=days[0].label,
        last=days[-1].label,
    )
