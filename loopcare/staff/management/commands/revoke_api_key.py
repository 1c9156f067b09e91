from __future__ import annotations

from typing import Any

from django.core.management.base import CommandParser

from loopcare.common import clock
from loopcare.common.command import Command as Base
from loopcare.staff.services import revoke_key


class Command(Base):
    help = "End an API key at once. What was sent with it stays."
    examples = ("revoke_api_key lc_0123456789abcdef",)

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("public_id", help="the key's public id, which starts with lc_")

    def run(self, **options: Any) -> dict[str, Any]:
        key = revoke_key(public_id=options["public_id"], now=clock.now())
        return {"key": key.public_id, "revoked_at": key.revoked_at}
