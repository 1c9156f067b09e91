from __future__ import annotations

from typing import Any

from django.core.management.base import CommandParser

from careplans.selectors import campaign_named
from evaluation.services.estimates import evaluate
from evaluation.services.results import evaluation_json
from loopcare.common.command import Command as Base
from loopcare.common.command import add_now, now_or_clock


class Command(Base):
    help = (
        "One campaign's evaluation: care against hold-out by assigned arm, at one, two and three months, with 95 %\n"
        "intervals, trust checks and a verdict. Before the read-out date the verdict is interim. `roi` is an empty\n"
        "object: value and cost are not measured yet."
    )
    examples = (
        'evaluate "Spring refunds"',
        'evaluate "Spring refunds" --json',
        'evaluate "Spring refunds" --now 2026-06-17 --json',
    )

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("name", metavar="NAME", help="the campaign's name")
        add_now(parser)

    def run(self, **options: Any) -> dict[str, Any]:
        return evaluation_json(evaluate(campaign=campaign_named(options["name"]), now=now_or_clock(options)))

    def show(self, result: dict[str, Any]) -> None:
        self.stdout.write(f"{result['name']}: {result['verdict']} (read-out {result['read_out_on']})")
        for row in result["effects"]:
            mark = " primary" if row["primary"] else ""
            self.stdout.write(f"  {row['metric']} month {row['wave']}{mark}: {_interval(row)}")
        for name, check in result["checks"].items():
            state = "spoils" if check["spoils"] else "warns" if check["warns"] else "ok"
            value = "?" if check["value"] is None else f"{check['value']:.3g}"
            self.stdout.write(f"  {name}: {value} {state if check['value'] is not None else ''}".rstrip())


def _interval(row: dict[str, Any]) -> str:
    n = f"n {row['n_care']} / {row['n_hold_out']}"
    if row["effect"] is None:
        return f"? ({n})"
    return f"{row['effect']:+.1f} ({row['low']:+.1f} to {row['high']:+.1f}), {n}"
