"""Closed months of signals to Parquet files, out of the database, and back."""

from __future__ import annotations

import argparse
import time
from datetime import date, datetime
from typing import Any

from django.core.management.base import CommandParser
from django.utils.timezone import localdate

from loopcare.common.command import Command as BaseCommand
from loopcare.common.command import add_now, now_or_clock
from surveys.services.archive import archive_month, drop_month, may_be_dropped, restore_month, standing_months


class Command(BaseCommand):
    help = (
        "Write closed months of signals to HOME/archive/signals as Parquet, each read back and compared before it "
        "counts. With --drop, months that ended at least 120 days ago are then dropped from the database.\n"
        "Exit codes: 0 done; 1 no such month; 4 a month that is not over, too young, changed meanwhile, or busy."
    )
    examples = (
        "archive_months",
        "archive_months --before 2026-01 --drop",
        "archive_months --month 2025-11 --json",
        "archive_months --restore 2025-11",
    )

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        which = parser.add_mutually_exclusive_group()
        which.add_argument("--before", type=_month, help="the closed months before this one (default: all)")
        which.add_argument("--month", type=_month, help="this month only")
        which.add_argument("--restore", type=_month, help="bring this month back into the database")
        parser.add_argument("--drop", action="store_true", help="drop what is archived and old enough")
        add_now(parser)

    def run(self, **options: Any) -> dict[str, Any]:
        now = now_or_clock(options)
        if options["restore"]:
            return {"month": f"{options['restore']:%Y-%m}", "restored": restore_month(month=options["restore"])}
        if options["month"]:
            return {"months": [_archived(options["month"], now, drop=options["drop"])]}
        months = standing_months(before=min(options["before"] or date.max, localdate(now)))
        return {
            "months": [
                _archived(month, now, drop=options["drop"] and may_be_dropped(month=month, now=now)) for month in months
            ]
        }

    def show(self, result: dict[str, Any]) -> None:
        if "restored" in result:
            self.stdout.write(f"{result['month']}: {result['restored']} rows brought back")
        for month in result.get("months", ()):
            self.stdout.write(
                f"{month['month']}: {month['rows']} rows, {month['bytes']} bytes, {month['done']}, {month['seconds']} s"
            )


def _archived(month: date, now: datetime, *, drop: bool) -> dict[str, Any]:
    began = time.monotonic()
    archived = archive_month(month=month, now=now)
    if drop:
        drop_month(month=month, now=now)
    done = "dropped" if drop else "archived" if archived.is_new else "unchanged"
    return {
        "month": f"{month:%Y-%m}",
        "rows": archived.rows,
        "bytes": archived.size,
        "file": str(archived.file),
        "done": done,
        "seconds": round(time.monotonic() - began, 2),
    }


def _month(text: str) -> date:
    try:
        return date.fromisoformat(f"{text}-01")
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{text!r} is not a month; write 2026-05") from error
