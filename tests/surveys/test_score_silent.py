"""The command that scores: its JSON, a day twice as once, the audit, and what it says to a mistake."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command

from surveys.models import AuditMember, PoolEntry, ScoreRun, Signal
from tests.factories import NOW
from tests.surveys.bases import connected
from tests.surveys.silent_bases import in_use, kept, rows, write

pytestmark = pytest.mark.django_db

N = 1_000
COLUMNS = ("customer", "drops", "load", "net")


@pytest.fixture
def base(tmp_path: Path) -> Path:
    return write(tmp_path / "customers.csv", [(one[0], *one[2:5]) for one in rows(N, seed=9)], header=COLUMNS)


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    code = 0
    try:
        call_command("score_silent", *arguments)
    except SystemExit as exit_:
        code = int(exit_.code or 0)
    captured = capsys.readouterr()
    return code, captured.out, captured.err.strip()


def scored(capsys: pytest.CaptureFixture[str], *arguments: str, now: str = "2026-05-04T08:00+00:00") -> dict[str, Any]:
    code, out, _err = run(capsys, *arguments, "--json", "--now", now)
    assert code == 0
    answer: dict[str, Any] = json.loads(out)
    return answer


def test_scores_are_told_and_a_second_run_of_the_day_adds_nothing(
    capsys: pytest.CaptureFixture[str], base: Path
) -> None:
    in_use(now=NOW)

    first = scored(capsys, str(base), "--capacity", "50")
    second = scored(capsys, str(base), "--capacity", "50")

    assert (first["scored"], first["silent"], first["entered"], first["pool_new"]) == (N, N, 50, 50)
    assert (first["model"], first["version"], first["unknown"], first["asked"]) == ("calls", 1, 0, 0)
    assert (second["entered"], second["pool_new"]) == (50, 0)
    assert second["threshold"] == first["threshold"]
    assert (Signal.objects.count(), PoolEntry.objects.count(), ScoreRun.objects.count()) == (50, 50, 2)
    assert first["shifted"] == []


def test_nobody_below_the_floor_is_entered(capsys: pytest.CaptureFixture[str], base: Path) -> None:
    in_use(now=NOW)

    told = scored(capsys, str(base), "--capacity", "1000", "--floor", "0.3")

    assert 0 < told["entered"] < N
    assert told["threshold"] >= 0.3
    assert all(float(raw) >= 0.3 for raw in Signal.objects.values_list("raw", flat=True))


def test_an_audit_sample_is_drawn_on_request(capsys: pytest.CaptureFixture[str], base: Path) -> None:
    in_use(now=NOW)

    told = scored(capsys, str(base), "--capacity", "0", "--ask", "120")

    assert (told["asked"], told["entered"], told["threshold"]) == (120, 0, None)
    assert AuditMember.objects.count() == 120


def test_a_connected_warehouse_is_scored_by_its_name(capsys: pytest.CaptureFixture[str]) -> None:
    in_use(now=NOW)
    values = ", ".join(f"('{one[0]}', {one[2]}, {one[3]}, '{one[4]}')" for one in rows(200, seed=9))
    connected(f"SELECT c AS msisdn, drops, load::DOUBLE AS load, net FROM (VALUES {values}) AS t(c, drops, load, net)")

    told = scored(capsys, "--warehouse", "Base", "--capacity", "10")

    assert (told["scored"], told["entered"], told["pool_new"]) == (200, 10, 10)


def test_columns_that_moved_are_named(capsys: pytest.CaptureFixture[str], base: Path) -> None:
    in_use(now=NOW)
    moved = [(one[0], int(str(one[2])) * 6 + 4, one[3], one[4]) for one in rows(N, seed=9)]
    path = write(base.parent / "moved.csv", moved, header=COLUMNS)

    told = scored(capsys, str(path), "--capacity", "10")

    assert told["shifted"] == ["score", "drops"]


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ([], "Name a file, or a warehouse"),
        (["nowhere.csv"], "There is no file"),
        (["BASE", "--model", "unheard-of"], "No model unheard-of is in use"),
        (["BASE", "--capacity", "-1"], "can be called"),
        (["BASE", "--floor", "2"], "lies between 0 and 1"),
        (["--warehouse", "nowhere"], "There is no warehouse nowhere"),
    ],
)
def test_a_mistake_is_a_sentence_and_nothing_is_written(
    capsys: pytest.CaptureFixture[str], base: Path, arguments: list[str], sentence: str
) -> None:
    in_use(now=NOW)

    code, out, err = run(capsys, *(str(base) if one == "BASE" else one for one in arguments))

    assert (code, out) == (1 if sentence.startswith(("There is no warehouse", "No model")) else 2, "")
    assert sentence in err
    assert ScoreRun.objects.count() == 0


def test_without_a_model_in_use_it_says_what_to_do(capsys: pytest.CaptureFixture[str], base: Path) -> None:
    kept(now=NOW)

    code, _out, err = run(capsys, str(base))

    assert code == 1
    assert "train one and put it in use" in err
