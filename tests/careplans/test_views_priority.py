"""The page of the priority: read by many, set by supervisors, tried before it is saved."""

from __future__ import annotations

from typing import Any

import pytest

from careplans.enums import CaseStatus, CloseReason, StrategyKind
from careplans.models import PriorityFactor
from careplans.selectors.priority import factors_in_force
from careplans.services.strategies import ensure_basics
from loopcare.staff.enums import Role
from loopcare.staff.models import User
from tests.careplans.conftest import SignIn
from tests.factories import NOW, make_campaign, make_case, make_strategy, make_user

PAGE, SAVE, ADOPT = "/campaigns/priority/", "/campaigns/priority/save/", "/campaigns/priority/adopt/"


@pytest.fixture
def boss(db: None) -> User:
    ensure_basics()
    return make_user(Role.SUPERVISOR, name="boss")


def typed(**changes: Any) -> dict[str, Any]:
    """The form as it is sent when nothing was touched, but for `changes` (a dash in a name is written __)."""
    percents = {"strategic": 8, "high": 10, "core": 12, "basic": 14}
    values = {"strategic": 15000, "high": 3600, "core": 1200, "basic": 600}
    effects = {"callback": 30, "outreach": 5, "touchpoint": 10, "interview": 15}
    form = {"seen": 0}
    form |= {f"p_leaves-{tier}": each for tier, each in percents.items()}
    form |= {f"value-{tier}": each for tier, each in values.items()}
    form |= {f"effect-{kind}": each for kind, each in effects.items()}
    return form | {name.replace("__", "-"): value for name, value in changes.items()}


def worth(page: Any, strategy: str) -> list[tuple[str, str]]:
    (row,) = (row for row in page.context["worth"] if row["strategy"] == strategy)
    return list(row["cells"])


def test_page_shows_every_factor_and_what_it_makes(boss: User, sign_in: SignIn) -> None:
    page = sign_in(boss).get(PAGE)
    text = page.content.decode()
    assert text.count("assumed") == 12
    assert [value for value, _before in worth(page, "Callback")] == ["38.00", "10.00", "2.80", "0.80"]
    assert 'name="p_leaves-core"' in text
    assert "Nothing here says who left the company" in text
    assert "30 closed cases of two kinds of care are needed" in text


def test_reader_sees_figures_and_no_field(boss: User, sign_in: SignIn) -> None:
    text = sign_in(make_user(Role.AUDITOR)).get(PAGE).content.decode()
    assert "¥15,000" in text
    assert "12.0%" in text
    assert "<input" not in text.split("<main")[1].replace('<input type="hidden"', "")
    assert sign_in(make_user(Role.ANALYST)).post(SAVE, typed()).status_code == 403
    assert sign_in(make_user(Role.AGENT)).get(PAGE).status_code == 403


def test_supervisor_sets_factors(boss: User, sign_in: SignIn) -> None:
    client = sign_in(boss)
    sent = client.post(SAVE, typed(p_leaves__core="25", value__basic="750.5"), follow=True)
    assert "2 factors set" in sent.content.decode()
    assert "set by boss, 2026-03-03" in sent.content.decode()
    now = factors_in_force()
    assert (now.tiers["core"].p_leaves, now.tiers["basic"].value_at_stake) == (0.25, 750.5)
    assert PriorityFactor.objects.count() == 2
    assert [row["factor"] for row in sent.context["changes"]] == ["chance of leaving: core", "value at stake: basic"]


def test_untouched_form_changes_nothing(boss: User, sign_in: SignIn) -> None:
    assert "Nothing was changed." in sign_in(boss).post(SAVE, typed(), follow=True).content.decode()
    assert PriorityFactor.objects.count() == 0


def test_trying_shows_and_saves_nothing(boss: User, sign_in: SignIn) -> None:
    page = sign_in(boss).post(SAVE, typed(effect__callback="60", act="try"))
    assert page.status_code == 200
    assert worth(page, "Callback") == [("78.00", "38.00"), ("22.00", "10.00"), ("7.60", "2.80"), ("3.60", "0.80")]
    assert worth(page, "Outreach")[0][1] == ""
    assert "not saved" in page.content.decode()
    assert PriorityFactor.objects.count() == 0
    assert page.context["form"]["effect-callback"].value() == "60"


