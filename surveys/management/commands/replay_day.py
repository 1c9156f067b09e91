"""What the rules find in a day now, beside what was found then."""

from __future__ import annotations

import argparse
from dataclasses import asdict
from datetime import date
from typing import Any

from django.core.management.base import CommandParser

from loopcare.common.command import Command as BaseCommand
from loopcare.common.command import add_now, now_or_clock
from surveys.services.replay import replay

DIFFERENT = 1


class Command(BaseCommand):
    help = (
        "Replay a day: compare what the rules in use find now in its signals with the detections and stays in the pool "
        "that stand. Writes nothing without --apply.\n"
        "Exit codes: 0 equal; 1 something is missing or extra; 4 the day's signals are archived and gone."
    )
    examples = (
        "replay_day --day 2026-05-01",
        "replay_day --day 2026-05-01 --json",
        "replay_day --day 2026-05-01 --apply",
    )

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("--day", type=_day, required=True, help="the day the signals occurred on")
        parser.add_argument("--apply", action="store_true", help="add what is missing; what is extra stays")
        add_now(parser)

    def run(self, **options: Any) -> dict[str, Any]:
        replayed = replay(day=options["day"], now=now_or_clock(options), apply=options["apply"])
        return asdict(replayed) | {"equal": replayed.equal, "exit_code": 0 if replayed.equal else DIFFERENT}

    def show(self, result: dict[str, Any]) -> None:
        self.stdout.write(f"{result['day']}: {result['signals']} signals")
        for name in ("detections", "stays"):
            self.stdout.write(f"{name}: {_counts(result[name])}")
        for code, counts in result["by_rule"].items():
            self.stdout.write(f"  {code}: {_counts(counts)}")
        for each in result["differences"]:
            self.stdout.write(f"  {each['what']}: {each['rule']}, signal {each['signal_no']} of {each['customer']}")
        if result["added"] or result["entered"]:
            self.stdout.write(f"added: {result['added']} detections, {result['entered']} stays")


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{text!r} is not a day; write 2026-05-01") from error


def _counts(counts: dict[str, int]) -> str:
    return f"{counts['same']} the same, {counts['missing']} missing, {counts['extra']} extra"
