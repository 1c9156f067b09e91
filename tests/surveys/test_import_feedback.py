"""The command: its JSON, its exit codes, and what it says to a mistake."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from django.core.management import call_command

from surveys.models import Import, SavedMapping, Signal
from tests.factories import NOW
from tests.surveys.conftest import EXAMPLES

FILE, MAP = str(EXAMPLES / "ratings.csv"), str(EXAMPLES / "ratings.toml")
PROSE = str(EXAMPLES.parent / "pyproject.toml")
KEYS = [
    *("rows", "accepted", "duplicates", "rejected", "rejects_file", "warnings"),
    *("signals", "updated", "dissatisfied", "pool_new", "pool_open", "rejects"),
]


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    code = 0
    try:
        call_command("import_feedback", *arguments)
    except SystemExit as exit_:
        code = int(exit_.code or 0)
    captured = capsys.readouterr()
    return code, captured.out, captured.err.strip()


@pytest.mark.django_db
def test_import_prints_its_counts_and_a_second_run_adds_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _err = run(capsys, FILE, "--map", MAP, "--json", "--now", "2026-05-04")
    first = json.loads(out)
    second = json.loads(run(capsys, FILE, "--map", MAP, "--json", "--now", "2026-05-05")[1])

    assert (code, list(first)) == (0, KEYS)
    assert (first["rows"], first["accepted"], first["signals"]) == (40, 40, 80)
    assert (second["duplicates"], second["signals"], second["pool_new"]) == (40, 0, 0)
    assert second["pool_open"] == first["pool_new"] == first["dissatisfied"]
    assert Import.objects.count() == 2


@pytest.mark.django_db
def test_dry_run_prints_the_same_counts(capsys: pytest.CaptureFixture[str]) -> None:
    dry = run(capsys, FILE, "--map", MAP, "--json", "--now", "2026-05-04", "--dry-run")
    assert Signal.objects.count() == 0
    assert run(capsys, FILE, "--map", MAP, "--json", "--now", "2026-05-04") == dry


@pytest.mark.django_db
def test_rejected_rows_end_in_three(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    wrong = tmp_path / "wrong.csv"
    lines = Path(FILE).read_text(encoding="utf-8").splitlines()
    wrong.write_text("\n".join([*lines, lines[1].replace("C1001", "")]), encoding="utf-8")
    code, out, _err = run(capsys, str(wrong), "--map", MAP, "--json", "--now", "2026-05-04")

    assert code == 3
    assert json.loads(out)["rejects"] == [
        {"row": 42, "column": "Customer no.", "value": "", "reason": "This cell must not be empty."}
    ]


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["gone.csv", "--map", MAP], "There is no file gone.csv."),
        ([FILE, "--map", "gone.toml"], "There is no mapping gone.toml."),
        ([FILE, "--map", MAP, "--source", "hotlin"], "There is no source hotlin; known are: –."),
        ([PROSE, "--map", MAP], "pyproject.toml is not a table: its first row has no two column names."),
    ],
)
def test_what_cannot_be_used_ends_in_two(
    arguments: list[str], sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    code, out, err = run(capsys, *arguments, "--now", "2026-05-04")

    assert (code, out, err) == (2, "", sentence)
    assert (Import.objects.count(), Signal.objects.count()) == (0, 0)


@pytest.mark.django_db
def test_map_may_be_the_name_of_a_saved_mapping(capsys: pytest.CaptureFixture[str]) -> None:
    text = Path(MAP).read_text(encoding="utf-8")
    SavedMapping.objects.create(name="Monthly ratings", text=text, header="", saved_at=NOW)
    code, out, _err = run(capsys, FILE, "--map", "Monthly ratings", "--json", "--now", "2026-05-04")
    assert (code, json.loads(out)["accepted"]) == (0, 40)
