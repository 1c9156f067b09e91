"""What workers do for this app: each a few lines around one service."""

from __future__ import annotations

from celery import shared_task
from django.utils.timezone import localdate

from loopcare.common import clock
from surveys.services import intake, months


@shared_task(name="surveys.tasks.run_imports", ignore_result=True)
def run_imports() -> int:
    """Import the uploads that wait. Returns how many rows of the queue were touched."""
    return intake.run_due_imports().total


@shared_task(name="surveys.tasks.make_months", ignore_result=True)
def make_months() -> int:
    """Make the partitions of the coming months. Returns how many were new."""
    return months.make_months_ahead(today=localdate(clock.now()))
