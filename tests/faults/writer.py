"""Writers that say on standard output which call was acknowledged, while somebody stops the database under them.

`python -m tests.faults.writer THREADS` sends signals until it is killed, one a call, a line for each that was answered.
"""

from __future__ import annotations

import json
import os
import sys
import threading
import time
import uuid

import django

django.setup()

from django.db import DatabaseError, InterfaceError, connection  # noqa: E402 - Django must be set up first

from loopcare.common import clock  # noqa: E402
from loopcare.common.errors import Conflict  # noqa: E402
from loopcare.staff.access import Caller  # noqa: E402
from loopcare.staff.enums import Scope  # noqa: E402
from loopcare.staff.services import create_key  # noqa: E402
from surveys.services.ingest import ingest  # noqa: E402


def send(caller: Caller) -> str:
    """The external id of one signal that landed."""
    name = uuid.uuid4().hex
    rating = {"value": 2, "low": 1, "high": 5}
    signal = {"source": "hotline", "reference": name[:6], "external_id": name, "occurred_on": "2026-03-01"}
    ingest(caller=caller, body=json.dumps(signal | {"rating": rating}).encode(), idempotency_key=name, now=clock.now())
    return name


def work(caller: Caller) -> None:
    while True:
        try:
            name = send(caller)
        except Conflict:
            continue
        except (DatabaseError, InterfaceError):
            connection.close()
            time.sleep(0.05)
            continue
        os.write(1, f"{name}\n".encode())


def main(threads: int) -> None:
    key, _secret = create_key(name="Writers", now=clock.now())
    caller = Caller(key.pk, key.public_id, frozenset({Scope.SIGNALS_WRITE}), frozenset(), 100_000_000)
    connection.close()
    crowd = [threading.Thread(target=work, args=(caller,), daemon=True) for _n in range(threads)]
    for thread in crowd:
        thread.start()
    for thread in crowd:
        thread.join()


if __name__ == "__main__":
    main(int(sys.argv[1]))
