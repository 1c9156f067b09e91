"""The daily watch by hand: count, judge, show the alarms of a day."""

from __future__ import annotations

import argparse
from datetime import date
from typing import Any

from django.core.management.base import CommandParser

from loopcare.common.command import Command as BaseCommand
from loopcare.common.command import add_now, now_or_clock
from surveys.selectors.monitoring import alarm_facts
from surveys.services.monitoring import monitor


class Command(BaseCommand):
    help = (
        "Count the days whose detections changed, compare a closed day with the same weekday of the eight weeks\n"
        "before, and raise alarms. A second run changes nothing; workers do the same by themselves.\n"
        "JSON: day, cells (how many were judged), alarms, late (sources that have not told anything of the day yet),\n"
        "counted and judged (days). In an alarm's cell null means all, an empty text what is not known."
    )
    examples = (
        "monitor",
        "monitor --day 2026-05-03",
        "monitor --now 2026-05-04T08:00 --json",
    )

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("--day", type=_day, help="the day to judge instead of the last closed one")
        add_now(parser)

    def run(self, **options: Any) -> dict[str, Any]:
        watched = monitor(now=now_or_clock(options), day=options["day"])
        return {
            "day": watched.day.isoformat(),
            "cells": watched.cells,
            "alarms": [alarm_facts(alarm) for alarm in watched.alarms],
            "late": watched.late,
            "counted": [day.isoformat() for day in watched.counted],
            "judged": [day.isoformat() for day in watched.judged],
        }

    def show(self, result: dict[str, Any]) -> None:
        late = f", late: {', '.join(result['late'])}" if result["late"] else ""
        self.stdout.write(f"{result['day']}: {len(result['alarms'])} alarms in {result['cells']} cells{late}")
        for alarm in result["alarms"]:
            usual = f"{alarm['observed']} vs {alarm['lower']}-{alarm['upper']}"
            self.stdout.write(f"  {_cell(alarm)}: {usual} (p {alarm['p_value']:.1g}, {alarm['status']})")


def _cell(alarm: dict[str, Any]) -> str:
    codes = [alarm[axis] for axis in ("source", "brand", "region", "channel")]
    return " / ".join(code or "?" for code in codes if code is not None) or "all"


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{text!r} is not a day; write 2026-05-01") from error
