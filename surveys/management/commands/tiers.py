"""All customers' tiers told anew."""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandParser

from loopcare.common.command import Command as BaseCommand
from loopcare.common.command import add_now, now_or_clock
from surveys.services.tiers import make_tiers, retier


class Command(BaseCommand):
    help = (
        "Tell the tiers of all customers anew by the rules that hold. Who has no measure keeps the tier they have.\n"
        "It happens once a day by itself; a second time of a day changes nothing."
    )
    examples = ("tiers", "tiers --json")

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        add_now(parser)

    def run(self, **options: Any) -> dict[str, Any]:
        now = now_or_clock(options)
        done = retier(now=now)
        make_tiers(now=now)
        return {
            "moves": [
                {"kind": one.kind, "from": was, "to": tier, "customers": n}
                for one in done
                for (was, tier), n in sorted(one.moves.items())
            ],
            "moved": sum(sum(one.moves.values()) for one in done),
            "entries": sum(one.entries for one in done),
        }

    def show(self, result: dict[str, Any]) -> None:
        for row in result.pop("moves"):
            self.stdout.write(f"{row['kind']}: {row['from'] or '?'} → {row['to']}: {row['customers']}")
        super().show(result)
