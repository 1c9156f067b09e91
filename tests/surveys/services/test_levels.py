"""Levels are learned from what customers did, set by a supervisor, cleared again; each holds for what lands then."""

from __future__ import annotations

import io
import json
import math
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.core.management import call_command

from loopcare.common.errors import Conflict, Invalid
from loopcare.staff.enums import AuditAction, Role
from loopcare.staff.models import AuditEntry, User
from surveys.enums import AdequateFrom, UnknownCustomers
from surveys.logic.levels import NO_DIFFERENCE, TOO_FEW, from_evidence
from surveys.models import AdequateLevel, Signal, Source
from surveys.services.levels import clear_level, learn_levels, save_source, set_level
from tests.factories import make_user
from tests.surveys.events import land_all, rating
from tests.surveys.histories_of_levels import answers, rating_source

pytestmark = pytest.mark.django_db

NOW = datetime.fromisoformat("2026-05-04T08:00+00:00")
DAY = NOW.date()
OLD = DAY - timedelta(days=60)
UNHAPPY_BELOW_50 = {20.0: (60, 30), 40.0: (60, 24), 60.0: (100, 5), 80.0: (100, 4)}
FLAT = {20.0: (100, 20), 40.0: (100, 20), 60.0: (100, 20), 80.0: (100, 20)}


@pytest.fixture
def supervisor() -> User:
    return make_user(Role.SUPERVISOR)


def levels() -> list[tuple[str, str, str, float]]:
    rows = AdequateLevel.objects.order_by("dimension", "value_tier", "basis")
    return list(rows.values_list("dimension", "value_tier", "basis", "level"))


def trail() -> list[str]:
    assert set(AuditEntry.objects.values_list("action", flat=True)) <= {AuditAction.CONFIGURE}
    return list(AuditEntry.objects.order_by("id").values_list("note", flat=True))


def judged(perceived: float, *, tier: str = "", number: int, **said: Any) -> tuple[float | None, str]:
    """(adequate, who said so) of a rating that lands now."""
    land_all(
        rating(f"new{number}", perceived, on=DAY, value_tier=tier, **said),
        source=Source.objects.get(code="hotline"),
        now=NOW,
    )
    return Signal.objects.values_list("adequate", "adequate_from").get(customer__reference=f"new{number}")


# --- learned ---------------------------------------------------------------------------------------------------------
def test_level_is_learned_with_its_evidence_and_holds_for_what_lands_then() -> None:
    answers(UNHAPPY_BELOW_50, on=OLD, now=NOW)
    (lesson,) = learn_levels(now=NOW)
    assert (lesson.source.code, lesson.dimension, lesson.tier, lesson.before, lesson.level) == (
        *("hotline", "overall", ""),
        *(None, 50.0),
    )
    assert levels() == [("overall", "", AdequateFrom.LEARNED, 50.0)]
    row = AdequateLevel.objects.get()
    assert from_evidence(row.level, row.evidence) == lesson.learned
    assert (row.decided_at, row.decided_by) == (NOW, None)
    assert trail() == ["hotline/overall/everybody: learned 50.0"]
    assert [judged(49, number=1), judged(50, number=2)] == [(50.0, "learned"), (50.0, "learned")]
    assert Signal.objects.filter(occurred_on=OLD).exclude(adequate=None).count() == 0


def test_learning_again_changes_nothing_more() -> None:
    answers(UNHAPPY_BELOW_50, on=OLD, now=NOW)
    learn_levels(now=NOW)
    (lesson,) = learn_levels(now=NOW)
    assert (lesson.before, lesson.level, len(trail())) == (50.0, 50.0, 1)


def test_nothing_is_claimed_where_nothing_depends_on_the_score() -> None:
    answers(FLAT, on=OLD, now=NOW)
    (lesson,) = learn_levels(now=NOW)
    assert lesson.learned.reason is not None
    assert (lesson.level, lesson.learned.reason.msgid, levels(), trail()) == (None, NO_DIFFERENCE, [], [])


@pytest.mark.parametrize(
    ("answered_days_ago", "acts_after", "acted"),
    [(60, 7, 63), (60, 30, 63), (60, 31, 0), (60, 0, 0), (31, 7, 63), (30, 7, None), (395, 7, 63), (396, 7, None)],
)
def test_a_complaint_counts_within_30_days_of_an_answer_of_the_last_year(
    answered_days_ago: int, acts_after: int, acted: int | None
) -> None:
    answers(UNHAPPY_BELOW_50, on=DAY - timedelta(days=answered_days_ago), now=NOW, after=acts_after)
    assert [lesson.learned.acted for lesson in learn_levels(now=NOW)] == ([] if acted is None else [acted])


