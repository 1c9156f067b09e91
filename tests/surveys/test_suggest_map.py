"""The command: TOML on standard output, questions with --json, no database."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from django.core.management import call_command

from surveys.logic.mapping import parse_mapping
from tests.surveys.conftest import EXAMPLES


def test_mapping_is_printed_and_nothing_else(capsys: pytest.CaptureFixture[str]) -> None:
    call_command("suggest_map", str(EXAMPLES / "tickets.csv"))
    captured = capsys.readouterr()

    mapping = parse_mapping(captured.out)
    assert mapping.event is not None
    assert (mapping.event.opened_at, mapping.columns.reference) == ("Opened", "Customer no.")
    assert captured.err == ""


def test_json_holds_the_mapping_and_the_questions(capsys: pytest.CaptureFixture[str]) -> None:
    call_command("suggest_map", str(EXAMPLES / "tickets.csv"), "--json")
    result = json.loads(capsys.readouterr().out)

    assert sorted(result) == ["mapping", "questions"]
    assert result["questions"] == [
        "Is every row of this file a ticket?",
        "By which channel did this come? hotline was taken.",
    ]
    assert [f"# ASK: {question}" in result["mapping"] for question in result["questions"]] == [True, True]


def test_file_that_is_no_table_ends_in_two(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("nothing")
    with pytest.raises(SystemExit) as caught:
        call_command("suggest_map", str(tmp_path / "a.csv"))
    assert caught.value.code == 2
    assert capsys.readouterr().err.strip() == "a.csv is not a table: its first row has no two column names."
