"""The governor's truth table: every reason, in its order, for every purpose."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pytest_django import DjangoAssertNumQueries

from loopcare.contact.enums import Channel, HoldKind, Purpose, Refusal
from loopcare.contact.governor import Decision, judge, may_contact
from loopcare.contact.models import ContactRule, Suppression
from loopcare.contact.services import lift_holds, place_holds, record_contact, suppress
from loopcare.customers.enums import Consent, PointStatus
from loopcare.customers.models import ContactPoint, Customer, Region
from loopcare.customers.services import add_customer

NOON = datetime(2026, 3, 2, 4, tzinfo=UTC)  # 12:00 in Shanghai, a Monday


@pytest.fixture
def customer(db: None) -> Customer:
    return add_customer(reference="C-1", now=NOON, phone="138 0013 8000", email="one@example.com")


def ask(customer: Customer, purpose: Purpose, channel: Channel = Channel.EMAIL, at: datetime = NOON) -> Decision:
    return may_contact(customer_id=customer.pk, channel=channel, purpose=purpose, at=at)


def hold_out(customer: Customer) -> None:
    place_holds(customer_ids=[customer.pk], kind=HoldKind.HOLD_OUT)


def open_care(customer: Customer) -> None:
    place_holds(customer_ids=[customer.pk], kind=HoldKind.OPEN_CARE)


def tired(customer: Customer) -> None:
    for n in range(3):
        record_contact(
            customer_id=customer.pk,
            channel=Channel.EMAIL,
            purpose=Purpose.SURVEY,
            key=f"c{n}",
            at=NOON - timedelta(days=n),
        )


def suppressed(customer: Customer) -> None:
    suppress(customer_id=customer.pk, reason="asked", now=NOON)


def dead(customer: Customer) -> None:
    ContactPoint.objects.filter(customer=customer, kind="email").update(status=PointStatus.DEAD)


def withdrawn(customer: Customer) -> None:
    ContactPoint.objects.filter(customer=customer).update(consent=Consent.WITHDRAWN)


TRUTH: list[tuple[Callable[[Customer], None], dict[Purpose, Refusal]]] = [
    (suppressed, dict.fromkeys(Purpose, Refusal.SUPPRESSED)),
    (dead, dict.fromkeys(Purpose, Refusal.NO_POINT)),
    (withdrawn, dict.fromkeys(Purpose, Refusal.CONSENT)),
    (hold_out, {Purpose.CARE: Refusal.HOLD_OUT, Purpose.SURVEY: Refusal.HOLD_OUT}),
    (open_care, {Purpose.CARE: Refusal.OPEN_CARE}),
    (
        tired,
        dict.fromkeys((Purpose.CARE, Purpose.CASE, Purpose.SURVEY, Purpose.FOLLOW_UP), Refusal.FATIGUE),
    ),
]


@pytest.mark.parametrize(("obstacle", "refused"), TRUTH, ids=[obstacle.__name__ for obstacle, _ in TRUTH])
@pytest.mark.parametrize("purpose", Purpose)
def test_obstacle_refuses_exactly_these_purposes(
    customer: Customer, obstacle: Callable[[Customer], None], refused: dict[Purpose, Refusal], purpose: Purpose
) -> None:
    assert ask(customer, purpose) == Decision(True)
    obstacle(customer)
    decision = ask(customer, purpose)
    assert (decision.allowed, decision.reason) == (purpose not in refused, refused.get(purpose))


def test_first_reason_is_told(customer: Customer) -> None:
    for obstacle in (tired, open_care, hold_out, withdrawn, dead, suppressed):
        obstacle(customer)
    assert ask(customer, Purpose.CARE).reason is Refusal.SUPPRESSED


def test_suppression_of_one_channel_leaves_the_others(customer: Customer) -> None:
    suppress(customer_id=customer.pk, reason="no calls", now=NOON, channel=Channel.PHONE)
    assert ask(customer, Purpose.CARE, Channel.PHONE).reason is Refusal.SUPPRESSED
    assert ask(customer, Purpose.CARE, Channel.EMAIL) == Decision(True)


def test_suppressed_number_blocks_whoever_bears_it(customer: Customer) -> None:
    index = ContactPoint.objects.get(customer=customer, kind="phone").index
    Suppression.objects.create(index=index, created_at=NOON)
    heir = add_customer(reference="C-2", now=NOON, phone="13800138000")
    assert ask(heir, Purpose.CARE, Channel.PHONE).reason is Refusal.NO_POINT


def test_lapsed_or_lifted_hold_opens_the_door(customer: Customer) -> None:
    place_holds(customer_ids=[customer.pk], kind=HoldKind.OPEN_CARE, until=NOON)
    assert ask(customer, Purpose.CARE) == Decision(True)
    open_care(customer)
    lift_holds(customer_ids=[customer.pk], kind=HoldKind.OPEN_CARE)
    assert ask(customer, Purpose.CARE) == Decision(True)


def test_fatigue_says_when_it_ends(customer: Customer) -> None:
    tired(customer)
    assert ask(customer, Purpose.SURVEY).next_allowed_at == NOON - timedelta(days=2) + timedelta(days=7)


@pytest.mark.parametrize(
    ("hour_utc", "allowed", "opens"),
    [
        (0, False, datetime(2026, 3, 2, 1, tzinfo=UTC)),  # 08:00 local: opens at nine
        (1, True, None),
        (11, True, None),  # 19:00 local
        (12, False, datetime(2026, 3, 3, 1, tzinfo=UTC)),  # 20:00 local: tomorrow at nine
    ],
)
def test_nobody_is_contacted_at_night(customer: Customer, hour_utc: int, allowed: bool, opens: datetime | None) -> None:
    at = datetime(2026, 3, 2, hour_utc, tzinfo=UTC)
    assert ask(customer, Purpose.SURVEY, at=at) == Decision(allowed, None if allowed else Refusal.NIGHT, opens)


def test_agreed_callback_may_come_at_night(customer: Customer) -> None:
    assert ask(customer, Purpose.CALLBACK, at=NOON + timedelta(hours=10)).allowed


@given(
    zone=st.sampled_from(["Asia/Shanghai", "Europe/London", "America/New_York", "Australia/Lord_Howe", "Asia/Urumqi"]),
    at=st.datetimes(datetime(2024, 1, 1), datetime(2032, 12, 31), timezones=st.just(UTC)),  # noqa: DTZ001
)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_next_allowed_time_is_the_first_local_opening(customer: Customer, zone: str, at: datetime) -> None:
    Region.objects.update_or_create(pk="X", defaults={"name": "X", "time_zone": zone})
    Customer.objects.filter(pk=customer.pk).update(region="X")
    decision = ask(customer, Purpose.SURVEY, at=at)
    if decision.allowed:
        assert 9 <= at.astimezone(ZoneInfo(zone)).hour < 20
        return
    assert decision.next_allowed_at is not None
    local = decision.next_allowed_at.astimezone(ZoneInfo(zone))
    assert (local.hour, local.minute) == (9, 0)
    assert timedelta(0) < decision.next_allowed_at - at <= timedelta(hours=14)
    assert ask(customer, Purpose.SURVEY, at=decision.next_allowed_at).allowed


def test_newest_rule_in_force_counts(customer: Customer) -> None:
    ContactRule.objects.create(channel=Channel.EMAIL, from_hour=14, to_hour=16, effective_from=date(2026, 1, 1))
    ContactRule.objects.create(channel=Channel.EMAIL, from_hour=0, to_hour=24, effective_from=date(2026, 4, 1))
    assert ask(customer, Purpose.SURVEY).reason is Refusal.NIGHT
    assert ask(customer, Purpose.SURVEY, at=datetime(2026, 4, 2, 18, tzinfo=UTC)).allowed


def test_many_are_judged_in_one_query(customer: Customer, django_assert_num_queries: DjangoAssertNumQueries) -> None:
    others = [add_customer(reference=f"D-{n}", now=NOON, email=f"d{n}@example.com") for n in range(5)]
    hold_out(others[0])
    suppressed(others[3])
    with django_assert_num_queries(2):  # the channel's rule, and everybody
        refused = judge(Customer.objects.all(), channel=Channel.EMAIL, purpose=Purpose.CARE, at=NOON)
    assert refused == {others[0].pk: Refusal.HOLD_OUT, others[3].pk: Refusal.SUPPRESSED}
