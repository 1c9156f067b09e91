"""What was rated, where all three levels were stated, and which of them are the wrong way round."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from decimal import Decimal

import pytest

from surveys.logic.tolerance import Zone
from surveys.models import AdequateLevel
from surveys.selectors.levels import Rated, inversions, levels_of, opening, rated, zones
from tests.surveys.events import desk, event, land_all, rating
from tests.surveys.histories_of_levels import rating_source

pytestmark = pytest.mark.django_db

NOW = datetime.fromisoformat("2026-05-04T08:00+00:00")
DAY = NOW.date()


def back(days: int) -> date:
    return DAY - timedelta(days=days)


def make_level(dimension: str, tier: str, basis: str, level: float) -> None:
    AdequateLevel.objects.create(
        source=rating_source(), dimension=dimension, value_tier=tier, basis=basis, level=level, decided_at=NOW
    )


def test_level_of_a_tier_goes_before_everybodys() -> None:
    make_level("overall", "", "set", 50)
    make_level("overall", "high", "set", 70)
    make_level("overall", "high", "learned", 60)
    held = {row["value_tier"]: (row["set_level"], row["learned_level"]) for row in levels_of(rating_source())}
    assert held == {
        "": (50, None),
        "strategic": (50, None),
        "high": (70, 60),
        "core": (50, None),
        "basic": (50, None),
    }


def test_opening_are_dimensions_that_opened_and_those_with_a_level() -> None:
    source = rating_source()
    land_all(
        rating("a", 10, on=back(300)), rating("a", 10, on=DAY, opens=False, dimension="bill"), source=source, now=NOW
    )
    land_all(event("a", "ticket", on=DAY), now=NOW)
    make_level("planned", "", "set", 50)
    assert opening() == [(source.pk, "overall"), (source.pk, "planned")]


def test_rated_counts_the_scores_of_28_days_by_who_judged_them() -> None:
    source = rating_source(adequate=Decimal(50))
    land_all(
        rating("a", 10, on=DAY, value_tier="high"),
        rating("b", 10, on=back(27), value_tier="high"),
        rating("c", 10, on=back(28), value_tier="high"),
        rating("d", 80, on=DAY),
        rating("e", 80, on=DAY, adequate=90),
        rating("f", 80, on=DAY, adequate=95),
        rating("g", 80, on=DAY, adequate=40, stated=True),
        rating("h", 80, on=DAY, opens=False, dimension="bill"),
        source=source,
        now=NOW,
    )
    found = rated(today=DAY)
    assert found is not None
    assert list(found) == [(source.pk, "overall")]
    assert sorted(found[source.pk, "overall"], key=str) == [
        Rated("", "mapped", 80, 2, 2, 90, 95),
        Rated("", "source", 80, 1, 0, 50, 50),
        Rated("", "stated", 80, 1, 0, 40, 40),
        Rated("high", "source", 10, 2, 2, 50, 50),
    ]


def test_zones_are_of_respondents_who_stated_all_three_levels() -> None:
    source = rating_source()
    stated = [(60, 50, 80), (40, 50, 90), (70, 80, 60)]
    land_all(
        *(
            rating(f"c{number}", perceived, adequate=adequate, desired=desired, stated=True, on=DAY)
            for number, (perceived, adequate, desired) in enumerate(stated)
        ),
        rating("no desired", 10, adequate=50, stated=True, on=DAY),
        rating("mapped", 10, adequate=90, desired=80, on=DAY),
        rating("old", 10, adequate=90, desired=80, stated=True, on=back(366)),
        rating("bill", 10, adequate=70, desired=60, dimension="bill", opens=False, on=DAY),
        source=source,
        now=NOW,
    )
    found = zones(today=DAY)
    assert found is not None
    assert {place: (zone and zone.n, inverted) for place, (zone, inverted) in found.items()} == {
        (source.pk, "bill"): (None, 1),
        (source.pk, "overall"): (3, 2),
    }
    zone = found[source.pk, "overall"][0]
    assert isinstance(zone, Zone)
    assert (zone.perceived, zone.adequate, zone.desired) == pytest.approx((170 / 3, 60, 230 / 3))
    assert (zone.adequacy, zone.superiority, zone.position) == pytest.approx((-10 / 3, -20, -0.2))
    assert (zone.dissatisfied, zone.inverted) == (2, 1)


def test_inversions_are_listed_latest_first() -> None:
    source = rating_source()
    land_all(
        rating("a", 70, adequate=80, desired=60, stated=True, on=back(3)),
        rating("b", 70, adequate=60, desired=60, stated=True, on=DAY),
        rating("c", 70, adequate=90, desired=80, on=back(1)),
        rating("d", 70, adequate=90, desired=80, on=back(366)),
        rating("e", 70, adequate=90, desired=80, on=DAY, dimension="bill", opens=False),
        source=source,
        now=NOW,
    )
    land_all(rating("f", 70, adequate=90, desired=80, on=DAY), source=desk("web", kind="rating"), now=NOW)
    turned = inversions(source, "overall", today=DAY)
    assert [signal.customer.reference for signal in turned] == ["c", "a"]


def test_what_takes_too_long_is_not_known(monkeypatch: pytest.MonkeyPatch) -> None:
    make_level("overall", "", "set", 50)
    monkeypatch.setattr("surveys.selectors.samples.PATIENCE", 20)
    for name in ("RATED", "ZONES"):
        monkeypatch.setattr(f"surveys.selectors.levels.{name}", "SELECT %s, %s, pg_sleep(5)")
    monkeypatch.setattr("surveys.selectors.levels.OPENING", "SELECT 1, pg_sleep(5)")
    assert (rated(today=DAY), zones(today=DAY), opening()) == (None, None, [(rating_source().pk, "overall")])
