"""An agent in a process of its own: takes cases, holds each a moment, closes it. There to be killed.

`python -m tests.faults.agent USERNAME [naive]`; `naive` is the negative control, which reads a case and then saves it.
"""

from __future__ import annotations

import random
import sys
import time
import uuid

import django

django.setup()

from django.db import connection  # noqa: E402 - Django must be set up first

from careplans.enums import CaseStatus, Outcome  # noqa: E402
from careplans.models import Case  # noqa: E402
from careplans.services.cases import next_case, record_outcome  # noqa: E402
from loopcare.common import clock  # noqa: E402
from loopcare.common.errors import Conflict  # noqa: E402
from loopcare.staff.models import User  # noqa: E402


def note(statement: str, *values: str | int) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)


def naive_next(agent: User) -> Case | None:
    """What one writes first: look, then take."""
    case = Case.objects.filter(status=CaseStatus.QUEUED).order_by("pk").first()
    if case is not None:
        time.sleep(0.01)
        case.status, case.holder, case.lease_until = CaseStatus.IN_HAND, f"agent {agent.pk}", clock.now()
        case.save()
    return case


def work(agent: User, *, naive: bool) -> bool:
    """One case from taken to closed; False when there is none."""
    case = naive_next(agent) if naive else next_case(agent=agent, now=clock.now())
    if case is None:
        return False
    hold = uuid.uuid4().hex
    note("INSERT INTO fault_hold (hold, case_id, began) VALUES (%s, %s, clock_timestamp())", hold, case.pk)
    time.sleep(random.uniform(0.005, 0.03))
    note("UPDATE fault_hold SET ended = clock_timestamp() WHERE hold = %s", hold)
    if naive:
        Case.objects.filter(pk=case.pk).update(
            status=CaseStatus.CLOSED, holder="", lease_until=None, closed_at=clock.now(), close_reason="refused"
        )
        return True
    try:
        record_outcome(
            case_id=case.pk, agent=agent, epoch=case.epoch, outcome=Outcome.REFUSED, key=hold, now=clock.now()
        )
    except Conflict:
        note("UPDATE fault_hold SET refused = true WHERE hold = %s", hold)
    return True


def main(username: str, naive: bool) -> None:
    agent = User.objects.get(username=username)
    while True:
        if not work(agent, naive=naive):
            time.sleep(0.05)


if __name__ == "__main__":
    main(sys.argv[1], "naive" in sys.argv[2:])
