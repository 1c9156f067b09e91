from __future__ import annotations

from dataclasses import asdict
from typing import Any

from django.core.management.base import CommandParser

from loopcare.common.command import Command as Base
from loopcare.common.command import add_now
from loopcare.contact.outbox import send_due_messages


class Command(Base):
    help = "Send the messages that are due and allowed, once. Without EMAIL_URL they wait; nothing is lost."
    examples = ("send_due", "send_due --json", "send_due --now 2026-05-01T10:00+08:00")

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        add_now(parser)

    def run(self, **options: Any) -> dict[str, Any]:
        return asdict(send_due_messages(now=options["now"]))
