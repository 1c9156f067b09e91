"""The Celery app and everything it does by the clock, in one table."""

from __future__ import annotations

import logging
import os
import threading
import time
from typing import Any

from celery import Celery
from celery.schedules import crontab
from celery.signals import worker_process_init
from django.db import close_old_connections

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "loopcare.settings")

app = Celery("loopcare")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks(["loopcare.contact", "surveys", "careplans", "evaluation"])

logger = logging.getLogger(__name__)

SWEEP_SECONDS = 1.0
# Everything that may be due, drained by every worker about once a second: with a bell, without one, with or without
# a scheduler. Each is idempotent and cheap when nothing is due.
SWEEP: tuple[str, ...] = (
    "loopcare.contact.tasks.send_messages",
    "surveys.tasks.detect_by_time",
    "surveys.tasks.leave_pool",
    "surveys.tasks.forget_old",
    "surveys.tasks.monitor",
    "careplans.tasks.release_lapsed",
    "evaluation.tasks.ask_follow_ups",
    # These may take minutes: whatever is quick goes first.
    "surveys.tasks.analyse",
    "surveys.tasks.run_imports",
    "surveys.tasks.run_scans",
    "surveys.tasks.score_silent",
)

# What beat adds is only convenience: the same sweep, should every worker's own sweeper be busy.
app.conf.beat_schedule = {name: {"task": name, "schedule": 10.0} for name in SWEEP} | {
    "months": {"task": "surveys.tasks.make_months", "schedule": crontab(hour=3, minute=0)},
}


def sweep() -> dict[str, Any]:
    """Drain everything that is due, once; one that fails does not stop the others. Returns each task's count."""
    counts: dict[str, Any] = {}
    for name in SWEEP:
        try:
            counts[name] = app.tasks[name]()
        except Exception:
            logger.exception("sweep of %s failed", name)
            counts[name] = None
        finally:
            close_old_connections()
    return counts


def _sweep_forever() -> None:
    while True:
        sweep()
        time.sleep(SWEEP_SECONDS)


@worker_process_init.connect
def start_sweeper(**kwargs: object) -> None:
    """Each pool process sweeps in a thread of its own, so that a lost Redis or scheduler stops nothing."""
    threading.Thread(target=_sweep_forever, name="sweeper", daemon=True).start()
