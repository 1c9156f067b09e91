"""The command `drivers` on any table."""

from __future__ import annotations

import json
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command

from tests.surveys.conftest import SHARED_DATA

RATINGS = ("网络覆盖与信号强度", "语音通话清晰度", "语音通话稳定性")


def run(path: Path, outcome: str, *drivers: str) -> dict[str, Any]:
    out = StringIO()
    call_command("drivers", str(path), "--outcome", outcome, "--drivers", ",".join(drivers), "--json", stdout=out)
    return dict(json.loads(out.getvalue()))


def refusal(path: Path, *drivers: str, outcome: str = "y") -> str:
    told = StringIO()
    with pytest.raises(SystemExit) as stopped:
        call_command("drivers", str(path), "--outcome", outcome, "--drivers", ",".join(drivers), stderr=told)
    assert stopped.value.code == 2
    return told.getvalue().strip()


def table(tmp_path: Path, *lines: str) -> Path:
    path = tmp_path / "table.csv"
    path.write_text("\n".join(("y,a,b", *lines)) + "\n")
    return path


def test_swiss_shares_are_the_published_ones() -> None:
    path = SHARED_DATA / "evaluation_examples" / "swiss.csv"
    if not path.exists():
        pytest.skip("the swiss data are not here")
    names = ("Agriculture", "Examination", "Education", "Catholic")
    found = run(path, "Fertility", *names)
    assert list(found["shares"]) == sorted(found["shares"], key=lambda name: -found["shares"][name])
    assert (found["n"], found["established"], found["warnings"]) == (47, True, [])
    assert sum(found["shares"].values()) == pytest.approx(found["r2"], abs=1e-9)


def test_voice_survey_has_three_drivers_that_cannot_be_told_apart(voice_survey: Path) -> None:
    found = run(voice_survey, "语音通话整体满意度", *RATINGS)
    assert [round(found["shares"][name], 3) for name in RATINGS] == [0.287, 0.304, 0.274]
    assert (round(found["r2"], 3), found["n"], found["established"]) == (0.865, 5433, False)
    assert len(found["correlated"]) == 3


def test_column_that_is_not_there_is_named_with_those_that_are(tmp_path: Path) -> None:
    told = refusal(table(tmp_path, "1,2,3"), "a", "c")
    assert told == "table.csv has no column c; it has y, a, b."


def test_too_few_rows_say_how_many_are_needed(tmp_path: Path) -> None:
    told = refusal(table(tmp_path, "1,2,3", "2,x,4"), "a", "b")
    assert told == "1 complete rows; 20 are needed."


def test_outcome_that_never_varies_and_a_column_twice_are_refused(tmp_path: Path) -> None:
    path = table(tmp_path, *[f"1,{row},{row % 3}" for row in range(30)])
    assert refusal(path, "a", "b") == "The outcome, or every driver, is the same in all rows."
    assert refusal(path, "a", "a") == "A column stands twice, or the outcome among its drivers."
