"""Rules are saved as versions, tried before they detect, switched on and off."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection

from loopcare.common.errors import Conflict, Invalid
from loopcare.common.rules import RuleError
from loopcare.staff.enums import AuditAction, Role
from loopcare.staff.models import AuditEntry, User
from surveys.models import Detection, DetectionRule, RuleVersion
from surveys.selectors.detection import rules_in_use
from surveys.services.rule_texts import MAX_RULE
from surveys.services.rules import save_rule, switch_rule
from surveys.services.setup import ensure_rules
from tests.factories import make_user
from tests.surveys.events import event, found, land_all, rating

pytestmark = pytest.mark.django_db

NOW = datetime.fromisoformat("2026-05-04T08:00+00:00")
DAY = NOW.date()


@pytest.fixture
def supervisor() -> User:
    return make_user(Role.SUPERVISOR)


def new(by: User, **said: Any) -> DetectionRule:
    facts = {"name": "Many transfers", "kind": "latent", "rule": "transfers >= 3"}
    return save_rule(**facts | said, by=by, now=NOW)


def history(row: DetectionRule) -> list[tuple[int, str, bool, User | None]]:
    return [(one.version, one.text, one.enabled, one.saved_by) for one in row.versions.all()]


def trail() -> list[tuple[str, str, str]]:
    return list(AuditEntry.objects.order_by("id").values_list("action", "subject", "note"))


def test_new_rule_is_in_use_with_its_first_version(supervisor: User) -> None:
    row = new(supervisor, name=" Many transfers ", rule=" transfers >= 3 ")
    assert (row.code, row.name, row.kind, row.rule, row.version, row.enabled) == (
        *("rule-1", "Many transfers", "latent", "transfers >= 3"),
        *(1, True),
    )
    assert history(row) == [(1, "transfers >= 3", True, supervisor)]
    assert trail() == [(AuditAction.CONFIGURE, "detection_rule", "version 1: created")]
    assert [rule.code for rule in rules_in_use()] == ["rule-1"]


def test_rule_detects_what_lands_from_then_on(supervisor: User) -> None:
    land_all(event("before", "contact", on=DAY, transfers=3), now=NOW)
    Detection.objects.all().delete()
    new(supervisor, code="many-transfers", confirmed=True)
    land_all(event("after", "contact", on=DAY, transfers=3), now=NOW)
    assert (found("before"), found("after")) == (
        [],
        [("many-transfers", "2026-05-04"), ("transfers", "2026-05-04")],
    )


def test_another_text_is_another_version_and_detections_keep_theirs(supervisor: User) -> None:
    row = new(supervisor)
    land_all(event("a", "contact", on=DAY, transfers=3), now=NOW)
    changed = new(supervisor, row=row, rule="transfers >= 4")
    land_all(event("b", "contact", on=DAY, transfers=4), now=NOW)
    assert history(changed) == [(2, "transfers >= 4", True, supervisor), (1, "transfers >= 3", True, supervisor)]
    versions = Detection.objects.filter(rule=row).values_list("customer__reference", "rule_version")
    assert sorted(versions) == [("a", 1), ("b", 2)]
    assert trail()[-1] == (AuditAction.CONFIGURE, "detection_rule", "version 2: rule")


def test_another_name_or_kind_is_no_version_but_stands_in_the_trail(supervisor: User) -> None:
    row = new(supervisor)
    row = new(supervisor, row=row, name="Sent around", kind="explicit")
    assert (row.name, row.kind, row.version, len(history(row))) == ("Sent around", "explicit", 1, 1)
    assert trail()[-1] == (AuditAction.CONFIGURE, "detection_rule", "version 1: name, kind")


def test_saving_what_stands_already_changes_nothing(supervisor: User) -> None:
    row = new(supervisor)
    new(supervisor, row=row)
    assert (RuleVersion.objects.count(), AuditEntry.objects.count()) == (1, 1)


def test_first_text_of_a_shipped_rule_is_kept_before_it_changes(supervisor: User) -> None:
    ensure_rules()
    row = DetectionRule.objects.get(code="transfers")
    row = save_rule(row=row, name=row.name, kind=row.kind, rule="transfers >= 3", by=supervisor, now=NOW)
    assert history(row) == [(2, "transfers >= 3", True, supervisor), (1, "transfers >= 2", True, None)]


def test_switching_is_a_version_and_ends_or_resumes_detection(supervisor: User) -> None:
    row = new(supervisor)
    off = switch_rule(row=row, on=False, by=supervisor, now=NOW)
    assert rules_in_use() == []
    land_all(event("a", "contact", on=DAY, transfers=3), now=NOW)
    on = switch_rule(row=off, on=True, by=supervisor, now=NOW)
    assert (off.version, on.version, Detection.objects.filter(rule=row).count()) == (2, 3, 0)
    assert [(version, enabled) for version, _text, enabled, _by in history(on)] == [(3, True), (2, False), (1, True)]
    assert [note for _action, _subject, note in trail()] == [
        "version 1: created",
        "version 2: switched off",
        "version 3: switched on",
    ]


def test_switching_to_what_it_is_changes_nothing(supervisor: User) -> None:
    row = switch_rule(row=new(supervisor), on=True, by=supervisor, now=NOW)
    assert (row.version, RuleVersion.objects.count()) == (1, 1)


@pytest.mark.parametrize(
    ("said", "field"),
    [
        ({"name": "  "}, "name"),
        ({"name": "x" * 81}, "name"),
        ({"kind": "loud"}, "kind"),
        ({"rule": "transfers >= 3 or " * 150 + "disputed"}, "rule"),
        ({"code": "Has Space"}, "code"),
        ({"code": "x" * 41}, "code"),
        ({"code": "taken"}, "code"),
    ],
)
def test_wrong_name_kind_code_or_length_is_refused_at_its_field(
    supervisor: User, said: dict[str, Any], field: str
) -> None:
    new(supervisor, code="taken")
    with pytest.raises(Invalid) as error:
        new(supervisor, **said)
    assert (error.value.field, DetectionRule.objects.count()) == (field, 1)


@pytest.mark.parametrize(
    ("rule", "offset", "expected"),
    [
        ("transfer >= 2", 0, ("transfers",)),
        ("transfers >= 'two'", 13, ("a number",)),
        ("kind = 'complain'", 7, ("complaint",)),
        ("transfers >=", 12, ("a number", "a text in 'quotes'")),
        ("latest_rating < 3", 0, ("rating",)),
    ],
)
def test_wrong_rule_is_refused_at_its_character(
    supervisor: User, rule: str, offset: int, expected: tuple[str, ...]
) -> None:
    with pytest.raises(RuleError) as error:
        new(supervisor, rule=rule)
    assert (error.value.field, error.value.position.offset, error.value.expected[: len(expected)]) == (
        *("rule", offset),
        expected,
    )


def test_free_code_is_the_next_of_its_kind(supervisor: User) -> None:
    new(supervisor, code="rule-2")
    assert [new(supervisor).code, new(supervisor).code] == ["rule-1", "rule-3"]


def signals(low: int, high: int) -> None:
    """So many ratings of 10 and of 90, in the last 28 days."""
    rows = [rating(f"low{n}", 10, adequate=50, on=DAY) for n in range(low)]
    rows += [rating(f"high{n}", 90, adequate=50, on=DAY - timedelta(days=27)) for n in range(high)]
    land_all(*rows, now=NOW)


@pytest.mark.parametrize(("low", "high", "needs"), [(10, 0, True), (19, 1, True), (18, 2, False), (0, 20, False)])
def test_rule_that_finds_nearly_everybody_needs_to_be_confirmed(
    supervisor: User, low: int, high: int, needs: bool
) -> None:
    signals(low, high)
    if needs:
        with pytest.raises(Conflict) as error:
            new(supervisor, rule="perceived <= 10")
        assert error.value.field == "confirmed"
        assert f"{low} of the {low + high} signals" in error.value.message
        assert not DetectionRule.objects.filter(code="rule-1").exists()
    row = new(supervisor, rule="perceived <= 10", confirmed=needs)
    assert (row.code, row.enabled) == ("rule-1", True)


def test_changed_text_is_tried_as_well_and_a_changed_name_is_not(supervisor: User) -> None:
    row = new(supervisor, rule="perceived <= 5")
    signals(10, 0)
    with pytest.raises(Conflict):
        new(supervisor, row=row, rule="perceived <= 10")
    row = new(supervisor, row=row, rule="perceived <= 10", confirmed=True)
    assert new(supervisor, row=row, rule="perceived <= 10", name="Low").name == "Low"


def test_rule_that_cannot_be_tried_in_time_needs_to_be_confirmed(
    supervisor: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    slow = "(SELECT true FROM pg_sleep(5))"
    monkeypatch.setattr("surveys.selectors.rules.condition", lambda rule: (slow, ()))
    monkeypatch.setattr("surveys.selectors.samples.PATIENCE", 50)
    signals(1, 1)
    with pytest.raises(Conflict) as error:
        new(supervisor)
    assert (error.value.field, error.value.message) == (
        "confirmed",
        "This rule took too long to try. Make it simpler, or confirm that it shall be used untried.",
    )
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_setting('statement_timeout')")
        assert cursor.fetchone() == ("0",)


def test_writer_who_saw_an_older_version_is_told(supervisor: User) -> None:
    row = new(supervisor)
    new(supervisor, row=row, rule="transfers >= 4", seen=1)
    with pytest.raises(Conflict) as save:
        new(supervisor, row=row, rule="transfers >= 5", seen=1)
    with pytest.raises(Conflict) as switch:
        switch_rule(row=row, on=False, by=supervisor, now=NOW, seen=1)
    assert (save.value.field, save.value.extra, switch.value.extra) == ("seen", {"version": 2}, {"version": 2})
    row.refresh_from_db()
    assert (row.rule, row.version, row.enabled) == ("transfers >= 4", 2, True)


def test_longest_rule_is_the_same_for_form_and_service() -> None:
    assert DetectionRule._meta.get_field("rule").max_length == MAX_RULE
