"""All customers' tiers told by rules: once, with a history, and nobody without a measure touched."""

from __future__ import annotations

import random
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import date, datetime, timedelta
from functools import partial
from typing import Any

import pytest
from django.db import connection, transaction
from django.db.models import F
from django.test.utils import CaptureQueriesContext
from django.utils.timezone import localdate

from loopcare.common.errors import Conflict, Invalid
from loopcare.customers.models import Customer
from loopcare.staff.enums import Role
from loopcare.staff.models import AuditEntry
from surveys.enums import PoolStatus
from surveys.logic.tiers import RECENCY, TIERS, Kind, tier_of
from surveys.models import PoolEntry, TierMove, TierRule
from surveys.selectors.tiers import moves_of, numeric_attributes, spread, standing
from surveys.services.tiers import Retiered, decide_tier_rule, ensure_tier_rules, make_tiers, retier
from tests.factories import make_customer, make_entry, make_user
from tests.surveys.events import desk, event, land_all, rating
from tests.threads import PATIENCE, Threads, someone_waits, wait_until

pytestmark = pytest.mark.django_db

ARPU, CUTS = "attribute:arpu", (100.0, 50.0, 10.0)


def person(**attributes: Any) -> Customer:
    row = make_customer()
    Customer.objects.filter(pk=row.pk).update(attributes=attributes, value_tier="", activity_tier="")
    row.refresh_from_db()
    return row


def by_arpu(now: datetime, cuts: tuple[float, ...] = CUTS) -> TierRule:
    return decide_tier_rule(kind="value", measure=ARPU, cuts=cuts, by=make_user(Role.SUPERVISOR), now=now)


def value_tiers(*people: Customer) -> list[str]:
    found = dict(Customer.objects.values_list("pk", "value_tier"))
    return [found[row.pk] for row in people]


def moved(kind: Kind, done: list[Retiered]) -> dict[tuple[str, str], int]:
    (mine,) = [one for one in done if one.kind == kind]
    return dict(mine.moves)


def test_every_customer_gets_the_tier_of_the_measure(now: datetime) -> None:
    people = [person(arpu=arpu) for arpu in (250, 100, 99.5, 10, 9.99, -3, "120.5")]
    by_arpu(now)
    assert moved("value", retier(now=now)) == {
        ("", "strategic"): 3,
        ("", "high"): 1,
        ("", "core"): 1,
        ("", "basic"): 2,
    }
    assert value_tiers(*people) == ["strategic", "strategic", "high", "core", "basic", "basic", "strategic"]


@pytest.mark.parametrize("arpu", [None, True, "", "much", "1e999", "NaN", [1], {"a": 1}, "12,5", 10**400, "😀"])
def test_what_is_no_number_keeps_its_tier(arpu: Any, now: datetime) -> None:
    odd, none = person(arpu=arpu), person(other=7)
    Customer.objects.update(value_tier="core")
    by_arpu(now)
    assert moved("value", retier(now=now)) == {}
    assert (value_tiers(odd, none), TierMove.objects.count()) == (["core", "core"], 0)


def test_second_time_changes_nothing_and_history_is_kept(now: datetime) -> None:
    row, rule = person(arpu=60), by_arpu(now)
    retier(now=now)
    assert moved("value", retier(now=now)) == {}
    Customer.objects.filter(pk=row.pk).update(attributes={"arpu": 5})
    later = now + timedelta(days=3)
    assert moved("value", retier(now=later)) == {("high", "basic"): 1}
    told = TierMove.objects.order_by("pk").values_list("customer", "rule", "kind", "from_tier", "to_tier", "moved_on")
    assert list(told) == [
        (row.pk, rule.pk, "value", "", "high", localdate(now)),
        (row.pk, rule.pk, "value", "high", "basic", localdate(later)),
    ]


def test_open_entries_follow_and_past_ones_stay(now: datetime) -> None:
    row = person(arpu=60)
    past = make_entry(customer=row, status=PoolStatus.LEFT, left_at=now, left_reason="recovered", value_tier="core")
    held = make_entry(customer=row, status=PoolStatus.HELD_OUT, value_tier="core")
    other = make_entry(value_tier="core")
    by_arpu(now)
    (done,) = [one for one in retier(now=now) if one.kind == "value"]
    tiers = dict(PoolEntry.objects.values_list("pk", "value_tier"))
    assert (done.entries, tiers) == (1, {past.pk: "core", held.pk: "high", other.pk: "core"})


