"""Saved rules over the waiting pool."""

from __future__ import annotations

from datetime import date, datetime

import pytest

from loopcare.common.errors import Invalid
from loopcare.common.rules import RuleError
from loopcare.staff.enums import Role
from loopcare.staff.models import User
from surveys.models import PoolEntry, Segment
from surveys.selectors import segment_entries, waiting_pool
from surveys.services import pool
from surveys.services.segments import count_segment, save_segment
from tests.surveys.factories import land_rows, row, waiting_entry


@pytest.fixture
def supervisor() -> User:
    user = User(username="supervisor", role=Role.SUPERVISOR)
    user.save()
    return user


@pytest.mark.django_db
def test_segment_means_the_waiting_entries_of_its_rule(supervisor: User, now: datetime) -> None:
    day = date(2026, 4, 1)
    land_rows(row("a", 2, on=day, causes=["x"]), row("b", 5, on=day), row("c", 3, on=day), now=now)
    segment = save_segment(name=" Low ", rule=" latest_rating <= 3 ", by=supervisor, now=now)

    assert (segment.name, segment.rule, segment.created_by, segment.created_at) == (
        *("Low", "latest_rating <= 3"),
        *(supervisor, now),
    )
    assert list(segment_entries(segment).order_by("pk").values_list("customer__reference", flat=True)) == ["a", "c"]
    pool.take_into_care(entry_ids=segment_entries(segment).filter(raw="3").values_list("pk", flat=True), now=now)
    assert [entry.customer.reference for entry in segment_entries(segment)] == ["a"]
    assert waiting_pool().count() == 2


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("rule", "count"),
    [
        ("causes has 'x'", 1),
        ("not has_comment", 2),
        ("gap < -40 and repeat_count >= 1", 1),
        ("source = 'cards' and channel in ('shop', 'web') and kind = 'explicit'", 2),
        ("entered_on = '2026-05-04' and signal_on < '2026-04-02'", 2),
        ("brand is missing or region = 'North'", 2),
        ("latest_rating is missing", 0),
    ],
)
def test_rule_counts_by_every_kind_of_field(rule: str, count: int, now: datetime) -> None:
    day = date(2026, 4, 1)
    land_rows(row("a", 2, on=day, causes=["x"]), row("b", 5, on=day), now=now)
    assert count_segment(rule) == count


@pytest.mark.django_db
def test_rating_that_is_no_number_is_missing(now: datetime) -> None:
    waiting_entry("a", now=now)
    PoolEntry.objects.update(raw="n/a")
    assert (count_segment("latest_rating is missing"), count_segment("latest_rating <= 10")) == (1, 0)


@pytest.mark.django_db
def test_segment_is_changed_under_its_name(supervisor: User, now: datetime) -> None:
    segment = save_segment(name="Low", rule="gap < 0", by=supervisor, now=now)
    save_segment(name="Lower", rule="gap < -10", by=supervisor, now=now, segment=segment)
    assert list(Segment.objects.values_list("name", "rule")) == [("Lower", "gap < -10")]


@pytest.mark.django_db
def test_wrong_rule_or_name_is_refused_at_its_field(supervisor: User, now: datetime) -> None:
    save_segment(name="Low", rule="gap < 0", by=supervisor, now=now)
    with pytest.raises(RuleError) as wrong_rule:
        save_segment(name="New", rule="gapp < 0", by=supervisor, now=now)
    with pytest.raises(Invalid) as taken:
        save_segment(name="Low", rule="gap < 0", by=supervisor, now=now)
    with pytest.raises(Invalid) as empty:
        save_segment(name=" ", rule="gap < 0", by=supervisor, now=now)

    assert [wrong_rule.value.field, taken.value.field, empty.value.field] == ["rule", "name", "name"]
    assert taken.value.message == "There is already a segment Low."
    assert Segment.objects.count() == 1
