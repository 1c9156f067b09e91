"""The workspace: what the agent sees before the telephone rings, and what each outcome would do."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.utils import translation

from careplans.enums import Outcome
from careplans.models import Case
from careplans.selectors import case_view
from careplans.services.cases import record_outcome, save_draft
from loopcare.customers.models import Region
from surveys.enums import PoolStatus
from surveys.models import Cause
from tests.factories import NOW, make_case, make_customer, make_entry, make_user

pytestmark = pytest.mark.django_db


def test_case_view_shows_who_and_why_behind_the_mask() -> None:
    Cause.objects.create(code="billing.refund", name_en="Refund", name_zh="退款")
    entry = make_entry(
        make_customer(phones=2),
        repeat_count=3,
        value_tier="strategic",
        causes=["billing.refund", "unknown.code"],
        comment="took 3 weeks",
        status=PoolStatus.IN_CARE,
    )
    view = case_view(make_case(entry=entry, priority=41.04), NOW)
    assert view.name == "Wang**"
    assert [point.text[3:7] for point in view.points] == ["****", "****"]
    assert view.point == view.points[0]
    assert (view.local_time.hour, view.zone, view.within_hours) == (10, "Asia/Shanghai", True)
    assert view.why == [
        "dissatisfied 3 times lately",
        "strategic",
        "40 points below what is adequate",
        "expected ¥41.0 per minute",
    ]
    assert (view.gap, view.source, view.comment, view.causes) == (
        -40.0,
        "hotline",
        "took 3 weeks",
        ["Refund", "unknown.code"],
    )
    assert view.cause_choices == [("billing.refund", "Refund")]
    assert (view.try_no, view.max_tries, view.draft, view.history) == (1, 4, None, [])


def test_local_time_is_the_customers() -> None:
    Region.objects.create(code="XJ", name="Urumqi", time_zone="Asia/Urumqi")
    case = make_case(entry=make_entry(make_customer(region_id="XJ"), status=PoolStatus.IN_CARE))
    view = case_view(case, NOW)
    assert (view.local_time.hour, view.zone, view.within_hours) == (8, "Asia/Urumqi", False)


def test_nine_outcomes_stand_in_the_order_of_their_keys() -> None:
    view = case_view(make_case(), NOW)
    assert [(choice.key, choice.code) for choice in view.outcomes] == list(enumerate(Outcome.values, start=1))
    assert all(choice.label and choice.effect for choice in view.outcomes)


@pytest.mark.parametrize("outcome", [code for code in Outcome.values if code != "callback"])
def test_effect_that_is_shown_is_what_happens(outcome: str) -> None:
    agent = make_user()
    entry = make_entry(make_customer(phones=2), status=PoolStatus.IN_CARE)
    case = make_case(entry=entry, agent=agent)
    shown = {choice.code: choice for choice in case_view(case, NOW).outcomes}[outcome]
    record_outcome(case_id=case.pk, agent=agent, epoch=1, outcome=outcome, cause="x", action="y", key="k", now=NOW)
    happened = Case.objects.get(pk=case.pk)
    assert shown.due_at == (None if happened.status == "closed" else happened.due_at)


def test_effects_are_told_in_words_by_the_customers_clock() -> None:
    case = make_case(entry=make_entry(make_customer(phones=1), status=PoolStatus.IN_CARE), tries=3)
    effects = {choice.code: choice.effect for choice in case_view(case, NOW).outcomes}
    assert effects["no_answer"] == "Closed as unreachable: all tries are used up."
    assert effects["wrong_number"] == "This number is dead and no other is left; the case waits for a new one."
    fresh = case_view(make_case(), NOW)
    assert {c.code: c.effect for c in fresh.outcomes}["busy"] == "Back in the queue; next try soon, Tue 10:30."


def test_guide_is_read_in_ones_own_language_or_the_one_there_is() -> None:
    case = make_case()
    case.strategy.guide_en, case.strategy.guide_zh = "Open\n\n Listen \n", "开场\n倾听"
    assert case_view(case, NOW).guide == ["Open", "Listen"]
    with translation.override("zh-hans"):
        assert case_view(case, NOW).guide == ["开场", "倾听"]
        case.strategy.guide_zh = ""
        assert case_view(case, NOW).guide == ["Open", "Listen"]


def test_history_tells_the_tries_of_this_and_earlier_cases() -> None:
    agent = make_user(name="li")
    customer = make_customer(phones=1)
    earlier = make_case(entry=make_entry(customer, status=PoolStatus.IN_CARE), agent=agent)
    record_outcome(case_id=earlier.pk, agent=agent, epoch=1, outcome="refused", notes="no time", key="k1", now=NOW)
    late = NOW + timedelta(days=30)
    stay = {"status": PoolStatus.LEFT, "left_at": NOW, "left_reason": "expired"}
    case = make_case(entry=make_entry(customer, **stay), agent=agent)
    save_draft(case_id=case.pk, agent=agent, notes="begun", now=late)
    view = case_view(case, late, agent)
    assert [(h.agent, h.outcome, h.notes, h.case_id, h.here) for h in view.history] == [
        ("li", "Refused this time", "no time", earlier.pk, False)
    ]
    assert view.draft is not None
    assert view.draft.notes == "begun"
    assert case_view(case, late, make_user(team=agent.team)).draft is None


def test_case_without_a_usable_number_says_so() -> None:
    view = case_view(make_case(entry=make_entry(make_customer(phones=0), status=PoolStatus.IN_CARE)), NOW)
    assert (view.points, view.point) == ([], None)


def test_night_is_outside_hours() -> None:
    assert not case_view(make_case(), datetime(2026, 3, 3, 16, tzinfo=UTC)).within_hours


def test_retired_cause_is_read_by_its_name_and_not_offered() -> None:
    Cause.objects.create(code="billing.refund", name_en="Slow refund")
    Cause.objects.create(code="billing.old", name_en="Old charge", retired_at=NOW)
    entry = make_entry(causes=["billing.old", "billing.refund"], status=PoolStatus.IN_CARE)
    view = case_view(make_case(entry=entry), NOW)
    assert view.causes == ["Old charge", "Slow refund"]
    assert view.cause_choices == [("billing.refund", "Slow refund")]