def test_each_customer_counts_once_by_the_latest_answer_that_is_old_enough() -> None:
    answers({20.0: (3, 0)}, on=OLD - timedelta(days=9), now=NOW)
    land_all(
        *(rating(f"c20-{number}", 80, on=on) for number in range(3) for on in (OLD, DAY)),
        source=rating_source(),
        now=NOW,
    )
    (lesson,) = learn_levels(now=NOW)
    assert [(point.score, point.n) for point in lesson.learned.curve] == [(80.0, 3)]


def test_answers_that_explain_or_state_their_level_teach_nothing() -> None:
    land_all(
        rating("a", 10, on=OLD, opens=False),
        rating("b", 10, on=OLD, adequate=50, stated=True),
        rating("c", 10, on=OLD, adequate=50),
        source=rating_source(),
        now=NOW,
    )
    (lesson,) = learn_levels(now=NOW)
    assert lesson.learned.n == 1


def test_tiers_learn_their_own_level_or_fall_back_to_everybody() -> None:
    strict = {20.0: (60, 30), 40.0: (60, 30), 60.0: (120, 60), 80.0: (100, 4)}
    answers(UNHAPPY_BELOW_50, on=OLD, now=NOW, tier="basic", prefix="b")
    answers({score: (5 * n, 5 * acted) for score, (n, acted) in UNHAPPY_BELOW_50.items()}, on=OLD, now=NOW, prefix="x")
    answers(strict, on=OLD, now=NOW, tier="strategic", prefix="s")
    answers({20.0: (5, 5)}, on=OLD, now=NOW, tier="core", prefix="k")
    lessons = {lesson.tier: lesson.level for lesson in learn_levels(now=NOW)}
    assert lessons == {"": 50.0, "basic": None, "core": None, "strategic": 70.0}
    assert [judged(60, number=n, tier=tier) for n, tier in enumerate(["", "basic", "core", "strategic"])] == [
        (50.0, "learned"),
        (50.0, "learned"),
        (50.0, "learned"),
        (70.0, "learned"),
    ]


def test_level_goes_when_enough_was_seen_and_stays_when_too_little_was() -> None:
    answers(UNHAPPY_BELOW_50, on=OLD, now=NOW)
    learn_levels(now=NOW)
    later = NOW + timedelta(days=400)
    assert learn_levels(now=later) == []
    assert levels() == [("overall", "", AdequateFrom.LEARNED, 50.0)]
    answers({20.0: (10, 1)}, on=later.date() - timedelta(days=60), now=later, prefix="few")
    (few,) = learn_levels(now=later)
    assert few.learned.reason is not None
    assert (few.learned.reason.msgid, few.level) == ("All %(n)s customers gave the same score.", 50.0)
    answers(FLAT, on=later.date() - timedelta(days=60), now=later, prefix="flat")
    (enough,) = learn_levels(now=later)
    assert (enough.level, levels()) == (None, [])
    assert trail()[-1] == "hotline/overall/everybody: learned nothing any more (was 50.0)"


def test_one_source_is_learned_alone() -> None:
    answers(UNHAPPY_BELOW_50, on=OLD, now=NOW)
    other = rating_source("web")
    answers({20.0: (3, 0), 40.0: (3, 0)}, on=OLD, now=NOW, source=other, prefix="w")
    (lesson,) = learn_levels(now=NOW, sources=[other])
    assert lesson.learned.reason is not None
    assert (lesson.source, lesson.learned.reason.msgid, levels()) == (other, TOO_FEW, [])


def test_command_prints_one_object_or_a_line_a_group() -> None:
    answers(UNHAPPY_BELOW_50, on=OLD, now=NOW)
    out = io.StringIO()
    call_command("learn_levels", "--json", "--now", NOW.isoformat(), stdout=out)
    told = json.loads(out.getvalue())
    assert (told["learned"], told["changed"], [row["level"] for row in told["levels"]]) == (1, 1, [50.0])
    assert [(row["source"], row["n"], row["acted"], row["why"]) for row in told["levels"]] == [("hotline", 320, 63, "")]
    out = io.StringIO()
    call_command("learn_levels", "--source", "hotline", "--now", NOW.isoformat(), stdout=out)
    assert out.getvalue().splitlines() == ["hotline/overall/everybody: 50.0 (n 320)", "learned: 1", "changed: 0"]


