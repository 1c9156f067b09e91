from __future__ import annotations

from collections import Counter
from datetime import timedelta
from typing import Any

from django.core.management.base import CommandParser

from loopcare.common import clock
from loopcare.common.command import Command as Base
from loopcare.common.command import moment
from loopcare.common.errors import Invalid
from loopcare.embedded.management.commands.sweep import sweep
from loopcare.staff.services import advance_clock

STEP = timedelta(hours=8)
"""Time passes in steps, each shorter than the hours in which a customer may be contacted, so that no day is missed."""

ROUNDS = 20
"""What one sweep does may make more due: a question becomes a message. After so many the workers go on."""


class Command(Base):
    help = (
        "Let time pass in a demo world: whatever falls due on the way happens on the way, follow-ups too.\n"
        "Refused in a live installation."
    )
    examples = ("advance_clock --days 31", "advance_clock --to 2026-06-17", "advance_clock --days 7 --json")

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        how_far = parser.add_mutually_exclusive_group(required=True)
        how_far.add_argument("--days", type=int, help="so many days ahead")
        how_far.add_argument("--to", type=moment, help="to this time (2026-05-01 or ISO 8601)")

    def run(self, **options: Any) -> dict[str, Any]:
        start = clock.now()
        end = options["to"] or start + timedelta(days=options["days"])
        if end <= start:
            raise Invalid(f"Time only moves forward; it is {start:%Y-%m-%d %H:%M} UTC now.")
        happened: Counter[str] = Counter()
        failed = 0
        while (now := clock.now()) < end:
            advance_clock(by=min(STEP, end - now))
            failed += _sweep_until_quiet(happened)
        return {"from": start, "now": clock.now(), **happened, "exit_code": int(failed > 0)}


def _sweep_until_quiet(happened: Counter[str]) -> int:
    """Counts what was done into `happened`; returns how many drains failed."""
    failed = 0
    for _round in range(ROUNDS):
        counts = sweep()
        happened.update({name: count or 0 for name, count in counts.items()})
        failed += sum(count is None for count in counts.values())
        if not any(counts.values()):
            break
    return failed
