"""Every text has its Chinese, complete and compiled: what is committed is what is shown."""

from __future__ import annotations

import ast
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import polib
import pytest

ROOT = Path(__file__).resolve().parents[1]
CATALOGUE = Path("loopcare/locale/zh_Hans/LC_MESSAGES/django.po")
PACKAGES = ("loopcare", "surveys", "careplans", "evaluation")
HOLES = re.compile(r"%\(\w+\)[-#0 +]*\d*(?:\.\d+)?[a-z]|%[ds]|\{\w*\}")

MARKS = {"_", "gettext", "gettext_lazy", "ngettext", "ngettext_lazy", "pgettext", "pgettext_lazy"}

Key = tuple[str | None, str, str]


@pytest.fixture(scope="module")
def catalogue() -> polib.POFile:
    return polib.pofile(str(ROOT / CATALOGUE))


def key(entry: polib.POEntry) -> Key:
    return entry.msgctxt, entry.msgid, entry.msgid_plural


def texts(entry: polib.POEntry) -> list[str]:
    return list(entry.msgstr_plural.values()) if entry.msgid_plural else [entry.msgstr]


def test_every_text_is_translated(catalogue: polib.POFile) -> None:
    assert [entry.msgid for entry in catalogue if not all(texts(entry)) or "fuzzy" in entry.flags] == []
    assert [entry.msgid for entry in catalogue.obsolete_entries()] == []


def test_translations_keep_the_holes_of_their_texts(catalogue: polib.POFile) -> None:
    assert {
        entry.msgid: translated
        for entry in catalogue
        for translated in texts(entry)
        if sorted(HOLES.findall(translated)) != sorted(HOLES.findall(entry.msgid_plural or entry.msgid))
    } == {}


def test_translations_keep_the_percent_signs_of_their_texts(catalogue: polib.POFile) -> None:
    """A single % in a text that is formatted breaks it; a doubled one in a text that is not is shown twice."""
    formatted = [entry for entry in catalogue if "python-format" in entry.flags]
    assert {
        entry.msgid: translated
        for entry in formatted
        for translated in texts(entry)
        if HOLES.sub("", translated).replace("%%", "").count("%")
    } == {}


def test_compiled_catalogue_is_the_written_one(catalogue: polib.POFile) -> None:
    compiled = polib.mofile(str((ROOT / CATALOGUE).with_suffix(".mo")))
    assert {key(entry): texts(entry) for entry in compiled} == {key(entry): texts(entry) for entry in catalogue}


def sources() -> Iterator[Path]:
    for package in PACKAGES:
        yield from (ROOT / package).rglob("*.py")


def test_texts_are_marked_by_names_that_are_collected() -> None:
    """xgettext knows `_` and Django's own names; a text behind another alias would stay English unnoticed."""
    alias = re.compile(r"\b\w*gettext\w* as (?!_\b)\w+")
    assert {
        str(path.relative_to(ROOT)): found for path in sources() if (found := alias.findall(path.read_text()))
    } == {}


def test_texts_stand_where_they_are_collected() -> None:
    """Nor does xgettext look into f-strings."""
    unseen = [
        f"{path.relative_to(ROOT)}:{call.lineno}"
        for path in sources()
        for string in ast.walk(ast.parse(path.read_text()))
        if isinstance(string, ast.JoinedStr)
        for call in ast.walk(string)
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id in MARKS
    ]
    assert unseen == []


@pytest.mark.slow
def test_no_text_of_the_code_is_missing(catalogue: polib.POFile, tmp_path: Path) -> None:
    if shutil.which("xgettext") is None:
        pytest.skip("gettext is not installed: apt-get install gettext")
    for package in PACKAGES:
        shutil.copytree(ROOT / package, tmp_path / package, ignore=shutil.ignore_patterns("*.mo", "__pycache__"))
    command = [sys.executable, "-m", "django", "makemessages", "--locale", "zh_Hans", "--no-obsolete", "--no-location"]
    subprocess.run(
        [*command, "--settings", "loopcare.settings"], cwd=tmp_path, check=True, capture_output=True, text=True
    )
    fresh = polib.pofile(str(tmp_path / CATALOGUE))
    assert sorted(map(str, {key(entry) for entry in fresh} ^ {key(entry) for entry in catalogue})) == []
