"""Forget a person."""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandParser

from careplans.services.erasure import erase_person
from loopcare.common.command import Command as BaseCommand
from loopcare.common.command import add_now, now_or_clock


class Command(BaseCommand):
    help = (
        "Erase a customer: contact details, name, attributes, comments, notes, external ids, in the database, in "
        "rejected rows and in archived months. The reference becomes erased-<id>; what was counted stays counted.\n"
        "It cannot be undone. Cut off half-way, it is finished by repeating it, if need be under the new reference.\n"
        "Exit codes: 0 done; 1 nobody of this reference; 2 a reason that names the customer; 4 busy, repeat."
    )
    examples = (
        'erase_customer C-1042 --reason "asked on 2 May, ticket 77"',
        "erase_customer C-1042 --json",
    )

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("reference", metavar="REFERENCE", help="the operator's own reference of the customer")
        parser.add_argument("--reason", default="", help="kept in the audit trail; must not name the customer")
        add_now(parser)

    def run(self, **options: Any) -> dict[str, Any]:
        return dict(
            erase_person(reference=options["reference"], now=now_or_clock(options), reason=options["reason"][:200])
        )
