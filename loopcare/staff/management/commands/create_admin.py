from __future__ import annotations

from typing import Any

from loopcare.common import clock
from loopcare.staff.enums import Role
from loopcare.staff.management.commands.create_user import UserCommand
from loopcare.staff.services import create_user


class Command(UserCommand):
    help = "Create an administrator, the first person who can sign in to an empty LoopCare."
    examples = ("create_admin wei", "echo 'a long password' | python manage.py create_admin wei --password-stdin")

    def run(self, **options: Any) -> dict[str, Any]:
        user = create_user(
            username=options["username"],
            password=self.password(options),
            role=Role.ADMINISTRATOR,
            now=clock.now(),
        )
        return {"username": user.username, "role": user.role}
