"""A share by score, with its interval at each, the monotone curve through them, and a level that divides them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import zip_longest

from loopcare.common.charts.scales import Scale, decimals_of, nice_ticks, number

HEIGHT = 180
TOP = 10
BOTTOM = 22  # the scores under the axis
CLEAR = 20
"""An interval of fewer is cut where it would press all others flat."""
CLOSE = 7.0
"""Scores nearer to each other than this, in percent of the width, are not all written under the axis."""


@dataclass(frozen=True, slots=True)
class Share:
    """What is known at one score, 0–100: how many of n, as shares of 1, and the height of the monotone curve."""

    score: float
    n: int
    count: int
    share: float
    low: float
    high: float
    smooth: float


@dataclass(frozen=True, slots=True)
class CurvePoint:
    """One drawn score; `tone` is bad below the level, good above it, open where there is none."""

    score: str
    n: str
    count: str
    share: str
    low: str
    high: str
    smooth: str
    x: str
    y: str
    y_low: str
    y_high: str
    tone: str
    named: bool


@dataclass(frozen=True, slots=True)
class Line:
    x1: str
    x2: str
    y1: str
    y2: str


@dataclass(frozen=True, slots=True)
class CurveChart:
    """Everything `charts/curve.html` needs; `name` is unique on its page. Across in percent, down in pixels."""

    name: str
    title: str
    axis: str
    counted: str
    points: tuple[CurvePoint, ...]
    steps: tuple[Line, ...]
    ticks: tuple[tuple[str, str], ...]
    level: str
    level_x: str
    line: str = ""
    across: str = ""
    floor: str = str(HEIGHT - BOTTOM)
    height: int = HEIGHT


def curve_chart(
    shares: Sequence[Share],
    *,
    level: float | None,
    name: str,
    title: str,
    axis: str,
    counted: str,
    line: str = "",
    across: str = "",
) -> CurveChart:
    """From the lowest score to the highest. `axis` says of whom it is a share, `counted` what is counted.

    `line` is what the curve is where it is not the monotone one, `across` what runs across where that is no score.
    """
    clear = [one.high for one in shares if one.n >= CLEAR]
    ticks = nice_ticks(0, 100 * max([*clear, *(max(one.share, one.smooth) for one in shares), 0.01]), 4)
    place, up = Scale(0, 100, 9, 97), Scale(0, ticks[-1] / 100, HEIGHT - BOTTOM, TOP)
    decimals = max(map(decimals_of, ticks))
    return CurveChart(
        name=name,
        title=title,
        axis=axis,
        counted=counted,
        points=_points(shares, level, place, up),
        steps=_steps(shares, place, up),
        ticks=tuple((f"{up(value / 100):.1f}", f"{number(value, decimals)}%") for value in ticks),
        level="" if level is None else _score(level),
        level_x="" if level is None else place.percent(level),
        line=line,
        across=across,
    )


def _points(shares: Sequence[Share], level: float | None, across: Scale, up: Scale) -> tuple[CurvePoint, ...]:
    points, last = [], -CLOSE
    for one in shares:
        named = across(one.score) - last >= CLOSE
        last = across(one.score) if named else last
        points.append(
            CurvePoint(
                score=_score(one.score),
                n=number(one.n),
                count=number(one.count),
                share=_percent(one.share),
                low=_percent(one.low),
                high=_percent(one.high),
                smooth=_percent(one.smooth),
                x=across.percent(one.score),
                y=_height(one.share, up),
                y_low=_height(one.low, up),
                y_high=_height(one.high, up),
                tone="open" if level is None else "bad" if one.score < level else "good",
                named=named,
            )
        )
    return tuple(points)


def _steps(shares: Sequence[Share], across: Scale, up: Scale) -> tuple[Line, ...]:
    """The monotone curve: flat around each score, up or down half-way to the next."""
    lines = []
    left = 0.0
    for one, following in zip_longest(shares, shares[1:]):
        right = 100.0 if following is None else (one.score + following.score) / 2
        here = _height(one.smooth, up)
        lines.append(Line(across.percent(left), across.percent(right), here, here))
        if following is not None:
            lines.append(Line(across.percent(right), across.percent(right), here, _height(following.smooth, up)))
        left = right
    return tuple(lines)


def _height(share: float, up: Scale) -> str:
    return f"{up(min(share, up.high)):.1f}"


def _percent(share: float) -> str:
    return f"{number(100 * share, 1)}%"


def _score(value: float) -> str:
    return number(value, 1).removesuffix(".0")
