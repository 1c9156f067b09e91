"""The command and the task of the daily watch."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command

from loopcare import celery
from surveys.models import Alarm, ChangedDay, JudgedDay
from surveys.tasks import monitor
from tests.factories import NOW, set_clock
from tests.surveys.watching import DAY, detect, usual_days

pytestmark = pytest.mark.django_db


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    code = 0
    try:
        call_command("monitor", *arguments)
    except SystemExit as exit_:
        code = int(exit_.code or 0)
    captured = capsys.readouterr()
    return code, captured.out.strip(), captured.err.strip()


def test_monitor_prints_the_day_its_cells_and_its_alarms(capsys: pytest.CaptureFixture[str]) -> None:
    usual_days(10)
    usual_days(10, brand="")
    detect(DAY, 10)
    detect(DAY, 40, brand="")
    code, out, _err = run(capsys, "--now", NOW.isoformat(), "--json")
    printed = json.loads(out)
    [alarm] = printed["alarms"]
    assert (code, list(printed)) == (0, ["day", "cells", "alarms", "late", "counted", "judged"])
    assert (printed["day"], printed["cells"], len(printed["counted"]), len(printed["judged"])) == (
        "2026-03-02",
        3,
        57,
        7,
    )
    assert [alarm[key] for key in ("day", "source", "brand", "region", "channel", "observed", "status")] == [
        *("2026-03-02", "hotline", "", "BJ", "hotline", 40, "new")
    ]
    assert (alarm["id"], alarm["lower"] < alarm["expected"] < alarm["upper"] < 40) == (Alarm.objects.get().pk, True)


def test_monitor_again_prints_the_same_alarms(capsys: pytest.CaptureFixture[str]) -> None:
    usual_days(10)
    detect(DAY, 40)
    first, second = (json.loads(run(capsys, "--now", NOW.isoformat(), "--json")[1]) for _ in range(2))
    assert (first["day"], first["cells"], first["alarms"]) == (second["day"], second["cells"], second["alarms"])


def test_monitor_tells_a_person_in_lines(capsys: pytest.CaptureFixture[str]) -> None:
    usual_days(10)
    usual_days(10, source="sms")
    detect(DAY, 40)
    _code, out, _err = run(capsys, "--now", NOW.isoformat())
    alarm = Alarm.objects.get()
    assert out.splitlines() == [
        "2026-03-02: 1 alarms in 1 cells, late: sms",
        f"  hotline / A / BJ / hotline: 40 vs {alarm.lower}-{alarm.upper} (p {alarm.p_value:.1g}, new)",
    ]


def test_monitor_of_a_running_day_ends_in_two(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = run(capsys, "--day", "2026-03-03", "--now", NOW.isoformat())
    assert (code, out) == (2, "")
    assert "2026-03-03 is not over yet" in err


def test_monitor_refuses_what_is_no_day() -> None:
    with pytest.raises(CommandError, match="'yesterday' is not a day"):
        call_command("monitor", "--day", "yesterday")


def test_monitor_of_an_empty_installation_finds_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    printed = json.loads(run(capsys, "--now", NOW.isoformat(), "--json")[1])
    assert (printed["cells"], printed["alarms"], printed["late"]) == (0, [], [])


def test_task_watches_by_the_installations_clock() -> None:
    set_clock(NOW)
    usual_days(10)
    detect(DAY, 40)
    ChangedDay.objects.update(changed_at=NOW - timedelta(hours=1))
    assert (monitor(), monitor()) == (57, 0)
    assert JudgedDay.objects.filter(day=DAY).exists()


def test_every_worker_watches() -> None:
    assert monitor.name in celery.SWEEP
