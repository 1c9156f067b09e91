"""Factors are set once, by who looked at them, in their range; and launches and words go by them."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
from django.db import IntegrityError, connection, transaction
from django.db.utils import DatabaseError

from careplans.enums import CampaignStatus, CaseStatus, CloseReason, FactorKind, StrategyKind
from careplans.logic.priority import SHIPPED
from careplans.models import Case, PriorityFactor, Strategy
from careplans.selectors import case_view
from careplans.selectors.priority import (
    factors_in_force,
    factors_version,
    standings,
    suggested_effects,
    worth_by_tier,
)
from careplans.services.campaigns import preview_campaign
from careplans.services.launches import launch_campaign
from careplans.services.priority import RANGES, adopt_suggestion, set_factors
from careplans.services.strategies import ensure_basics
from loopcare.common.errors import Conflict, Invalid
from loopcare.staff.enums import Role
from loopcare.staff.models import AuditEntry, User
from tests.factories import NOW, make_campaign, make_case, make_customer, make_entry, make_strategy, make_user

CORE = ("p_leaves", "core")
TALK = ("effect", "callback")


@pytest.fixture
def boss(db: None) -> User:
    return make_user(Role.SUPERVISOR, name="boss")


def closed(kind: StrategyKind, reason: CloseReason, n: int) -> None:
    campaign = make_campaign()
    strategy = make_strategy(kind=kind)
    for _ in range(n):
        make_case(campaign, strategy=strategy, status=CaseStatus.CLOSED, close_reason=reason, closed_at=NOW)


def test_factors_are_as_shipped_until_somebody_sets_them(db: None) -> None:
    assert factors_in_force() == SHIPPED
    assert factors_version() == 0
    assert {standing.basis for standing in standings().values()} == {""}
    assert len(standings()) == 12


def test_what_is_set_holds_from_then_on_and_leaves_a_trail(boss: User) -> None:
    changed = set_factors(values={CORE: 0.2, TALK: 0.3}, seen=0, by=boss, now=NOW)
    assert [(row.kind, row.of, row.value, row.version) for row in changed] == [("p_leaves", "core", 0.2, 1)]
    now = factors_in_force()
    assert (now.tiers["core"].p_leaves, now.tiers["core"].value_at_stake) == (0.2, 1200.0)
    assert {**now.tiers, "core": None} == {**SHIPPED.tiers, "core": None}
    standing = standings()[CORE]
    assert (standing.basis, standing.by, standing.at, standing.version) == ("set", boss, NOW, 1)
    entry = AuditEntry.objects.get(subject="priority")
    assert (entry.actor, entry.note, entry.subject_id) == (boss, "core p_leaves 0.12 → 0.2", 1)


def test_factors_as_they_were_are_known(boss: User) -> None:
    set_factors(values={CORE: 0.2}, seen=0, by=boss, now=NOW)
    set_factors(values={CORE: 0.3}, seen=1, by=boss, now=NOW + timedelta(days=1))
    assert [
        factors_in_force(NOW + timedelta(hours=hours)).tiers["core"].p_leaves for hours in (-1, 0, 23, 24, 100)
    ] == [0.12, 0.2, 0.2, 0.3, 0.3]
    assert factors_in_force().tiers["core"].p_leaves == 0.3


def test_nothing_is_kept_where_nothing_changes(boss: User) -> None:
    assert set_factors(values={CORE: 0.12}, seen=0, by=boss, now=NOW) == []
    assert (PriorityFactor.objects.count(), AuditEntry.objects.filter(subject="priority").count()) == (0, 0)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        (CORE, 1.01),
        (CORE, -0.01),
        (CORE, float("nan")),
        (("value", "core"), -1.0),
        (("value", "core"), float("inf")),
        (TALK, 1.5),
        (TALK, -1.5),
    ],
)
def test_value_out_of_its_range_is_refused_at_its_field(boss: User, name: tuple[str, str], value: float) -> None:
    with pytest.raises(Invalid) as refused:
        set_factors(values={name: value}, seen=0, by=boss, now=NOW)
    assert refused.value.field == "-".join(name)
    with pytest.raises(IntegrityError), transaction.atomic():
        PriorityFactor.objects.create(kind=name[0], of=name[1], value=value, basis="set", version=1, by=boss, at=NOW)


def test_factor_that_there_is_not_is_refused(boss: User) -> None:
    with pytest.raises(Invalid, match="There is no factor p_leaves-gold"):
        set_factors(values={("p_leaves", "gold"): 0.1}, seen=0, by=boss, now=NOW)
    with pytest.raises(IntegrityError), transaction.atomic():
        PriorityFactor.objects.create(kind="effect", of="core", value=0.1, basis="set", version=1, by=boss, at=NOW)


def test_who_looked_at_older_factors_changes_nothing(boss: User) -> None:
    set_factors(values={CORE: 0.2}, seen=0, by=boss, now=NOW)
    with pytest.raises(Conflict, match="meanwhile"):
        set_factors(values={("p_leaves", "high"): 0.2}, seen=0, by=boss, now=NOW)
    assert factors_in_force().tiers["high"].p_leaves == 0.1


@pytest.mark.django_db(transaction=True)
def test_of_two_at_once_one_wins() -> None:
    boss = make_user(Role.SUPERVISOR)
    start, told = threading.Barrier(4), list[str]()

    def change(value: float) -> None:
        try:
            start.wait()
            set_factors(values={CORE: value}, seen=0, by=boss, now=NOW)
            told.append("set")
        except Conflict:
            told.append("conflict")
        finally:
            connection.close()

    hands = [threading.Thread(target=change, args=(value,)) for value in (0.2, 0.3, 0.4, 0.5)]
    for hand in hands:
        hand.start()
    for hand in hands:
        hand.join()
    assert sorted(told) == ["conflict"] * 3 + ["set"]
    assert PriorityFactor.objects.count() == 1


def test_history_cannot_be_changed(boss: User) -> None:
    set_factors(values={CORE: 0.2}, seen=0, by=boss, now=NOW)
    with pytest.raises(DatabaseError), transaction.atomic():
        PriorityFactor.objects.update(value=0.5)
    with pytest.raises(DatabaseError), transaction.atomic():
        PriorityFactor.objects.all().delete()


def test_launch_goes_by_the_factors_in_force_and_the_case_says_so(boss: User) -> None:
    set_factors(values={("p_leaves", "high"): 0.25, TALK: 0.4}, seen=0, by=boss, now=NOW)
    entry = make_entry(make_customer(value_tier="high"), value_tier="high")
    campaign = make_campaign(CampaignStatus.DRAFT, hold_out_share=0)
    preview = preview_campaign(campaign=campaign, now=NOW)
    launch_campaign(campaign=campaign, hash=preview.hash, by=boss, now=NOW)
    case = Case.objects.get(entry=entry)
    assert case.priority == pytest.approx((0.25 * 3600 * 0.4 - 18) / 9)  # 38
    said = "expected ¥38.0 per minute: ¥3,600 at stake × 25% who leave × 40% of them kept − ¥18.00 cost, in 9 minutes"
    assert case_view(case, NOW).why[-1] == said
    # What is set later does not change what was launched, nor what is said of it.
    set_factors(values={TALK: 0.9}, seen=1, by=boss, now=NOW + timedelta(days=1))
    assert case_view(case, NOW + timedelta(days=2)).why[-1] == said
    # A strategy that costs something else by now explains the priority no more.
    Strategy.objects.filter(pk=case.strategy_id).update(unit_cost=20)
    assert case_view(Case.objects.get(pk=case.pk), NOW).why[-1] == "expected ¥38.0 per minute"


def test_kind_of_care_that_keeps_nobody_is_not_ordered_by_value(boss: User) -> None:
    set_factors(values={TALK: 0.0}, seen=0, by=boss, now=NOW)
    make_entry(make_customer(value_tier="strategic"))
    campaign = make_campaign(CampaignStatus.DRAFT, hold_out_share=0)
    launch_campaign(campaign=campaign, hash=preview_campaign(campaign=campaign, now=NOW).hash, by=boss, now=NOW)
    assert Case.objects.get().priority == 0


def test_worth_by_tier_by_hand(db: None) -> None:
    ensure_basics()
    talk, *_others = worth_by_tier(factors_in_force(), Strategy.objects.filter(kind="callback"))
    assert talk[1] == pytest.approx([38.0, 10.0, 2.8, 0.8])


# --- what closed cases suggest ---------------------------------------------------------------------------------------
def test_suggestion_counts_closed_cases_by_kind(boss: User) -> None:
    closed(StrategyKind.CALLBACK, CloseReason.CONFIRMED, 12)
    closed(StrategyKind.CALLBACK, CloseReason.UNREACHABLE, 8)
    closed(StrategyKind.OUTREACH, CloseReason.UNCONFIRMED, 7)
    closed(StrategyKind.OUTREACH, CloseReason.CONFIRMED, 3)
    closed(StrategyKind.OUTREACH, CloseReason.WITHDRAWN, 5)  # had no care to the end
    closed(StrategyKind.INTERVIEW, CloseReason.RECOVERED, 5)
    make_case()
    found = suggested_effects()
    assert {kind: (one.closed, one.confirmed) for kind, one in found.items()} == {
        "callback": (20, 12),
        "outreach": (10, 3),
    }
    changed = adopt_suggestion(seen=0, by=boss, now=NOW)
    assert [(row.kind, row.of, row.version) for row in changed] == [
        ("effect", "callback", 1),
        ("effect", "outreach", 1),
    ]
    now = factors_in_force().effects
    assert now == {**SHIPPED.effects, **{kind: one.effect for kind, one in found.items()}}
    standing = standings()["effect", "callback"]
    assert (standing.basis, standing.version) == ("calibrated", 1)
    assert standing.evidence is not None
    assert (standing.evidence["closed"], standing.evidence["confirmed"]) == (20, 12)
    assert factors_in_force().tiers == SHIPPED.tiers
    # The same cases count once, however often their suggestion is taken over.
    assert suggested_effects() == found
    assert adopt_suggestion(seen=1, by=boss, now=NOW) == []


def test_suggestion_weighs_cases_against_what_was_set(boss: User) -> None:
    closed(StrategyKind.CALLBACK, CloseReason.CONFIRMED, 30)
    closed(StrategyKind.OUTREACH, CloseReason.CONFIRMED, 30)
    set_factors(values={TALK: 0.2, ("effect", "outreach"): 0.2}, seen=0, by=boss, now=NOW)
    assert {kind: one.effect for kind, one in suggested_effects().items()} == pytest.approx(
        {"callback": 0.2, "outreach": 0.2}
    )


def test_too_few_closed_cases_suggest_nothing(boss: User) -> None:
    closed(StrategyKind.CALLBACK, CloseReason.CONFIRMED, 28)
    closed(StrategyKind.INTERVIEW, CloseReason.CONFIRMED, 1)
    assert suggested_effects() == {}
    with pytest.raises(Conflict, match="Too few"):
        adopt_suggestion(seen=0, by=boss, now=NOW)
    closed(StrategyKind.CALLBACK, CloseReason.REFUSED, 1)
    assert suggested_effects()["callback"].closed == 29


def test_every_kind_of_factor_has_its_range() -> None:
    assert set(RANGES) == set(FactorKind)
