"""A file of answers becomes customers, signals and pool entries."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

from django.core.management.base import CommandParser
from django.utils.translation import gettext as _

from loopcare.common.command import Command as BaseCommand
from loopcare.common.command import add_now, now_or_clock
from loopcare.common.errors import Invalid
from surveys.services.intake import import_file

REJECTED = 3


class Command(BaseCommand):
    help = (
        "Import a file of answers (XLSX, CSV, TSV) by a mapping. A second run adds nothing.\n"
        "Exit codes: 0 done; 2 a file, mapping or source that cannot be used, nothing was written; 3 rows rejected."
    )
    examples = (
        "import_feedback examples/ratings.csv --map examples/ratings.toml",
        "import_feedback ratings.xlsx --map ratings.toml --source hotline --dry-run",
        "import_feedback ratings.csv --map ratings.toml --json | tail -1",
    )

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("file", type=Path, help="the file: XLSX, CSV or TSV")
        parser.add_argument("--map", type=Path, required=True, help="how its columns are to be read, in TOML")
        parser.add_argument("--source", help="count it for this source instead of the mapping's")
        parser.add_argument("--dry-run", action="store_true", help="do everything, write nothing, show the counts")
        add_now(parser)

    def run(self, **options: Any) -> dict[str, Any]:
        result = asdict(
            import_file(
                path=options["file"],
                mapping_text=_read(options["map"]),
                source_code=options["source"],
                now=now_or_clock(options),
                dry_run=options["dry_run"],
            )
        )
        return result | {"exit_code": REJECTED if result["rejected"] else 0}


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except FileNotFoundError as error:
        raise Invalid(_("There is no mapping %(path)s.") % {"path": path}) from error
    except (OSError, UnicodeDecodeError) as error:
        raise Invalid(_("The mapping %(path)s cannot be read as UTF-8 text.") % {"path": path}) from error
