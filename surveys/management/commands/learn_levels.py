"""What is good enough, learned from what customers did after their answers."""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandParser
from django.utils.translation import gettext as _

from loopcare.common.command import Command as BaseCommand
from loopcare.common.command import add_now, now_or_clock
from loopcare.common.errors import Invalid
from surveys.models import Source
from surveys.services.levels import Lesson, learn_levels
from surveys.services.wording import said


class Command(BaseCommand):
    help = (
        "Learn the adequate level of every source and dimension that opens, for everybody and by value tier: the\n"
        "score below which customers complained or contacted again more within 30 days. Answers of one year count.\n"
        "A level that is learned holds for what lands afterwards, unless one was set or came with the file."
    )
    examples = ("learn_levels", "learn_levels --source hotline", "learn_levels --json")

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("--source", help="the code of one source; all without it")
        add_now(parser)

    def run(self, **options: Any) -> dict[str, Any]:
        sources = _sources(options["source"])
        lessons = learn_levels(now=now_or_clock(options), sources=sources)
        return {
            "levels": [_told(lesson) for lesson in lessons],
            "learned": sum(lesson.learned.level is not None for lesson in lessons),
            "changed": sum(lesson.level != lesson.before for lesson in lessons),
        }

    def show(self, result: dict[str, Any]) -> None:
        for row in result.pop("levels"):
            level = "?" if row["level"] is None else f"{row['level']:.1f}"
            place = f"{row['source']}/{row['dimension']}/{row['tier'] or 'everybody'}"
            self.stdout.write(f"{place}: {level} (n {row['n']}) {row['why']}".rstrip())
        super().show(result)


def _sources(code: str | None) -> list[Source] | None:
    if code is None:
        return None
    found = list(Source.objects.filter(code=code))
    if not found:
        raise Invalid(_("There is no source %(code)s.") % {"code": code}, field="source")
    return found


def _told(lesson: Lesson) -> dict[str, Any]:
    learned = lesson.learned
    return {
        "source": lesson.source.code,
        "dimension": lesson.dimension,
        "tier": lesson.tier,
        "level": lesson.level,
        "before": lesson.before,
        "n": learned.n,
        "acted": learned.acted,
        "below": learned.below and learned.below.share,
        "above": learned.above and learned.above.share,
        "p": learned.p,
        "why": said(learned.reason) if learned.reason else "",
    }
