"""Drivers of what landed, by source, over ninety days."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

import numpy as np
import pytest
from django.utils.timezone import localdate

from surveys.enums import SignalKind
from surveys.logic.decoding import Decoded, Rating
from surveys.models import Analysis
from surveys.services.drivers import make_drivers
from tests.surveys.events import desk, land_all

pytestmark = pytest.mark.django_db

NAMES = ("coverage", "clarity")


def answers(n: int, *, on: date, names: tuple[str, ...] = NAMES, seed: int = 4) -> list[Decoded]:
    """Answers in which the first part weighs twice the second."""
    rng = np.random.default_rng(seed)
    rows = []
    for row in range(1, n + 1):
        parts = rng.integers(0, 11, len(names)) * 10.0
        overall = min(100.0, max(0.0, round((2 * parts[0] + parts[-1]) / 3 + rng.normal(0, 8), -1)))
        levels = (overall, *parts)
        ratings = tuple(
            Rating(name, f"{level:g}", float(level), 50.0, None, opens=name == "overall")
            for name, level in zip(("overall", *names), levels, strict=True)
        )
        rows.append(Decoded(row, f"c{row}", f"a{row}", on, ratings))
    return rows


def source(code: str = "calls") -> Any:
    return desk(code, kind=SignalKind.RATING, channel="sms")


def test_drivers_of_a_source_are_read_and_kept_once_a_day(now: datetime) -> None:
    land_all(*answers(200, on=localdate(now)), source=source(), now=now)
    (made,) = make_drivers(now=now)
    figures = made.figures
    assert (made.scope, figures["outcome"], figures["n"], figures["parts"]) == ("calls", "overall", 200, 1)
    assert [driver["name"] for driver in figures["drivers"]] == ["coverage", "clarity"]
    assert figures["r2"] == pytest.approx(sum(driver["share"] for driver in figures["drivers"]))
    assert figures["ordinal"] == {"n": 200, "downwards": [], "same_order": True}
    again = make_drivers(now=now + timedelta(hours=1))
    assert ([row.pk for row in again], Analysis.objects.count()) == ([made.pk], 1)


def test_answers_older_than_ninety_days_say_nothing(now: datetime) -> None:
    land_all(*answers(50, on=localdate(now) - timedelta(days=91)), source=source(), now=now)
    assert make_drivers(now=now) == []


def test_source_with_one_question_has_no_drivers(now: datetime) -> None:
    row = Decoded(1, "c", "a", localdate(now), (Rating("overall", "5", 50.0, 50.0, None, opens=True),))
    land_all(row, source=source(), now=now)
    assert make_drivers(now=now) == []


def test_too_few_answers_say_how_many_are_needed(now: datetime) -> None:
    land_all(*answers(19, on=localdate(now)), source=source(), now=now)
    (made,) = make_drivers(now=now)
    assert (made.figures["refused"], made.figures["n"], made.figures["need"]) == ("few", 19, 20)


def test_five_qualities_have_their_mean_gap_with_interval(now: datetime) -> None:
    land_all(*answers(200, on=localdate(now)), source=source(), now=now)
    (made,) = make_drivers(now=now)
    by_name = {row["quality"]: row for row in made.figures["qualities"]}
    tangibles = by_name["tangibles"]
    assert (tangibles["dimensions"], tangibles["n"]) == (["coverage"], 200)
    assert tangibles["low"] < tangibles["gap"] < tangibles["high"]
    assert by_name["empathy"] == {
        "quality": "empathy", "n": 0, "dimensions": [], "gap": None, "low": None, "high": None,
    }  # fmt: skip


def test_paired_questions_are_classes_of_kano_and_no_drivers(now: datetime) -> None:
    # "I would like it" (100) with it, "I would dislike it" (0) without it: the more the better.
    paired = [
        Decoded(
            row,
            f"c{row}",
            f"a{row}",
            localdate(now),
            (
                Rating("overall", "8", 80.0, None, None, opens=True),
                Rating("callback.functional", "5", 100.0, None, None, opens=False),
                Rating("callback.dysfunctional", "1", 0.0, None, None, opens=False),
            ),
        )
        for row in range(1, 31)
    ]
    land_all(*paired, source=source(), now=now)
    (made,) = make_drivers(now=now)
    (one,) = made.figures["kano"]
    assert (one["feature"], one["kind"], one["n"], one["better"], one["worse"]) == ("callback", "O", 30, 1.0, -1.0)
    assert made.figures["refused"] == "nothing_varies"
