"""What workers do for this app: each a few lines around one service."""

from __future__ import annotations

from celery import shared_task
from django.utils.timezone import localdate

from loopcare.common import clock
from surveys.services import analysing, detecting, forgetting, leaving, monitoring, months, scanning, uploads
from surveys.services.silent import audits, queueing


@shared_task(name="surveys.tasks.run_imports", ignore_result=True)
def run_imports() -> int:
    """Import the uploads that wait. Returns how many rows of the queue were touched."""
    return uploads.run_due_imports().total


@shared_task(name="surveys.tasks.run_scans", ignore_result=True)
def run_scans() -> int:
    """Queue the scans that are scheduled, and run those that are due. Returns how many rows were touched."""
    scanning.queue_due_rules(now=clock.now())
    return scanning.run_due_scans().total


@shared_task(name="surveys.tasks.score_silent", ignore_result=True)
def score_silent() -> int:
    """Score what is due, and once a day take in what audited customers answered. Returns how many rows that were."""
    now = clock.now()
    return queueing.run_due_scores(now=now) + audits.take_answers_daily(now=now)


@shared_task(name="surveys.tasks.make_months", ignore_result=True)
def make_months() -> int:
    """Make the partitions of the coming months. Returns how many were new."""
    return months.make_months_ahead(today=localdate(clock.now()))


@shared_task(name="surveys.tasks.leave_pool", ignore_result=True)
def leave_pool() -> int:
    """Once a day, let those leave the pool who recovered or were not heard of for long. Returns how many left."""
    left = leaving.leave_daily(now=clock.now())
    return left.recovered + left.expired


@shared_task(name="surveys.tasks.monitor", ignore_result=True)
def monitor() -> int:
    """Count the days that changed and judge those that closed. Returns how many days that were."""
    return monitoring.keep_watch(now=clock.now())


@shared_task(name="surveys.tasks.detect_by_time", ignore_result=True)
def detect_by_time() -> int:
    """Find what the passing of time alone brought about. Returns how many signals were found."""
    return detecting.detect_broken_promises(now=clock.now()).signals


@shared_task(name="surveys.tasks.forget_old", ignore_result=True)
def forget_old() -> int:
    """Once a day, forget rejected rows and answers that were kept long enough. Returns how many imports and answers."""
    return forgetting.forget_daily(now=clock.now())


@shared_task(name="surveys.tasks.analyse", ignore_result=True)
def analyse() -> int:
    """Once a day, read drivers anew. Returns how many readings were made."""
    return analysing.analyse_daily(now=clock.now())
