"""The demo world is loaded once, whole or not at all, and only where nobody works yet."""

from __future__ import annotations

import json
import stat
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as configured
from django.core import mail
from django.core.management import call_command
from pytest_django import Settings

from careplans.enums import CampaignStatus
from careplans.models import Campaign, Case
from evaluation.demo import world
from evaluation.demo.people import invent
from evaluation.models import FollowUp
from loopcare.customers.models import Customer
from loopcare.staff.enums import World
from loopcare.staff.models import Installation, User
from surveys.models import PoolEntry, Signal
from tests.factories import make_customer, make_user

NOW = "2026-05-20T15:00+08:00"
SMALL = ("--customers", "300", "--seed", "7", "--now", NOW, "--json")


@pytest.fixture(autouse=True)
def home(settings: Settings, tmp_path: Path) -> Path:
    settings.HOME = tmp_path
    return tmp_path


def load(capsys: pytest.CaptureFixture[str], *options: str) -> dict[str, Any]:
    capsys.readouterr()
    call_command("load_demo", *options)
    result: dict[str, Any] = json.loads(capsys.readouterr().out)
    result.pop("seconds", None)
    return result


@pytest.mark.slow
@pytest.mark.django_db(transaction=True, reset_sequences=True)
def test_load_demo_lives_half_a_year_once(capsys: pytest.CaptureFixture[str], home: Path) -> None:
    counts = {
        "customers": 446,
        "signals": 1636,
        "pool_entries": 216,
        "pool_open": 210,
        "campaigns": 3,
        "cases": 32,
        "cases_open": 19,
        "attempts": 70,
        "messages": 42,
        "answers": 30,
    }
    assert load(capsys, *SMALL) == {"loaded": True, **counts}
    assert load(capsys, *SMALL, "--if-empty") == {"loaded": False, **counts}
    assert list(Campaign.objects.order_by("pk").values_list("name", "status")) == [
        (world.FIRST, CampaignStatus.READ),
        (world.SECOND, CampaignStatus.LAUNCHED),
        (world.THIRD, CampaignStatus.DRAFT),
    ]
    assert set(FollowUp.objects.values_list("status", flat=True)) == {"done", "waiting"}
    assert mail.outbox == []
    password = home / "demo_password"
    assert stat.S_IMODE(password.stat().st_mode) == 0o600
    assert all(user.check_password(password.read_text().strip()) for user in User.objects.all())
    with pytest.raises(SystemExit) as refused:
        call_command("load_demo", *SMALL)
    assert refused.value.code == 4


@pytest.mark.django_db
@pytest.mark.parametrize("begin", [make_user, make_customer, lambda: Installation.objects.create(world=World.LIVE)])
def test_load_demo_refuses_an_installation_in_use(begin: Any, capsys: pytest.CaptureFixture[str]) -> None:
    begin()
    before = User.objects.count(), Customer.objects.count()
    with pytest.raises(SystemExit) as refused:
        call_command("load_demo", *SMALL, "--if-empty")
    assert refused.value.code == 4
    assert "into an empty one only" in capsys.readouterr().err
    assert (User.objects.count(), Customer.objects.count()) == before


@pytest.mark.slow
@pytest.mark.django_db
def test_load_demo_killed_in_the_middle_leaves_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    lived = []

    def killed(_world: world.World, _now: Any) -> None:
        lived.append(Case.objects.exists() and Signal.objects.exists())
        raise KeyboardInterrupt

    before = configured.EMAIL_BACKEND, configured.EMAIL_CONFIGURED
    monkeypatch.setattr(world.World, "_second_round", killed)
    with pytest.raises(KeyboardInterrupt):
        call_command("load_demo", "--customers", "100", "--now", NOW)
    assert lived == [True]
    assert before == (configured.EMAIL_BACKEND, configured.EMAIL_CONFIGURED)
    assert set(world.counts().values()) == {0}
    assert not Installation.objects.exists()
    assert not User.objects.exists()
    assert not PoolEntry.objects.exists()


def test_invented_people_repeat_by_seed_and_cannot_be_real() -> None:
    people = invent(number=50, seed=7)
    assert people == invent(number=50, seed=7)
    assert people[:10] == invent(number=10, seed=7)
    assert people != invent(number=50, seed=8)
    assert {person.phone[:6] for person in people if person.phone} == {"+86100"}
    assert {person.email.rpartition("@")[2] for person in people if person.email} == {"example.com"}
