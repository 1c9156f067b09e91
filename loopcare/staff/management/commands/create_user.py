from __future__ import annotations

import getpass
import sys
from typing import Any

from django.core.management.base import CommandParser
from django.utils.translation import gettext as _

from loopcare.common import clock
from loopcare.common.command import Command as Base
from loopcare.common.errors import Invalid
from loopcare.staff.enums import Role
from loopcare.staff.services import create_user


class UserCommand(Base):
    """A command that creates somebody with a password, asked for or read from standard input."""

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("username", help="the sign-in name")
        parser.add_argument("--password-stdin", action="store_true", help="read the password from standard input")

    def password(self, options: dict[str, Any]) -> str:
        if options["password_stdin"]:
            return sys.stdin.readline().rstrip("\n")
        return getpass.getpass("Password: ")


class Command(UserCommand):
    help = "Create somebody who can sign in. Agents need a team; a team that does not exist yet is created."
    examples = ("create_user li.na --role agent --team 'East desk'", "create_user chen --role supervisor")

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("--role", choices=Role.values, required=True)
        parser.add_argument("--team", default="", help="the team whose cases they see")
        parser.add_argument("--name", default="", help="the name others see (default: the sign-in name)")

    def run(self, **options: Any) -> dict[str, Any]:
        if options["role"] == Role.AGENT and not options["team"]:
            raise Invalid(_("An agent needs a team; give one with --team."), field="team")
        user = create_user(
            username=options["username"],
            password=self.password(options),
            role=Role(options["role"]),
            display_name=options["name"],
            team=options["team"],
            now=clock.now(),
        )
        return {"username": user.username, "role": user.role, "team": options["team"] or None}
