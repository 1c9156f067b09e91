"""The command: contract keys as JSON, lines for a person, exit codes."""

from __future__ import annotations

import json

import pytest
from django.core.management import call_command

from tests.evaluation.panels import make_answered

pytestmark = pytest.mark.django_db


def test_evaluate_prints_the_contract_keys(capsys: pytest.CaptureFixture[str]) -> None:
    campaign = make_answered({"care": 60, "hold_out": 40}, effect=25)
    call_command("evaluate", campaign.name, "--now", "2026-06-17", "--json")
    found = json.loads(capsys.readouterr().out)
    assert (found["verdict"], found["roi"], len(found["waves"]), len(found["effects"])) == ("won", {}, 3, 6)
    assert found["checks"]["sample_ratio"]["warns"] is False
    call_command("evaluate", campaign.name, "--now", "2026-06-16", "--json")
    assert json.loads(capsys.readouterr().out)["verdict"] == "interim"


def test_evaluate_tells_a_person_one_line_a_fact(capsys: pytest.CaptureFixture[str]) -> None:
    campaign = make_answered({"care": 60, "hold_out": 40}, effect=25)
    call_command("evaluate", campaign.name, "--now", "2026-06-17")
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == f"{campaign.name}: won (read-out 2026-06-17)"
    assert lines[3].startswith("  satisfaction month 3 primary: +")
    assert lines[3].endswith("n 60 / 40")
    assert lines[9] == "  contamination: 0 ok"
    assert len(lines) == 11


def test_evaluate_of_an_unknown_campaign_fails_with_a_sentence(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        call_command("evaluate", "No such", "--json")
    assert stopped.value.code == 1
    assert "No such" in capsys.readouterr().err
