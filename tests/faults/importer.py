"""A worker that imports uploads, in a process of its own, there to be killed and frozen.

`python -m tests.faults.importer MODE [PART]` imports until it is killed. `due` is the real thing; `frozen` stops itself
before its PART-th part and ends when it has nothing to do after it was continued. The negative controls: `careless`
commits a part apart from the place it came to, `reckless` is frozen like `frozen` and does not ask whose import it is.
"""

from __future__ import annotations

import os
import signal
import sys
import time

import django

django.setup()

from django.db import transaction  # noqa: E402 - Django must be set up first

from surveys.models import Import  # noqa: E402
from surveys.services.parts import Part  # noqa: E402
from surveys.services.running import Run  # noqa: E402
from surveys.services.uploads import run_due_imports  # noqa: E402

land_part, keep_place = Run._land, Run._keep_place


def frozen(at: int) -> None:
    """Stop here, outside any transaction, until somebody continues this process long after the lease."""
    parts = 0

    def land(run: Run, part: Part) -> None:
        nonlocal parts
        parts += 1
        if parts == at:
            os.kill(os.getpid(), signal.SIGSTOP)
        land_part(run, part)

    Run._land = land  # type: ignore[assignment, method-assign]


def careless() -> None:
    def land(run: Run, part: Part) -> None:
        run._write = False
        land_part(run, part)
        time.sleep(0.15)
        with transaction.atomic():
            keep_place(run, part)

    Run._land = land  # type: ignore[assignment, method-assign]


def reckless() -> None:
    """The place is kept whoever has the import by now."""

    def keep(run: Run, part: Part) -> None:
        run.write_rejects()
        changes = {"rows_done": part.last, "progress": part.share, "counts": run.counts}
        Import.objects.filter(pk=run.batch.pk).update(**changes)

    Run._keep_place = keep  # type: ignore[assignment, method-assign]
    Run._hold_place = lambda run: None  # type: ignore[assignment, method-assign]


def main(mode: str, at: int) -> None:
    if mode == "careless":
        careless()
    if mode == "reckless":
        reckless()
    if mode in ("frozen", "reckless"):
        frozen(at)
    while True:
        drained = run_due_imports()
        if mode in ("frozen", "reckless") and not drained.total:
            return
        time.sleep(0.05)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 0)
