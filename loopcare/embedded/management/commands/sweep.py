from __future__ import annotations

from functools import cache
from typing import Any

from loopcare.celery import app
from loopcare.celery import sweep as sweep_all
from loopcare.common.command import Command as Base


def sweep() -> dict[str, int | None]:
    """Drain everything that is due, once, in this process: rows by name of the task, None for one that failed."""
    _load_tasks()
    return {name.rpartition(".")[2]: count for name, count in sweep_all().items()}


@cache
def _load_tasks() -> None:
    """A worker does this as it starts; here nobody has."""
    app.loader.import_default_modules()


class Command(Base):
    help = "Do everything that is due now, once: send messages, run imports, collect lapsed cases, ask follow-ups."
    examples = ("sweep", "sweep --json")

    def run(self, **options: Any) -> dict[str, Any]:
        counts = sweep()
        return {**counts, "exit_code": int(None in counts.values())}
