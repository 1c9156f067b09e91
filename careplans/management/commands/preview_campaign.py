from __future__ import annotations

from typing import Any

from django.core.management.base import CommandParser

from careplans.selectors import campaign_named
from careplans.services.campaigns import preview_campaign
from loopcare.common.command import Command as Base
from loopcare.common.command import add_now, now_or_clock


class Command(Base):
    help = "Freeze the list of a campaign and show who would get which arm, what it costs and what it can show."
    examples = ('preview_campaign "Spring refunds"', 'preview_campaign "Spring refunds" --json')

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("name", metavar="NAME", help="the campaign's name")
        add_now(parser)

    def run(self, **options: Any) -> dict[str, Any]:
        preview = preview_campaign(campaign=campaign_named(options["name"]), now=now_or_clock(options))
        return dict(preview.counts)
