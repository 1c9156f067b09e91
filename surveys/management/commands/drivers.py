"""Key drivers of any table."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from django.core.management.base import CommandParser
from django.utils.translation import gettext as _

from loopcare.common.command import Command as BaseCommand
from loopcare.common.errors import Invalid
from surveys.logic.cells import as_number
from surveys.logic.drivers.reading import CORRELATED, Drivers, NothingVaries, TooFew, find_drivers
from surveys.services.reading import open_table

SEED = 1


class Command(BaseCommand):
    help = (
        "How much each driver explains of an outcome: shares of R² averaged over all orders of entering (LMG), with\n"
        "bootstrap intervals for share and rank. Rows with a missing value are left out. Importance is not causation.\n"
        "JSON: n, r2, shares, intervals, ranks (by driver), established, correlated, warnings."
    )
    examples = (
        "drivers answers.csv --outcome overall --drivers coverage,clarity,stability",
        "drivers answers.xlsx --outcome overall --drivers coverage,clarity --json",
    )

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("file", type=Path, help="a table: XLSX, Parquet, CSV or TSV")
        parser.add_argument("--outcome", required=True, help="the column that is to be explained")
        parser.add_argument("--drivers", required=True, help="the columns that may explain it, separated by commas")
        parser.add_argument("--seed", type=int, default=SEED, help="of the bootstrap (default 1)")

    def run(self, **options: Any) -> dict[str, Any]:
        names = [name.strip() for name in options["drivers"].split(",") if name.strip()]
        columns = _columns(options["file"], [options["outcome"], *names])
        try:
            found = find_drivers(columns[:, 0], columns[:, 1:], names, seed=options["seed"])
        except TooFew as few:
            facts = {"n": few.n, "need": few.need}
            raise Invalid(_("%(n)s complete rows; %(need)s are needed.") % facts, field="file") from few
        except NothingVaries as error:
            raise Invalid(_("The outcome, or every driver, is the same in all rows."), field="drivers") from error
        return _told(found)

    def show(self, result: dict[str, Any]) -> None:
        self.stdout.write(f"R² {result['r2']:.3f}, n {result['n']:,}")
        for name, share in result["shares"].items():
            low, high = result["intervals"][name]
            self.stdout.write(f"  {result['ranks'][name]}. {name}: {share:.3f} ({low:.3f}-{high:.3f})")
        for warning in result["warnings"]:
            self.stdout.write(warning)


def _columns(path: Path, names: list[str]) -> np.ndarray[Any, np.dtype[np.float64]]:
    if len(set(names)) < len(names):
        raise Invalid(_("A column stands twice, or the outcome among its drivers."), field="drivers")
    with open_table(path) as table:
        lacking = [name for name in names if name not in table.header]
        if lacking:
            facts = {"name": path.name, "columns": ", ".join(lacking), "header": ", ".join(table.header[:40])}
            raise Invalid(_("%(name)s has no column %(columns)s; it has %(header)s.") % facts, field="drivers")
        places = [table.header.index(name) for name in names]
        rows = [[as_number(cells[place]) for place in places] for _number, cells in table.rows]
    return np.array(rows, dtype=np.float64).reshape(-1, len(names))


def _told(found: Drivers) -> dict[str, Any]:
    warnings = []
    if found.correlated:
        pairs = "; ".join(f"{one} - {other} r {r:.2f}" for one, other, r in found.correlated)
        facts = {"level": CORRELATED, "pairs": pairs}
        warnings.append(_("The order is not established: drivers correlate above %(level)s (%(pairs)s).") % facts)
    if found.constant:
        warnings.append(_("Left out, being constant: %(names)s.") % {"names": ", ".join(found.constant)})
    if not found.exact:
        warnings.append(_("More than fifteen drivers: relative weights instead of LMG."))
    return {
        "n": found.n,
        "r2": found.r2,
        "shares": {driver.name: driver.share for driver in found.drivers},
        "intervals": {driver.name: [driver.low, driver.high] for driver in found.drivers},
        "ranks": {driver.name: driver.rank for driver in found.drivers},
        "established": found.established,
        "correlated": [list(pair) for pair in found.correlated],
        "warnings": warnings,
    }
