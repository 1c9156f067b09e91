"""The health of one customer: what it is made of, and why."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from django.utils.timezone import localdate
from pytest_django import DjangoAssertNumQueries

from loopcare.customers.models import Customer
from surveys.enums import SignalKind
from surveys.logic.decoding import Decoded, Rating
from surveys.selectors.health import condition_of, health_of
from tests.factories import make_customer
from tests.surveys.events import desk, event, land_all, rating

pytestmark = pytest.mark.django_db


def test_customer_of_whom_nothing_is_known(now: datetime) -> None:
    found = health_of(make_customer(activity_tier="").pk, now=now)
    assert found.score == 100
    assert [(part.name, part.points, part.most, part.reason) for part in found.parts] == [
        ("activity", None, None, "not known"),
        ("gap", None, None, "no rating with an adequate level within a year"),
        ("repeats", 34, 34, "not in the pool"),
        ("contacts", 33, 33, "0 within 30 days"),
        ("promises", 33, 33, "0 within 180 days"),
        ("latent", None, None, "no prediction within a year"),
    ]


def test_parts_come_from_what_happened(now: datetime, django_assert_num_queries: DjangoAssertNumQueries) -> None:
    today = localdate(now)
    land_all(
        rating("c", 20, adequate=60, on=today - timedelta(days=2)),
        rating("c", 90, adequate=60, on=today - timedelta(days=40)),
        rating("c", 0, on=today, dimension="net", opens=False),
        source=desk("ratings", kind=SignalKind.RATING),
        now=now,
    )
    land_all(
        event("c", "contact", on=today - timedelta(days=29), number=1),
        event("c", "ticket", on=today, number=2, promised_at=now - timedelta(hours=1)),
        event("c", "contact", on=today - timedelta(days=30), number=3),
        event("c", "ticket", on=today - timedelta(days=60), number=4, promised_at=now + timedelta(days=1)),
        event(
            *("c", "ticket"),
            on=today - timedelta(days=50),
            number=5,
            promised_at=now - timedelta(days=40),
            closed_at=now - timedelta(days=41),
        ),
        now=now,
    )
    Customer.objects.filter(reference="c").update(activity_tier="fading")
    customer = Customer.objects.get(reference="c")
    condition = condition_of(customer.pk, now=now)
    assert (condition.activity_tier, condition.gap, condition.contacts, condition.promises, condition.latent) == (
        "fading",
        -40.0,
        2,
        1,
        None,
    )
    assert condition.repeats >= 1
    with django_assert_num_queries(4):
        found = health_of(customer.pk, now=now)
    reasons = {part.name: part.reason for part in found.parts}
    assert (reasons["gap"], reasons["contacts"]) == ("40.0 points below the adequate level", "2 within 30 days")
    assert found.score == sum(part.points or 0 for part in found.parts)


def test_latest_prediction_counts(now: datetime) -> None:
    said = Rating("silent-v1", "0.731", None, None, None, opens=True)
    row = Decoded(row=1, reference="c", external_id="p", occurred_on=localdate(now), ratings=(said,))
    land_all(row, source=desk("model", kind=SignalKind.PREDICTION), now=now)
    customer = Customer.objects.get(reference="c")
    assert condition_of(customer.pk, now=now).latent == 0.731
    latent = health_of(customer.pk, now=now).parts[-1]
    assert latent.reason == "predicted with probability 0.73"


def test_nobody_has_no_health(now: datetime) -> None:
    with pytest.raises(Customer.DoesNotExist):
        health_of(1, now=now)
