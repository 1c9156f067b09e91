"""The outcome table, row by row; keys, zombies and bad input."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from careplans.enums import CaseStatus
from careplans.models import Attempt, Case, CaseEvent, Draft
from careplans.services.cases import next_case, record_outcome, release_lapsed, save_draft
from loopcare.common.errors import Conflict, Invalid, NotFound, StaleLease
from loopcare.contact.enums import HoldKind
from loopcare.contact.models import Contact, Hold, Suppression
from loopcare.contact.services import place_holds
from loopcare.customers.models import ContactPoint
from loopcare.staff.models import User
from surveys.enums import PoolStatus
from surveys.models import Cause, CauseCode, PoolEntry
from tests.factories import NOW, make_case, make_customer, make_entry, make_user

pytestmark = pytest.mark.django_db

BOOKED = datetime(2026, 3, 5, 10, 30, tzinfo=UTC)


def held(agent: User, *, phones: int = 2, **fields: Any) -> Case:
    entry = make_entry(make_customer(phones=phones), status=PoolStatus.IN_CARE)
    case = make_case(agent=agent, entry=entry, **fields)
    place_holds(customer_ids=[case.customer_id], kind=HoldKind.OPEN_CARE)
    return case


def record(case: Case, agent: User, outcome: str, *, key: str = "k1", now: datetime = NOW, **said: Any) -> Attempt:
    if outcome == "solved":
        said = {"cause": "billing.refund", "action": "refunded"} | said
    if outcome == "callback":
        said = {"booked_at": BOOKED} | said
    return record_outcome(case_id=case.pk, agent=agent, epoch=case.epoch, outcome=outcome, key=key, now=now, **said)


def at(day: int, hour: int, minute: int = 0) -> datetime:
    """A moment of March 2026 in Shanghai."""
    return datetime(2026, 3, day, hour, minute, tzinfo=UTC) - timedelta(hours=8)


# Outcome, phones, then what it must give: status, reason of closing, earliest and latest due time, tries used,
# status of the number called, counts as a contact, pool entry, other care open.
TABLE = [
    ("solved", 2, "solved", "", at(4, 10), at(4, 10), 0, "ok", True, "in_care", True),
    ("follow_up", 2, "queued", "", at(4, 9), at(4, 20), 0, "ok", True, "in_care", True),
    ("callback", 2, "queued", "", BOOKED, BOOKED, 0, "ok", True, "in_care", True),
    ("no_answer", 2, "queued", "", at(3, 12), at(3, 14), 1, "ok", False, "in_care", True),
    ("busy", 2, "queued", "", at(3, 10, 30), at(3, 10, 30), 1, "ok", False, "in_care", True),
    ("cut_off", 2, "queued", "", at(3, 10, 15), at(3, 10, 15), 1, "ok", True, "in_care", True),
    ("wrong_number", 2, "queued", "", at(3, 10), at(3, 10), 1, "dead", False, "in_care", True),
    ("wrong_number", 1, "needs_data", "", at(3, 10), at(3, 10), 1, "dead", False, "in_care", True),
    ("refused", 2, "closed", "refused", at(3, 10), at(3, 10), 0, "ok", True, "waiting", False),
    ("do_not_contact", 2, "closed", "do_not_contact", at(3, 10), at(3, 10), 0, "blocked", True, "left", False),
]


@pytest.mark.parametrize("row", TABLE, ids=[f"{row[0]}-{row[1]}" for row in TABLE])
def test_outcome_does_what_its_row_says(row: tuple[Any, ...]) -> None:
    outcome, phones, status, reason, earliest, latest, tries, number, is_contact, pool, is_open = row
    agent = make_user()
    case = held(agent, phones=phones)
    attempt = record(case, agent, outcome)
    case.refresh_from_db()
    assert (case.status, case.close_reason, case.tries) == (status, reason, tries)
    assert earliest <= case.due_at <= latest
    assert (case.holder, case.lease_until) == ("", None)
    assert (case.closed_at, case.solved_at) == (
        NOW if status == "closed" else None,
        NOW if status == "solved" else None,
    )
    statuses = list(ContactPoint.objects.filter(customer=case.customer).values_list("status", flat=True))
    assert statuses == [number] + ["ok"] * (phones - 1)
    assert attempt.point == ContactPoint.objects.filter(customer=case.customer).first()
    assert Contact.objects.filter(customer=case.customer).count() == is_contact
    assert PoolEntry.objects.get(pk=case.entry_id).status == pool
    assert Hold.objects.filter(customer=case.customer, kind=HoldKind.OPEN_CARE).exists() == is_open
    assert Suppression.objects.filter(customer=case.customer, channel="").exists() == (outcome == "do_not_contact")
    event = CaseEvent.objects.get(case=case)
    assert (event.from_status, event.to_status, event.reason, event.actor) == ("in_hand", status, outcome, agent)


def test_callback_is_booked_with_its_owner_and_the_next_outcome_ends_the_booking() -> None:
    agent = make_user()
    case = held(agent)
    record(case, agent, "callback")
    case.refresh_from_db()
    assert (case.booked_at, case.owner) == (BOOKED, agent)
    taken = next_case(agent=agent, now=BOOKED)
    assert taken == case
    attempt = record(taken, agent, "no_answer", key="k2", now=BOOKED)
    case.refresh_from_db()
    assert (case.booked_at, case.owner, attempt.booked_at) == (None, None, None)


def test_kept_callback_counts_as_a_callback_contact() -> None:
    agent = make_user()
    case = held(agent, booked_at=NOW, owner=agent)
    record(case, agent, "refused")
    assert Contact.objects.get().purpose == "callback"


def test_ladder_goes_up_to_unreachable() -> None:
    agent = make_user()
    case = held(agent)
    now, days, seen = NOW, [], []
    for n in range(4):
        taken = next_case(agent=agent, now=now)
        assert taken is not None
        record(taken, agent, "no_answer", key=f"k{n}", now=now)
        case.refresh_from_db()
        days.append((case.due_at + timedelta(hours=8)).day)
        seen.append((case.status, case.close_reason, case.tries))
        now = case.due_at
    assert days[:3] == [3, 4, 7]
    assert seen == [("queued", "", 1), ("queued", "", 2), ("queued", "", 3), ("closed", "unreachable", 4)]
    assert PoolEntry.objects.get(pk=case.entry_id).status == PoolStatus.WAITING


def test_busy_gets_its_quick_retry_once() -> None:
    agent = make_user()
    case = held(agent)
    record(case, agent, "busy")
    taken = next_case(agent=agent, now=at(3, 10, 30))
    assert taken is not None
    record(taken, agent, "busy", key="k2", now=at(3, 10, 30))
    case.refresh_from_db()
    assert at(4, 9) <= case.due_at < at(4, 20)


def test_wrong_number_moves_on_to_the_next_number_until_none_is_left() -> None:
    agent = make_user()
    case = held(agent, phones=2)
    first, second = ContactPoint.objects.filter(customer=case.customer)
    assert record(case, agent, "wrong_number").point == first
    taken = next_case(agent=agent, now=NOW)
    assert taken is not None
    assert record(taken, agent, "wrong_number", key="k2").point == second
    case.refresh_from_db()
    assert case.status == CaseStatus.NEEDS_DATA


def test_same_key_with_the_same_body_is_one_attempt() -> None:
    agent = make_user()
    case = held(agent)
    first = record(case, agent, "callback", notes="call Thursday")
    assert record(case, agent, "callback", notes="call Thursday", now=NOW + timedelta(hours=1)) == first
    assert Attempt.objects.count() == CaseEvent.objects.count() == Contact.objects.count() == 1


@pytest.mark.parametrize(
    "other",
    [
        {"outcome": "no_answer"},
        {"notes": "else"},
        {"cause": "network"},
        {"action": "none"},
        {"outcome": "callback"},
    ],
)
def test_same_key_with_another_body_is_a_conflict(other: dict[str, Any]) -> None:
    agent = make_user()
    case = held(agent)
    record(case, agent, "busy")
    with pytest.raises(Conflict, match="key"):
        record(case, agent, **{"outcome": "busy"} | other)
    assert Attempt.objects.count() == 1


def test_same_key_of_another_agent_is_a_conflict() -> None:
    agent = make_user()
    case = held(agent)
    record(case, agent, "busy")
    with pytest.raises(Conflict, match="key"):
        record(case, make_user(team=agent.team), "busy")


def test_zombie_writes_nothing_and_keeps_its_notes() -> None:
    zombie = make_user(name="zhao")
    heir = make_user(team=zombie.team, name="li")
    case = held(zombie)
    late = NOW + timedelta(minutes=6)
    assert release_lapsed(now=late) == 1
    taken = next_case(agent=heir, now=late)
    assert taken == case
    before = Case.objects.filter(pk=case.pk).values().get()
    with pytest.raises(StaleLease, match="li took this case at 10:06"):
        record(case, zombie, "solved", notes="he was pleased", now=late)
    assert Case.objects.filter(pk=case.pk).values().get() == before
    assert not Attempt.objects.exists()
    assert Draft.objects.get().agent == zombie
    assert Draft.objects.get().notes == "he was pleased"


def test_old_epoch_of_the_same_agent_is_refused() -> None:
    agent = make_user()
    case = held(agent)
    Case.objects.filter(pk=case.pk).update(epoch=2)
    with pytest.raises(StaleLease):
        record(case, agent, "busy")
    assert not Attempt.objects.exists()


def test_case_of_another_team_is_not_found() -> None:
    case = held(make_user())
    with pytest.raises(NotFound):
        record(case, make_user(), "busy")


@pytest.mark.parametrize(
    ("outcome", "said", "field"),
    [
        ("melted", {}, "outcome"),
        ("solved", {"cause": "", "action": "refund"}, "cause"),
        ("solved", {"cause": "billing", "action": " "}, "action"),
        ("callback", {"booked_at": None}, "booked_at"),
        ("callback", {"booked_at": NOW - timedelta(minutes=1)}, "booked_at"),
        ("callback", {"booked_at": NOW + timedelta(days=61)}, "booked_at"),
        ("callback", {"booked_at": datetime(2026, 3, 5, 10)}, "booked_at"),  # noqa: DTZ001 - the fault that is meant
        ("busy", {"notes": "x" * 20_001}, "notes"),
        ("busy", {"notes": "a\x00b"}, "notes"),
        ("busy", {"cause": "x" * 61}, "cause"),
        ("busy", {"key": ""}, "key"),
        ("busy", {"key": "x" * 65}, "key"),
    ],
)
def test_bad_input_names_its_field_and_writes_nothing(outcome: str, said: dict[str, Any], field: str) -> None:
    agent = make_user()
    case = held(agent)
    with pytest.raises(Invalid) as caught:
        record(case, agent, outcome, **said)
    assert caught.value.field == field
    case.refresh_from_db()
    assert case.status == CaseStatus.IN_HAND
    assert not Attempt.objects.exists()


def test_saved_outcome_takes_the_draft_away_but_only_ones_own() -> None:
    agent = make_user()
    colleague = make_user(team=agent.team)
    case = held(agent)
    for who in (agent, colleague):
        save_draft(case_id=case.pk, agent=who, notes="begun", now=NOW)
    record(case, agent, "busy")
    assert list(Draft.objects.values_list("agent", flat=True)) == [colleague.pk]


def test_pool_entry_that_moved_on_meanwhile_does_not_stop_the_outcome() -> None:
    agent = make_user()
    case = held(agent)
    PoolEntry.objects.filter(pk=case.entry_id).update(status=PoolStatus.LEFT, left_at=NOW, left_reason="recovered")
    record(case, agent, "refused")
    assert PoolEntry.objects.get(pk=case.entry_id).left_reason == "recovered"


@pytest.mark.parametrize("outcome", ["solved", "follow_up", "refused"])
def test_cause_that_the_agent_heard_is_given_to_the_pool_entry_once(outcome: str) -> None:
    Cause.objects.create(code="billing.refund", name_en="Slow refund")
    agent = make_user()
    case = held(agent)
    PoolEntry.objects.filter(pk=case.entry_id).update(causes=["other"])
    for _ in range(2):  # sent twice
        record(case, agent, outcome, cause="billing.refund")
    assert PoolEntry.objects.get(pk=case.entry_id).causes == ["billing.refund", "other"]
    codes = CauseCode.objects.values_list("entry", "cause", "basis", "by", "at")
    assert list(codes) == [(case.entry_id, "billing.refund", "agent", agent.pk, NOW)]


def test_outcome_without_a_cause_in_the_tree_gives_the_entry_none() -> None:
    agent = make_user()
    case = held(agent)
    record(case, agent, "solved", cause="nowhere")
    case.refresh_from_db()
    assert (case.cause, PoolEntry.objects.get(pk=case.entry_id).causes) == ("nowhere", [])
    assert not CauseCode.objects.exists()
