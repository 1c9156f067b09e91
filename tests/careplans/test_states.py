"""Truth tables: every pair of states, of campaigns and of cases."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import product
from typing import Any

import pytest

from careplans.enums import CampaignStatus, CaseStatus
from careplans.models import Campaign, CampaignEvent, Case, CaseEvent
from loopcare.common.errors import Conflict
from loopcare.common.leases import RELEASED
from loopcare.common.states import move
from tests.factories import NOW, make_campaign, make_case

pytestmark = pytest.mark.django_db

HELD = {"holder": "agent:1", "lease_until": NOW + timedelta(minutes=5)}
CLOSED = {"closed_at": NOW, "close_reason": "confirmed"}

ALLOWED_CAMPAIGN = {
    ("draft", "launched"),
    ("launched", "paused"),
    ("launched", "finished"),
    ("launched", "stopped"),
    ("paused", "launched"),
    ("paused", "finished"),
    ("paused", "stopped"),
    ("finished", "read"),
    ("stopped", "read"),
}
ALLOWED_CASE = {
    ("queued", "in_hand"),
    ("queued", "closed"),
    ("in_hand", "queued"),
    ("in_hand", "waiting_internal"),
    ("in_hand", "needs_data"),
    ("in_hand", "solved"),
    ("in_hand", "closed"),
    ("waiting_internal", "queued"),
    ("waiting_internal", "closed"),
    ("needs_data", "queued"),
    ("needs_data", "closed"),
    ("solved", "queued"),
    ("solved", "closed"),
}


@pytest.mark.parametrize(("here", "there"), list(product(CampaignStatus.values, repeat=2)))
def test_campaign_moves_as_the_table_says(here: str, there: str) -> None:
    campaign = make_campaign(CampaignStatus(here))
    changes: dict[str, Any] = {"launched_at": NOW, "read_out_on": date(2026, 6, 17)} if here == "draft" else {}
    before: dict[str, Any] = dict(Campaign.objects.filter(pk=campaign.pk).values().get())
    if (here, there) in ALLOWED_CAMPAIGN:
        move(campaign, CampaignStatus(there), now=NOW, reason="test", **changes)
        after = before | changes | {"status": there}
        events = [(here, there, "test", NOW)]
    else:
        with pytest.raises(Conflict):
            move(campaign, CampaignStatus(there), now=NOW, **changes)
        after, events = before, []
    assert Campaign.objects.filter(pk=campaign.pk).values().get() == after
    written = CampaignEvent.objects.filter(campaign=campaign)
    assert list(written.values_list("from_status", "to_status", "reason", "at")) == events


def _in(status: str) -> dict[str, Any]:
    return {"in_hand": HELD, "closed": CLOSED}.get(status, {})


@pytest.mark.parametrize(("here", "there"), list(product(CaseStatus.values, repeat=2)))
def test_case_moves_as_the_table_says(here: str, there: str) -> None:
    case = make_case(status=here, **_in(here))
    changes = (RELEASED if here == "in_hand" else {}) | _in(there)
    before: dict[str, Any] = dict(Case.objects.filter(pk=case.pk).values().get())
    if (here, there) in ALLOWED_CASE:
        move(case, CaseStatus(there), now=NOW, reason="test", **changes)
        after = before | changes | {"status": there}
        events = [(here, there, "test", NOW)]
    else:
        with pytest.raises(Conflict):
            move(case, CaseStatus(there), now=NOW, **changes)
        after, events = before, []
    assert Case.objects.filter(pk=case.pk).values().get() == after
    written = CaseEvent.objects.filter(case=case)
    assert list(written.values_list("from_status", "to_status", "reason", "at")) == events


@pytest.mark.parametrize("status", CaseStatus.values)
def test_case_move_from_a_stale_reading_changes_nothing(status: str) -> None:
    case = make_case(status=status, **_in(status))
    stale = Case.objects.get(pk=case.pk)
    elsewhere = "needs_data" if status != "needs_data" else "queued"
    Case.objects.filter(pk=case.pk).update(status=elsewhere, **RELEASED, closed_at=None, close_reason="")
    for target in sorted(CaseStatus.moves()[CaseStatus(status)]):
        with pytest.raises(Conflict):
            move(stale, CaseStatus(target), now=NOW)
    assert Case.objects.get(pk=case.pk).status == elsewhere
    assert not CaseEvent.objects.filter(case=case).exists()