def test_entry_that_says_otherwise_than_its_customer_is_mended(now: datetime) -> None:
    row = person(arpu=60)
    by_arpu(now)
    retier(now=now)
    entry = make_entry(customer=row, value_tier="basic")
    (done,) = [one for one in retier(now=now) if one.kind == "value"]
    entry.refresh_from_db()
    assert (done.moves, done.entries, entry.value_tier) == ({}, 1, "high")


def test_all_customers_are_told_in_one_statement(now: datetime) -> None:
    for arpu in range(30):
        person(arpu=arpu)
    by_arpu(now)
    ensure_tier_rules(now=now)
    with CaptureQueriesContext(connection) as asked:
        retier(now=now)
    assert len([query for query in asked if "UPDATE customers_customer" in query["sql"]]) == 2  # one a kind


def test_sql_and_logic_tell_the_same_tier(now: datetime) -> None:
    rng = random.Random(2)
    values = [rng.choice([rng.uniform(0, 120), rng.choice(CUTS), -0.0, 1e-7, 123456789012.5]) for _ in range(200)]
    people = [person(arpu=value) for value in values]
    by_arpu(now)
    retier(now=now)
    assert value_tiers(*people) == [tier_of(value, CUTS, "value") for value in values]


# --- activity --------------------------------------------------------------------------------------------------------
def heard(now: datetime) -> dict[str, int]:
    """Customers last heard of so many days ago, by name."""
    today, days = localdate(now), {"today": 0, "d30": 30, "d31": 31, "d90": 90, "d91": 91, "d180": 180, "d181": 181}
    land_all(*(rating(name, 90, on=today - timedelta(days=ago)) for name, ago in days.items()), now=now)
    return days


def activity() -> dict[str, str]:
    return dict(Customer.objects.values_list("reference", "activity_tier"))


def test_shipped_rule_tells_activity_by_when_somebody_was_heard_of(now: datetime) -> None:
    days = heard(now)
    never = person()
    land_all(rating("d181", 50, on=localdate(now) - timedelta(days=250)), now=now)
    retier(now=now)
    expected = {name: tier_of(-ago, (-30, -90, -180), "activity") for name, ago in days.items()}
    assert activity() == {**expected, never.reference: ""}
    assert list(expected.values()) == ["active", "active", "steady", "steady", "fading", "fading", "silent"]
    (rule,) = TierRule.objects.all()
    assert (rule.kind, rule.version, rule.measure, rule.cuts, rule.decided_by) == (
        "activity",
        1,
        RECENCY,
        [-30, -90, -180],
        None,
    )


def test_customers_fade_as_days_pass(now: datetime) -> None:
    heard(now)
    retier(now=now)
    assert moved("activity", retier(now=now + timedelta(days=31))) == {
        ("active", "steady"): 2,
        ("steady", "fading"): 1,
        ("fading", "silent"): 1,
    }


def test_days_heard_of_count_once_and_for_ninety_days(now: datetime) -> None:
    today = localdate(now)
    land_all(
        rating("often", 90, on=today, number=1),
        rating("often", 90, on=today, number=2),
        rating("often", 90, on=today, dimension="price"),
        rating("often", 90, on=today - timedelta(days=89)),
        rating("once", 90, on=today - timedelta(days=90)),
        now=now,
    )
    never = person()
    decide_tier_rule(kind="activity", measure="days_heard_90d", cuts=[3, 2, 1], by=make_user(Role.SUPERVISOR), now=now)
    retier(now=now)
    assert activity() == {"often": "steady", "once": "silent", never.reference: "silent"}


def test_predictions_and_scans_are_not_hearing_of_somebody(now: datetime) -> None:
    today = localdate(now)
    land_all(event("scanned", "usage", on=today), event("rang", "contact", on=today), now=now)
    retier(now=now)
    assert activity() == {"scanned": "", "rang": "active"}


# --- rules -----------------------------------------------------------------------------------------------------------
def test_no_rule_is_shipped_where_somebody_told_tiers(now: datetime) -> None:
    row = person(arpu=60)
    Customer.objects.filter(pk=row.pk).update(value_tier="core", activity_tier="silent")
    assert retier(now=now) == []
    assert (TierRule.objects.count(), value_tiers(row), activity()) == (0, ["core"], {row.reference: "silent"})


def test_value_is_shipped_by_revenue_where_customers_have_it(now: datetime) -> None:
    for revenue in range(1, 101):
        person(ARPU=revenue)
    retier(now=now)
    rule = TierRule.objects.get(kind="value")
    assert (rule.measure, rule.cuts) == ("attribute:ARPU", [95, 80, 50])
    assert standing("value") == {"strategic": 6, "high": 15, "core": 30, "basic": 49}