def test_command_refuses_a_source_that_is_none(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        call_command("learn_levels", "--source", "nowhere")
    assert ended.value.code == 2
    assert "There is no source nowhere." in capsys.readouterr().err


# --- set and cleared -------------------------------------------------------------------------------------------------
def put(by: User, **said: Any) -> AdequateLevel:
    facts: dict[str, Any] = {
        "source": rating_source(),
        "dimension": "overall",
        "level": 70.0,
        "reason": "as agreed",
        "by": by,
    }
    return set_level(**facts | said, now=NOW)


def test_set_level_goes_before_every_other_but_the_customers_own(supervisor: User) -> None:
    rating_source(adequate=Decimal(30))
    assert judged(60, number=1) == (30.0, "source")
    put(supervisor)
    put(supervisor, tier="high", level=80)
    assert [judged(60, number=2), judged(60, number=3, adequate=20.0), judged(60, number=4, tier="high")] == [
        (70.0, "set"),
        (70.0, "set"),
        (80.0, "set"),
    ]
    assert judged(60, number=5, adequate=20.0, stated=True) == (20.0, "stated")
    assert trail() == ["hotline/overall/everybody: set 70.0", "hotline/overall/high: set 80.0"]


def test_setting_again_changes_the_one_level(supervisor: User) -> None:
    put(supervisor)
    row = put(supervisor, level=61.5, reason="lower")
    assert (row.level, row.reason, row.decided_by, row.decided_at) == (61.5, "lower", supervisor, NOW)
    assert levels() == [("overall", "", AdequateFrom.SET, 61.5)]
    assert trail()[-1] == "hotline/overall/everybody: set 61.5 (was 70.0)"


def test_cleared_level_gives_way_to_the_learned_one(supervisor: User) -> None:
    answers(UNHAPPY_BELOW_50, on=OLD, now=NOW)
    learn_levels(now=NOW)
    put(supervisor)
    assert judged(60, number=1) == (70.0, "set")
    clear_level(source=rating_source(), dimension="overall", by=supervisor, now=NOW)
    assert judged(60, number=2) == (50.0, "learned")
    assert trail()[-1] == "hotline/overall/everybody: cleared (was 70.0)"
    with pytest.raises(Conflict, match="No level is set here any more"):
        clear_level(source=rating_source(), dimension="overall", by=supervisor, now=NOW)


@pytest.mark.parametrize(
    ("said", "field"),
    [
        ({"dimension": " "}, "dimension"),
        ({"dimension": "x" * 41}, "dimension"),
        ({"dimension": "a\nb"}, "dimension"),
        ({"tier": "gold"}, "value_tier"),
        ({"level": -0.1}, "level"),
        ({"level": 100.1}, "level"),
        ({"level": math.nan}, "level"),
        ({"level": math.inf}, "level"),
        ({"reason": "  "}, "reason"),
        ({"reason": "x" * 201}, "reason"),
    ],
)
def test_wrong_level_is_refused_at_its_field(supervisor: User, said: dict[str, Any], field: str) -> None:
    with pytest.raises(Invalid) as error:
        put(supervisor, **said)
    assert (error.value.field, levels(), trail()) == (field, [], [])


# --- the source's own ------------------------------------------------------------------------------------------------
def test_source_is_changed_with_a_line_in_the_trail(supervisor: User) -> None:
    source = rating_source()
    said = {"source": source, "by": supervisor, "now": NOW}
    save_source(**said, unknown_customers=UnknownCustomers.REJECT, adequate=Decimal("62.5"))  # type: ignore[arg-type]
    source.refresh_from_db()
    assert (source.unknown_customers, source.adequate) == (UnknownCustomers.REJECT, Decimal("62.5"))
    save_source(**said, unknown_customers=UnknownCustomers.REJECT, adequate=Decimal("62.500"))  # type: ignore[arg-type]
    save_source(**said, unknown_customers=UnknownCustomers.REJECT, adequate=None)  # type: ignore[arg-type]
    assert trail() == ["unknown_customers reject, adequate 62.5", "adequate None"]
    assert land_all(rating("nobody", 10, on=DAY), source=Source.objects.get(), now=NOW).unknown == [1]


@pytest.mark.parametrize(
    ("said", "field"),
    [
        ({"unknown_customers": "ignore"}, "unknown_customers"),
        ({"adequate": Decimal(101)}, "adequate"),
        ({"adequate": Decimal(-1)}, "adequate"),
        ({"adequate": Decimal("NaN")}, "adequate"),
    ],
)
def test_wrong_source_setting_is_refused_at_its_field(supervisor: User, said: dict[str, Any], field: str) -> None:
    facts = {"unknown_customers": "create", "adequate": None}
    with pytest.raises(Invalid) as error:
        save_source(source=rating_source(), by=supervisor, now=NOW, **facts | said)
    assert error.value.field == field


def test_level_of_a_date_in_the_far_past_is_not_learned_from(supervisor: User) -> None:
    answers({20.0: (3, 0)}, on=date(2020, 1, 1), now=NOW)
    assert learn_levels(now=NOW) == []
