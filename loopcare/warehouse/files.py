"""Which tables a place of Parquet files holds: each file, and each folder of files, is one."""

from __future__ import annotations

import re
from glob import glob, has_magic
from pathlib import Path

from django.utils.translation import gettext as _

from loopcare.warehouse.errors import Unreachable

PARQUET = ".parquet"


def parquet_tables(place: str) -> dict[str, str]:
    """Table → the pattern of its files. `place` is a file, a folder or a pattern. Raises Unreachable for nothing."""
    path = Path(place)
    if has_magic(place):
        found = {_name(place): place} if glob(place, recursive=True) else {}  # noqa: PTH207 - Path.glob takes none from the root
    elif path.is_dir():
        found = _within(path)
    else:
        found = {path.stem: place} if path.is_file() else {}
    if not found:
        raise Unreachable(_("There is no Parquet file at %(place)s.") % {"place": place})
    return found


def fixed_folder(place: str) -> Path:
    """The folder that holds every file of a place."""
    path = Path(place)
    if has_magic(place):
        path = Path(re.split(r"[*?\[]", place)[0] + "x").parent
    elif path.is_file():
        path = path.parent
    return path


def _within(folder: Path) -> dict[str, str]:
    try:
        inside = sorted(folder.iterdir())
    except OSError as error:
        raise Unreachable(_("The folder %(place)s cannot be read.") % {"place": folder}) from error
    found = {path.stem: str(path) for path in inside if path.suffix == PARQUET and path.is_file()}
    for path in inside:
        if path.is_dir() and next(path.rglob(f"*{PARQUET}"), None) is not None:
            found.setdefault(path.name.removesuffix(PARQUET), f"{path}/**/*{PARQUET}")
    return found


def _name(pattern: str) -> str:
    """What a pattern's files have in common: the beginning of their names, or the folder they are in."""
    fixed = re.split(r"[*?\[]", Path(pattern).name)[0].strip("-_. ")
    if fixed:
        return fixed
    folders = [part for part in Path(pattern).parent.parts if not has_magic(part)]
    return folders[-1]
