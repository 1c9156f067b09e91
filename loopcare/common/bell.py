"""The doorbell: asks a worker to look now instead of within a second. Nothing depends on it being heard."""

from __future__ import annotations

import logging

from celery import Celery
from django.conf import settings
from django.db import transaction
from kombu.exceptions import OperationalError

logger = logging.getLogger(__name__)

_bell = Celery("bell", set_as_current=False)
_bell.config_from_object("django.conf:settings", namespace="CELERY")


def ring(task: str) -> None:
    """Ring for `task`, by name, once the running transaction has committed. A broker that is gone is no error."""
    if settings.BELL:
        transaction.on_commit(lambda: _ring(task))


def _ring(task: str) -> None:
    try:
        _bell.send_task(task, ignore_result=True)
    except OperationalError:
        logger.warning("broker unreachable; %s waits for the next sweep", task)
