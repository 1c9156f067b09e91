"""Files are harmless: 2,000 damaged ones end as a table or as a sentence, in little memory and time."""

from __future__ import annotations

import csv
import io
import time
import warnings
import zipfile
from collections import Counter
from collections.abc import Callable
from itertools import islice
from pathlib import Path
from random import Random

import pytest
from openpyxl import Workbook, load_workbook

from loopcare.common.errors import Invalid
from surveys.logic.decoding import address
from surveys.logic.drafting import draft
from surveys.logic.mapping import parse_mapping
from surveys.logic.observing import Observer
from surveys.services.reading import open_table

pytestmark = [pytest.mark.faults, pytest.mark.slow]

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
SEED = 27
PIECES = (b'"', b"\0", b"\r", b"\n", b",", b";", b"\xff\xfe", b"'=", b"\xe2\x80\xa8", b"#N/A", b"99999999999999999999")
XML_PIECES = (
    *(b'<c r="XFD1048577"/>', b'<row r="99999999999"/>', b'<row r="1048576"/>', b't="s"', b"<v>1e999</v>", b"&lol;"),
    *(b'<c r="A1" t="d"><v>2026-13-99</v></c>', b'<c t="n"><v>-1e9</v></c>', b's="99"', b"</row>", b"<!DOCTYPE x>"),
)


def resident() -> float:
    """Megabytes this process holds."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096 / 1e6


def damaged(content: bytes, chance: Random, pieces: tuple[bytes, ...]) -> bytes:
    """The content with some bytes changed, lost, doubled, or put in between."""
    made = bytearray(content)
    for _n in range(chance.choice([1, 1, 2, 5, 20])):
        at, length = chance.randrange(len(made) + 1), chance.choice([1, 2, 8, 64])
        kind = chance.randrange(6)
        if kind == 0:
            made[at : at + 1] = bytes([chance.randrange(256)])
        elif kind == 1:
            del made[at : at + length]
        elif kind == 2:
            made[at:at] = chance.randbytes(length)
        elif kind == 3:
            made[at : at + length] = made[: chance.randrange(len(made) + 1)][-length:]
        elif kind == 4:
            made[at : at + length] = chance.choice(pieces) * chance.choice([1, 3])
        elif chance.random() < 0.3:
            del made[at:]
    return bytes(made)


def text(chance: Random) -> bytes:
    if chance.random() < 0.1:
        return chance.randbytes(chance.randrange(400))
    name = chance.choice(["ratings.csv", "broadband.tsv", "tickets.csv"])
    content = (EXAMPLES / name).read_bytes()
    if chance.random() < 0.2:
        content = content.decode("gb18030" if name == "broadband.tsv" else "utf-8").encode("utf-16")
    return damaged(content, chance, PIECES)


def workbook_parts() -> dict[str, bytes]:
    book = Workbook()
    with (EXAMPLES / "ratings.csv").open(encoding="utf-8", newline="") as opened:
        for row in csv.reader(opened):
            book.worksheets[0].append([int(cell) if cell.isdigit() and len(cell) < 9 else cell for cell in row])
    saved = io.BytesIO()
    book.save(saved)
    with zipfile.ZipFile(saved) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def workbook(chance: Random, parts: dict[str, bytes]) -> bytes:
    """A workbook with damage in one of its parts, which a checksum would hide from the reader; or in the archive."""
    victim = chance.choice(["xl/worksheets/sheet1.xml"] * 5 + list(parts))
    saved = io.BytesIO()
    with zipfile.ZipFile(saved, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, damaged(content, chance, XML_PIECES) if name == victim else content)
    return damaged(saved.getvalue(), chance, PIECES) if chance.random() < 0.1 else saved.getvalue()


def outcome(path: Path) -> str:
    """What becomes of a file on its way to a draft; any error but Invalid goes on."""
    try:
        with open_table(path) as table:
            observer = Observer(address(table.header))
            rows = list(islice(table.rows, 200))
            for _number, cells in rows:
                observer.look(cells)
            for _number, cells in table.rows:
                observer.look(cells)
            assert 0 <= table.share() <= 1
    except Invalid as error:
        return "refused" if error.message.endswith(".") else f"refused without a sentence: {error.message}"
    observer.warnings()
    parse_mapping(draft(table.header, [cells for _number, cells in rows], name=path.stem).text)
    return "read"


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_damaged_files_end_as_a_table_or_a_sentence(kind: str, tmp_path: Path) -> None:
    chance = Random(SEED)
    parts = workbook_parts()
    make: Callable[[], bytes] = (lambda: text(chance)) if kind == "csv" else (lambda: workbook(chance, parts))
    path = tmp_path / f"damaged.{kind}"
    outcomes: Counter[str] = Counter()
    slowest, began = 0.0, time.perf_counter()
    before = most = 0.0
    for number in range(1_000):
        path.write_bytes(make())
        started = time.process_time()
        with warnings.catch_warnings(action="ignore"):  # of openpyxl, about what is odd in a part
            outcomes[outcome(path)] += 1
        slowest = max(slowest, time.process_time() - started)
        most = max(most, resident())
        if number == 100:
            before = most
    print(
        f"{kind}: 1,000 damaged files, {outcomes['read']} read, {outcomes['refused']} refused, 0 other errors; "
        f"{time.perf_counter() - began:.1f} s, slowest {slowest:.2f} s of computing, memory + {most - before:.0f} MB"
    )
    assert set(outcomes) == {"read", "refused"}
    assert min(outcomes["read"], outcomes["refused"]) > 100  # both ways are walked
    assert slowest < 5
    assert most - before < 50


def test_damage_reaches_the_parsers_that_the_guard_stands_before() -> None:
    """The control: the same files, read without the guard, end in errors of many kinds."""
    chance, parts = Random(SEED), workbook_parts()
    errors: Counter[str] = Counter()
    for _number in range(200):
        with warnings.catch_warnings(action="ignore"):
            try:
                book = load_workbook(io.BytesIO(workbook(chance, parts)), read_only=True, data_only=True)
                for _row in islice(book.worksheets[0].iter_rows(values_only=True), 1_000):
                    pass
            except Exception as error:
                errors[type(error).__name__] += 1
    print("without the guard: " + ", ".join(f"{name} {count}" for name, count in errors.most_common()))
    assert len(errors) >= 4
