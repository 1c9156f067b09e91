from __future__ import annotations

from typing import Any

from careplans.services import strategies
from loopcare.common.command import Command as Base
from surveys.services import setup


class Command(Base):
    help = "Add what LoopCare ships with and this database lacks: sources, causes, the follow-up question, strategies."
    examples = ("ensure_basics",)

    def run(self, **options: Any) -> dict[str, Any]:
        setup.ensure_basics()
        strategies.ensure_basics()
        return {"basics": "ready"}
