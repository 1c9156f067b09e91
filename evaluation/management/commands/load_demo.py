from __future__ import annotations

import time
from typing import Any

from django.core.management.base import CommandParser

from evaluation.demo.world import counts, is_loaded, load
from loopcare.common.command import Command as Base
from loopcare.common.command import add_now, now_or_clock


class Command(Base):
    help = (
        "Load the demo world: half a year of an invented mobile operator, with feedback, campaigns, calls and answers. "
        "Only into an empty installation, which is a demo from then on."
    )
    examples = ("load_demo", "load_demo --if-empty", "load_demo --customers 300 --seed 7 --json")

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("--if-empty", action="store_true", help="do nothing when the demo world is loaded already")
        parser.add_argument("--customers", type=int, default=2000, help="how many customers it has (default: 2000)")
        parser.add_argument("--seed", type=int, default=1, help="another seed gives another world (default: 1)")
        add_now(parser)

    def run(self, **options: Any) -> dict[str, Any]:
        if options["if_empty"] and is_loaded():
            return {"loaded": False, **counts()}
        started = time.monotonic()
        loaded = load(customers=options["customers"], seed=options["seed"], now=now_or_clock(options))
        return {"loaded": True, **loaded, "seconds": round(time.monotonic() - started, 1)}
