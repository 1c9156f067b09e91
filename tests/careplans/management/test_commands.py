"""The planner's two commands: keys and exit codes that scripts rely on."""

from __future__ import annotations

import json
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from django.core.management import call_command

from careplans.enums import CampaignStatus
from careplans.models import Assignment
from tests.factories import NOW, make_campaign, make_entry

pytestmark = pytest.mark.django_db

Run = Callable[..., tuple[int, dict[str, Any], str]]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    """Runs a command with --json; gives its exit code, its object and what it said on stderr."""

    def call(*arguments: str) -> tuple[int, dict[str, Any], str]:
        code = 0
        try:
            call_command(*arguments, "--json", "--now", NOW.isoformat())
        except SystemExit as ended:
            code = int(str(ended.code))
        out, err = capsys.readouterr()
        return code, json.loads(out) if out else {}, err

    return call


def test_preview_prints_the_keys_of_the_contract_and_launch_assigns(run: Run) -> None:
    for _ in range(10):
        make_entry()
    make_campaign(CampaignStatus.DRAFT, name="Spring", agents=9, hold_out_share=Decimal("0.2"))
    code, plan, _err = run("preview_campaign", "Spring")
    assert code == 0
    promised = {"eligible", "exclusions", "hold_out", "care", "deferred", "capacity", "mde", "cost", "hash"}
    assert set(plan) == promised | {"found", "lines", "warnings"}
    assert (plan["eligible"], plan["hold_out"], plan["care"], plan["deferred"]) == (10, 2, 8, 0)
    code, result, _err = run("launch_campaign", "Spring", "--hash", plan["hash"])
    assert (code, result) == (
        0,
        {"assigned": {"care": 8, "hold_out": 2, "deferred": 0, "cases": 8, "no_case": 0}},
    )
    code, result, err = run("launch_campaign", "Spring", "--hash", plan["hash"])
    assert (code, result) == (4, {})
    assert "launched before" in err
    assert Assignment.objects.count() == 10


def test_wrong_hash_is_a_conflict_and_an_unknown_name_a_failure(run: Run) -> None:
    make_entry()
    make_campaign(CampaignStatus.DRAFT, name="Spring")
    run("preview_campaign", "Spring")
    assert run("launch_campaign", "Spring", "--hash", "0" * 64)[0] == 4
    code, _result, err = run("preview_campaign", "Summer")
    assert code == 1
    assert "no campaign called Summer" in err


def test_nobody_eligible_is_a_usage_error(run: Run) -> None:
    make_campaign(CampaignStatus.DRAFT, name="Spring")
    plan = run("preview_campaign", "Spring")[1]
    assert run("launch_campaign", "Spring", "--hash", plan["hash"])[0] == 2
