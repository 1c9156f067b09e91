"""A day looked at again: equal when nothing changed, and each difference told for what it is."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from surveys.enums import LeftReason
from surveys.models import Detection, DetectionRule, PoolEntry, PoolEvent, Signal
from surveys.services import pool
from surveys.services.detecting import detect_broken_promises
from surveys.services.replay import Compared, replay
from surveys.services.setup import ensure_rules
from tests.factories import set_clock
from tests.surveys.facts import happened, hear, rated

DAY = date(2025, 3, 3)
NOW = datetime(2025, 3, 3, 4, 0, tzinfo=UTC)
LATER = NOW + timedelta(days=40)
ONE = timedelta(days=1)

pytestmark = pytest.mark.django_db

ENTRY = (
    "customer__reference", "kind", "rule__code", "source__code", "dimension", "raw", "perceived", "adequate",
    "repeat_count", "causes", "comment", "signal_on", "signal_no", "status",
)  # fmt: skip
DETECTION = ("rule__code", "customer__reference", "signal_on", "signal_no", "day", "channel")
"""Without its repeat count, which is what was known when it was found: one of two landings of a day, or both."""


def everything() -> list[Any]:
    """All that a replay must leave as it is."""
    models = (Detection, PoolEntry, PoolEvent, Signal)
    return [list(model.objects.order_by("pk").values_list()) for model in models]


def land_five_days() -> None:
    """Mixed ratings and events of three customers; `a` is found each day, `b` by several rules, `c` by none."""
    for n in range(5):
        on, now = DAY + n * ONE, NOW + n * ONE
        hear(rated("a", 20 + n, on=on, causes=("other",)), rated("c", 80, on=on), now=now)
        hear(happened("b", "ticket", on=on, facts={"transfers": 3, "topic": "bill"}), now=now, by="desk")
        if n == 3:
            hear(happened("b", "complaint", on=on), now=now, by="desk")


def wipe() -> None:
    """Forget everything but the signals, as only the owner of the tables can."""
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("TRUNCATE surveys_detection, surveys_poolentry, surveys_poolevent CASCADE")


def test_days_as_they_were_found_are_equal_and_nothing_is_written() -> None:
    land_five_days()
    before = everything()
    replays = [replay(day=DAY + n * ONE, now=LATER) for n in range(6)]
    assert [each.equal for each in replays] == [True] * 6
    assert [each.signals for each in replays] == [3, 3, 3, 4, 3, 0]
    assert [each.stays for each in replays] == [Compared(2)] * 5 + [Compared()]
    assert replays[3].by_rule == {
        "complaint": Compared(1),
        "low-rating": Compared(1),
        "repeated-contacts": Compared(1),
        "transfers": Compared(1),
    }
    assert replays[3].differences == []
    assert everything() == before


def test_deleted_detections_are_told_exactly() -> None:
    land_five_days()
    gone = Detection.objects.filter(signal_on=DAY + 3 * ONE, rule__code__in=["complaint", "low-rating"])
    told = [
        {"what": "missing", "rule": code, "signal_no": number, "customer": customer}
        for code, number, customer in gone.order_by("rule__code").values_list("rule__code", "signal_no", "customer")
    ]
    gone.delete()
    replayed = replay(day=DAY + 3 * ONE, now=LATER)
    assert (replayed.equal, replayed.detections, replayed.differences) == (False, Compared(2, 2), told)
    assert (replayed.by_rule["complaint"], replayed.by_rule["transfers"]) == (Compared(0, 1), Compared(1))
    assert replayed.stays == Compared(2)
    assert replay(day=DAY + 2 * ONE, now=LATER).equal is True


@pytest.mark.parametrize(
    ("rule", "change", "detections", "stays"),
    [
        ("low-rating", {"rule": "gap < -40"}, Compared(1, 0, 1), Compared(1, 0, 1)),
        ("low-rating", {"rule": "gap < 30"}, Compared(2, 1), Compared(2, 1)),
        ("low-rating", {"enabled": False}, Compared(1, 0, 1), Compared(1, 0, 1)),
        ("complaint", {"rule": "kind = 'ticket'"}, Compared(2, 1), Compared(2)),
        ("transfers", {"rule": "transfers >= 4 or topic = 'bill'"}, Compared(2), Compared(2)),
    ],
)
def test_changed_rule_is_told(rule: str, change: dict[str, Any], detections: Compared, stays: Compared) -> None:
    land_five_days()
    DetectionRule.objects.filter(code=rule).update(**change)
    replayed = replay(day=DAY, now=LATER)
    assert (replayed.detections, replayed.stays) == (detections, stays)
    assert replayed.equal is (detections == Compared(2))


def test_late_event_that_changes_the_context_of_others_is_told() -> None:
    """The third contact within a week arrived first: nobody has looked at it again since."""
    for n in (0, 2, 1):
        hear(happened("a", "contact", on=DAY + n * ONE), now=LATER, by="desk")
    assert PoolEntry.objects.count() == 0
    replayed = replay(day=DAY + 2 * ONE, now=LATER)
    assert (replayed.by_rule, replayed.stays) == ({"repeated-contacts": Compared(0, 1)}, Compared(0, 1))


def test_stay_that_is_gone_is_told_although_its_detection_stands() -> None:
    land_five_days()
    kept = list(Detection.objects.order_by("pk").values())
    wipe()
    Detection.objects.bulk_create(Detection(**each) for each in kept)
    replayed = replay(day=DAY, now=LATER)
    assert (replayed.detections, replayed.stays, replayed.equal) == (Compared(2), Compared(0, 2), False)
    # Also on the day itself, when the replay opens a stay of the same day while it looks.
    assert replay(day=DAY + 4 * ONE, now=NOW + 4 * ONE).stays == Compared(0, 2)


def test_stay_that_ended_since_covers_its_days_and_no_later_one() -> None:
    land_five_days()
    entry = PoolEntry.objects.get(customer__reference="a")
    pool.leave(entry_ids=[entry.pk], reason=LeftReason.RECOVERED, now=NOW + 10 * ONE)
    assert replay(day=DAY, now=LATER).equal is True
    hear(rated("a", 20, on=DAY + 20 * ONE), now=NOW + 20 * ONE)
    assert replay(day=DAY + 20 * ONE, now=LATER).equal is True
    Detection.objects.filter(signal_on=DAY + 20 * ONE).delete()
    assert replay(day=DAY + 20 * ONE, now=LATER).stays == Compared(1)


@pytest.mark.parametrize("ended", [True, False])
def test_stay_of_another_time_covers_nothing(ended: bool) -> None:
    """Nobody looked on the first day; a stay that ended before it, or began after it, is not that day's."""
    if ended:
        hear(rated("a", 20, on=DAY - 5 * ONE), now=NOW - 5 * ONE)
        stays = list(PoolEntry.objects.values_list("pk", flat=True))
        pool.leave(entry_ids=stays, reason=LeftReason.RECOVERED, now=NOW - ONE)
    ensure_rules()
    DetectionRule.objects.update(enabled=False)
    hear(rated("a", 20, on=DAY), now=NOW)
    DetectionRule.objects.update(enabled=True)
    if not ended:
        hear(rated("a", 20, on=DAY + 5 * ONE), now=NOW + 5 * ONE)
    replayed = replay(day=DAY, now=LATER)
    assert (replayed.detections, replayed.stays) == (Compared(0, 1), Compared(0, 1))


