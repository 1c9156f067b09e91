"""A worker process for the fault tests: real queue code in a process of its own, there to be killed.

`python -m tests.faults.worker due|careless|frozen` works until it is killed. `careless` is the negative control: it
commits the effect apart from the completion, as a worker without the shared transaction would.
"""

from __future__ import annotations

import os
import signal
import sys
import time
from datetime import datetime, timedelta

import django

django.setup()

from django.db import connection  # noqa: E402 - Django must be set up first

from loopcare.common.due_rows import Queue  # noqa: E402
from loopcare.contact.models import Message  # noqa: E402

LEASE = timedelta(seconds=1)


def leave_effect(row: Message) -> None:
    with connection.cursor() as cursor:
        cursor.execute("INSERT INTO fault_effect (row_id) VALUES (%s)", [row.pk])


def work(row: Message, now: datetime) -> None:
    if row.key.startswith("poison"):
        os.kill(os.getpid(), signal.SIGKILL)
    time.sleep(0.002)
    leave_effect(row)
    time.sleep(0.002)


def careless(row: Message, now: datetime) -> None:
    """The effect is committed before the row is completed: a kill between the two repeats it."""
    leave_effect(row)
    time.sleep(0.05)


def nothing(row: Message, now: datetime) -> None:
    pass


def freeze(row: Message, now: datetime) -> None:
    """Stop here until somebody continues this process, long after the lease."""
    os.kill(os.getpid(), signal.SIGSTOP)


def main(mode: str) -> None:
    queue = {
        "due": lambda: Queue(Message, work, lease=LEASE, back_off=lambda tries: timedelta(0)),
        "careless": lambda: Queue(Message, nothing, outside=careless, lease=LEASE),
        "frozen": lambda: Queue(Message, lambda row, now: leave_effect(row), outside=freeze, lease=LEASE),
    }[mode]()
    while True:
        drained = queue.drain()
        if mode == "frozen" and not drained.done:
            return
        time.sleep(0.05)


if __name__ == "__main__":
    main(sys.argv[1])
