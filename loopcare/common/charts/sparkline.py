"""A small line of one series, for a table cell."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from loopcare.common.charts.scales import Scale, number

WIDTH = 96
HEIGHT = 24
MARGIN = 3


@dataclass(frozen=True, slots=True)
class Point:
    label: str
    value: str


@dataclass(frozen=True, slots=True)
class Sparkline:
    """Everything `charts/sparkline.html` needs; `name` is unique on its page.

    `path` is SVG path data; where values are missing the line is broken. `last` is the place of the newest
    value, None when that value is missing.
    """

    name: str
    title: str
    points: tuple[Point, ...]
    path: str
    last: tuple[str, str] | None
    width: int = WIDTH
    height: int = HEIGHT


def sparkline(
    values: Sequence[float | None], labels: Sequence[str], *, name: str, title: str, decimals: int = 0
) -> Sparkline:
    """A line from the oldest value to the newest, on a scale that contains zero."""
    if len(values) != len(labels):
        raise ValueError(f"{len(values)} values need as many labels, not {len(labels)}.")
    known = [value for value in values if value is not None]
    low, high = min([0.0, *known]), max([0.0, *known])
    across = Scale(0, max(1, len(values) - 1), MARGIN, WIDTH - MARGIN)
    up = Scale(low, high if high > low else low + 1, HEIGHT - MARGIN, MARGIN)
    places = [
        None if value is None else (f"{across(index):.1f}", f"{up(value):.1f}") for index, value in enumerate(values)
    ]
    return Sparkline(
        name=name,
        title=title,
        points=tuple(Point(label, number(v, decimals)) for label, v in zip(labels, values, strict=True)),
        path=_path(places),
        last=places[-1] if places else None,
    )


def _path(places: Sequence[tuple[str, str] | None]) -> str:
    """Lines between neighbours; a value alone between gaps is a line of no length, a dot with round caps."""
    parts: list[str] = []
    for index, place in enumerate(places):
        if place is None:
            continue
        starts = index == 0 or places[index - 1] is None
        x, y = place
        parts.append(f"M{x} {y}h0" if starts else f"L{x} {y}")
    return "".join(parts)
