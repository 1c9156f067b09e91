"""Causes read from the comments of the pool."""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandParser

from loopcare.common.command import Command as BaseCommand
from loopcare.common.command import add_now, now_or_clock
from surveys.logic.causes.reader import NEVER
from surveys.models import TextModel
from surveys.selectors.cause_texts import readings_of
from surveys.services.causes.coding import code_comments
from surveys.services.causes.training import train_reader


class Command(BaseCommand):
    help = (
        "Read the comments of open entries that the latest reader has not read, and give a cause to those entries\n"
        "that nobody named one of. --train first learns anew from what agents and customers coded. The same again\n"
        "reads nothing.\n"
        "JSON: version, read, coded, unknown, changed, more; coverage (share of everything this reader read that was\n"
        "given a cause), precision (on coded comments it had not seen; null: not measured), causes[] with cause, n,\n"
        "threshold (null: never given), precision, low, high, judged, guessed, given."
    )
    examples = ("read_comments", "read_comments --train --json", "read_comments --limit 50000")

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("--train", action="store_true", help="train a new reader first")
        parser.add_argument("--limit", type=int, default=None, help="read so many comments at most (all)")
        add_now(parser)

    def run(self, **options: Any) -> dict[str, Any]:
        now = now_or_clock(options)
        if options["train"]:
            train_reader(now=now)
        done = code_comments(now=now, limit=options["limit"])
        model = TextModel.objects.defer("fitted").get(version=done.version)
        read = readings_of(model)
        return {
            "version": done.version,
            "read": done.read,
            "coded": done.given,
            "unknown": done.read - done.given,
            "changed": done.changed,
            "more": done.more,
            "coverage": round(read.given / read.read, 4) if read.read else None,
            "precision": model.card["precision"],
            "causes": [_told(cause, read.by_cause.get(cause["cause"], (0, 0))) for cause in model.card["causes"]],
        }

    def show(self, result: dict[str, Any]) -> None:
        causes = result.pop("causes")
        super().show(result)
        for cause in causes:
            precision = "not measured" if cause["precision"] is None else f"{cause['precision']:.2f} right"
            asked = "never given" if cause["threshold"] is None else f"from {cause['threshold']:.2f}"
            self.stdout.write(f"  {cause['cause']}: {cause['given']:,} of {cause['guessed']:,}, {asked}, {precision}")


def _told(cause: dict[str, Any], counts: tuple[int, int]) -> dict[str, Any]:
    guessed, given = counts
    facts = {name: cause[name] for name in ("cause", "n", "precision", "low", "high", "judged")}
    threshold = cause["threshold"] if cause["threshold"] < NEVER else None
    return facts | {"threshold": threshold, "guessed": guessed, "given": given}
