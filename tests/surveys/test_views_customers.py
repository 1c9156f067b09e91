"""A customer's page: the story, behind the mask."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from pytest_django import DjangoAssertNumQueries

from loopcare.customers.models import ContactPoint, Customer
from loopcare.staff.enums import AuditAction, Role
from loopcare.staff.models import AuditEntry
from surveys.models import Cause, DetectionRule
from surveys.services.setup import ensure_rules
from surveys.views.customers import why
from surveys.views.told import Day, Told
from tests.factories import NOW, make_customer, make_entry, make_source, set_clock
from tests.surveys.events import event, land_all, rating
from tests.surveys.test_views_pool import signed_in

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("role", "status"), [(Role.AGENT, 403), (Role.SUPERVISOR, 200), (Role.ANALYST, 200), (Role.AUDITOR, 200)]
)
def test_customer_page_opens_to_readers_only(role: Role, status: int) -> None:
    customer = make_customer()
    assert signed_in(role).get(f"/customers/{customer.pk}/").status_code == status


def test_customer_page_shows_nothing_in_the_clear() -> None:
    customer = make_customer(name="Wang Min", reference="13800001111")
    (point,) = ContactPoint.objects.filter(customer=customer)
    text = signed_in(Role.SUPERVISOR).get(f"/customers/{customer.pk}/").content.decode()
    for secret in ("Wang Min", "13800001111", point.value, point.value.removeprefix("+86")):
        assert secret not in text


def test_unknown_customer_is_not_found() -> None:
    assert signed_in(Role.SUPERVISOR).get("/customers/999999999999999999999999/").status_code == 404


def test_why_says_the_whole_reason_in_words() -> None:
    Cause.objects.create(code="refund", name_en="Slow refund")
    entry = make_entry(repeat_count=3, causes=["refund", "x.new"], source=make_source("sms", name="SMS rating"))
    entry.refresh_from_db()
    assert why(entry, {"refund": "Slow refund"}) == [
        "Came in by SMS rating.",
        "Latest answer: 3 for “overall” (2026-03-03).",
        "Perceived service 20 is 40 points below the adequate level 60.",
        "Dissatisfied 3 times in the repeat window.",
        "Named causes: Slow refund, x.new.",
    ]


def test_why_of_an_event_names_the_rule_and_no_level() -> None:
    ensure_rules()
    entry = make_entry(
        rule=DetectionRule.objects.get(code="complaint"),
        dimension="complaint",
        raw="",
        perceived=None,
        adequate=None,
        source=make_source("desk", name="Our desk"),
    )
    entry.refresh_from_db()
    assert why(entry, {}) == [
        "Found by the rule “Complaint” (Our desk).",
        "Latest sign: complaint (2026-03-03).",
        "Dissatisfied for the first time in the repeat window.",
    ]


def test_reveal_shows_the_number_and_records_who_looked() -> None:
    customer = make_customer()
    (point,) = ContactPoint.objects.filter(customer=customer)
    client = signed_in(Role.SUPERVISOR)
    answer = client.post(f"/customers/{customer.pk}/points/{point.pk}/reveal/")
    assert point.value in answer.content.decode()
    assert answer.headers["Cache-Control"] == "no-store"
    entry = AuditEntry.objects.get(action=AuditAction.REVEAL)
    assert (entry.actor_id, entry.subject_id) == (int(client.session["_auth_user_id"]), customer.pk)


@pytest.mark.parametrize("role", [Role.ANALYST, Role.AUDITOR, Role.AGENT])
def test_reveal_is_refused_to_others_and_leaves_no_trace(role: Role) -> None:
    customer = make_customer()
    (point,) = ContactPoint.objects.filter(customer=customer)
    assert signed_in(role).post(f"/customers/{customer.pk}/points/{point.pk}/reveal/").status_code == 403
    assert not AuditEntry.objects.exists()


def test_reveal_needs_a_post_and_the_customer_whose_number_it_is() -> None:
    customer, other = make_customer(), make_customer()
    (point,) = ContactPoint.objects.filter(customer=customer)
    client = signed_in(Role.SUPERVISOR)
    assert client.get(f"/customers/{customer.pk}/points/{point.pk}/reveal/").status_code == 405
    assert client.post(f"/customers/{other.pk}/points/{point.pk}/reveal/").status_code == 404
    assert not AuditEntry.objects.exists()


def test_customer_page_tells_signals_by_day_and_source() -> None:
    day = NOW.date()
    for back, score in ((3, 1.0), (0, 5.0)):
        land_all(
            rating("a", score, on=day - timedelta(days=back)), source=make_source("sms", name="SMS rating"), now=NOW
        )
    land_all(event("a", "complaint", on=day), source=make_source("desk", name="Our desk"), now=NOW)
    days = page_of("a").context["days"]
    assert [(str(one.day), one.source, [told.signal.raw for told in one.told]) for one in days] == [
        ("2026-03-03", "SMS rating", ["5"]),
        ("2026-03-03", "Our desk", [""]),
        ("2026-02-28", "SMS rating", ["1"]),
    ]


def page_of(reference: str, role: Role = Role.ANALYST) -> Any:
    return signed_in(role).get(f"/customers/{Customer.objects.get(reference=reference).pk}/")


def told(reference: str) -> Told:
    """The only signal of a customer."""
    days: list[Day] = page_of(reference).context["days"]
    ((one,),) = [day.told for day in days]
    return one


def test_rating_is_told_with_its_levels_and_who_said_what_is_adequate() -> None:
    source = make_source("sms", kind="rating", adequate=50)
    land_all(rating("a", 40, on=NOW.date()), source=source, now=NOW)
    land_all(rating("b", 60, adequate=70, desired=65, stated=True, on=NOW.date()), source=source, now=NOW)
    land_all(rating("c", 60, adequate=60, desired=60.5, on=NOW.date()), source=source, now=NOW)
    land_all(rating("d", 60, on=NOW.date()), source=make_source("none", kind="rating"), now=NOW)
    found = {
        reference: (one.perceived, one.adequate, one.signal.adequate_from, one.desired, one.state, one.inverted)
        for reference in "abcd"
        for one in [told(reference)]
    }
    assert found == {
        "a": ("40", "50", "source", "–", "bad", False),
        "b": ("60", "70", "stated", "65", "bad", True),
        "c": ("60", "60", "mapped", "60.5", "good", False),
        "d": ("60", "–", "", "–", "", False),
    }
    text = page_of("b").content.decode()
    assert ("inverted: adequate above desired" in text, "stated by the customer" in text) == (True, True)
    assert "inverted: adequate above desired" not in page_of("c").content.decode()


def at(hours: float) -> datetime:
    return NOW + timedelta(hours=hours)


@pytest.mark.parametrize(
    ("fields", "facts"),
    [
        ({}, ()),
        ({"topic": "bill", "transfers": 1}, ("about bill", "passed on once")),
        ({"transfers": 0, "disputed": False}, ()),
        ({"transfers": 3, "disputed": True}, ("passed on 3 times", "disputed")),
        ({"occurred_at": at(-30)}, ("opened 2026-03-02 04:00",)),
        ({"promised_at": at(2)}, ("promised by 2026-03-03 12:00",)),
        ({"promised_at": at(-2)}, ("promised by 2026-03-03 08:00, not kept",)),
        (
            {"promised_at": at(-2), "closed_at": at(-3)},
            ("promised by 2026-03-03 08:00, kept", "closed 2026-03-03 07:00"),
        ),
        (
            {"promised_at": at(-3), "closed_at": at(-2)},
            ("promised by 2026-03-03 07:00, not kept", "closed 2026-03-03 08:00"),
        ),
    ],
)
def test_event_is_told_with_what_is_known_of_its_course(fields: dict[str, Any], facts: tuple[str, ...]) -> None:
    set_clock()
    land_all(event("a", "ticket", channel="app", on=NOW.date(), **fields), source=make_source("desk"), now=NOW)
    one = told("a")
    assert (one.signal.kind, one.signal.channel, one.facts) == ("ticket", "app", facts)
    assert (one.perceived, one.adequate, one.desired, one.state) == ("–", "–", "–", "")


def test_signal_names_every_rule_that_found_it() -> None:
    land_all(
        event("a", "complaint", on=NOW.date(), transfers=2),
        event("a", "contact", on=NOW.date(), number=2),
        now=NOW,
    )
    page = page_of("a")
    (day,) = page.context["days"]
    assert [(one.signal.kind, sorted(found.rule.code for found in one.found)) for one in day.told] == [
        ("complaint", ["complaint", "transfers"]),
        ("contact", []),
    ]
    found = [(one.rule.code, one.rule_version, str(one.day), one.repeat_count) for one in page.context["detections"]]
    assert sorted(found) == [("complaint", 1, "2026-03-03", 1), ("transfers", 1, "2026-03-03", 1)]


@pytest.mark.parametrize("many", [1, 3])
def test_customer_page_costs_the_same_queries_for_any_number(
    many: int, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    rows = [event("a", "complaint", on=NOW.date() - timedelta(days=n), transfers=2) for n in range(many)]
    land_all(*rows, now=NOW)
    client, pk = signed_in(Role.ANALYST), Customer.objects.get(reference="a").pk
    with django_assert_num_queries(12):
        client.get(f"/customers/{pk}/")
