"""How cases end by themselves."""

from __future__ import annotations

from datetime import timedelta

import pytest

from careplans.enums import CaseStatus, CloseReason
from careplans.models import Case, CaseEvent
from careplans.services.closing import FATE, close_unconfirmed
from careplans.tasks import release_lapsed
from loopcare.contact.enums import HoldKind
from loopcare.contact.models import Hold
from loopcare.contact.services import place_holds
from surveys.models import PoolEntry
from tests.factories import NOW, make_case


@pytest.mark.django_db
def test_solved_case_closes_after_seven_silent_days() -> None:
    silent = make_case(status=CaseStatus.SOLVED, solved_at=NOW - timedelta(days=7))
    fresh = make_case(status=CaseStatus.SOLVED, solved_at=NOW - timedelta(days=7) + timedelta(seconds=1))
    place_holds(customer_ids=[silent.customer_id, fresh.customer_id], kind=HoldKind.OPEN_CARE)
    assert close_unconfirmed(now=NOW) == 1
    assert close_unconfirmed(now=NOW) == 0
    assert list(Case.objects.order_by("pk").values_list("status", "close_reason", "closed_at")) == [
        ("closed", "unconfirmed", NOW),
        ("solved", "", None),
    ]
    assert PoolEntry.objects.get(pk=silent.entry_id).left_reason == "expired"
    assert list(Hold.objects.values_list("customer", flat=True)) == [fresh.customer_id]
    event = CaseEvent.objects.get()
    assert (event.case, event.from_status, event.to_status, event.reason) == (silent, "solved", "closed", "unconfirmed")


@pytest.mark.django_db
def test_task_collects_lapsed_and_unconfirmed_cases_by_the_clock() -> None:
    assert release_lapsed() == 0
    make_case(status=CaseStatus.SOLVED, solved_at=NOW - timedelta(days=3650))
    assert release_lapsed() == 1


def test_every_reason_of_closing_has_a_fate_in_the_pool() -> None:
    assert set(FATE) == set(CloseReason.values)
