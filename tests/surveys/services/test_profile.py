"""The profile as it is kept: of a small base, and of 5,433 real answers against a count by pandas."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pandas as pd  # type: ignore[import-untyped]
import pytest

from surveys.models import Analysis
from surveys.selectors.profile import OWN
from surveys.services.intake import import_file
from surveys.services.profile import make_profile
from surveys.services.reading import open_table
from tests.surveys.conftest import EXAMPLES
from tests.surveys.selectors.test_profile import people

pytestmark = pytest.mark.django_db


def make(now: datetime) -> dict[str, Any]:
    (made,) = make_profile(now=now)
    assert "NaN" not in json.dumps(made.figures)
    assert "Infinity" not in json.dumps(made.figures)
    return dict(made.figures)


def value(figures: dict[str, Any], attribute: str, name: str) -> dict[str, Any]:
    (found,) = (one for one in figures["values"] if (one["attribute"], one["value"]) == (attribute, name))
    return dict(found)


def small_base(now: datetime) -> None:
    """100 of 400 are in the pool: 60 of 100 with plan S, 40 of 300 with plan L; the brand says nothing."""
    facts = [{"attributes": {"plan": "S"}}] * 60 + [{"attributes": {"plan": "L"}}] * 40
    facts += [{"attributes": {"plan": "S"}}] * 40 + [{"attributes": {"plan": "L"}}] * 260
    people(*({**fact, "brand": "NS"[place % 2]} for place, fact in enumerate(facts)), pool=100, now=now)


def test_profile_says_what_the_dissatisfied_have_in_common(now: datetime) -> None:
    small_base(now)
    figures = make(now)
    assert [figures[name] for name in ("pool", "base", "pool_read", "rest_read")] == [100, 400, 100, 300]
    small, large = value(figures, f"{OWN}plan", "S"), value(figures, f"{OWN}plan", "L")
    assert (small["pool"], small["base"], small["lift"]) == (60, 100, pytest.approx(2.4))
    assert (large["pool"], large["base"], large["lift"]) == (40, 300, pytest.approx(8 / 15))
    assert [one["attribute"] for one in figures["values"] if one["stands_out"]] == [f"{OWN}plan"] * 2
    assert [value(figures, "brand", name)["lift"] for name in "NS"] == [1.0, 1.0]
    assert (figures["tested"], figures["too_few"]) == (4, 0)
    assert figures["attributes"] == [
        {"name": "brand", "known": 400, "tested": 2, "crowded": False},
        {"name": f"{OWN}plan", "known": 400, "tested": 2, "crowded": False},
    ]


def test_profile_is_kept_once_a_day(now: datetime) -> None:
    small_base(now)
    (first,), (second,) = make_profile(now=now), make_profile(now=now + timedelta(hours=1))
    assert (first.pk, Analysis.objects.count()) == (second.pk, 1)
    make_profile(now=now + timedelta(days=1))
    assert Analysis.objects.count() == 2


def test_profile_of_nobody_is_kept_too(now: datetime) -> None:
    figures = make(now)
    assert (figures["pool"], figures["base"], figures["tested"], figures["values"]) == (0, 0, 0, [])


def test_what_few_have_is_not_kept(now: datetime) -> None:
    """A value that few customers have could point to somebody, so its name does not even stand in the figures."""
    facts = [{"attributes": {"street": f"{place} Long Lane", "plan": "S"}} for place in range(200)]
    people(*facts, pool=50, now=now)
    figures = make(now)
    assert "Long Lane" not in json.dumps(figures)
    assert figures["too_few"] == 51  # 50 of the 200 streets leave the database; and everybody has plan S


@pytest.mark.slow
def test_voice_survey_has_the_profile_that_pandas_finds(voice_survey: Path, now: datetime) -> None:
    import_file(path=voice_survey, mapping_text=(EXAMPLES / "voice_survey.toml").read_text(), source_code=None, now=now)
    figures = make(now)
    with open_table(voice_survey) as table:
        raw = pd.DataFrame([cells for _number, cells in table.rows], columns=list(table.header))
    pooled = pd.to_numeric(raw["语音通话整体满意度"]) <= 6
    assert (figures["pool"], figures["base"]) == (int(pooled.sum()), len(raw)) == (731, 5433)

    five_g = raw["是否5G网络客户"]
    for name in ("是", "否"):
        mine = value(figures, f"{OWN}是否5G网络客户", name)
        having = five_g == name
        assert (mine["pool"], mine["base"]) == (int((pooled & having).sum()), int(having.sum()))
        known = five_g.notna()
        assert mine["lift"] == pytest.approx(pooled[having].mean() / pooled[known].mean())

    off = pd.to_numeric(raw["脱网次数"])
    bands = [one for one in figures["values"] if one["attribute"] == f"{OWN}脱网次数" and one["low"] is not None]
    assert sum(one["base"] for one in bands) == 5433
    for one in bands:
        having = off.between(one["low"], one["high"])
        assert (one["pool"], one["base"]) == (int((pooled & having).sum()), int(having.sum()))
        assert one["lift"] == pytest.approx(pooled[having].mean() / pooled.mean())
    # Pandas' ranks, ties up, cut the same bands.
    reached = (off.rank(method="max") / len(off) * 10 - 1e-9).apply(lambda rank: int(-(-rank // 1)))
    edges = sorted((float(off[reached == band].min()), float(off[reached == band].max())) for band in set(reached))
    assert sorted((one["low"], one["high"]) for one in bands) == edges
