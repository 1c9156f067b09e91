"""The base of every command: examples first in `--help`, one JSON object with `--json`, exit codes of the contract.

Exit codes: 0 ok, 1 failure, 2 usage, 3 done with rejected rows, 4 conflict. Data goes to stdout, progress to stderr.
"""

from __future__ import annotations

import argparse
import json
import sys
from datetime import datetime
from typing import Any, ClassVar

from django.core.management.base import BaseCommand, CommandParser
from django.db import OperationalError, ProgrammingError
from django.utils.dateparse import parse_date, parse_datetime
from django.utils.timezone import get_current_timezone, is_naive, make_aware
from psycopg.errors import UndefinedColumn, UndefinedFunction, UndefinedTable

from loopcare.common import clock
from loopcare.common.errors import DomainError


class Command(BaseCommand):
    """Subclasses set `help`, `examples` and `run(**options) -> dict`; a key `exit_code` of the dict is not printed."""

    examples: ClassVar[tuple[str, ...]] = ()

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> CommandParser:
        shown = "\n".join(
            f"  python manage.py {line}" if not line.startswith(("echo", "cat")) else f"  {line}"
            for line in self.examples
        )
        kwargs.setdefault("formatter_class", argparse.RawDescriptionHelpFormatter)
        parser = super().create_parser(prog_name, subcommand, **kwargs)
        parser.description = f"Examples:\n{shown}\n\n{self.help}"
        return parser

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--json", action="store_true", help="print one JSON object on standard output")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            result = self.run(**options)
        except DomainError as error:
            self.stderr.write(self.style.ERROR(error.message))
            sys.exit(error.exit_code)
        except (OperationalError, ProgrammingError) as error:
            self.stderr.write(self.style.ERROR(_database_trouble(error)))
            sys.exit(1)
        code = result.pop("exit_code", 0)
        if options["json"]:
            self.stdout.write(json.dumps(result, ensure_ascii=False, default=str))
        else:
            self.show(result)
        if code:
            sys.exit(code)

    def run(self, **options: Any) -> dict[str, Any]:
        raise NotImplementedError

    def show(self, result: dict[str, Any]) -> None:
        """The result for a person: one line a fact."""
        for key, value in result.items():
            self.stdout.write(f"{key}: {value}")


def _database_trouble(error: OperationalError | ProgrammingError) -> str:
    """What is wrong with the database, in a sentence; an error of another kind goes on as it is."""
    if isinstance(error, OperationalError):
        return f"The database does not answer: {str(error).strip()}"
    cause = error.__cause__
    if isinstance(cause, UndefinedTable | UndefinedColumn | UndefinedFunction):
        return "The database is not up to date: run python3 manage.py migrate first."
    raise error


def add_now(parser: CommandParser) -> None:
    """The `--now` of commands that act at a time."""
    parser.add_argument("--now", type=moment, default=None, help="act as if it were this time (2026-05-01 or ISO 8601)")


def moment(text: str) -> datetime:
    """A time given on the command line; a bare date means its midnight in the installation's zone."""
    value = parse_datetime(text)
    if value is None and (day := parse_date(text)) is not None:
        value = datetime(day.year, day.month, day.day)  # noqa: DTZ001 - the zone is added below
    if value is None:
        raise argparse.ArgumentTypeError(f"{text!r} is not a time; write 2026-05-01 or 2026-05-01T09:00+08:00")
    return make_aware(value, get_current_timezone()) if is_naive(value) else value


def now_or_clock(options: dict[str, Any]) -> datetime:
    """The `--now` that was given, or the installation's clock."""
    return options["now"] or clock.now()
