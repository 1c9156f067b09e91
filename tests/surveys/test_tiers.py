"""The command that tells all tiers anew."""

from __future__ import annotations

import json
from io import StringIO

import pytest
from django.core.management import call_command

from loopcare.common import clock
from loopcare.staff.enums import Role
from surveys.models import Analysis
from surveys.services.tiers import decide_tier_rule
from tests.factories import make_user
from tests.surveys.services.test_tiers import person

pytestmark = pytest.mark.django_db


def run(*args: str) -> str:
    out = StringIO()
    call_command("tiers", *args, stdout=out)
    return out.getvalue()


def test_command_says_who_moved_and_a_second_time_nobody() -> None:
    for arpu in (200, 60, 5):
        person(arpu=arpu)
    decide_tier_rule(
        kind="value", measure="attribute:arpu", cuts=[100, 50, 10], by=make_user(Role.SUPERVISOR), now=clock.now()
    )
    assert "value: ? → strategic: 1\n" in run()
    assert json.loads(run("--json")) == {"moves": [], "moved": 0, "entries": 0}
    assert Analysis.objects.get().kind == "tiers"
