"""What the pool and the rest are counted by, against a slow count in Python."""

from __future__ import annotations

from collections import Counter
from datetime import datetime
from typing import Any

import numpy as np
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from loopcare.customers.models import Customer, Region
from surveys.logic.profile import Read
from surveys.selectors.profile import OWN, Facts, facts_of_customers
from tests.factories import make_entry

pytestmark = pytest.mark.django_db


def people(*facts: dict[str, Any], pool: int, now: datetime) -> None:
    """Customers with these facts; the first `pool` of them are in the pool."""
    rows = Customer.objects.bulk_create(
        [Customer(**{"reference": f"P{place:06d}", "created_at": now} | fact) for place, fact in enumerate(facts)]
    )
    for row in rows[:pool]:
        make_entry(row)


def of(facts: Facts, attribute: str) -> list[tuple[Any, ...]]:
    return [(one.value, one.low, one.high, one.pool, one.rest) for one in facts.counts if one.attribute == attribute]


def test_columns_and_attributes_are_counted_by_value(now: datetime) -> None:
    Region.objects.create(code="BJ", name="Beijing", time_zone="Asia/Shanghai")
    people(
        {"brand": "Nova", "region_id": "BJ", "attributes": {"plan": "S", "5g": True}},
        {"brand": "Nova", "value_tier": "high", "attributes": {"plan": "L", "5g": None, "lines": 2}},
        {"brand": "Nova", "language": "en", "attributes": {"plan": "S", "lines": 2.0}},
        {"brand": "", "activity_tier": "silent", "attributes": {"plan": "", "more": {"a": 1}, "list": [1]}},
        {"brand": "Sol", "attributes": {"plan": "😀 'x' %s", "lines": "2"}},
        pool=2,
        now=now,
    )
    facts = facts_of_customers()
    assert facts.read == Read(pool=2, base=5, pool_read=2, rest_read=3)
    assert of(facts, "brand") == [("Nova", None, None, 2, 1), ("Sol", None, None, 0, 1)]
    assert of(facts, "region") == [("BJ", None, None, 1, 0)]
    assert of(facts, "language") == [("en", None, None, 0, 1)]
    assert of(facts, "value_tier") == [("high", None, None, 1, 0)]
    assert of(facts, "activity_tier") == [("silent", None, None, 0, 1)]
    assert sorted(of(facts, f"{OWN}plan")) == [
        ("L", None, None, 1, 0),
        ("S", None, None, 1, 1),
        ("😀 'x' %s", None, None, 0, 1),
    ]
    assert of(facts, f"{OWN}5g") == [("true", None, None, 1, 0)]
    assert of(facts, f"{OWN}lines") == [("2", None, None, 1, 2)]  # 2, 2.0 and the text "2"
    assert facts.known == {
        "brand": (2, 2),
        "region": (1, 0),
        "language": (0, 1),
        "value_tier": (1, 0),
        "activity_tier": (0, 1),
        f"{OWN}plan": (2, 2),
        f"{OWN}5g": (1, 0),
        f"{OWN}lines": (1, 2),
    }


def test_attribute_named_as_a_column_stands_beside_it(now: datetime) -> None:
    people({"brand": "Nova", "attributes": {"brand": "Handset Inc.", "": "no name"}}, pool=0, now=now)
    facts = facts_of_customers()
    assert [(one.attribute, one.value) for one in facts.counts] == [
        ("brand", "Nova"),
        (OWN, "no name"),
        (f"{OWN}brand", "Handset Inc."),
    ]


def test_numbers_come_in_ten_bands_of_the_base(now: datetime) -> None:
    chance = np.random.default_rng(5)
    numbers = np.round(chance.lognormal(4, 1, 400), 2)
    people(*({"attributes": {"arpu": float(number)}} for number in numbers), pool=60, now=now)
    found = of(facts_of_customers(), f"{OWN}arpu")
    order = np.sort(numbers)
    expected = []
    for band in range(1, 11):
        # A number lies in the band that the share of customers up to it, itself included, reaches.
        reach = np.searchsorted(order, order, side="right") / len(order)
        members = order[np.ceil(10 * reach - 1e-9) == band]
        within = (numbers >= members.min()) & (numbers <= members.max())
        expected.append((members.min(), members.max(), int(within[:60].sum()), int(within[60:].sum())))
    assert [row[1:] for row in found] == expected
    assert [row[3] + row[4] for row in found] == [40] * 10


