"""What a rule would find, what it found, and how right it was."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta

import pytest

from loopcare.customers.models import Customer
from surveys.enums import LeftReason, SignalKind
from surveys.logic.metrics import Share, proportion
from surveys.models import Detection, DetectionRule, PoolEntry
from surveys.selectors.rules import Record, Sample, detections_of, everybody, records, sample, versions_of
from surveys.services import pool
from surveys.services.rules import save_rule, switch_rule
from surveys.services.setup import ensure_rules
from tests.factories import make_user
from tests.surveys.events import desk, event, land_all, rating

pytestmark = pytest.mark.django_db

NOW = datetime.fromisoformat("2026-05-04T08:00+00:00")
DAY = NOW.date()
UNKNOWN = Share(None, None, None, 0)


def back(days: int) -> date:
    return DAY - timedelta(days=days)


# --- what it would find ----------------------------------------------------------------------------------------------
def test_sample_counts_signals_customers_and_whom_nothing_found_before() -> None:
    land_all(
        *(event("a", "contact", on=back(days), transfers=1, number=days) for days in (0, 5)),
        event("b", "contact", on=back(27), transfers=1),
        event("c", "complaint", on=DAY, transfers=1),
        event("d", "contact", on=DAY),
        event("early", "contact", on=back(28), transfers=1),
        rating("e", 10, adequate=50, on=DAY, opens=False),
        now=NOW,
    )
    assert sample("transfers >= 1", today=DAY) == Sample(back(27), DAY, of=5, looked=5, found=4, customers=3, unfound=2)


def test_sample_of_a_rule_does_not_count_itself_as_somebody_before() -> None:
    land_all(event("a", "contact", on=DAY, transfers=2), now=NOW)
    rule = DetectionRule.objects.get(code="transfers")
    assert sample(rule.rule, today=DAY).unfound == 0
    assert sample(rule.rule, today=DAY, itself=rule.pk).unfound == 1


def test_sample_forgets_whom_another_rule_found_long_ago() -> None:
    land_all(event("a", "complaint", on=back(90)), event("b", "complaint", on=back(89)), now=NOW)
    land_all(*(event(who, "contact", on=DAY, transfers=1) for who in "ab"), now=NOW)
    assert sample("transfers = 1", today=DAY).unfound == 1


def test_sample_of_nothing_has_no_share() -> None:
    seen = sample("disputed", today=DAY)
    assert (seen.of, seen.looked, seen.found, seen.share, seen.whole) == (0, 0, 0, None, True)


def test_sample_takes_rules_with_every_kind_of_value() -> None:
    land_all(event("o'neill", "contact", on=DAY, topic="100% o'neill", transfers=2), now=NOW)
    assert sample("topic = '100% o''neill' and transfers in (2, 3) and causes is missing", today=DAY).found == 1


def test_sample_of_many_signals_is_drawn_and_scaled(monkeypatch: pytest.MonkeyPatch) -> None:
    land_all(*(event(f"c{n}", "contact", on=DAY, transfers=n % 2) for n in range(200)), now=NOW)
    monkeypatch.setattr("surveys.selectors.rules.LOOKED_AT_MOST", 60)
    seen = sample("transfers = 1", today=DAY)
    assert (seen.of, seen.looked, seen.whole) == (200, 60, False)
    assert seen.found is not None
    assert 18 <= seen.found <= 42
    assert seen.found_in_all == round(seen.found / 60 * 200)
    assert sample("transfers >= 0", today=DAY).found_in_all == 200


def test_sample_reads_some_pages_where_there_are_too_many_signals(monkeypatch: pytest.MonkeyPatch) -> None:
    land_all(*(event(f"c{n}", "contact", on=back(n % 28), transfers=n % 2) for n in range(8000)), now=NOW)
    monkeypatch.setattr("surveys.selectors.rules.READ_AT_MOST", 2000)
    seen = sample("transfers = 1", today=DAY)
    assert seen.looked is not None
    assert seen.of is not None
    assert 500 < seen.looked < 7000
    assert 4000 < seen.of < 16000
    assert 0.4 < (seen.share or 0) < 0.6


# --- what it found ---------------------------------------------------------------------------------------------------
def record(code: str) -> Record:
    rules = list(DetectionRule.objects.all())
    (row,) = [rule for rule in rules if rule.code == code]
    return records(rules, today=DAY)[row.pk]


def test_record_counts_detections_of_28_days() -> None:
    land_all(*(event("a", "complaint", on=back(days)) for days in (0, 27, 28, 200)), now=NOW)
    assert (record("complaint"), record("dispute")) == (Record(2, UNKNOWN), Record(0, UNKNOWN))


def answer(reference: str, perceived: float, *, after: int, found_before: int = 40, kind: str = "rating") -> None:
    """A rating so many days after the customer was found, asked by a source of its own; adequate is 50."""
    source = desk(f"asked by {kind}", kind=kind, channel="web", adequate=50)
    land_all(rating(reference, perceived, on=back(found_before - after)), source=source, now=NOW)


def complain(*references: str, days: int = 40) -> None:
    land_all(*(event(reference, "complaint", on=back(days)) for reference in references), now=NOW)


def asked(shares: Sequence[tuple[str, float]]) -> None:
    complain(*(reference for reference, _perceived in shares))
    for reference, perceived in shares:
        answer(reference, perceived, after=10)


FIVE = [("p", 10.0), ("q", 20.0), ("r", 49.0), ("s", 50.0), ("t", 90.0)]


def test_precision_is_the_share_of_dissatisfied_among_those_who_answered_later() -> None:
    asked(FIVE)
    complain("silent")
    assert record("complaint").precision == proportion(3, 5)


def test_precision_waits_for_five_answers() -> None:
    asked(FIVE[:4])
    assert record("complaint").precision == Share(None, None, None, 4)


@pytest.mark.parametrize(
    ("after", "kind", "counts"),
    [(1, "rating", 6), (60, "rating", 6), (61, "rating", 5), (0, "rating", 5), (-3, "rating", 5), (10, "review", 5)],
)
def test_fair_answer_is_asked_for_and_comes_within_60_days_after(after: int, kind: str, counts: int) -> None:
    asked(FIVE)
    complain("x", days=100)
    answer("x", 10, after=after, found_before=100, kind=kind)
    assert record("complaint").precision.n == counts


def test_first_answer_counts_and_each_customer_once() -> None:
    asked(FIVE)
    complain("p", days=35)
    answer("p", 90, after=20)
    answer("t", 10, after=20)
    assert record("complaint").precision == proportion(3, 5)


def test_answer_without_a_level_says_nothing() -> None:
    asked(FIVE)
    complain("x")
    land_all(rating("x", 10, on=DAY), source=desk("no level", kind=SignalKind.RATING), now=NOW)
    assert record("complaint").precision.n == 5


def care_for(reference: str, *, days: int) -> PoolEntry:
    entry = PoolEntry.objects.open().get(customer__reference=reference)
    pool.take_into_care(entry_ids=[entry.pk], now=NOW - timedelta(days=days))
    return entry


@pytest.mark.parametrize(("cared_days_ago", "counts"), [(35, 5), (30, 5), (28, 6), (1, 6)])
def test_answer_after_care_began_is_about_the_care(cared_days_ago: int, counts: int) -> None:
    """Found 40 days ago, answered 30 days ago."""
    asked([*FIVE, ("x", 90.0)])
    care_for("x", days=cared_days_ago)
    assert record("complaint").precision.n == counts


def test_care_that_ended_before_the_customer_was_found_again_is_over() -> None:
    asked(FIVE)
    complain("x", days=100)
    entry = care_for("x", days=95)
    pool.leave(entry_ids=[entry.pk], reason=LeftReason.RECOVERED, now=NOW - timedelta(days=60))
    complain("x")
    answer("x", 90, after=10)
    assert record("complaint").precision == proportion(3, 6)


def test_precision_is_of_the_rule_as_it_reads_now() -> None:
    asked(FIVE)
    supervisor = make_user()
    row = DetectionRule.objects.get(code="complaint")
    row = switch_rule(row=row, on=False, by=supervisor, now=NOW)
    row = switch_rule(row=row, on=True, by=supervisor, now=NOW)
    assert record("complaint").precision == proportion(3, 5)
    said = {"name": row.name, "kind": row.kind, "by": supervisor, "now": NOW, "confirmed": True}
    save_rule(row=row, rule="kind = 'complaint' and has_comment", **said)  # type: ignore[arg-type]
    assert record("complaint").precision == UNKNOWN


def test_precision_of_much_found_looks_at_a_part_of_the_customers(monkeypatch: pytest.MonkeyPatch) -> None:
    asked([(f"c{n}", 10.0 if n % 2 else 90.0) for n in range(60)])
    monkeypatch.setattr("surveys.selectors.rules.ASKED_ABOUT_MOST", 30)
    part = record("complaint").precision
    assert 8 <= part.n < 60
    assert part.share is not None


def test_what_takes_too_long_is_not_known(monkeypatch: pytest.MonkeyPatch) -> None:
    asked(FIVE)
    monkeypatch.setattr("surveys.selectors.samples.PATIENCE", 20)
    monkeypatch.setattr("surveys.selectors.rules.ANSWERED", "SELECT 1, 1, 1 FROM pg_sleep(5)")
    monkeypatch.setattr("surveys.selectors.rules.EVERYBODY", "SELECT %s, %s FROM pg_sleep(5)")
    assert record("complaint") == Record(None, UNKNOWN)
    assert everybody(today=DAY) == UNKNOWN


def test_everybody_counts_each_customer_who_was_asked_once() -> None:
    asked(FIVE)
    answer("q", 90, after=20)
    answer("z", 10, after=20, kind="review")
    answer("old", 10, after=0, found_before=181)
    assert everybody(today=DAY) == proportion(3, 5)


# --- the history -----------------------------------------------------------------------------------------------------
def test_versions_and_detections_come_latest_first() -> None:
    complain("a", days=3)
    complain("a", days=1)
    found = detections_of(Customer.objects.get(reference="a").pk)
    assert [(one.rule.code, one.day, one.repeat_count) for one in found] == [
        ("complaint", back(1), 2),
        ("complaint", back(3), 1),
    ]
    ensure_rules()
    row = DetectionRule.objects.get(code="complaint")
    row = switch_rule(row=row, on=False, by=make_user(), now=NOW)
    assert [one.version for one in versions_of(row)] == [2, 1]
    assert Detection.objects.count() == 2