# --- promises --------------------------------------------------------------------------------------------------------
def test_broken_promise_stands_for_the_day_of_its_ticket() -> None:
    set_clock(NOW)
    ticket = happened("a", "ticket", on=DAY, facts={"promised_at": NOW + 5 * ONE})
    hear(ticket, now=NOW, by="desk")
    set_clock(NOW + 6 * ONE)
    # It passed unkept, and nobody has looked yet: neither found nor missing.
    assert replay(day=DAY, now=NOW + 6 * ONE).by_rule == {}
    assert detect_broken_promises(now=NOW + 6 * ONE).signals == 1
    replayed = replay(day=DAY, now=NOW + 6 * ONE)
    assert (replayed.by_rule, replayed.stays, replayed.equal) == ({"broken-promise": Compared(1)}, Compared(1), True)
    Detection.objects.all().delete()
    assert replay(day=DAY, now=NOW + 6 * ONE).by_rule == {"broken-promise": Compared(0, 1)}


def test_promise_that_nobody_has_looked_at_yet_is_left_out_also_where_something_else_was_found() -> None:
    set_clock(NOW)
    ensure_rules()
    DetectionRule.objects.filter(code="broken-promise").update(rule="promise_overdue or topic = 'bill'")
    facts = {"promised_at": NOW + 5 * ONE, "topic": "bill"}
    hear(happened("a", "ticket", on=DAY, facts=facts), now=NOW, by="desk")
    assert replay(day=DAY, now=NOW).by_rule == {"broken-promise": Compared(1)}
    set_clock(NOW + 6 * ONE)
    assert replay(day=DAY, now=NOW + 6 * ONE).by_rule == {}


