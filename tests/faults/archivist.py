"""Archives and drops a month, or brings it back if it is dropped, in a child of its own each time it is asked to.

`python -m tests.faults.archivist FOLDER MONTH [careless]` works when a file `go` appears in the folder, writes the
child's number into `child`, and `done` when it ended, however it ended. So what is killed has not to load Django first.
`careless` is the negative control: it drops the rows it has read and then writes the file.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from datetime import date
from pathlib import Path

import django

django.setup()

from django.db import connection  # noqa: E402 - Django must be set up first

from loopcare.common import clock  # noqa: E402
from surveys.models import ArchivedMonth, Signal  # noqa: E402
from surveys.services import archive  # noqa: E402


def work(month: date) -> None:
    if ArchivedMonth.objects.exclude(dropped_at=None).exists():
        archive.restore_month(month=month)
    else:
        archive.archive_month(month=month, now=clock.now())
        archive.drop_month(month=month, now=clock.now())


def careless(month: date) -> None:
    rows = list(Signal.objects.values_list())
    with connection.cursor() as cursor:
        cursor.execute(f"DROP TABLE surveys_signal_{month:%Y_%m}")
    time.sleep(1)
    archive.folder().mkdir(parents=True)
    (archive.folder() / "signals.txt").write_text(str(rows))


def main(folder: Path, month: date, do: Callable[[date], None]) -> None:
    while True:
        if not (folder / "go").exists():
            time.sleep(0.01)
            continue
        (folder / "go").unlink()
        child = os.fork()
        if child == 0:
            do(month)
            os._exit(0)
        (folder / "child.new").write_text(str(child))
        (folder / "child.new").rename(folder / "child")
        os.waitpid(child, 0)
        (folder / "done").touch()


if __name__ == "__main__":
    main(Path(sys.argv[1]), date.fromisoformat(sys.argv[2]), careless if "careless" in sys.argv[3:] else work)
