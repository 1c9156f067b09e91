"""What workers do for the cases, each second or when the bell rings."""

from __future__ import annotations

from celery import shared_task

from careplans.services import cases


@shared_task
def release_lapsed() -> int:
    """Collect the cases of vanished holders, and close the solved ones that nobody confirmed in time."""
    return cases.release_lapsed() + cases.close_unconfirmed()