def test_number_that_most_share_fills_its_bands_alone(now: datetime) -> None:
    numbers = [0] * 60 + list(range(1, 41))
    people(*({"attributes": {"calls": number}} for number in numbers), pool=0, now=now)
    assert [row[1:] for row in of(facts_of_customers(), f"{OWN}calls")] == [
        (0, 0, 0, 60),
        (1, 10, 0, 10),
        (11, 20, 0, 10),
        (21, 30, 0, 10),
        (31, 40, 0, 10),
    ]


def test_texts_among_numbers_are_values_of_their_own(now: datetime) -> None:
    texts: list[Any] = ["none", 1e300, 10**400]
    people(*({"attributes": {"speed": value}} for value in [*range(40), *texts]), pool=0, now=now)
    found = of(facts_of_customers(), f"{OWN}speed")
    assert sum(row[4] for row in found) == 43
    # What no float holds to full length is a text, as "none" is; the others are ten bands.
    assert sorted(row[0][:6] for row in found if row[1] is None) == ["1" + "0" * 5, "1" + "0" * 5, "none"]
    assert len([row for row in found if row[1] is not None]) == 10


def test_only_the_most_frequent_values_of_an_attribute_leave_the_database(now: datetime) -> None:
    names = [f"name {place}" for place in range(60)] + ["name 7"] * 3
    people(*({"attributes": {"street": name}} for name in names), pool=0, now=now)
    facts = facts_of_customers()
    assert len(of(facts, f"{OWN}street")) == 50
    assert ("name 7", None, None, 0, 4) in of(facts, f"{OWN}street")
    assert (facts.crowded, facts.known) == ([f"{OWN}street"], {f"{OWN}street": (0, 63)})


def test_nobody_is_counted_twice_and_who_left_is_of_the_rest(now: datetime) -> None:
    people({"brand": "Nova"}, {"brand": "Nova"}, {"brand": "Nova", "reference": "erased-9"}, pool=1, now=now)
    first, second = Customer.objects.exclude(reference="erased-9").order_by("reference")
    make_entry(first, status="left", left_at=now, left_reason="expired")
    make_entry(second, status="left", left_at=now, left_reason="expired")
    facts = facts_of_customers()
    assert facts.read == Read(pool=1, base=2, pool_read=1, rest_read=1)
    assert of(facts, "brand") == [("Nova", None, None, 1, 1)]


def test_of_many_a_sample_is_read_that_stands_for_all(now: datetime) -> None:
    facts = [{"brand": "Nova" if place % 4 else "Sol", "attributes": {"n": place}} for place in range(4000)]
    people(*facts, pool=900, now=now)
    found = facts_of_customers(most=450)
    read = found.read
    assert (read.pool, read.base) == (900, 4000)
    assert 380 <= read.pool_read <= 520
    assert 380 <= read.rest_read <= 520
    by_brand = Counter[str]()
    for one in found.counts:
        if one.attribute == "brand":
            by_brand[one.value] = one.pool + one.rest
    assert by_brand["Nova"] / by_brand.total() == pytest.approx(0.75, abs=0.06)
    # Bands are those of the base: each group weighs as many as it stands for.
    weights = [one.pool * 2 + one.rest * 3100 / 450 for one in found.counts if one.attribute == f"{OWN}n"]
    assert len(weights) == 10
    assert [weight / sum(weights) for weight in weights] == pytest.approx([0.1] * 10, abs=0.01)
    assert found == facts_of_customers(most=450)


def test_empty_installation_has_no_facts() -> None:
    with CaptureQueriesContext(connection) as asked:
        facts = facts_of_customers()
    assert facts == Facts([], {}, Read(0, 0, 0, 0), [])
    assert len(asked) == 2