# --- apply -----------------------------------------------------------------------------------------------------------
def test_apply_adds_what_is_missing_and_leaves_what_is_extra() -> None:
    land_five_days()
    Detection.objects.filter(signal_on=DAY, rule__code="low-rating").delete()
    DetectionRule.objects.filter(code="transfers").update(enabled=False)
    replayed = replay(day=DAY, now=LATER, apply=True)
    assert (replayed.added, replayed.entered, replayed.detections) == (1, 0, Compared(1, 0, 1))
    added = Detection.objects.get(signal_on=DAY, rule__code="low-rating")
    assert (added.day, added.detected_at) == (DAY, LATER)
    again = replay(day=DAY, now=LATER, apply=True)
    assert (again.added, again.entered, again.detections) == (0, 0, Compared(1, 0, 1))


def test_apply_opens_the_stay_of_a_detection_that_has_none() -> None:
    land_five_days()
    kept = list(Detection.objects.order_by("pk").values())
    wipe()
    Detection.objects.bulk_create(Detection(**each) for each in kept)
    replayed = replay(day=DAY + 3 * ONE, now=LATER, apply=True)
    assert (replayed.added, replayed.entered, replayed.equal) == (0, 2, True)
    assert list(PoolEntry.objects.values_list("customer__reference", "repeat_count").order_by("pk")) == [
        ("a", 4),
        ("b", 5),
    ]


histories = st.lists(
    st.tuples(
        st.sampled_from("abc"),
        st.sampled_from(["rating", "contact", "ticket", "complaint"]),
        st.integers(0, 5),
        st.sampled_from([0, 20, 40, 60, 80]),
        st.sampled_from(["", "bill"]),
    ),
    max_size=12,
)


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(histories)
def test_days_replayed_from_signals_alone_give_the_same_pool(heard: list[tuple[str, str, int, int, str]]) -> None:
    with transaction.atomic():
        days = sorted({day for _who, _what, day, _level, _topic in heard})
        for day in days:
            on, now = DAY + day * ONE, NOW + day * ONE
            today = [each for each in heard if each[2] == day]
            ratings = [rated(who, level, on=on) for who, what, _day, level, _topic in today if what == "rating"]
            events = [
                happened(who, what, on=on, facts={"topic": topic, "transfers": level // 20})
                for who, what, _day, level, topic in today
                if what != "rating"
            ]
            for by, rows in (("cards", ratings), ("desk", events)):
                hear(*rows, now=now, by=by)
        assert all(replay(day=DAY + day * ONE, now=LATER).equal for day in days)
        before = [sorted(PoolEntry.objects.values_list(*ENTRY)), sorted(Detection.objects.values_list(*DETECTION))]
        wipe()
        replays = [replay(day=DAY + day * ONE, now=LATER, apply=True) for day in days]
        assert [each.equal for each in replays] == [True] * len(days)
        after = [sorted(PoolEntry.objects.values_list(*ENTRY)), sorted(Detection.objects.values_list(*DETECTION))]
        assert after == before
        transaction.set_rollback(True)


# --- the command -----------------------------------------------------------------------------------------------------
def test_command_says_equal_or_not_by_its_exit_code(capsys: pytest.CaptureFixture[str]) -> None:
    land_five_days()
    call_command("replay_day", "--day", "2025-03-03", "--json")
    said = json.loads(capsys.readouterr().out)
    assert (said["equal"], said["detections"]) == (True, {"same": 2, "missing": 0, "extra": 0})
    Detection.objects.filter(signal_on=DAY).delete()
    with pytest.raises(SystemExit) as ended:
        call_command("replay_day", "--day", "2025-03-03")
    assert ended.value.code == 1
    assert capsys.readouterr().out.splitlines()[:5] == [
        "2025-03-03: 3 signals",
        "detections: 0 the same, 2 missing, 0 extra",
        "stays: 2 the same, 0 missing, 0 extra",
        "  low-rating: 0 the same, 1 missing, 0 extra",
        "  transfers: 0 the same, 1 missing, 0 extra",
    ]
    call_command("replay_day", "--day", "2025-03-03", "--apply")
    assert capsys.readouterr().out.splitlines()[-1] == "added: 2 detections, 0 stays"
