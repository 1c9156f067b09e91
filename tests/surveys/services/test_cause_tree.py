"""The tree changed: each act with its version, refusals with their mend, entries that follow a merging."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction

from loopcare.common.errors import Conflict, DomainError, Invalid
from loopcare.staff.enums import Role
from loopcare.staff.models import User
from surveys.enums import CauseBasis, PoolStatus
from surveys.models import Cause, CauseChange, CauseCode, PoolEntry, Signal
from surveys.selectors import causes, labels
from surveys.selectors.cause_tree import history, merged_codes, rules_naming, tree, tree_version
from surveys.services.causes.agents import code_by_agent
from surveys.services.causes.pareto import make_causes
from surveys.services.causes.tree import (
    NewCause,
    add_cause,
    change_cause,
    merge_cause,
    resolve_merged,
    retire_cause,
    revive_cause,
    split_cause,
)
from surveys.services.rules import save_rule
from tests.factories import make_customer, make_entry, make_segment, make_user
from tests.surveys.factories import land_rows, row

pytestmark = pytest.mark.django_db


@pytest.fixture
def by() -> User:
    return make_user(Role.SUPERVISOR, name="zhou")


def planted(*codes: str) -> list[Cause]:
    return [Cause.objects.create(code=code, name_en=code) for code in codes]


def facts(name: str, *, in_use: bool = True, merged_into: str = "", **more: Any) -> dict[str, Any]:
    plain: dict[str, Any] = {"name_en": name, "name_zh": "", "keywords": []}
    return plain | {"in_use": in_use, "merged_into": merged_into} | more


def told() -> list[tuple[Any, ...]]:
    return [
        (change.version, change.act, change.cause.code, change.other and change.other.code, change.reason)
        for change in history()
    ]


def test_every_act_is_a_version_with_what_stood_before_and_after(by: User, now: datetime) -> None:
    who: dict[str, Any] = {"by": by, "now": now}
    a = add_cause(new=NewCause("a", "A"), reason="first", **who)
    b = add_cause(new=NewCause("b", "B", "乙", ("退款", " late  refund ", "Late refund")), **who)
    change_cause(cause=a, name_en="Aa", name_zh="", keywords=[], **who)
    split_cause(cause=a, parts=[NewCause("x", "X"), NewCause("y", "Y")], **who)
    for code in ("a.x", "a.y"):
        retire_cause(cause=Cause.objects.get(code=code), **who)
    merge_cause(cause=a, into=b, **who)
    revive_cause(cause=a, **who)
    assert told() == [
        (8, "revived", "a", "b", ""),
        (7, "merged", "a", "b", ""),
        (6, "retired", "a.y", None, ""),
        (5, "retired", "a.x", None, ""),
        (4, "split", "a", None, ""),
        (3, "changed", "a", None, ""),
        (2, "added", "b", None, ""),
        (1, "added", "a", None, "first"),
    ]
    assert [(change.before, change.after) for change in CauseChange.objects.order_by("version")] == [
        ({}, facts("A")),
        ({}, facts("B", name_zh="乙", keywords=["退款", "late refund"])),
        (facts("A"), facts("Aa")),
        (facts("Aa"), {"parts": [{"code": "a.x"} | facts("X"), {"code": "a.y"} | facts("Y")]}),
        (facts("X"), facts("X", in_use=False)),
        (facts("Y"), facts("Y", in_use=False)),
        (facts("Aa"), facts("Aa", in_use=False, merged_into="b", entries=0)),
        (facts("Aa", in_use=False, merged_into="b"), facts("Aa")),
    ]
    assert {(change.by, change.at) for change in history()} == {(by, now)}
    assert tree_version() == 8


def test_history_cannot_be_rewritten(by: User, now: datetime) -> None:
    add_cause(new=NewCause("a", "A"), by=by, now=now)
    for statement in ("UPDATE surveys_causechange SET reason = 'x'", "DELETE FROM surveys_causechange"):
        with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement)


def test_the_same_names_again_are_no_change(by: User, now: datetime) -> None:
    (a,) = planted("a")
    change_cause(cause=a, name_en=" a ", name_zh="", keywords=[" "], by=by, now=now)
    assert tree_version() == 0


# The state before (code, in use, merged into), the act, and what it raises: None where it does what it should.
TREE = [("a", True), ("a.x", True), ("a.y", False), ("b", True), ("gone", False)]
Act = Callable[[dict[str, Cause], dict[str, Any]], Any]
TRUTH: list[tuple[str, Act, type[DomainError] | None, str]] = [
    ("add", lambda at, who: add_cause(new=NewCause("c", "C"), **who), None, ""),
    ("add below", lambda at, who: add_cause(new=NewCause("b.x", "X"), **who), None, ""),
    ("add taken", lambda at, who: add_cause(new=NewCause("a", "A"), **who), Invalid, "already a cause a"),
    ("add taken, retired", lambda at, who: add_cause(new=NewCause("gone", "A"), **who), Invalid, "already a cause"),
    ("add no code", lambda at, who: add_cause(new=NewCause("A b", "A"), **who), Invalid, "no code"),
    ("add nameless", lambda at, who: add_cause(new=NewCause("c", "  "), **who), Invalid, "name in English"),
    ("add long", lambda at, who: add_cause(new=NewCause("c", "n" * 81), **who), Invalid, "at most 80"),
    ("add orphan", lambda at, who: add_cause(new=NewCause("z.x", "X"), **who), Invalid, "Add z first"),
    ("add below gone", lambda at, who: add_cause(new=NewCause("gone.x", "X"), **who), Invalid, "back into use first"),
    ("many words", lambda at, who: add_cause(new=NewCause("c", "C", "", tuple("x" * n for n in range(1, 53))), **who),
     Invalid, "at most 50 keywords"),
    ("merge", lambda at, who: merge_cause(cause=at["b"], into=at["a"], **who), None, ""),
    ("merge up", lambda at, who: merge_cause(cause=at["a.x"], into=at["a"], **who), None, ""),
    ("merge itself", lambda at, who: merge_cause(cause=at["b"], into=at["b"], **who), Invalid, "into itself"),
    ("merge down", lambda at, who: merge_cause(cause=at["a"], into=at["a.x"], **who), Invalid, "other way round"),
    ("merge into gone", lambda at, who: merge_cause(cause=at["b"], into=at["gone"], **who), Invalid, "out of use"),
    ("merge gone", lambda at, who: merge_cause(cause=at["gone"], into=at["b"], **who), Conflict, "out of use already"),
    ("merge parent", lambda at, who: merge_cause(cause=at["a"], into=at["b"], **who), Conflict, "first: a.x."),
    ("split", lambda at, who: split_cause(cause=at["b"], parts=[NewCause("x", "X"), NewCause("y", "Y")], **who),
     None, ""),
    ("split in one", lambda at, who: split_cause(cause=at["b"], parts=[NewCause("x", "X")], **who), Invalid, "two"),
    ("split twice", lambda at, who: split_cause(cause=at["b"], parts=[NewCause("x", "X")] * 2, **who), Invalid,
     "already a cause b.x"),
    ("split taken", lambda at, who: split_cause(cause=at["a"], parts=[NewCause("z", "Z"), NewCause("x", "X")], **who),
     Invalid, "already a cause a.x"),
    ("split gone", lambda at, who: split_cause(cause=at["gone"], parts=[NewCause("x", "X")] * 2, **who), Conflict,
     "out of use"),
    ("retire", lambda at, who: retire_cause(cause=at["b"], **who), None, ""),
    ("retire parent", lambda at, who: retire_cause(cause=at["a"], **who), Conflict, "first: a.x."),
    ("retire gone", lambda at, who: retire_cause(cause=at["gone"], **who), Conflict, "out of use already"),
    ("revive", lambda at, who: revive_cause(cause=at["gone"], **who), None, ""),
    ("revive below", lambda at, who: revive_cause(cause=at["a.y"], **who), None, ""),
    ("revive used", lambda at, who: revive_cause(cause=at["a"], **who), Conflict, "a is in use"),
    ("long reason", lambda at, who: retire_cause(cause=at["b"], **who | {"reason": "x" * 201}), Invalid, "200"),
]  # fmt: skip


@pytest.mark.parametrize(("act", "error", "says"), [line[1:] for line in TRUTH], ids=[line[0] for line in TRUTH])
def test_acts_do_what_they_may_and_say_why_not(
    act: Act, error: type[DomainError] | None, says: str, by: User, now: datetime
) -> None:
    at = {
        code: Cause.objects.create(code=code, name_en=code, retired_at=None if in_use else now) for code, in_use in TREE
    }
    before = list(Cause.objects.values_list("code", "name_en", "retired_at", "merged_into"))
    if error is None:
        act(at, {"by": by, "now": now})
        assert tree_version() == 1
        return
    with pytest.raises(error, match=says):
        act(at, {"by": by, "now": now})
    assert tree_version() == 0
    assert list(Cause.objects.values_list("code", "name_en", "retired_at", "merged_into")) == before


def test_reviving_below_what_is_out_of_use_says_what_comes_first(by: User, now: datetime) -> None:
    _above, below = [Cause.objects.create(code=code, name_en=code, retired_at=now) for code in ("a", "a.x")]
    with pytest.raises(Conflict, match="Take a back into use first"):
        revive_cause(cause=below, by=by, now=now)


def test_merging_rewrites_open_entries_once_and_leaves_the_past(by: User, now: datetime) -> None:
    a, b = planted("a", "b")
    one = make_entry(causes=["a"])
    both = make_entry(causes=["a", "b", "z"], status=PoolStatus.IN_CARE)
    other = make_entry(causes=["b"])
    left = make_entry(causes=["a"], status=PoolStatus.LEFT, left_at=now, left_reason="recovered")
    assert merge_cause(cause=a, into=b, by=by, now=now) == 2
    found = dict(PoolEntry.objects.values_list("pk", "causes"))
    assert found == {one.pk: ["b"], both.pk: ["b", "z"], other.pk: ["b"], left.pk: ["a"]}
    assert history()[0].after["entries"] == 2
    assert resolve_merged() == 0


def test_signals_that_come_after_keep_their_code_and_their_entry_follows(by: User, now: datetime) -> None:
    a, b, c = planted("a", "b", "c")
    merge_cause(cause=a, into=b, by=by, now=now)
    merge_cause(cause=b, into=c, by=by, now=now)
    land_rows(row("C1", 2, on=now.date(), causes=["a", "c"]), row("C2", 2, on=now.date(), causes=["b"]), now=now)
    assert merged_codes() == {"a": "c", "b": "c"}
    (kept,) = make_causes(now=now)
    assert [(line["code"], line["n"]) for line in kept.figures["causes"]] == [("c", 2)]
    assert sorted(PoolEntry.objects.values_list("customer__reference", "causes")) == [("C1", ["c"]), ("C2", ["c"])]
    assert sorted(Signal.objects.values_list("causes", flat=True)) == [["a", "c"], ["b"]]


def test_retired_cause_keeps_its_name_and_is_not_offered(by: User, now: datetime) -> None:
    a, _b = planted("a", "b")
    retire_cause(cause=a, by=by, now=now)
    assert [cause.code for cause in causes(in_use=True)] == ["b"]
    assert labels("causes") == {"a": "a", "b": "b"}


def test_rules_that_name_a_code_are_found() -> None:
    supervisor = make_user(Role.SUPERVISOR)
    first = make_segment("causes has any ('a', 'b') and not (causes has 'c')", name="first")
    make_segment("region = 'a'", name="a region is no cause")
    make_segment("causes has", name="no longer reads")
    rule = save_rule(
        name="by cause", kind="explicit", rule="causes has 'a'", by=supervisor, now=first.created_at, confirmed=True
    )
    assert rules_naming(["a", "c", "d"]) == {"a": [first, rule], "c": [first]}
    assert rules_naming([]) == {}


def test_tree_counts_an_entry_once_at_every_height() -> None:
    planted("a", "a.x", "b")
    make_entry(causes=["a.x", "a.y"])
    make_entry(causes=["a"])
    make_entry(causes=["a.x"], status=PoolStatus.LEFT, left_at=datetime.fromisoformat("2026-05-04T08:00Z"),
               left_reason="expired")  # fmt: skip
    assert [(node.code, node.cause is not None, node.level, node.n, node.held) for node in tree()] == [
        ("a", True, 0, 1, 2),
        ("a.x", True, 1, 1, 1),
        ("a.y", False, 1, 1, 1),
        ("b", True, 0, 0, 0),
    ]


# --- what agents say -------------------------------------------------------------------------------------------------
def test_agent_gives_a_cause_once(now: datetime) -> None:
    planted("a", "b")
    entry, agent, other = make_entry(causes=["b"]), make_user(), make_user()
    for who in (agent, other):
        code_by_agent(entry_id=entry.pk, cause="a", by=who, now=now)
    entry.refresh_from_db()
    assert entry.causes == ["a", "b"]
    code = CauseCode.objects.get()
    assert (code.entry, code.basis, code.cause, code.by, code.accepted) == (entry, CauseBasis.AGENT, "a", other, True)


def test_agent_who_names_a_merged_cause_means_what_it_became(by: User, now: datetime) -> None:
    a, b = planted("a", "b")
    merge_cause(cause=a, into=b, by=by, now=now)
    entry = make_entry()
    code_by_agent(entry_id=entry.pk, cause="a", by=by, now=now)
    entry.refresh_from_db()
    assert (entry.causes, CauseCode.objects.get().cause) == (["b"], "b")


@pytest.mark.parametrize("cause", ["nowhere", "gone", ""])
def test_what_is_no_cause_in_use_is_given_to_nobody(cause: str, by: User, now: datetime) -> None:
    Cause.objects.create(code="gone", name_en="Gone", retired_at=now)
    entry = make_entry()
    assert code_by_agent(entry_id=entry.pk, cause=cause, by=by, now=now) is None
    entry.refresh_from_db()
    assert (entry.causes, CauseCode.objects.count()) == ([], 0)


def test_reading_of_the_day_is_kept_and_replaced(now: datetime) -> None:
    (kept,) = make_causes(now=now)
    assert kept.figures == {
        "total": 0,
        "causes": [],
        "unknown": {"n": 0, "share": None, "low": None, "high": None},
    }
    make_entry(make_customer(), causes=["a", "b"])
    make_entry(causes=["a"])
    make_entry()
    (kept,) = make_causes(now=now)
    assert [(line["code"], line["n"], line["reached"]) for line in kept.figures["causes"]] == [("a", 2, 2), ("b", 1, 2)]
    assert (kept.figures["total"], kept.figures["unknown"]["n"]) == (3, 1)
    assert kept.figures["unknown"]["share"] == pytest.approx(1 / 3)
    assert (kept.kind, kept.scope, kept.as_of.isoformat()) == ("causes", "", "2026-05-04")
