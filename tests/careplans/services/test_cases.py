"""The queue: who gets what next, one holder a case, nothing lost when a holder vanishes."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from django.db import connection, connections
from django.test.utils import CaptureQueriesContext

from careplans.enums import CampaignStatus, CaseStatus
from careplans.models import Case, CaseEvent, Draft
from careplans.services.cases import hold, next_case, release, release_lapsed, save_draft
from loopcare.common.errors import Invalid, NotFound, StaleLease
from loopcare.staff.enums import Role
from loopcare.staff.models import User
from tests.factories import NOW, make_campaign, make_case, make_team, make_user

MINUTE = timedelta(minutes=1)


@pytest.mark.django_db
def test_next_case_is_leased_for_five_minutes_with_its_event() -> None:
    agent = make_user()
    case = make_case(make_campaign(team=agent.team))
    assert next_case(agent=agent, now=NOW) == case
    case.refresh_from_db()
    assert (case.status, case.holder, case.lease_until, case.epoch) == (
        CaseStatus.IN_HAND,
        f"agent:{agent.pk}",
        NOW + 5 * MINUTE,
        1,
    )
    event = CaseEvent.objects.get()
    assert (event.from_status, event.to_status, event.actor, event.at) == ("queued", "in_hand", agent, NOW)


@pytest.mark.django_db
def test_next_case_takes_the_highest_priority_then_the_longest_due() -> None:
    agent = make_user()
    campaign = make_campaign(team=agent.team)
    low = make_case(campaign, priority=1)
    late = make_case(campaign, priority=5, due_at=NOW - MINUTE)
    early = make_case(campaign, priority=5, due_at=NOW - 2 * MINUTE)
    make_case(campaign, priority=9, due_at=NOW + MINUTE)
    assert [next_case(agent=make_user(team=agent.team), now=NOW) for _ in range(4)] == [early, late, low, None]


@pytest.mark.django_db
@pytest.mark.parametrize("status", [s for s in CampaignStatus if s != CampaignStatus.LAUNCHED])
def test_next_case_leaves_campaigns_that_do_not_run(status: CampaignStatus) -> None:
    agent = make_user()
    make_case(make_campaign(status, team=agent.team))
    assert next_case(agent=agent, now=NOW) is None


@pytest.mark.django_db
def test_next_case_leaves_other_teams() -> None:
    make_case()
    assert next_case(agent=make_user(), now=NOW) is None


@pytest.mark.django_db
def test_next_case_gives_the_case_in_hand_again() -> None:
    agent = make_user()
    campaign = make_campaign(team=agent.team)
    make_case(campaign)
    make_case(campaign)
    first = next_case(agent=agent, now=NOW)
    again = next_case(agent=agent, now=NOW + 7 * MINUTE)
    assert first is not None
    assert again == first
    assert (again.epoch, again.lease_until) == (first.epoch, NOW + 12 * MINUTE)
    assert CaseEvent.objects.count() == 1


@pytest.mark.django_db
def test_own_booked_callback_comes_before_priority() -> None:
    agent = make_user()
    campaign = make_campaign(team=agent.team)
    make_case(campaign, priority=99)
    booked = make_case(campaign, booked_at=NOW, owner=agent)
    assert next_case(agent=agent, now=NOW) == booked


@pytest.mark.django_db
def test_booked_callback_is_its_owners_for_half_an_hour_and_then_anybodys_first() -> None:
    owner = make_user()
    other = make_user(team=owner.team)
    campaign = make_campaign(team=owner.team)
    booked = make_case(campaign, booked_at=NOW, owner=owner)
    assert next_case(agent=other, now=NOW + 29 * MINUTE) is None
    make_case(campaign, priority=99)
    assert next_case(agent=other, now=NOW + 30 * MINUTE) == booked


@pytest.mark.django_db
def test_somebody_without_a_team_is_told_so() -> None:
    with pytest.raises(Invalid, match="no team"):
        next_case(agent=make_user(Role.SUPERVISOR), now=NOW)


def in_threads(calls: list[Callable[[], Any]]) -> list[Any]:
    """Run the calls at once, each on a connection of its own."""

    def run(call: Callable[[], Any]) -> Any:
        try:
            return call()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(len(calls)) as threads:
        return list(threads.map(run, calls))


@pytest.mark.django_db(transaction=True)
def test_twenty_agents_at_once_get_twenty_cases() -> None:
    team = make_team()
    campaign = make_campaign(team=team)
    cases = {make_case(campaign).pk for _ in range(25)}
    agents = [make_user(team=team) for _ in range(20)]
    taken = in_threads([partial(next_case, agent=agent, now=NOW) for agent in agents])
    assert len({case.pk for case in taken}) == 20
    assert {case.pk for case in taken} < cases
    assert [case.holder for case in taken] == [f"agent:{agent.pk}" for agent in agents]
    assert CaseEvent.objects.count() == 20


@pytest.mark.django_db(transaction=True)
def test_one_agent_pressing_next_ten_times_at_once_gets_one_case() -> None:
    agent = make_user()
    campaign = make_campaign(team=agent.team)
    for _ in range(10):
        make_case(campaign)
    taken = in_threads([lambda: next_case(agent=agent, now=NOW) for _ in range(10)])
    assert len({case.pk for case in taken}) == 1
    assert Case.objects.filter(status=CaseStatus.IN_HAND).count() == 1


@pytest.mark.django_db
def test_heartbeat_prolongs_the_lease_under_its_epoch_only() -> None:
    agent = make_user()
    case = make_case(agent=agent)
    assert hold(case=case, agent=agent, epoch=1, now=NOW + MINUTE)
    case.refresh_from_db()
    assert case.lease_until == NOW + 6 * MINUTE
    assert not hold(case=case, agent=agent, epoch=0, now=NOW)
    assert not hold(case=case, agent=make_user(team=agent.team), epoch=1, now=NOW)
    assert Case.objects.get(pk=case.pk).lease_until == NOW + 6 * MINUTE


@pytest.mark.django_db
def test_released_case_rests_and_keeps_the_reason() -> None:
    agent = make_user()
    case = make_case(agent=agent)
    release(case_id=case.pk, agent=agent, epoch=1, now=NOW, reason="knows the customer")
    case.refresh_from_db()
    assert (case.status, case.holder, case.due_at) == (CaseStatus.QUEUED, "", NOW + 10 * MINUTE)
    assert CaseEvent.objects.get().reason == "knows the customer"
    assert next_case(agent=agent, now=NOW) is None
    with pytest.raises(StaleLease):
        release(case_id=case.pk, agent=agent, epoch=1, now=NOW)


@pytest.mark.django_db
def test_release_refuses_a_reason_that_does_not_fit() -> None:
    agent = make_user()
    case = make_case(agent=agent)
    with pytest.raises(Invalid, match="61 characters"):
        release(case_id=case.pk, agent=agent, epoch=1, now=NOW, reason="x" * 61)


@pytest.mark.django_db
def test_lapsed_leases_return_to_the_queue_and_running_ones_stay() -> None:
    team = make_team()
    campaign = make_campaign(team=team)
    gone = make_case(campaign, agent=make_user(team=team), lease_until=NOW - MINUTE)
    there = make_case(campaign, agent=make_user(team=team), lease_until=NOW + MINUTE)
    assert release_lapsed(now=NOW) == 1
    assert release_lapsed(now=NOW) == 0
    assert list(Case.objects.order_by("pk").values_list("pk", "status", "holder")) == [
        (gone.pk, "queued", ""),
        (there.pk, "in_hand", there.holder),
    ]
    event = CaseEvent.objects.get()
    assert (event.case, event.to_status, event.reason, event.actor) == (gone, "queued", "lapsed", None)


@pytest.mark.django_db
def test_zombie_can_neither_hold_nor_release() -> None:
    zombie = make_user()
    heir = make_user(team=zombie.team)
    case = make_case(agent=zombie)
    release_lapsed(now=NOW + 6 * MINUTE)
    taken = next_case(agent=heir, now=NOW + 6 * MINUTE)
    assert taken == case
    assert not hold(case=case, agent=zombie, epoch=1, now=NOW + 6 * MINUTE)
    with pytest.raises(StaleLease):
        release(case_id=case.pk, agent=zombie, epoch=1, now=NOW + 6 * MINUTE)
    case.refresh_from_db()
    assert (case.holder, case.epoch, case.status) == (f"agent:{heir.pk}", 2, CaseStatus.IN_HAND)


@pytest.mark.django_db
def test_case_put_down_after_its_campaign_stopped_is_withdrawn() -> None:
    agent = make_user()
    case = make_case(make_campaign(CampaignStatus.STOPPED, team=agent.team), agent=agent)
    release(case_id=case.pk, agent=agent, epoch=1, now=NOW)
    case.refresh_from_db()
    assert (case.status, case.close_reason) == (CaseStatus.CLOSED, "withdrawn")


@pytest.mark.django_db
def test_draft_is_kept_once_per_agent_and_closed_to_other_teams() -> None:
    agent = make_user()
    case = make_case(agent=agent)
    save_draft(case_id=case.pk, agent=agent, notes="one", now=NOW)
    save_draft(case_id=case.pk, agent=agent, notes="two", cause="billing", now=NOW + MINUTE)
    assert list(Draft.objects.values_list("notes", "cause", "saved_at")) == [("two", "billing", NOW + MINUTE)]
    with pytest.raises(NotFound):
        save_draft(case_id=case.pk, agent=make_user(), notes="foreign", now=NOW)


def _plan_of(agent: User) -> list[str]:
    """How the database carries out the two claims of `next_case`, promised callbacks and next best."""
    with CaptureQueriesContext(
        connection,
    ) as queries:
        next_case(agent=agent, now=NOW)
    claims = [q["sql"] for q in queries.captured_queries if q["sql"].startswith("WITH clock")]
    plans = []
    with connection.cursor() as cursor:
        for sql in claims:
            cursor.execute("EXPLAIN " + sql.replace("%", "%%"))
            plans.append("\n".join(line for (line,) in cursor.fetchall()))
    return plans


@pytest.mark.django_db
def test_next_case_walks_the_partial_indexes_without_sorting_the_queue() -> None:
    agent = make_user()
    case = make_case(make_campaign(team=agent.team))
    _fill_queue(case, 20_000)
    promised, best = _plan_of(agent)[:2]  # later ones: the cases that were passed over, who have no number
    assert "Index Scan using case_queue" in best
    assert "Sort" not in best
    assert "case_booked" in promised


def _fill_queue(like: Case, n: int) -> None:
    """So many more cases of the same campaign and team."""
    statements = (
        "INSERT INTO customers_customer SELECT (c).* FROM (SELECT jsonb_populate_record(c, jsonb_build_object("
        "'id', 1000000 + i, 'reference', 'F' || i)) AS c FROM customers_customer c, generate_series(1, %(n)s) i "
        "WHERE c.id = %(customer)s) x",
        "INSERT INTO surveys_poolentry (id, customer_id, status, kind, source_id, channel, brand, region, value_tier,"
        " activity_tier, dimension, raw, perceived, adequate, repeat_count, causes, comment, signal_on, signal_no,"
        " entered_on, left_reason) SELECT 1000000 + i, 1000000 + i, status, kind, source_id, channel, brand, region,"
        " value_tier, activity_tier, dimension, raw, perceived, adequate, repeat_count, causes, comment, signal_on,"
        " i, entered_on, '' FROM surveys_poolentry e, generate_series(1, %(n)s) i WHERE e.id = %(entry)s",
        "INSERT INTO careplans_assignment SELECT (a).* FROM (SELECT jsonb_populate_record(a, jsonb_build_object("
        "'id', 1000000 + i, 'customer_id', 1000000 + i, 'entry_id', 1000000 + i)) AS a "
        "FROM careplans_assignment a, generate_series(1, %(n)s) i WHERE a.id = %(assignment)s) x",
        "INSERT INTO careplans_case SELECT (k).* FROM (SELECT jsonb_populate_record(k, jsonb_build_object("
        "'id', 1000000 + i, 'customer_id', 1000000 + i, 'entry_id', 1000000 + i, 'assignment_id', 1000000 + i,"
        "'priority', i %% 997)) AS k FROM careplans_case k, generate_series(1, %(n)s) i WHERE k.id = %(case)s) x",
        "ANALYZE careplans_case",
    )
    ids = {
        "n": n,
        "customer": like.customer_id,
        "entry": like.entry_id,
        "assignment": like.assignment_id,
        "case": like.pk,
    }
    with connection.cursor() as cursor:
        for sql in statements:
            cursor.execute(sql, ids if "%(" in sql else None)
