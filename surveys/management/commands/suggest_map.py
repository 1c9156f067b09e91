"""A mapping for a file that nobody has mapped yet, to be read and mended."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import CommandParser

from loopcare.common.command import Command as BaseCommand
from surveys.services.drafting import draft_mapping
from surveys.services.wording import said


class Command(BaseCommand):
    help = (
        "Draft a mapping for a file (XLSX, Parquet, CSV, TSV): TOML on standard output, with its doubts as comments.\n"
        "Exit codes: 0 done; 2 a file that cannot be read."
    )
    examples = (
        "suggest_map examples/tickets.csv > tickets.toml",
        "suggest_map answers.xlsx --json",
    )

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("file", type=Path, help="the file: XLSX, Parquet, CSV or TSV")

    def run(self, **options: Any) -> dict[str, Any]:
        drafted = draft_mapping(options["file"])
        return {"mapping": drafted.text, "questions": [said(question) for question in drafted.questions]}

    def show(self, result: dict[str, Any]) -> None:
        self.stdout.write(result["mapping"], ending="")