def test_kind_that_keeps_nobody_has_no_value_per_minute(boss: User, sign_in: SignIn) -> None:
    page = sign_in(boss).post(SAVE, typed(effect__callback="-5", act="try"))
    assert worth(page, "Callback") == [("?", "38.00"), ("?", "10.00"), ("?", "2.80"), ("?", "0.80")]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("p_leaves-core", "101"),
        ("p_leaves-core", ""),
        ("value-core", "-1"),
        ("effect-callback", "x"),
        ("value-core", "nan"),
    ],
)
def test_what_cannot_be_is_refused_at_its_field(boss: User, sign_in: SignIn, field: str, value: str) -> None:
    page = sign_in(boss).post(SAVE, typed() | {field: value})
    assert page.status_code == 422
    assert list(page.context["form"].errors) == [field]
    assert PriorityFactor.objects.count() == 0


def test_page_that_is_out_of_date_is_told_so(boss: User, sign_in: SignIn) -> None:
    client = sign_in(boss)
    client.post(SAVE, typed(p_leaves__core="25"))
    page = client.post(SAVE, typed(p_leaves__core="30"))
    assert page.status_code == 409
    assert "Somebody changed the factors meanwhile" in page.content.decode()
    assert factors_in_force().tiers["core"].p_leaves == 0.25


def test_suggestion_is_taken_over_by_a_click_only(boss: User, sign_in: SignIn) -> None:
    campaign = make_campaign()
    strategies = [make_strategy(kind=StrategyKind.CALLBACK), make_strategy(kind=StrategyKind.TOUCHPOINT)]
    for place in range(80):
        reason = CloseReason.CONFIRMED if place % 4 < 2 else CloseReason.UNREACHABLE
        strategy = strategies[place % 2]
        make_case(campaign, strategy=strategy, status=CaseStatus.CLOSED, close_reason=reason, closed_at=NOW)
    client = sign_in(boss)
    page = client.get(PAGE)
    talk, point = page.context["suggested"]
    assert (talk["kind"], talk["closed"], talk["confirmed"], talk["now"]) == ("callback", "40", "20", "30.0%")
    # Both were confirmed as often, so they keep more alike than was assumed: (20 + 20 × .75) / 60 of .4 at most.
    assert (talk["share"], talk["effect"], point["share"], point["effect"]) == ("58.3%", "23.3%", "41.7%", "16.7%")
    assert "A confirmed solution is not a customer kept." in page.content.decode()
    assert factors_in_force().effects["callback"] == 0.3
    sent = client.post(ADOPT, {"seen": page.context["seen"]}, follow=True)
    assert "2 factors taken over." in sent.content.decode()
    assert "calibrated from 40 closed cases" in sent.content.decode()
    assert factors_in_force().effects["callback"] == pytest.approx(0.4 * 35 / 60)
    assert client.post(ADOPT, {"seen": "x"}).status_code == 409


def test_a_calibrated_factor_that_nobody_touches_stays_exact(boss: User, sign_in: SignIn) -> None:
    """The field shows two digits; saving the page must not round what is behind them."""
    PriorityFactor.objects.create(
        kind="effect", of="callback", value=0.123456789, basis="calibrated", version=1, by=boss, at=NOW
    )
    client = sign_in(boss)
    client.post(SAVE, typed(effect__callback="12.35", seen=1, p_leaves__core="13"))
    assert factors_in_force().effects["callback"] == 0.123456789
    assert factors_in_force().tiers["core"].p_leaves == 0.13


def test_api_tells_the_factors_in_force(boss: User, sign_in: SignIn) -> None:
    client = sign_in(boss)
    client.post(SAVE, typed(p_leaves__core="25"))
    told = client.get("/api/v1/priority-factors/").json()
    assert len(told) == 12
    (core,) = (one for one in told if (one["kind"], one["of"]) == ("p_leaves", "core"))
    assert (core["value"], core["basis"], core["by"], core["version"]) == (0.25, "set", "boss", 1)
    (high,) = (one for one in told if (one["kind"], one["of"]) == ("p_leaves", "high"))
    assert (high["value"], high["basis"], high["by"], high["at"], high["evidence"]) == (0.1, "", None, None, None)
