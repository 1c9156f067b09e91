"""Promises 1, 6 and 7 in their short form: due rows under SIGKILL, SIGSTOP and poison."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import time
from collections.abc import Iterator
from datetime import timedelta
from functools import partial
from pathlib import Path

import pytest
from django.db import connection

from loopcare.common import clock
from loopcare.common.due_rows import MAX_TRIES, DueStatus
from loopcare.contact.models import Message
from loopcare.customers.services import add_customer
from tests.faults.conftest import Start, wait_for

pytestmark = [pytest.mark.faults, pytest.mark.slow]


@pytest.fixture
def effects(transactional_db: None) -> Iterator[None]:
    """A table without any key, so that a repeated effect shows."""
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE fault_effect (row_id bigint NOT NULL)")
    yield
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE fault_effect")


def make_rows(count: int, *, poison: int = 0, round_: int = 0) -> None:
    now = clock.now() - timedelta(minutes=1)
    customer = add_customer(reference=f"C-{round_}", now=now)
    names = [f"row {round_}.{n}" for n in range(count)] + [f"poison {n}" for n in range(poison)]
    Message.objects.bulk_create(
        Message(customer=customer, channel="email", purpose="survey", key=name, created_at=now, due_at=now)
        for name in names
    )


def count_effects() -> tuple[int, int]:
    """(rows with an effect, effects beyond the first)."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(DISTINCT row_id), count(*) - count(DISTINCT row_id) FROM fault_effect")
        distinct, doubled = cursor.fetchone()
    return distinct, doubled


def live_rows() -> int:
    return Message.objects.filter(status__in=["waiting", "running"]).count()


def shoot(workers: list[subprocess.Popen[bytes]], start: Start, mode: str, rng: random.Random, kills: int) -> int:
    """Kill -9 a random worker again and again, starting another in its place."""
    done = 0
    while done < kills and live_rows():
        time.sleep(rng.uniform(0.2, 0.5))
        place = rng.randrange(len(workers))
        workers[place].kill()
        workers[place].wait()
        workers[place] = start("tests.faults.worker", mode)
        done += 1
    return done


def keep_alive(workers: list[subprocess.Popen[bytes]], start: Start, mode: str) -> bool:
    """Replace workers that a poison row took with it; true when no row is live any more."""
    for place, worker in enumerate(workers):
        if worker.poll() is not None:
            workers[place] = start("tests.faults.worker", mode)
    return live_rows() == 0


def test_each_due_row_happens_once_whatever_is_killed(start: Start, effects: None) -> None:
    rng, rows, poison = random.Random(7), 800, 2
    make_rows(rows, poison=poison)
    workers = [start("tests.faults.worker", "due") for _ in range(3)]
    wait_for(lambda: count_effects()[0] > 0, seconds=30)
    killed = shoot(workers, start, "due", rng, kills=6)
    recovery = wait_for(lambda: keep_alive(workers, start, "due"), seconds=90)
    distinct, doubled = count_effects()
    print(f"killed {killed}, lost {rows - distinct}, duplicated {doubled}, worst recovery {recovery:.1f} s")
    assert (distinct, doubled) == (rows, 0)
    assert killed > 0
    dead = Message.objects.filter(status=DueStatus.DEAD)
    assert sorted(dead.values_list("key", "tries")) == [("poison 0", MAX_TRIES), ("poison 1", MAX_TRIES)]
    # A neighbour is charged once for the try that worked, and once for each kill that met it while it ran.
    innocent = Message.objects.filter(status=DueStatus.DONE).values_list("tries", flat=True)
    assert sum(innocent) - rows <= killed + poison


def test_without_the_shared_transaction_kills_repeat_effects(start: Start, effects: None) -> None:
    """The negative control: the same kills, the effect committed apart from the completion."""
    make_rows(300)
    workers = [start("tests.faults.worker", "careless") for _ in range(2)]
    wait_for(lambda: count_effects()[0] > 0, seconds=30)
    shoot(workers, start, "careless", random.Random(7), kills=6)
    wait_for(lambda: live_rows() == 0, seconds=60)
    assert count_effects()[1] > 0


def test_a_zombie_writes_nothing(start: Start, effects: None) -> None:
    """Frozen past its lease, succeeded by an heir, continued: 0 of 3 writes accepted."""
    rounds = 3
    for done in range(rounds):
        make_rows(1, round_=done)
        zombie = start("tests.faults.worker", "frozen")
        wait_for(partial(stopped, zombie), seconds=30)
        heir = start("tests.faults.worker", "due")
        wait_for(lambda: live_rows() == 0, seconds=30)
        os.kill(zombie.pid, signal.SIGCONT)
        zombie.wait(timeout=30)
        heir.kill()
        heir.wait()
    accepted = count_effects()[1]
    print(f"zombie writes accepted: {accepted} of {rounds}")
    assert (count_effects()[0], accepted) == (rounds, 0)


def stopped(process: subprocess.Popen[bytes]) -> bool:
    return Path(f"/proc/{process.pid}/stat").read_text().rpartition(")")[2].split()[0] == "T"
