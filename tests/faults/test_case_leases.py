"""Promises 4 and 5 in their short form: one holder per case, and a dead holder's work returns."""

from __future__ import annotations

import random
import subprocess
import time
from collections.abc import Iterator
from datetime import date, timedelta

import pytest
from django.db import connection

from careplans.enums import CaseStatus
from careplans.models import Case, CaseEvent
from careplans.services.cases import LEASE, release_lapsed
from loopcare.common import clock
from loopcare.contact.enums import Channel
from loopcare.contact.models import ContactRule
from loopcare.staff.models import Team
from tests.factories import make_campaign, make_case, make_entry, make_team, make_user
from tests.faults.conftest import Start, wait_for

pytestmark = [pytest.mark.faults, pytest.mark.slow]

CASES, AGENTS, KILLS = 250, 4, 6
SHORT_LEASE = timedelta(seconds=1.5)
"""Agents hold a case for milliseconds here, so their lease is cut to this by a sweep whose clock runs ahead."""


@pytest.fixture
def holds(transactional_db: None) -> Iterator[None]:
    with connection.cursor() as cursor:
        cursor.execute(
            "CREATE TABLE fault_hold (hold text PRIMARY KEY, case_id bigint NOT NULL, began timestamptz NOT NULL, "
            "ended timestamptz, refused boolean NOT NULL DEFAULT false)"
        )
    yield
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE fault_hold")


def make_desk() -> Team:
    """Agents and due cases; calling hours never end here, so that no case waits for the morning."""
    team = make_team("desk")
    for n in range(AGENTS):
        make_user(team=team, name=f"fault{n}")
    ContactRule.objects.create(
        channel=Channel.PHONE, from_hour=0, to_hour=24, cap=1_000, effective_from=date(2000, 1, 1)
    )
    campaign = make_campaign(team=team)
    for _ in range(CASES):
        entry = make_entry(status="in_care")
        make_case(campaign, entry=entry, due_at=clock.now() - timedelta(days=1))
    return team


def overlaps() -> int:
    """Holds that began while another of the same case still ran; a killed one runs to the end of its lease."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM fault_hold a JOIN fault_hold b ON a.case_id = b.case_id AND a.hold <> b.hold "
            "AND a.began <= b.began AND b.began < coalesce(a.ended, a.began + %s * interval '1 second')",
            [SHORT_LEASE.total_seconds() - 0.5],
        )
        (count,) = cursor.fetchone()
    return int(count)


def run_desk(start: Start, *mode: str, kills: int) -> tuple[int, float]:
    """Agents work until every case is closed, some are killed and replaced; (killed, seconds after the last kill)."""
    rng = random.Random(11)
    desk = [start("tests.faults.agent", f"fault{n}", *mode) for n in range(AGENTS)]
    wait_for(lambda: not_closed() < CASES, seconds=60)
    killed = 0
    while killed < kills and not_closed():
        time.sleep(rng.uniform(0.1, 0.3))
        release_lapsed(now=clock.now() + LEASE - SHORT_LEASE)
        place = rng.randrange(AGENTS)
        replace(desk, place, start, *mode)
        killed += 1

    def all_closed() -> bool:
        release_lapsed(now=clock.now() + LEASE - SHORT_LEASE)
        return not_closed() == 0

    return killed, wait_for(all_closed, seconds=90)


def replace(desk: list[subprocess.Popen[bytes]], place: int, start: Start, *mode: str) -> None:
    desk[place].kill()
    desk[place].wait()
    desk[place] = start("tests.faults.agent", f"fault{place}", *mode)


def not_closed() -> int:
    return Case.objects.exclude(status=CaseStatus.CLOSED).count()


def test_one_holder_per_case_and_the_work_of_the_dead_returns(start: Start, holds: None) -> None:
    make_desk()
    killed, recovery = run_desk(start, kills=KILLS)
    doubled = overlaps()
    print(f"killed {killed}, lost {not_closed()}, overlapping {doubled}, worst recovery {recovery:.1f} s")
    assert (killed, doubled, not_closed()) == (KILLS, 0, 0)
    closings = CaseEvent.objects.filter(to_status=CaseStatus.CLOSED).values_list("case_id", flat=True)
    assert sorted(closings) == sorted(Case.objects.values_list("pk", flat=True))


def test_reading_and_then_saving_gives_one_case_to_two(start: Start, holds: None) -> None:
    """The negative control: the same desk without the claim."""
    make_desk()
    run_desk(start, "naive", kills=0)
    assert overlaps() > 0
