"""Opens a table file and streams its rows. What a file is, its content says, not its name.

Everything that is not a readable table is Invalid with a sentence.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from itertools import chain
from pathlib import Path

from django.utils.translation import gettext as _

from loopcare.common.errors import Invalid
from surveys.logic.rejected_rows import ADDED, as_before, is_rejects
from surveys.services.reading.parquet import open_parquet
from surveys.services.reading.tables import Opened, Table, refused, trimmed
from surveys.services.reading.text import open_text
from surveys.services.reading.workbook import open_workbook

MAX_COLUMNS = 2_000
SAMPLE = 256 * 1024  # bytes looked at to tell the kind of file and its separator
OLD_OFFICE = b"\xd0\xcf\x11\xe0"  # XLS, and every XLSX with a password


@contextmanager
def open_table(path: Path) -> Iterator[Table]:
    """The table in a file: XLSX, Parquet or text. Rows can be read once, inside the block.

    A file of rejected rows, mended or not, is read as the file it came from: without the columns that tell why.
    Raises Invalid for what is no table.
    """
    if not path.is_file():
        raise Invalid(_("There is no file %(path)s.") % {"path": path}, field="file")
    with _opened(path) as opened:
        yield _table(opened, path)


def _opened(path: Path) -> AbstractContextManager[Opened]:
    with path.open("rb") as file:
        start = file.read(SAMPLE)
    if not start.strip(b"\0 \r\n\t"):
        raise refused(_("%(name)s is empty."), path)
    if start.startswith(OLD_OFFICE):
        raise refused(_("%(name)s has a password or is an old XLS file; save it as XLSX without a password."), path)
    if start.startswith(b"PK\x03\x04"):
        return open_workbook(path)
    if start.startswith((b"PAR1", b"PARE")):
        return open_parquet(path)
    return open_text(path, start)


def _table(opened: Opened, path: Path) -> Table:
    header = trimmed(opened.header)
    again = is_rejects(header)
    width = len(header)
    if width - (len(ADDED) if again else 0) < 2:
        raise refused(_("%(name)s is not a table: its first row has no two column names."), path)
    if width > MAX_COLUMNS:
        raise refused(_("%(name)s has more than %(limit)s columns."), path, limit=MAX_COLUMNS)
    rows = opened.rows(width)
    peeked = next(rows, None)
    if peeked is None:
        raise refused(_("%(name)s has a header but no rows."), path)
    rows = chain([peeked], rows)
    if again:
        header = tuple(str(name) for name in as_before(header))
        rows = ((number, as_before(cells)) for number, cells in rows)
    return Table(header, rows, opened.share)
