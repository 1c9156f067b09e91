"""The command that trains: its JSON, its exit codes, what it tells before training, and what it says to a mistake."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command

from surveys.models import SilentModel
from tests.factories import NOW
from tests.surveys.conftest import EXAMPLES
from tests.surveys.factories import land_rows, row
from tests.surveys.silent_bases import SPEC, rows, write

pytestmark = pytest.mark.django_db

KEYS = ["auc", "lift", "brier", "brier_null", "slope", "features", "leaks"]
"""Of the contract; there are more."""


@pytest.fixture
def base(tmp_path: Path) -> Path:
    (tmp_path / "spec.toml").write_text(SPEC, encoding="utf-8")
    return write(tmp_path / "base.csv", rows(1_200))


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    code = 0
    try:
        call_command("train_silent", *arguments)
    except SystemExit as exit_:
        code = int(exit_.code or 0)
    captured = capsys.readouterr()
    return code, captured.out, captured.err.strip()


def trained(capsys: pytest.CaptureFixture[str], base: Path, *arguments: str) -> dict[str, Any]:
    spec = str(base.parent / "spec.toml")
    code, out, _err = run(capsys, str(base), "--spec", spec, "--repeats", "1", "--json", *arguments)
    assert code == 0
    answer: dict[str, Any] = json.loads(out)
    return answer


def test_training_prints_the_numbers_of_its_card(capsys: pytest.CaptureFixture[str], base: Path) -> None:
    told = trained(capsys, base, "--now", "2026-05-04")

    row = SilentModel.objects.get()
    first = row.card["tried"][0]
    assert [key for key in KEYS if key not in told] == []
    assert (told["model"], told["version"], told["status"], told["for_silent"]) == ("calls", 1, "draft", True)
    assert (told["auc"], told["brier"], told["brier_null"]) == (
        first["auc"]["value"],
        first["brier"],
        first["brier_null"],
    )
    assert told["slope"] == first["calibration"]["slope"]["value"]
    assert (told["capacity"], told["lift"]) == (0.1, first["capacities"][2]["lift"])
    assert next(feature["column"] for feature in told["features"]) in ("drops", "net")
    assert {feature["column"] for feature in told["features"]} == {"drops", "load", "net"}
    assert [(leak["column"], leak["leak"], leak["used"]) for leak in told["leaks"]] == [("trouble", "answered", False)]
    assert row.trained_at.isoformat().startswith("2026-05-0")


def test_leaks_are_told_before_training_even_where_training_is_refused(
    capsys: pytest.CaptureFixture[str], base: Path
) -> None:
    """A copy of the outcome, called operational: told on standard error, and then nothing is left to learn from."""
    found = [(*one[:2], one[1], "", "") for one in rows(400)]
    path = write(base.parent / "copy.csv", found, header=("customer", "overall", "copy", "x", "y"))
    spec = base.parent / "copy.toml"
    spec.write_text(
        'name = "copy"\n[outcome]\ncolumn = "overall"\ndissatisfied_at_most = 6\n[columns]\nreference = "customer"\n'
        '[operational]\nnumbers = ["copy"]\n',
        encoding="utf-8",
    )

    code, out, err = run(capsys, str(path), "--spec", str(spec), "--json")

    assert (code, out) == (2, "")
    first, *_rest, last = err.splitlines()
    assert "copy" in first
    assert "nothing is left to learn" in last
    assert SilentModel.objects.count() == 0


def test_a_model_is_put_in_use_where_that_is_asked_for(capsys: pytest.CaptureFixture[str], base: Path) -> None:
    assert trained(capsys, base, "--use")["status"] == "in_use"
    assert trained(capsys, base, "--use")["version"] == 2
    assert dict(SilentModel.objects.values_list("version", "status")) == {1: "retired", 2: "in_use"}


def test_with_flags_it_finds_more_and_is_not_for_silent_customers(
    capsys: pytest.CaptureFixture[str], base: Path
) -> None:
    plain, flagged = trained(capsys, base), trained(capsys, base, "--with-flags")

    assert (plain["for_silent"], flagged["for_silent"]) == (True, False)
    assert flagged["auc"] > plain["auc"] + 0.03
    code, _out, err = run(
        capsys, str(base), "--spec", str(base.parent / "spec.toml"), "--repeats", "1", "--with-flags", "--use"
    )
    assert code == 4
    assert "looks at answers" in err


def test_for_a_person_it_prints_a_line_a_fact(capsys: pytest.CaptureFixture[str], base: Path) -> None:
    code, out, err = run(capsys, str(base), "--spec", str(base.parent / "spec.toml"), "--repeats", "1")

    assert code == 0
    assert "auc: 0." in out
    assert "leaks: 1" in out
    assert "trouble" in err


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--spec", "SPEC"], "Name a file, or a warehouse"),
        (["BASE", "--spec", "nowhere.toml"], "nowhere.toml cannot be read"),
        (["nowhere.csv", "--spec", "SPEC"], "There is no file"),
        (["BASE", "--spec", "SPEC", "--repeats", "0"], "Repeat 1 to 50 times"),
        (["--spec", "SPEC", "--warehouse", "nowhere"], "There is no warehouse nowhere"),
        (["--spec", "SPEC", "--warehouse", "parquet:///nowhere"], "Name the table"),
        (["BASE", "--spec", "BASE"], "TOML"),
    ],
)
def test_a_mistake_is_a_sentence_and_a_usage_code(
    capsys: pytest.CaptureFixture[str], base: Path, arguments: list[str], sentence: str
) -> None:
    places = {"SPEC": str(base.parent / "spec.toml"), "BASE": str(base)}

    code, out, err = run(capsys, *(places.get(one, one) for one in arguments))

    assert (code, out) == (1 if sentence.startswith(("There is no warehouse", "No model")) else 2, "")
    assert sentence in err
    assert "Traceback" not in err


def test_too_few_answers_say_how_many_are_needed(capsys: pytest.CaptureFixture[str], base: Path) -> None:
    few = write(base.parent / "few.csv", rows(100))

    code, _out, err = run(capsys, str(few), "--spec", str(base.parent / "spec.toml"))

    assert code == 2
    assert "too few. A model needs 50 of each kind" in err


def test_ratings_of_another_source_do_not_teach(capsys: pytest.CaptureFixture[str], base: Path) -> None:
    """A mapping that names a source of ratings is told to name the warehouse too."""
    spec = base.parent / "answers.toml"
    text = SPEC.replace('column = "overall"\ndissatisfied_at_most = 6', 'source = "cards"')
    spec.write_text(text, encoding="utf-8")
    land_rows(row("c00001", 2, on=(NOW - timedelta(days=1)).date()), now=NOW)

    code, _out, err = run(capsys, str(base), "--spec", str(spec))

    assert code == 2
    assert "say which warehouse to join" in err


def test_examples_come_first_in_the_help(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        call_command("train_silent", "--help")
    shown = capsys.readouterr().out
    assert shown.index("Examples:") < shown.index("Train a model")
    assert (EXAMPLES / "voice_silent.toml").is_file()
    assert "examples/voice_silent.toml" in shown
