"""Which cells are told about: the finest that explains a rise, the whole where all rise together, never the unknown."""

from __future__ import annotations

import numpy as np
import pytest

from surveys.logic.alarms import Floats
from surveys.logic.drilling import Path, Verdict, judge


def leaf(level: float, today: float) -> Floats:
    """Fifty-six days that waver little around a level, then today."""
    return np.append(level + np.resize([1.0, -1.0, 0.0], 56), today)


def alarms(leaves: dict[Path, Floats]) -> dict[Path, int]:
    return {verdict.path: verdict.observed for verdict in judge(leaves) if verdict.alarm}


BRANDS = ("A", "B", "C", "D")


def test_rise_of_one_cell_is_told_once_and_where_it_is() -> None:
    leaves: dict[Path, Floats] = {("hotline", brand, "E", "hotline"): leaf(20, 20) for brand in BRANDS}
    leaves["hotline", "B", "E", "hotline"] = leaf(20, 70)
    assert alarms(leaves) == {("hotline", "B", "E", "hotline"): 70}


def test_rise_of_a_whole_source_is_told_as_one() -> None:
    leaves: dict[Path, Floats] = {("hotline", brand, "E", "hotline"): leaf(20, 50) for brand in BRANDS}
    leaves |= {("app", brand, "E", "app"): leaf(20, 20) for brand in BRANDS}
    assert alarms(leaves) == {("hotline",): 200}


def test_part_that_rises_more_than_its_whole_is_told_beside_it() -> None:
    leaves: dict[Path, Floats] = {("hotline", brand, "E", "hotline"): leaf(50, 100) for brand in BRANDS}
    leaves |= {("app", brand, "E", "app"): leaf(50, 50) for brand in BRANDS}
    leaves["hotline", "A", "E", "hotline"] = leaf(50, 300)
    assert alarms(leaves) == {("hotline",): 600, ("hotline", "A", "E", "hotline"): 300}


def test_weak_rise_everywhere_is_seen_in_the_sum_only() -> None:
    leaves: dict[Path, Floats] = {
        (source, brand, "E", "web"): leaf(20, 27) for source in ("web", "app", "sms") for brand in BRANDS
    }
    assert alarms(leaves) == {(): 324}


def test_cell_under_one_parent_is_judged_once() -> None:
    leaves: dict[Path, Floats] = {("hotline", brand, "E", "hotline"): leaf(20, 20) for brand in ("A", "B")}
    assert sorted(verdict.path for verdict in judge(leaves)) == [
        ("hotline",),
        ("hotline", "A", "E", "hotline"),
        ("hotline", "B", "E", "hotline"),
    ]


def test_small_cells_are_judged_in_their_parent() -> None:
    leaves: dict[Path, Floats] = {("hotline", "A", region, "hotline"): leaf(2, 2) for region in "NESW"}
    leaves["hotline", "B", "E", "hotline"] = leaf(20, 20)
    assert sorted(verdict.path for verdict in judge(leaves)) == [
        ("hotline",),
        ("hotline", "A"),
        ("hotline", "B", "E", "hotline"),
    ]


def test_small_cell_needs_what_a_cell_of_five_needs() -> None:
    def told(today: int) -> dict[Path, int]:
        leaves: dict[Path, Floats] = {("hotline", "A", "E", "hotline"): leaf(400, 400)}
        return alarms(leaves | {("hotline", "A", "N", "hotline"): np.append(np.zeros(56), today)})

    assert (told(8), told(40)) == ({}, {("hotline", "A", "N", "hotline"): 40})


def test_source_whose_day_is_unknown_is_not_judged_nor_counted_above() -> None:
    leaves: dict[Path, Floats] = {(source, "A", "E", source): leaf(30, 30) for source in ("hotline", "app", "sms")}
    leaves["sms", "A", "E", "sms"][-1] = np.nan
    judged = {verdict.path: (verdict.observed, round(verdict.expected)) for verdict in judge(leaves)}
    assert judged == {
        (): (60, 60),
        ("hotline", "A", "E", "hotline"): (30, 30),
        ("app", "A", "E", "app"): (30, 30),
    }


def test_days_that_a_source_missed_do_not_lower_the_sum() -> None:
    leaves: dict[Path, Floats] = {(source, "A", "E", source): leaf(30, 30) for source in ("hotline", "app")}
    leaves["app", "A", "E", "app"][7:28] = np.nan
    assert {v.path: round(v.expected) for v in judge(leaves)}[()] == 60


def test_source_without_a_past_is_not_judged() -> None:
    new = np.append(np.full(56, np.nan), 500.0)
    leaves: dict[Path, Floats] = {("new", "A", "E", "app"): new, ("old", "A", "E", "app"): leaf(30, 30)}
    judged = {verdict.path: verdict.observed for verdict in judge(leaves)}
    assert judged == {("old", "A", "E", "app"): 30, (): 30}


def test_verdict_says_what_chance_brings() -> None:
    [verdict] = judge({("hotline", "A", "E", "hotline"): leaf(20, 70)})
    assert verdict == Verdict(
        path=("hotline", "A", "E", "hotline"),
        observed=70,
        expected=pytest.approx(20, abs=0.5),  # type: ignore[arg-type]
        lower=7,
        upper=38,
        p=pytest.approx(0, abs=1e-9),  # type: ignore[arg-type]
        phi=1.0,
        alarm=True,
    )


def test_nothing_known_is_nothing_judged() -> None:
    assert judge({}) == []
    assert judge({("sms", "", "", "sms"): np.append(np.zeros(56), np.nan)}) == []