def test_revenue_that_divides_nobody_ships_no_rule(now: datetime) -> None:
    for _ in range(5):
        person(arpu=7)
    retier(now=now)
    assert not TierRule.objects.filter(kind="value").exists()


def test_nobody_at_all_is_no_error(now: datetime) -> None:
    assert [(one.kind, one.moves, one.entries) for one in retier(now=now)] == [("activity", {}, 0)]
    assert make_tiers(now=now)[0].figures["n"] == 0


def test_deciding_makes_a_version_and_a_line_in_the_trail(now: datetime) -> None:
    first, again = by_arpu(now), by_arpu(now)
    second = by_arpu(now, (90, 50, 10))
    assert (again.pk, first.version, second.version, TierRule.objects.count()) == (first.pk, 1, 2, 2)
    notes = AuditEntry.objects.filter(subject="tier_rule").order_by("pk").values_list("note", flat=True)
    assert list(notes) == [
        "value: attribute:arpu 100 / 50 / 10",
        "value: attribute:arpu 90 / 50 / 10 (was attribute:arpu 100 / 50 / 10)",
    ]


def test_two_who_decide_at_once_do_not_both_win(now: datetime, monkeypatch: pytest.MonkeyPatch) -> None:
    by_arpu(now)
    # The second looked before the first one's version was there.
    monkeypatch.setattr("surveys.services.tiers.rule_of", lambda kind: None)
    with pytest.raises(Conflict):
        by_arpu(now, (90, 50, 10))
    assert TierRule.objects.count() == 1


@pytest.mark.parametrize(
    ("said", "field"),
    [
        ({"kind": "gold"}, "kind"),
        ({"measure": "arpu"}, "measure"),
        ({"measure": RECENCY}, "measure"),
        ({"cuts": [1, 2, 3]}, "cuts"),
        ({"cuts": []}, "cuts"),
        ({"cuts": [float("nan"), 2, 1]}, "cuts"),
    ],
)
def test_wrong_rule_names_its_field(said: dict[str, Any], field: str, now: datetime) -> None:
    given: dict[str, Any] = {"kind": "value", "measure": ARPU, "cuts": CUTS} | said
    with pytest.raises(Invalid) as refused:
        decide_tier_rule(**given, by=make_user(Role.SUPERVISOR), now=now)
    assert (refused.value.field, TierRule.objects.count()) == (field, 0)


def test_told_leaves_tiers_as_they_are(now: datetime) -> None:
    row = person(arpu=60)
    by_arpu(now)
    rule = decide_tier_rule(kind="value", measure="told", cuts=[], by=make_user(Role.SUPERVISOR), now=now)
    assert [one.kind for one in retier(now=now)] == ["activity"]
    assert (rule.version, value_tiers(row)) == (2, [""])


# --- reading ---------------------------------------------------------------------------------------------------------
def test_kept_reading_counts_customers_entries_and_moves(now: datetime) -> None:
    people = [person(arpu=arpu) for arpu in (200, 60, 60, 5)]
    person()
    make_entry(customer=people[1])
    by_arpu(now)
    retier(now=now - timedelta(days=28))  # just out of the window
    Customer.objects.filter(pk=people[0].pk).update(attributes={"arpu": 60})
    retier(now=now)
    (analysis,) = make_tiers(now=now)
    today = localdate(now)
    assert (analysis.kind, analysis.as_of, analysis.figures["n"]) == ("tiers", today, 5)
    assert analysis.figures["window"] == [str(today - timedelta(days=27)), str(today)]
    value = analysis.figures["kinds"]["value"]
    assert value == {
        "rule": {"version": 1, "measure": ARPU, "cuts": [100, 50, 10]},
        "customers": {"high": 3, "basic": 1, "": 1},
        "entries": {"high": 1},
        "moves": [["strategic", "high", 1]],
    }
    assert make_tiers(now=now)[0].pk == analysis.pk


def test_spread_says_who_would_be_where(now: datetime) -> None:
    for arpu in range(1, 101):
        person(arpu=arpu)
    person(arpu="much")
    Customer.objects.filter(attributes__arpu__gte=50).update(value_tier="high")
    found = spread("value", ARPU, [100, 50, 10], today=localdate(now))
    assert found is not None
    assert (found.n, found.percent, found.without, found.quantiles) == (101, 100.0, 1, (1, 50, 80, 95, 99))
    assert found.moves == {
        ("high", "strategic"): 1,
        ("high", "high"): 50,
        ("", "core"): 40,
        ("", "basic"): 9,
    }
    assert sum(found.columns.values()) == 100
    assert {bucket: n for (bucket, _tier), n in found.columns.items() if bucket in (0, 31)} == {31: 1}  # 100 > 99


