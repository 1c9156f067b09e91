from __future__ import annotations

import getpass
import sys
from typing import Any

from django.core.management.base import CommandParser

from loopcare.common.command import Command as Base
from loopcare.staff.enums import Role
from loopcare.staff.services import create_user


class Command(Base):
    help = "Create an administrator, the first person who can sign in to an empty LoopCare."
    examples = (
        "create_admin wei",
        "echo 'a long password' | python manage.py create_admin wei --password-stdin",
    )

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("username", help="the sign-in name")
        parser.add_argument("--password-stdin", action="store_true", help="read the password from standard input")

    def run(self, **options: Any) -> dict[str, Any]:
        password = sys.stdin.readline().rstrip("\n") if options["password_stdin"] else getpass.getpass("Password: ")
        user = create_user(username=options["username"], password=password, role=Role.ADMINISTRATOR)
        return {"username": user.username, "role": user.role}
