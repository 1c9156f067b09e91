"""A worker that does nothing but scans, to be killed: `python -m tests.faults.scanner due|careless`.

`careless` is the negative control: a batch is committed on a connection of its own, apart from the place it reached.
"""

from __future__ import annotations

import os
import sys
import time
from typing import Any

import django

django.setup()

from django.db import connections, transaction  # noqa: E402 - Django must be set up first

from loopcare.warehouse.engines import postgresql  # noqa: E402
from surveys.models import Scan  # noqa: E402
from surveys.services import scanning  # noqa: E402
from surveys.services.matches import LandedMatches, land_matches  # noqa: E402

BATCH = int(os.environ.get("SCAN_BATCH", "60"))


def slowly(**facts: Any) -> LandedMatches:
    """As long as a larger batch takes, so that kills hit the middle of one."""
    landed = land_matches(**facts)
    time.sleep(0.04)
    return landed


def careless(scan: Scan, batch: Any, codes: list[str], **facts: Any) -> float:
    """The counts are committed first and the place only afterwards: a kill between the two counts a batch twice."""
    with transaction.atomic():
        landed = land_matches(batch=batch, codes=codes, day=scan.day, now=facts["now"])
        row = Scan.objects.get(pk=scan.pk)
        Scan.objects.filter(pk=scan.pk).update(landed=row.landed + landed.handed)
    time.sleep(0.06)
    Scan.objects.filter(pk=scan.pk).update(after=landed.last)
    scan.after = landed.last
    return time.monotonic()


def main(mode: str) -> None:
    scanning.BATCH = BATCH
    # So much is read ahead that all of a small base would be here before its server could vanish.
    postgresql.BLOCK = 4096
    if mode == "careless":
        scanning._land = careless
    else:
        scanning.land_matches = slowly  # type: ignore[attr-defined]
    while True:
        scanning.run_due_scans()
        time.sleep(0.05)


if __name__ == "__main__":
    try:
        main(sys.argv[1])
    finally:
        connections.close_all()