@pytest.mark.parametrize(
    ("values", "columns"),
    [([], {}), ([7.0], {(1, "basic"): 1}), ([7.0, 7.0], {(1, "basic"): 2})],
)
def test_spread_of_nobody_and_of_a_constant(values: list[float], columns: dict[Any, int], now: datetime) -> None:
    for value in values:
        person(arpu=value)
    person()
    found = spread("value", ARPU, [100, 50, 10], today=localdate(now))
    assert found is not None
    assert (found.columns, found.without) == (columns, 1)
    assert found.quantiles == ((7.0,) * 5 if values else ())


def test_spread_of_signals_agrees_with_what_is_told(now: datetime) -> None:
    heard(now)
    person()
    retier(now=now)
    found = spread("activity", RECENCY, [-30, -90, -180], today=localdate(now))
    assert found is not None
    assert found.moves == {(tier, tier): n for tier, n in zip(TIERS["activity"], (2, 2, 2, 1), strict=True)}
    days = spread("activity", "days_heard_90d", [3, 2, 1], today=localdate(now))
    assert days is not None
    assert (days.without, sum(n for (_was, tier), n in days.moves.items() if tier == "fading")) == (0, 3)


def test_part_of_a_big_table_is_read(now: datetime, monkeypatch: pytest.MonkeyPatch) -> None:
    for arpu in range(300):
        person(arpu=arpu, filler="x" * 500)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE customers_customer")
    monkeypatch.setattr("surveys.selectors.tiers.LOOK_AT_MOST", 100)
    found = spread("value", ARPU, [100, 50, 10], today=localdate(now))
    assert found is not None
    assert found.percent == pytest.approx(100 / 3, rel=0.01)
    assert 0 < found.n < 300


def test_attributes_that_are_numbers_are_found() -> None:
    person(arpu=3, plan="gold", tenure_months="14")
    person(arpu=4.5, plan="gold", flag=True)
    assert numeric_attributes() == [("arpu", 2), ("tenure_months", 1)]


def test_moves_are_in_the_order_of_tiers(now: datetime) -> None:
    people = [person(arpu=arpu) for arpu in (200, 60)]
    by_arpu(now)
    retier(now=now)
    Customer.objects.filter(pk=people[1].pk).update(attributes={"arpu": 1})
    retier(now=now)
    assert moves_of("value", today=date(2026, 5, 4)) == [
        ("", "strategic", 1),
        ("", "high", 1),
        ("high", "basic", 1),
    ]


@pytest.mark.django_db(transaction=True)
def test_telling_and_landing_at_once_take_turns(now: datetime) -> None:
    today, user = localdate(now), make_user(Role.SUPERVISOR)
    desk("cards", kind="rating")
    names = [f"c{n}" for n in range(200)]

    def landing(seed: int) -> None:
        rng = random.Random(seed)
        for day in range(8):
            rows = [
                rating(name, 20, adequate=60, on=today - timedelta(days=day), number=seed)._replace(
                    value_tier=rng.choice(TIERS["value"]), attributes={"arpu": rng.randrange(120)}
                )
                for name in rng.sample(names, 150)
            ]
            land_all(*rows, source=desk("cards"), now=now)

    def telling(seed: int) -> None:
        for cut in range(60, 76):
            decide_tier_rule(kind="value", measure=ARPU, cuts=[cut + 20, cut, 10], by=user, now=now)
            retier(now=now)

    landing(0)
    with ThreadPoolExecutor(3) as pool:
        list(pool.map(in_thread, [partial(landing, 1), partial(landing, 2), partial(telling, 3)]))
    retier(now=now)
    told = Customer.objects.values_list("attributes__arpu", "value_tier")
    assert [tier for _arpu, tier in told] == [tier_of(arpu, (95, 75, 10), "value") for arpu, _tier in told]
    assert not PoolEntry.objects.open().exclude(value_tier=F("customer__value_tier")).exists()


def test_customer_told_another_tier_meanwhile_is_left_alone(now: datetime, transactional_db: None) -> None:
    known, other = person(arpu=60), person(arpu=60)
    by_arpu(now)
    with Threads(1) as threads:
        with transaction.atomic():
            Customer.objects.filter(pk=known.pk).update(value_tier="strategic")
            telling = threads.start(lambda: retier(now=now))
            wait_until(someone_waits)
        assert moved("value", telling.result(PATIENCE)) == {("", "high"): 1}
    assert value_tiers(known, other) == ["strategic", "high"]


def in_thread(work: Callable[[], None]) -> None:
    try:
        work()
    finally:
        connection.close()
