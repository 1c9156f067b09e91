"""Comments of the pool read: what is given to whom, what is taken back, and what stays as it was named."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from pytest_django import DjangoAssertNumQueries, Settings

from loopcare.common.errors import Invalid
from loopcare.staff.models import AuditEntry
from surveys.enums import CauseBasis, LeftReason, PoolStatus
from surveys.models import Cause, CauseCode, TextModel
from surveys.selectors.cause_texts import unread
from surveys.services.causes import coding
from surveys.services.causes.coding import Coding, code_comments
from surveys.services.causes.keeping import keep_reader, load_reader
from surveys.services.causes.training import train_reader
from surveys.services.setup import ensure_basics
from tests.surveys.comments import entry_of, heard, read_of, say

pytestmark = pytest.mark.django_db

COVERAGE, VOICE, PRICE = "network.coverage", "network.voice", "product.price"
LATER = timedelta(days=1)


def thresholds(*, everything: float, now: datetime) -> TextModel:
    """The next reader: as the one before, but asking for another confidence of every cause."""
    before = TextModel.objects.latest("version")
    causes = [cause | {"threshold": everything} for cause in before.card["causes"]]
    return keep_reader(fitted=load_reader(before), card=before.card | {"causes": causes}, now=now)


def test_first_run_trains_from_the_seed_and_gives_causes_where_nobody_named_one(now: datetime) -> None:
    say(("A", "家里没有信号"), ("B", "The call dropped twice"), ("C", "电梯里"), ("D", "😡"), ("E", ""), now=now)

    done = code_comments(now=now)

    assert done == Coding(version=1, read=4, given=2, changed=2)
    assert {each: (read_of(each), entry_of(each).causes) for each in "ABCD"} == {
        "A": ((COVERAGE, True), [COVERAGE]),
        "B": ((VOICE, True), [VOICE]),
        "C": (("", False), []),
        "D": (("", False), []),
    }
    assert not CauseCode.objects.filter(entry=entry_of("E")).exists()
    assert AuditEntry.objects.filter(subject="text_model").count() == 1


def test_second_run_reads_nothing_and_changes_nothing(now: datetime) -> None:
    say(("A", "家里没有信号"), ("B", "无"), now=now)
    first = now + LATER
    code_comments(now=first)
    before = list(CauseCode.objects.order_by("pk").values_list("pk", "cause", "at"))

    assert code_comments(now=first + LATER) == Coding(version=1)
    assert list(CauseCode.objects.order_by("pk").values_list("pk", "cause", "at")) == before


def test_what_customers_chose_and_agents_heard_stands_alone(now: datetime) -> None:
    ensure_basics()
    train_reader(now=now)  # before it could learn from them
    say(("A", "家里没有信号"), now=now, causes=[PRICE])
    say(("B", "家里没有信号"), now=now)
    heard("B", VOICE, at=now)

    assert code_comments(now=now) == Coding(version=1, read=2, given=2, changed=0)
    assert [entry_of(each).causes for each in "AB"] == [[PRICE], [VOICE]]
    assert [read_of(each) for each in "AB"] == [(COVERAGE, True)] * 2


def test_new_reader_reads_all_again_and_takes_back_what_only_the_text_gave(now: datetime) -> None:
    say(("A", "家里没有信号"), ("B", "家里没有信号"), ("C", "家里没有信号"), now=now)
    code_comments(now=now)
    # Since then a customer chose the same, and an agent heard the same.
    say(("B", "no signal"), now=now + LATER, causes=[COVERAGE])
    heard("C", COVERAGE, at=now + LATER)
    model = thresholds(everything=1.01, now=now + LATER)

    done = code_comments(now=now + 2 * LATER)

    assert done == Coding(version=model.version, read=3, given=0, changed=1)
    assert [entry_of(each).causes for each in "ABC"] == [[], [COVERAGE], [COVERAGE]]
    assert set(CauseCode.objects.filter(basis=CauseBasis.TEXT).values_list("model", "accepted")) == {(model.pk, False)}


def test_new_signal_is_read_and_what_it_names_replaces_what_was_read(now: datetime) -> None:
    say(("A", "家里没有信号"), ("B", "家里没有信号"), ("C", "家里没有信号"), now=now)
    code_comments(now=now)
    later = now + LATER
    say(("A", "everything is far too expensive"), now=later)
    say(("B", "too expensive"), now=later, causes=[PRICE])
    heard("C", PRICE, at=later)
    assert [entry_of(each).causes for each in "BC"] == [[COVERAGE, PRICE]] * 2

    assert code_comments(now=later + LATER) == Coding(version=1, read=3, given=3, changed=3)
    assert [entry_of(each).causes for each in "ABC"] == [[PRICE]] * 3
    assert [read_of(each) for each in "ABC"] == [(PRICE, True), (PRICE, True), (COVERAGE, True)]


def test_cause_of_an_earlier_stay_does_not_hold_what_was_read(now: datetime) -> None:
    say(("A", "没信号"), now=now, causes=[COVERAGE])
    gone = entry_of("A")
    gone.status, gone.left_at, gone.left_reason = PoolStatus.LEFT, now, LeftReason.RECOVERED
    gone.save()
    later = now + 30 * LATER
    say(("A", "还是没信号"), now=later)
    code_comments(now=later)
    thresholds(everything=1.01, now=later)

    assert code_comments(now=later + LATER).changed == 1
    open_entry = gone.customer.pool_entries.exclude(status=PoolStatus.LEFT).get()
    gone.refresh_from_db()
    assert (open_entry.causes, gone.causes) == ([], [COVERAGE])
    assert not CauseCode.objects.filter(entry=gone).exists()


def test_merged_cause_is_given_as_what_it_ended_in_and_one_out_of_use_not_at_all(now: datetime) -> None:
    say(("A", "家里没有信号"), ("B", "The call dropped twice"), now=now)
    train_reader(now=now)
    network = Cause.objects.create(code="network", name_en="Network")
    Cause.objects.filter(code=COVERAGE).update(merged_into=network, retired_at=now)
    Cause.objects.filter(code=VOICE).update(retired_at=now)

    assert code_comments(now=now) == Coding(version=1, read=2, given=1, changed=1)
    assert [read_of(each) for each in "AB"] == [("network", True), (VOICE, False)]
    assert [entry_of(each).causes for each in "AB"] == [["network"], []]


def test_cause_that_was_merged_since_it_was_read_is_taken_back_by_its_new_name(now: datetime) -> None:
    say(("A", "家里没有信号"), ("B", "家里没有信号"), now=now)
    code_comments(now=now)
    network = Cause.objects.create(code="network", name_en="Network")
    Cause.objects.filter(code=COVERAGE).update(merged_into=network, retired_at=now)
    for each in "AB":  # as the merging leaves them
        entry_of(each).customer.pool_entries.update(causes=["network"])
    say(("B", "no signal"), now=now + LATER, causes=[COVERAGE])
    thresholds(everything=1.01, now=now + LATER)

    code_comments(now=now + 2 * LATER)

    assert entry_of("A").causes == []
    assert set(entry_of("B").causes) == {"network", COVERAGE}


def test_comment_that_came_while_the_last_run_was_at_it_is_read_again(now: datetime) -> None:
    say(("A", "家里没有信号"), now=now)
    assert [code_comments(now=now + timedelta(minutes=after)).read for after in (59, 60, 61)] == [1, 1, 0]


def test_limit_ends_a_run_and_the_next_one_goes_on(now: datetime, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(coding, "BATCH", 2)
    say(*[(f"C{number}", "没信号") for number in range(5)], now=now)
    first = now + LATER

    assert code_comments(now=first, limit=3) == Coding(version=1, read=3, given=3, changed=3, more=True)
    assert code_comments(now=first, limit=3) == Coding(version=1, read=2, given=2, changed=2, more=False)
    assert code_comments(now=first, limit=3) == Coding(version=1)


def test_run_that_fails_in_the_middle_keeps_the_batches_before(now: datetime, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(coding, "BATCH", 2)
    say(*[(f"C{number}", "没信号") for number in range(5)], now=now)
    train_reader(now=now)
    write, writes = coding._write, iter(range(2))

    def writes_twice(*args: Any) -> tuple[int, int, int]:
        next(writes)
        return write(*args)

    monkeypatch.setattr(coding, "_write", writes_twice)
    with pytest.raises(StopIteration):
        code_comments(now=now + LATER)
    monkeypatch.undo()

    assert CauseCode.objects.count() == 4
    assert code_comments(now=now + LATER).read == 1


def test_as_many_queries_for_one_comment_as_for_many(
    now: datetime, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    say(("A", "没信号"), now=now)
    train_reader(now=now)
    # The reader, the tree, two looks for the unread; lock, rows and one statement in a transaction of their own.
    with django_assert_num_queries(10):
        code_comments(now=now + LATER)
    say(*[(f"C{number}", f"没信号 {number}") for number in range(200)], now=now + LATER)
    with django_assert_num_queries(10):
        assert code_comments(now=now + LATER).given == 200


def test_comment_that_changed_while_it_was_read_is_left_to_the_next_run(
    now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    say(("A", "没信号"), ("B", "没信号"), now=now)
    train_reader(now=now)
    looked = unread

    def changed_after(*args: Any, **facts: Any) -> Any:
        found = looked(*args, **facts)
        entry_of("A").customer.pool_entries.update(comment="太贵了 太贵")
        return found

    monkeypatch.setattr("surveys.services.causes.coding.unread", changed_after)
    assert code_comments(now=now + LATER) == Coding(version=1, read=1, given=1, changed=1)
    monkeypatch.undo()
    assert code_comments(now=now + LATER) == Coding(version=1, read=1, given=1, changed=1)
    assert entry_of("A").causes == [PRICE]


def test_reader_that_cannot_be_loaded_is_trained_anew(now: datetime, settings: Settings) -> None:
    say(("A", "没信号"), now=now)
    train_reader(now=now)
    settings.SECRET_KEY = "another installation's key"

    assert code_comments(now=now) == Coding(version=2, read=1, given=1, changed=1)


def test_very_long_comment_emoji_and_mixed_languages_are_read(now: datetime) -> None:
    say(("A", "信号不好 no signal 😡" * 1_000), ("B", "😀" * 10_000), ("C", "x" * 10_000), now=now)
    assert code_comments(now=now) == Coding(version=1, read=3, given=1, changed=1)
    assert read_of("A") == (COVERAGE, True)


def test_empty_pool_is_nothing_to_read(now: datetime) -> None:
    say(now=now)
    assert code_comments(now=now) == Coding(version=1)


def test_tree_without_two_causes_to_tell_apart_is_told(now: datetime) -> None:
    Cause.objects.all().delete()
    Cause.objects.create(code="only.one", name_en="Only one", keywords=["one"])
    with pytest.raises(Invalid, match="two causes of the tree"):
        code_comments(now=now)
