"""Causes counted over the pool, crossed, and samples of those whose cause nobody knows."""

from __future__ import annotations

from datetime import datetime
from random import Random

import pytest
from pytest_django import DjangoAssertNumQueries

from surveys.enums import PoolStatus
from surveys.models import Cause, PoolEntry
from surveys.selectors.cause_counts import AXES, count_causes, cross_causes, unknown_sample, waiting_unknown
from tests.factories import make_entry

pytestmark = pytest.mark.django_db

CODES = ("a.x", "a.y", "b", "old", "older")


def planted(now: datetime) -> None:
    """b and the two parts of a; older was merged into old, and old into a.y."""
    rows = {code: Cause.objects.create(code=code, name_en=code) for code in ("a", "a.x", "a.y", "b", "old", "older")}
    Cause.objects.filter(code="older").update(merged_into=rows["old"], retired_at=now)
    Cause.objects.filter(code="old").update(merged_into=rows["a.y"], retired_at=now)


def peopled(seed: int, n: int = 60) -> list[tuple[list[str], str]]:
    rng = Random(seed)
    people = [(sorted(rng.sample(CODES, rng.choice((0, 1, 1, 2, 3)))), rng.choice(("", "BJ", "SH"))) for _ in range(n)]
    for codes, region in people:
        make_entry(causes=codes, region=region)
    return people


def as_shown(codes: list[str], top_only: bool) -> set[str]:
    ended = {"a.y" if code in ("old", "older") else code for code in codes}
    return {code.split(".")[0] for code in ended} if top_only else ended


@pytest.mark.parametrize("top_only", [False, True])
@pytest.mark.parametrize("seed", range(3))
def test_counts_are_those_of_a_plain_count(top_only: bool, seed: int, now: datetime) -> None:
    planted(now)
    people = peopled(seed)
    shown = [as_shown(codes, top_only) for codes, _region in people]
    counted = count_causes(PoolEntry.objects.open(), top_only=top_only)
    names = sorted(set().union(*shown), key=lambda code: (-sum(code in one for one in shown), code))
    assert [(line.code, line.n, line.reached) for line in counted.lines] == [
        (code, sum(code in one for one in shown), sum(bool(one & set(names[: place + 1])) for one in shown))
        for place, code in enumerate(names)
    ]
    assert (counted.total, counted.unknown) == (60, sum(not one for one in shown))
    crossed = cross_causes(PoolEntry.objects.open(), axis="region", top_only=top_only)
    assert crossed.cells == {
        (code, region): n
        for code in names
        for region in ("", "BJ", "SH")
        if (n := sum(code in one and person[1] == region for one, person in zip(shown, people, strict=True)))
    }
    assert {key: (n, none) for key, n, none in crossed.columns} == {
        region: (
            sum(person[1] == region for person in people),
            sum(person[1] == region and not person[0] for person in people),
        )
        for region in ("", "BJ", "SH")
    }
    assert crossed.columns[-1][0] == ""


@pytest.mark.parametrize("axis", AXES)
def test_every_axis_crosses(axis: str) -> None:
    make_entry(causes=["b"], repeat_count=9)
    crossed = cross_causes(PoolEntry.objects.open(), axis=axis)
    ((key, n, none),) = crossed.columns
    assert (n, none, crossed.cells) == (1, 0, {("b", key): 1})
    assert key == {"source": "hotline", "channel": "hotline", "repeat_band": "3"}.get(axis, "")


@pytest.mark.parametrize("codes", [[], [["b"]], [[], []]])
def test_empty_pool_one_cause_and_no_cause_can_be_counted(codes: list[list[str]]) -> None:
    for one in codes:
        make_entry(causes=one)
    counted = count_causes(PoolEntry.objects.open())
    assert [(line.code, line.n, line.reached) for line in counted.lines] == [("b", 1, 1)] * (codes == [["b"]])
    assert (counted.total, counted.unknown) == (len(codes), codes.count([]))
    assert len(cross_causes(PoolEntry.objects.open(), axis="brand").columns) == (len(codes) > 0)


def test_nobody_can_be_counted() -> None:
    make_entry(causes=["b"])
    assert count_causes(PoolEntry.objects.none()).total == 0


@pytest.mark.parametrize("n", [1, 30])
def test_counting_asks_the_same_whatever_the_pool(n: int, django_assert_num_queries: DjangoAssertNumQueries) -> None:
    for place in range(n):
        make_entry(causes=[f"c{place}"])
    with django_assert_num_queries(2):
        count_causes(PoolEntry.objects.open())


def test_sample_is_of_those_who_wait_without_a_cause_and_drawn_again_by_its_seed() -> None:
    unknown = {make_entry().pk for _ in range(40)}
    make_entry(causes=["b"])
    make_entry(status=PoolStatus.IN_CARE)
    assert waiting_unknown() == 40
    drawn = [entry.pk for entry in unknown_sample(size=10, seed="may")]
    assert (len(drawn), set(drawn) <= unknown) == (10, True)
    assert [entry.pk for entry in unknown_sample(size=10, seed="may")] == drawn
    assert [entry.pk for entry in unknown_sample(size=10, seed="june")] != drawn
    assert {entry.pk for entry in unknown_sample(size=200, seed="may")} == unknown
    # Whoever leaves moves nobody else.
    PoolEntry.objects.filter(pk=drawn[0]).update(causes=["b"])
    assert [entry.pk for entry in unknown_sample(size=9, seed="may")] == drawn[1:]


def test_sample_meets_everybody_equally_often() -> None:
    """Of 20, 5 are drawn by each of 400 seeds: everybody is met about 100 times, by χ² at p = 0.001 with 19 degrees."""
    met = dict.fromkeys((make_entry().pk for _ in range(20)), 0)
    for seed in range(400):
        for entry in unknown_sample(size=5, seed=str(seed)):
            met[entry.pk] += 1
    assert sum(met.values()) == 2000
    # Drawn without replacement, counts vary by 100 (1 − 5/20): the statistic is scaled by it.
    assert sum((n - 100) ** 2 / (100 * 0.75) for n in met.values()) * 19 / 20 < 43.82
