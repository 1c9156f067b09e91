"""Everybody of a table scored by a model; the silent with the highest scores enter the pool."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from django.core.management.base import CommandParser
from django.utils.translation import gettext as _

from loopcare.common.command import Command as BaseCommand
from loopcare.common.command import add_now, now_or_clock
from loopcare.common.errors import Invalid
from surveys.logic.silent.drift import SHIFTED
from surveys.logic.silent.spec import parse_spec
from surveys.models import ScoreRun
from surveys.selectors.silent import place_of
from surveys.services.silent.keeping import find_model
from surveys.services.silent.scoring import score_file, score_table

CAPACITY = 1_000


class Command(BaseCommand):
    help = (
        "Score every customer of a file or of a warehouse's table with the model in use. Of those who are silent (no\n"
        "rating, review or complaint in 90 days, not in the pool explicitly) the --capacity highest scores become\n"
        "signals, and so pool entries. The same day again adds nothing. --ask draws the week's audit sample."
    )
    examples = (
        "score_silent customers.parquet --capacity 500",
        "score_silent --warehouse base --capacity 5000 --ask 300 --json",
        "score_silent --model voice-silent --warehouse parquet:///data/base --table customers --reference msisdn",
    )

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("file", nargs="?", help="CSV, Parquet or XLSX; without it, --warehouse")
        parser.add_argument("--model", default="", help="its name; the one in use without it")
        parser.add_argument("--warehouse", default="", help="a connected warehouse, or its URL with --table")
        parser.add_argument("--table", default="", help="the table at that URL")
        parser.add_argument("--reference", default="", help="its column of the customer reference; as in training")
        parser.add_argument("--capacity", type=int, default=CAPACITY, help="customers who can be called (1,000)")
        parser.add_argument("--floor", type=float, default=0.0, help="enter nobody below this score, 0 to 1")
        parser.add_argument("--ask", type=int, default=0, help="customers in the week's audit sample (none)")
        add_now(parser)

    def run(self, **options: Any) -> dict[str, Any]:
        now, model = now_or_clock(options), find_model(name=options["model"])
        how = {
            "model": model,
            "capacity": options["capacity"],
            "asked": options["ask"],
            "floor": options["floor"],
            "now": now,
            "told": self._tell,
        }
        if options["file"]:
            return _told(score_file(path=Path(options["file"]), **how))
        if not options["warehouse"]:
            raise Invalid(_("Name a file, or a warehouse."), field="file")
        place = place_of(options["warehouse"], table=options["table"])
        reference = options["reference"] or place.reference or parse_spec(model.spec).reference
        run = score_table(url=place.url, table_name=place.table, reference=reference, shown=place.shown, **how)
        return _told(run)

    def _tell(self, scored: int) -> None:
        if sys.stderr.isatty():
            self.stderr.write(f"{scored:,} scored", ending="\r")


def _told(run: ScoreRun) -> dict[str, Any]:
    moved = [shift for shift in run.drift if shift["psi"] >= SHIFTED]
    return {
        "model": run.model.name,
        "version": run.model.version,
        "day": run.day,
        "scored": run.scored,
        "silent": run.silent,
        "standing": run.standing,
        "entered": run.entered,
        "unknown": run.unknown,
        "pool_new": run.pool_new,
        "threshold": run.threshold,
        "drift": run.drift[0]["psi"] if run.drift else None,
        "shifted": [shift["column"] or "score" for shift in moved],
        "asked": run.audit.members.count() if hasattr(run, "audit") else 0,
        "seconds": round(run.seconds, 1),
    }
