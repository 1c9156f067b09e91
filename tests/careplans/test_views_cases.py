"""The workspace: what the agent sees, what is saved, and what happens when the hold was lost."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.utils.html import escape

from careplans.enums import CaseStatus, Outcome
from careplans.models import Attempt, Case, CaseEvent, Draft
from loopcare.customers.models import ContactPoint, Region
from loopcare.staff.enums import AuditAction, Role
from loopcare.staff.models import AuditEntry, User
from surveys.models import Cause
from tests.careplans.conftest import SignIn
from tests.factories import NOW, make_case, make_customer, make_entry, make_user

HTMX = {"HX-Request": "true"}


def said(case: Case, **fields: Any) -> dict[str, Any]:
    return {"epoch": case.epoch, "key": "k1", "outcome": "no_answer", "notes": "", "then": "next"} | fields


@pytest.fixture
def agent(db: None) -> User:
    return make_user()


@pytest.fixture
def case(agent: User) -> Case:
    return make_case(agent=agent)


def taken_by_another(case: Case, agent: User) -> User:
    """The lease lapsed and a colleague has the case."""
    other = make_user(team=agent.team, name="Zhao Lei")
    Case.objects.filter(pk=case.pk).update(holder=f"agent:{other.pk}", epoch=2)
    CaseEvent.objects.create(
        case=case, from_status=CaseStatus.QUEUED, to_status=CaseStatus.IN_HAND, actor=other, at=NOW
    )
    return other


# --- what is seen ----------------------------------------------------------------------------------------------------
def test_case_in_hand_shows_form_mask_and_all_effects(sign_in: SignIn, agent: User, case: Case) -> None:
    answer = sign_in(agent).get(f"/cases/{case.pk}/")
    assert answer.status_code == 200
    assert answer.context["form"]["epoch"].value() == 1
    assert [choice.key for choice in answer.context["view"].outcomes] == list(range(1, 10))
    assert all(escape(choice.effect) in answer.text for choice in answer.context["view"].outcomes)
    assert "Wang**" in answer.text
    assert ContactPoint.objects.get(customer=case.customer).value not in answer.text


def test_case_of_a_colleague_is_read_only(sign_in: SignIn, agent: User, case: Case) -> None:
    answer = sign_in(make_user(team=agent.team)).get(f"/cases/{case.pk}/")
    assert (answer.status_code, answer.context["mine"]) == (200, False)
    assert 'name="outcome"' not in answer.text


@pytest.mark.parametrize("path", ["", "outcome/", "draft/", "hold/", "release/"])
def test_case_of_another_team_is_not_there(sign_in: SignIn, case: Case, path: str) -> None:
    client = sign_in(make_user())
    answer = client.post(f"/cases/{case.pk}/{path}", said(case)) if path else client.get(f"/cases/{case.pk}/")
    assert answer.status_code == 404


@pytest.mark.parametrize("role", [Role.ANALYST, Role.AUDITOR, Role.ADMINISTRATOR])
def test_case_is_closed_to_other_roles(sign_in: SignIn, case: Case, role: Role) -> None:
    assert sign_in(make_user(role)).get(f"/cases/{case.pk}/").status_code == 403


def test_case_page_is_kept_by_no_cache(sign_in: SignIn, agent: User, case: Case) -> None:
    assert "no-store" in sign_in(agent).get(f"/cases/{case.pk}/").headers["Cache-Control"]


def test_supervisor_reads_the_notes_in_progress(sign_in: SignIn, agent: User, case: Case) -> None:
    Draft.objects.create(case=case, agent=agent, notes="She asked twice.", saved_at=NOW)
    supervisor = make_user(Role.SUPERVISOR, team=agent.team)
    assert "She asked twice." in sign_in(supervisor).get(f"/cases/{case.pk}/").text


# --- saving ----------------------------------------------------------------------------------------------------------
def test_outcome_is_saved_and_the_next_case_opens(sign_in: SignIn, agent: User, case: Case) -> None:
    following = make_case(case.campaign)
    answer = sign_in(agent).post(f"/cases/{case.pk}/outcome/", said(case, notes="No one there."))
    attempt = Attempt.objects.get()
    assert (answer.status_code, answer.headers["Location"]) == (302, f"/cases/{following.pk}/")
    assert (attempt.outcome, attempt.notes, attempt.agent) == (Outcome.NO_ANSWER, "No one there.", agent)


def test_outcome_by_htmx_goes_on_by_a_whole_page(sign_in: SignIn, agent: User, case: Case) -> None:
    answer = sign_in(agent).post(f"/cases/{case.pk}/outcome/", said(case), headers=HTMX)
    assert (answer.status_code, answer.headers["HX-Redirect"]) == (200, "/queue/")


def test_outcome_sent_twice_is_recorded_once(sign_in: SignIn, agent: User, case: Case) -> None:
    client = sign_in(agent)
    answers = [client.post(f"/cases/{case.pk}/outcome/", said(case)).status_code for _ in range(2)]
    assert (answers, Attempt.objects.count()) == ([302, 302], 1)


def test_outcome_and_stop_takes_no_next_case(sign_in: SignIn, agent: User, case: Case) -> None:
    make_case(case.campaign)
    answer = sign_in(agent).post(f"/cases/{case.pk}/outcome/", said(case, then="stop"))
    assert answer.headers["Location"] == "/queue/"
    assert not Case.objects.filter(status=CaseStatus.IN_HAND).exists()


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"outcome": ""}, "Choose one."),
        ({"outcome": "solved"}, "Say what the cause was before the case is solved."),
        ({"outcome": "callback"}, "Choose the time that was agreed for the callback."),
        ({"outcome": "callback", "booked_at": "2026-03-01T10:00"}, "Book the callback between now and"),
        ({"outcome": "callback", "booked_at": "soon"}, "Enter a valid date/time."),
    ],
)
def test_outcome_that_cannot_be_saved_comes_back_with_what_was_typed(
    sign_in: SignIn, agent: User, case: Case, fields: dict[str, Any], words: str
) -> None:
    client = sign_in(agent)
    data = said(case, notes="Kept words", **fields)
    for headers, whole_page in ((None, True), (HTMX, False)):
        answer = client.post(f"/cases/{case.pk}/outcome/", data, headers=headers)
        assert (answer.status_code, "<!doctype html>" in answer.text) == (422, whole_page)
        assert all(part in answer.text for part in (words, "Kept words", 'value="k1"'))
    assert not Attempt.objects.exists()


def test_outcome_solved_is_saved_with_cause_and_action(sign_in: SignIn, agent: User, case: Case) -> None:
    Cause.objects.create(code="refund.slow", name_en="Refund too slow")
    sign_in(agent).post(
        f"/cases/{case.pk}/outcome/", said(case, outcome="solved", cause="refund.slow", action="Voucher")
    )
    case.refresh_from_db()
    assert (case.status, case.cause, case.action) == (CaseStatus.SOLVED, "refund.slow", "Voucher")


def test_agreed_time_is_the_customers(sign_in: SignIn, agent: User) -> None:
    Region.objects.create(code="JP", name="Tokyo", time_zone="Asia/Tokyo")
    case = make_case(entry=make_entry(make_customer(region_id="JP")), agent=agent)
    sign_in(agent).post(f"/cases/{case.pk}/outcome/", said(case, outcome="callback", booked_at="2026-03-04T18:30"))
    case.refresh_from_db()
    assert case.booked_at == datetime(2026, 3, 4, 9, 30, tzinfo=UTC)


def test_form_begins_with_the_draft(sign_in: SignIn, agent: User, case: Case) -> None:
    client = sign_in(agent)
    client.post(f"/cases/{case.pk}/draft/", {"notes": "Half a word", "action": "Voucher"})
    form = client.get(f"/cases/{case.pk}/").context["form"]
    assert (form["notes"].value(), form["action"].value()) == ("Half a word", "Voucher")


# --- the hold was lost -----------------------------------------------------------------------------------------------
def test_outcome_after_the_hold_ended_says_who_has_the_case(sign_in: SignIn, agent: User, case: Case) -> None:
    taken_by_another(case, agent)
    answer = sign_in(agent).post(f"/cases/{case.pk}/outcome/", said(case, notes="Mine"), headers=HTMX)
    assert answer.status_code == 409
    assert "Zhao Lei took this case at 10:00. Your notes are kept." in answer.text
    assert "data-problem" in answer.text
    assert Draft.objects.get(case=case, agent=agent).notes == "Mine"
    assert not Attempt.objects.exists()


def test_outcome_after_the_hold_ended_without_htmx_is_a_whole_page(sign_in: SignIn, agent: User, case: Case) -> None:
    taken_by_another(case, agent)
    answer = sign_in(agent).post(f"/cases/{case.pk}/outcome/", said(case, notes="Mine"))
    assert answer.status_code == 409
    assert "Zhao Lei took this case at 10:00." in answer.text
    assert [draft.notes for draft in answer.context["drafts"]] == ["Mine"]


def test_key_of_another_outcome_is_refused(sign_in: SignIn, agent: User, case: Case) -> None:
    other = make_case()
    Attempt.objects.create(case=other, agent=agent, outcome="busy", key="k1", at=NOW)
    assert sign_in(agent).post(f"/cases/{case.pk}/outcome/", said(case)).status_code == 409


def test_heartbeat_keeps_the_hold(sign_in: SignIn, agent: User, case: Case) -> None:
    Case.objects.filter(pk=case.pk).update(lease_until=NOW + timedelta(seconds=20))
    answer = sign_in(agent).post(f"/cases/{case.pk}/hold/", {"epoch": 1})
    case.refresh_from_db()
    assert answer.status_code == 200
    assert 'data-seconds="300"' in answer.text
    assert case.lease_until is not None
    assert case.lease_until > NOW + timedelta(minutes=4)


def test_heartbeat_of_a_lost_hold_is_refused(sign_in: SignIn, agent: User, case: Case) -> None:
    taken_by_another(case, agent)
    answer = sign_in(agent).post(f"/cases/{case.pk}/hold/", {"epoch": 1}, headers=HTMX)
    assert (answer.status_code, "Zhao Lei took this case" in answer.text) == (409, True)


def test_heartbeat_without_a_hold_number_is_refused(sign_in: SignIn, agent: User, case: Case) -> None:
    assert sign_in(agent).post(f"/cases/{case.pk}/hold/", {}).status_code == 422


# --- skip, draft, number ---------------------------------------------------------------------------------------------
def test_skip_puts_the_case_down_with_its_reason(sign_in: SignIn, agent: User, case: Case) -> None:
    following = make_case(case.campaign)
    answer = sign_in(agent).post(f"/cases/{case.pk}/release/", {"epoch": 1, "reason": "language", "then": "next"})
    event = CaseEvent.objects.filter(case=case).get()
    assert answer.headers["Location"] == f"/cases/{following.pk}/"
    assert (event.to_status, event.reason) == (CaseStatus.QUEUED, "language")


def test_skip_without_a_known_reason_is_refused(sign_in: SignIn, agent: User, case: Case) -> None:
    assert sign_in(agent).post(f"/cases/{case.pk}/release/", {"epoch": 1, "reason": "bored"}).status_code == 422


def test_skip_of_a_lost_hold_is_refused(sign_in: SignIn, agent: User, case: Case) -> None:
    taken_by_another(case, agent)
    data = {"epoch": 1, "reason": "language"}
    assert sign_in(agent).post(f"/cases/{case.pk}/release/", data).status_code == 409


def test_draft_is_kept_whoever_holds_the_case(sign_in: SignIn, agent: User, case: Case) -> None:
    taken_by_another(case, agent)
    answer = sign_in(agent).post(f"/cases/{case.pk}/draft/", {"notes": "Still mine"})
    assert (answer.status_code, "saved 10:00" in answer.text) == (200, True)
    assert Draft.objects.get().notes == "Still mine"


def test_draft_too_long_is_refused(sign_in: SignIn, agent: User, case: Case) -> None:
    answer = sign_in(agent).post(f"/cases/{case.pk}/draft/", {"notes": "x" * 20_001}, headers=HTMX)
    assert (answer.status_code, Draft.objects.exists()) == (422, False)


def test_reveal_shows_the_number_and_records_it(sign_in: SignIn, agent: User, case: Case) -> None:
    point = ContactPoint.objects.get(customer=case.customer)
    answer = sign_in(agent).post(f"/cases/{case.pk}/points/{point.pk}/reveal/")
    entry = AuditEntry.objects.get()
    assert f'href="tel:{point.value}"' in answer.text
    assert (entry.actor, entry.action, entry.subject_id) == (agent, AuditAction.REVEAL, case.customer_id)


def test_reveal_needs_the_case_in_hand(sign_in: SignIn, agent: User, case: Case) -> None:
    point = ContactPoint.objects.get(customer=case.customer)
    answer = sign_in(make_user(team=agent.team)).post(f"/cases/{case.pk}/points/{point.pk}/reveal/")
    assert (answer.status_code, AuditEntry.objects.exists()) == (409, False)


def test_reveal_of_a_strangers_number_is_not_there(sign_in: SignIn, agent: User, case: Case) -> None:
    point = ContactPoint.objects.get(customer=make_customer())
    assert sign_in(agent).post(f"/cases/{case.pk}/points/{point.pk}/reveal/").status_code == 404
