"""Taking a case asks the governor again: who sleeps waits, who asked to be left alone is."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from careplans.enums import CaseStatus, CloseReason
from careplans.models import CaseEvent
from careplans.services.cases import next_case
from loopcare.contact.enums import Refusal
from loopcare.contact.models import RefusedContact
from loopcare.contact.services import suppress
from loopcare.customers.models import ContactPoint
from surveys.enums import LeftReason, PoolStatus
from tests.factories import NOW, make_case, make_customer, make_entry, make_user

pytestmark = pytest.mark.django_db

NIGHT = NOW + timedelta(hours=12)


def test_suppressed_customer_is_passed_over_and_their_case_ends() -> None:
    agent = make_user()
    first = make_case(make_case(agent=make_user()).campaign, team=agent.team, priority=9)
    second = make_case(first.campaign, team=agent.team, priority=1)
    suppress(customer_id=first.customer_id, reason="pressed stop", now=NOW)

    taken = next_case(agent=agent, now=NOW)
    assert taken is not None
    assert taken.pk == second.pk
    first.refresh_from_db()
    first.entry.refresh_from_db()
    assert (first.status, first.close_reason, first.holder) == (CaseStatus.CLOSED, CloseReason.DO_NOT_CONTACT, "")
    assert (first.entry.status, first.entry.left_reason) == (PoolStatus.LEFT, LeftReason.WITHDRAWN)
    assert list(CaseEvent.objects.filter(case=first).values_list("to_status", "reason").order_by("id")) == [
        ("in_hand", ""),
        ("closed", Refusal.SUPPRESSED),
    ]


def test_sleeping_customer_waits_for_their_morning() -> None:
    agent = make_user()
    case = make_case(make_case(agent=make_user()).campaign, team=agent.team)
    assert next_case(agent=agent, now=NIGHT) is None
    case.refresh_from_db()
    morning = datetime(2026, 3, 4, 1, tzinfo=UTC)
    assert (case.status, case.due_at, case.tries) == (CaseStatus.QUEUED, morning, 0)
    assert list(RefusedContact.objects.values_list("reason", "next_allowed_at")) == [(Refusal.NIGHT, morning)]
    assert next_case(agent=agent, now=morning) == case


def test_promised_callback_is_kept_even_at_night() -> None:
    agent = make_user()
    case = make_case(make_case(agent=make_user()).campaign, team=agent.team, booked_at=NIGHT, due_at=NIGHT, owner=agent)
    assert next_case(agent=agent, now=NIGHT) == case


def test_customer_whose_last_number_died_needs_data() -> None:
    agent = make_user()
    case = make_case(
        make_case(agent=make_user()).campaign,
        team=agent.team,
        entry=make_entry(make_customer(phones=1), status=PoolStatus.IN_CARE),
    )
    ContactPoint.objects.filter(customer=case.customer).update(status="dead")
    assert next_case(agent=agent, now=NOW) is None
    case.refresh_from_db()
    assert case.status == CaseStatus.NEEDS_DATA
