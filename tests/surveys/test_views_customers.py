"""A customer's page: the story, behind the mask."""

from __future__ import annotations

from datetime import timedelta

import pytest

from loopcare.customers.models import ContactPoint
from loopcare.staff.enums import AuditAction, Role
from loopcare.staff.models import AuditEntry
from surveys.enums import SignalKind
from surveys.models import Cause, Signal
from surveys.services.months import make_months
from surveys.views.customers import why
from tests.factories import NOW, make_customer, make_entry, make_source
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
        "Answered 3 for “overall” (SMS rating, 2026-03-03).",
        "Perceived service 20 is 40 points below the adequate level 60.",
        "Dissatisfied 3 times in the repeat window.",
        "Named causes: Slow refund, x.new.",
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
    customer = make_customer()
    source = make_source("sms", name="SMS rating")
    for back, raw in ((3, "1"), (0, "5")):
        day = NOW.date() - timedelta(days=back)
        make_months(days=[day])
        Signal.objects.create(
            occurred_on=day,
            source=source,
            external_id=raw,
            dimension="overall",
            customer=customer,
            kind=SignalKind.RATING,
            raw=raw,
            received_at=NOW,
        )
    days = signed_in(Role.ANALYST).get(f"/customers/{customer.pk}/").context["days"]
    assert [(str(day), name, [signal.raw for signal in signals]) for day, name, signals in days] == [
        ("2026-03-03", "SMS rating", ["5"]),
        ("2026-02-28", "SMS rating", ["1"]),
    ]
