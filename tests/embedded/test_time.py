"""Letting time pass, sweeping and sending by hand."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from django.core.management import call_command

from evaluation.models import FollowUp
from loopcare.common import clock
from loopcare.staff.services import found_demo_world
from surveys.services.setup import ensure_basics
from tests.evaluation.panels import assign, make_addressed
from tests.factories import make_campaign
from tests.mailbox import Mailbox

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def follow_ups(mailbox: Mailbox) -> Mailbox:
    """One customer assigned now, with an address, in an installation that can send."""
    ensure_basics()
    now = clock.now()
    campaign = make_campaign(launched_at=now)
    assign(campaign, make_addressed(1), "care", assigned_at=now)
    return mailbox


@pytest.mark.slow
def test_advance_clock_lets_three_waves_happen_on_their_way(
    follow_ups: Mailbox, capsys: pytest.CaptureFixture[str]
) -> None:
    found_demo_world(brand="Demo")
    before = clock.now()
    call_command("advance_clock", "--days", "95", "--json")
    told = json.loads(capsys.readouterr().out)
    assert timedelta(days=95) <= clock.now() - before < timedelta(days=95, minutes=5)
    assert told["ask_follow_ups"] == 4  # enrolled once, asked three times
    assert told["send_messages"] == 3
    assert [mail["To"] for mail in follow_ups.mails] == ["c1@example.com"] * 3
    assert list(FollowUp.objects.order_by("wave").values_list("status", flat=True)) == ["done"] * 3


def test_advance_clock_is_refused_in_a_live_installation(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        call_command("advance_clock", "--days", "1")
    assert stopped.value.code == 4
    assert "Only a demo world's clock can be moved" in capsys.readouterr().err


def test_advance_clock_only_moves_forward(capsys: pytest.CaptureFixture[str]) -> None:
    found_demo_world(brand="Demo")
    with pytest.raises(SystemExit) as stopped:
        call_command("advance_clock", "--to", "2020-01-01")
    assert stopped.value.code == 2
    assert "Time only moves forward" in capsys.readouterr().err


def test_sweep_drains_everything_and_prints_counts(follow_ups: Mailbox, capsys: pytest.CaptureFixture[str]) -> None:
    call_command("sweep", "--json")
    assert json.loads(capsys.readouterr().out) == {
        "send_messages": 0,
        "run_imports": 0,
        "run_scans": 0,
        "score_silent": 0,
        "analyse": 3,
        "release_lapsed": 0,
        "ask_follow_ups": 1,
        "monitor": 7,
        "leave_pool": 1,
        "detect_by_time": 0,
        "forget_old": 0,
    }


def test_send_due_drains_the_outbox(capsys: pytest.CaptureFixture[str]) -> None:
    call_command("send_due", "--json")
    assert json.loads(capsys.readouterr().out) == {"done": 0, "failed": 0, "dead": 0, "put_off": 0}
