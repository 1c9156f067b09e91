"""The command that reads comments."""

from __future__ import annotations

import json
from datetime import datetime
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command

from surveys.logic.causes.seed import SEED
from surveys.models import Cause
from tests.surveys.comments import say

pytestmark = pytest.mark.django_db


def run(*args: str) -> dict[str, Any]:
    out = StringIO()
    call_command("read_comments", *args, "--json", stdout=out)
    return dict(json.loads(out.getvalue()))


def test_reads_trains_and_reads_again(now: datetime) -> None:
    say(("A", "家里没有信号"), ("B", "电梯"), ("C", "no signal"), now=now)
    told = run("--now", "2026-05-05")
    causes = {cause["cause"]: cause for cause in told.pop("causes")}
    assert told == {
        "version": 1,
        "read": 3,
        "coded": 2,
        "unknown": 1,
        "changed": 2,
        "more": False,
        "coverage": 0.6667,
        "precision": None,
    }
    assert sorted(causes) == sorted(SEED)
    assert causes["network.coverage"] == {
        "cause": "network.coverage",
        "n": 0,
        "threshold": 0.5,
        "precision": None,
        "low": None,
        "high": None,
        "judged": 0,
        "guessed": 2,
        "given": 2,
    }
    again = run("--now", "2026-05-06")
    assert (again["version"], again["read"], again["coverage"]) == (1, 0, 0.6667)
    trained = run("--train", "--limit", "2", "--now", "2026-05-06")
    assert (trained["version"], trained["read"], trained["more"]) == (2, 2, True)


def test_words_for_people(now: datetime) -> None:
    say(("A", "家里没有信号"), now=now)
    out = StringIO()
    call_command("read_comments", stdout=out)
    assert "  network.coverage: 1 of 1, from 0.50, not measured" in out.getvalue().splitlines()


def test_too_little_to_learn_from_is_told() -> None:
    Cause.objects.all().delete()
    told = StringIO()
    with pytest.raises(SystemExit) as stopped:
        call_command("read_comments", stderr=told)
    assert stopped.value.code == 2
    assert "two causes" in told.getvalue()
