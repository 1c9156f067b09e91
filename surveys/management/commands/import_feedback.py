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
from surveys.services.mappings import mapping_called

REJECTED = 3


class Command(BaseCommand):
    help = (
        "Import a file of answers or events (XLSX, Parquet, CSV, TSV) by a mapping. A second run adds nothing.\n"
        "Exit codes: 0 done; 2 a file, mapping or source that cannot be used, nothing was written; 3 rows rejected."
    )
    examples = (
        "import_feedback examples/ratings.csv --map examples/ratings.toml",
        "import_feedback ratings.xlsx --map ratings.toml --source hotline --dry-run",
        "import_feedback ratings.csv --map ratings.toml --json | tail -1",
        "import_feedback ratings.csv --map 'Monthly ratings'",
    )

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("file", type=Path, help="the file: XLSX, Parquet, CSV or TSV")
        parser.add_argument("--map", required=True, help="how its columns are to be read: a TOML file, or a saved name")
        parser.add_argument("--source", help="count it for this source instead of the mapping's")
        parser.add_argument("--dry-run", action="store_true", help="do everything, write nothing, show the counts")
        add_now(parser)

    def run(self, **options: Any) -> dict[str, Any]:
        result = asdict(
            import_file(
                path=options["file"],
                mapping_text=_mapping(options["map"]),
                source_code=options["source"],
                now=now_or_clock(options),
                dry_run=options["dry_run"],
            )
        )
        return result | {"exit_code": REJECTED if result["rejected"] else 0}


def _mapping(named: str) -> str:
    """The text of a file or, where no such file exists, of a saved mapping."""
    path = Path(named)
    try:
        if path.exists():
            return path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise Invalid(_("The mapping %(path)s cannot be read as UTF-8 text.") % {"path": path}) from error
    if saved := mapping_called(named):
        return saved.text
    raise Invalid(_("There is no mapping %(path)s.") % {"path": path})
