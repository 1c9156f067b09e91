from __future__ import annotations

from typing import Any

from django.core.management.base import CommandParser

from careplans.selectors import campaign_named
from careplans.services.campaigns import launch_campaign
from loopcare.common.command import Command as Base
from loopcare.common.command import add_now, now_or_clock


class Command(Base):
    help = "Launch a campaign: assign exactly the frozen list with this hash, once, and open its cases."
    examples = (
        'launch_campaign "Spring refunds" --hash 5f0c...',
        'launch_campaign "Spring refunds" --hash 5f0c... --json',
    )

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("name", metavar="NAME", help="the campaign's name")
        parser.add_argument("--hash", required=True, help="the hash that preview_campaign printed")
        add_now(parser)

    def run(self, **options: Any) -> dict[str, Any]:
        campaign = campaign_named(options["name"])
        return {
            "assigned": launch_campaign(campaign=campaign, hash=options["hash"], by=None, now=now_or_clock(options))
        }
