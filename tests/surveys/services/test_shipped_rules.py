"""What the shipped rules must find, and what they must leave alone."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

import pytest

from surveys import tasks
from surveys.enums import EntryKind
from surveys.models import Detection, DetectionRule, PoolEntry
from surveys.services.detecting import detect_broken_promises
from surveys.services.setup import RULES, ensure_rules
from tests.factories import set_clock
from tests.surveys.events import desk, event, found, land_all, rating

pytestmark = pytest.mark.django_db

NOW = datetime.fromisoformat("2026-05-04T08:00+00:00")
DAY = NOW.date()


def back(days: int) -> date:
    return DAY - timedelta(days=days)


def at(days_back: float) -> datetime:
    return NOW - timedelta(days=days_back)


def test_shipped_rules_read_and_are_in_use() -> None:
    ensure_rules()
    rows = DetectionRule.objects.values_list("code", "name", "kind", "rule", "version", "enabled")
    assert list(rows) == [(code, name, kind, rule, 1, True) for code, name, kind, rule in sorted(RULES)]


@pytest.mark.parametrize(
    ("perceived", "adequate", "expected"),
    [(50, 61.1, ["low-rating"]), (61.1, 61.1, []), (80, 61.1, []), (0, None, [])],
)
def test_low_rating_is_one_below_the_adequate_level(
    perceived: float, adequate: float | None, expected: list[str]
) -> None:
    land_all(rating("a", perceived, adequate=adequate, on=DAY), now=NOW)
    assert [code for code, _day in found("a")] == expected


def test_low_rating_looks_at_the_opening_answer_only() -> None:
    land_all(rating("a", 0, adequate=60, opens=False, dimension="coverage", on=DAY), now=NOW)
    assert found("a") == []


@pytest.mark.parametrize(
    ("kind", "expected"), [("complaint", ["complaint"]), ("contact", []), ("ticket", []), ("review", [])]
)
def test_complaint_is_found_whatever_it_says(kind: str, expected: list[str]) -> None:
    land_all(event("a", kind, on=DAY), now=NOW)
    assert [code for code, _day in found("a")] == expected


def test_usage_change_is_found_by_the_rule_of_scans() -> None:
    land_all(event("a", "usage", on=DAY), now=NOW)
    assert [code for code, _day in found("a")] == ["warehouse-scan"]


@pytest.mark.parametrize(("disputed", "expected"), [(True, ["dispute"]), (False, []), (None, [])])
def test_dispute_is_a_contact_or_ticket_that_is_disputed(disputed: bool | None, expected: list[str]) -> None:
    land_all(event("a", "ticket", on=DAY, disputed=disputed), now=NOW)
    assert [code for code, _day in found("a")] == expected


def test_dispute_told_later_is_found_then() -> None:
    land_all(event("a", "ticket", on=back(3)), now=at(3))
    land_all(event("a", "ticket", on=back(3), disputed=True), now=NOW)
    assert found("a") == [("dispute", "2026-05-01")]


@pytest.mark.parametrize(
    ("kinds_and_days", "expected"),
    [
        ([("contact", 6), ("contact", 3), ("contact", 0)], ["2026-05-04"]),
        ([("contact", 6), ("ticket", 6), ("contact", 0)], ["2026-05-04"]),
        ([("contact", 0), ("contact", 0), ("contact", 0)], ["2026-05-04", "2026-05-04", "2026-05-04"]),
        ([("contact", 7), ("contact", 3), ("contact", 0)], []),
        ([("contact", 3), ("contact", 0)], []),
        ([("usage", 6), ("contact", 3), ("contact", 0)], []),
        ([("contact", 9), ("contact", 8), ("contact", 7), ("contact", 6)], ["2026-04-27", "2026-04-28"]),
    ],
)
def test_repeated_contacts_are_three_within_seven_days(
    kinds_and_days: list[tuple[str, int]], expected: list[str]
) -> None:
    rows = [event("a", kind, on=back(days), number=place) for place, (kind, days) in enumerate(kinds_and_days)]
    land_all(*rows, now=NOW)
    assert [day for code, day in found("a") if code == "repeated-contacts"] == expected


def test_repeated_contacts_are_one_customers_and_told_one_by_one_are_found_too() -> None:
    for number, days in enumerate((4, 2, 0)):
        land_all(event("a", "contact", on=back(days), number=number), now=at(days))
        land_all(event(f"other{number}", "contact", on=back(days)), now=at(days))
    assert found("a") == [("repeated-contacts", "2026-05-04")]
    assert Detection.objects.count() == 1


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"promised_at": at(1)}, ["broken-promise"]),
        ({"promised_at": at(2), "closed_at": at(1)}, ["broken-promise"]),
        ({"promised_at": at(1), "closed_at": at(2)}, []),
        ({"promised_at": at(1), "closed_at": at(1)}, []),
        ({"promised_at": at(-1)}, []),
        ({"closed_at": at(1)}, []),
        ({}, []),
    ],
)
def test_promise_is_broken_when_its_time_passed_before_it_was_kept(fields: dict[str, Any], expected: list[str]) -> None:
    set_clock(NOW)
    land_all(event("a", "ticket", on=back(3), **fields), now=NOW)
    assert [code for code, _day in found("a")] == expected


def test_promise_breaks_as_time_passes_and_counts_for_the_day_it_broke() -> None:
    set_clock(at(3))
    land_all(event("a", "ticket", on=back(3), promised_at=at(1)), now=at(3))
    detect_broken_promises(now=at(3))
    assert found("a") == []
    set_clock(NOW)
    assert tasks.detect_by_time() == 1
    assert found("a") == [("broken-promise", "2026-05-04")]
    assert PoolEntry.objects.get().kind == EntryKind.LATENT
    set_clock(at(-1))
    assert tasks.detect_by_time() == 0
    assert found("a") == [("broken-promise", "2026-05-04")]


def test_promise_kept_in_time_never_breaks() -> None:
    set_clock(at(3))
    land_all(event("a", "ticket", on=back(3), promised_at=at(1)), now=at(3))
    land_all(event("a", "ticket", on=back(3), closed_at=at(2)), now=at(2))
    set_clock(NOW)
    assert tasks.detect_by_time() == 0
    assert found("a") == []


def test_rule_switched_off_detects_nothing() -> None:
    desk()
    DetectionRule.objects.filter(code__in=["broken-promise", "complaint"]).update(enabled=False)
    set_clock(NOW)
    land_all(event("a", "complaint", on=DAY), event("b", "ticket", on=back(3), promised_at=at(1)), now=NOW)
    assert (tasks.detect_by_time(), Detection.objects.count()) == (0, 0)


@pytest.mark.parametrize(
    ("transfers", "expected"), [(None, []), (0, []), (1, []), (2, ["transfers"]), (5, ["transfers"])]
)
def test_passed_on_twice_is_too_often(transfers: int | None, expected: list[str]) -> None:
    land_all(event("a", "contact", on=DAY, transfers=transfers), now=NOW)
    assert [code for code, _day in found("a")] == expected


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        (("hotline", 0.5), ("app", 0), True),
        (("hotline", 0.99), ("app", 0), True),
        (("hotline", 1.01), ("app", 0), False),
        (("hotline", 0.5), ("hotline", 0), False),
        (("", 0.5), ("app", 0), True),  # a channel that is not told is the source's, here the hotline
    ],
)
def test_channel_switch_is_another_channel_within_a_day(
    one: tuple[str, float], other: tuple[str, float], expected: bool
) -> None:
    rows = [
        event("a", "contact", on=at(days).date(), channel=channel, occurred_at=at(days), number=number)
        for number, (channel, days) in enumerate((one, other))
    ]
    land_all(*rows, now=NOW)
    assert found("a") == ([("channel-switch", "2026-05-04")] if expected else [])


def test_channel_switch_without_times_goes_by_days() -> None:
    land_all(
        event("a", "contact", on=back(1), channel="hotline"),
        event("a", "contact", on=DAY, channel="app", number=2),
        event("b", "contact", on=back(2), channel="hotline"),
        event("b", "contact", on=DAY, channel="app", number=2),
        now=NOW,
    )
    assert (found("a"), found("b")) == ([("channel-switch", "2026-05-04")], [])
