from __future__ import annotations

from typing import Any

from django.core.management.base import CommandParser

from loopcare.common import clock
from loopcare.common.command import Command as Base
from loopcare.staff.services import create_key


class Command(Base):
    help = "Create a key with which another system signs its calls to the API. The secret is printed once: keep it."
    examples = (
        "create_api_key 'CRM nightly'",
        "create_api_key 'Call centre' --source hotline complaints --per-minute 60",
    )

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("name", help="which system calls with it")
        parser.add_argument(
            "--source", nargs="+", action="extend", default=[], help="codes it may write for (default: any source)"
        )
        parser.add_argument("--per-minute", type=int, help="calls per minute (default: 600)")
        parser.add_argument("--rows-per-minute", type=int, help="signals per minute (default: 1,000,000)")

    def run(self, **options: Any) -> dict[str, Any]:
        key, secret = create_key(
            name=options["name"],
            sources=options["source"],
            calls_per_minute=options["per_minute"],
            rows_per_minute=options["rows_per_minute"],
            now=clock.now(),
        )
        return {
            "key": key.public_id,
            "secret": secret,
            "scopes": key.scopes,
            "sources": key.sources,
            "calls_per_minute": key.calls_per_minute,
            "rows_per_minute": key.rows_per_minute,
        }
