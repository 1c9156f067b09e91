"""What workers do for the panel, each second or when the bell rings."""

from __future__ import annotations

from celery import shared_task

from evaluation.services import panel
from loopcare.common import clock


@shared_task
def ask_follow_ups() -> int:
    """Enrol the newly assigned, ask what is due, take answers in; harmless at any time, in any number of places."""
    now = clock.now()
    return panel.enrol(now=now) + panel.ask_due().total + panel.absorb_answers(now=now)
