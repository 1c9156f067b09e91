"""Rejected rows are kept for 30 days; somebody who is erased is taken out of them at once, and nobody else."""

from __future__ import annotations

import csv
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from loopcare.celery import SWEEP
from loopcare.common.errors import NotFound
from loopcare.customers.models import Customer
from loopcare.customers.services import add_customer
from loopcare.staff.services import create_key
from surveys.models import Import, ImportReject, IngestReply, Watermark
from surveys.services.forgetting import (
    FORGETTING,
    REJECTS_KEPT,
    Words,
    forget_daily,
    forget_rejected,
    forget_rejects,
    words_of,
)
from surveys.services.ingest import REPLIES_KEPT
from surveys.services.intake import import_file
from surveys.services.rejects import rejects_path
from surveys.tasks import forget_old
from tests.surveys.factories import source

NOW = datetime(2025, 3, 3, 4, 0, tzinfo=UTC)

pytestmark = pytest.mark.django_db

MAPPING = """
source = "cards"
[columns]
reference = "who"
occurred_on = "day"
[comment]
columns = ["comment"]
[[rating]]
column = "score"
dimension = "overall"
low = 1
high = 10
adequate = 6.5
opens = true
"""
ROWS = (
    ("K-123456", "2025-03-03", "99", "slow"),
    ("other", "2025-03-03", "88", "like K-123456 I wait"),
    ("third", "2025-03-03", "77", "=1+1"),
    ("7", "2025-03-03", "66", "7 times"),
    ("fifth", "2025-03-03", "5", "fine"),
)


def reject_four(tmp_path: Path, *, now: datetime = NOW, name: str = "scores") -> Import:
    source()
    file = tmp_path / f"{name}.csv"
    with file.open("w", encoding="utf-8", newline="") as lines:
        csv.writer(lines).writerows([("who", "day", "score", "comment"), *ROWS])
    import_file(path=file, mapping_text=MAPPING, source_code=None, now=now)
    return Import.objects.latest("id")


def kept(batch: Import) -> list[str]:
    """Whom the lines of a rejects file are about."""
    batch.refresh_from_db()
    with rejects_path(batch).open(encoding="utf-8-sig", newline="") as lines:
        return [line[4] for line in csv.reader(lines)][1:]


def values(batch: Import) -> list[str]:
    return list(batch.rejects.order_by("row", "id").values_list("value", flat=True))


# --- after their time ------------------------------------------------------------------------------------------------
def test_rejects_go_after_30_days_and_what_was_wrong_where_stays(tmp_path: Path) -> None:
    old = reject_four(tmp_path)
    young = reject_four(tmp_path, now=NOW + timedelta(seconds=1), name="young")
    file = rejects_path(old)
    assert forget_rejects(now=NOW + REJECTS_KEPT - timedelta(seconds=1)) == 0
    assert forget_rejects(now=NOW + REJECTS_KEPT) == 1
    assert (file.exists(), values(old), values(young)) == (False, [""] * 4, ["99", "88", "77", "66"])
    assert kept(young) == ["K-123456", "other", "third", "7"]
    with pytest.raises(NotFound):
        kept(old)
    assert list(old.rejects.values_list("row", "column")) == [(n, "score") for n in (2, 3, 4, 5)]
    assert (old.counts["rejected"], forget_rejects(now=NOW + REJECTS_KEPT)) == (4, 0)


def test_file_of_a_later_import_of_the_same_name_stays(tmp_path: Path) -> None:
    old = reject_four(tmp_path)
    again = reject_four(tmp_path, now=NOW + timedelta(days=20))
    assert old.counts["rejects_file"] == again.counts["rejects_file"]
    assert forget_rejects(now=NOW + REJECTS_KEPT) == 1
    assert (values(old), len(kept(again))) == ([""] * 4, 4)


def test_import_that_runs_keeps_its_rejects(tmp_path: Path) -> None:
    batch = reject_four(tmp_path)
    Import.objects.update(status="running")
    assert forget_rejects(now=NOW + REJECTS_KEPT) == 0
    assert len(kept(batch)) == 4


def test_once_a_day_every_worker_forgets(tmp_path: Path) -> None:
    batch = reject_four(tmp_path)
    key, _secret = create_key(name="desk", now=NOW)
    IngestReply.objects.create(key=key, idempotency_key="k", body_sha256="0", status=201, reply=b"{}", created_at=NOW)
    now = NOW + max(REJECTS_KEPT, REPLIES_KEPT) + timedelta(minutes=1)
    assert forget_daily(now=now) == 2
    assert (values(batch), IngestReply.objects.count()) == ([""] * 4, 0)
    ImportReject.objects.update(value="x")
    assert forget_daily(now=now + timedelta(hours=1)) == 0
    assert forget_daily(now=now + timedelta(days=1)) == 1
    assert Watermark.objects.get(name=FORGETTING).until == now + timedelta(days=1)
    assert "surveys.tasks.forget_old" in SWEEP
    assert forget_old() == 0


# --- somebody --------------------------------------------------------------------------------------------------------
def test_words_of_a_customer_are_looked_for_whole_or_within() -> None:
    pk = add_customer(reference="7", now=NOW, name="Li", phone="138 0013 8000", email="Li@example.com").pk
    words = words_of(Customer.objects.get(pk=pk))
    assert words.whole == {"7", "Li"}
    assert sorted(words.within) == ["+8613800138000", "13800138000", "li@example.com"]
    longer = Customer.objects.create(reference="K-123456", created_at=NOW)
    assert words_of(longer) == Words(frozenset({"K-123456"}), ("K-123456",))


@pytest.mark.parametrize(
    ("words", "lines", "left"),
    [
        (Words(frozenset({"K-123456"}), ("K-123456",)), 2, ["third", "7"]),
        (Words(frozenset({"7"}), ()), 1, ["K-123456", "other", "third"]),
        (Words(frozenset({"=1+1"}), ()), 1, ["K-123456", "other", "7"]),
        (Words(frozenset({"88"}), ()), 1, ["K-123456", "third", "7"]),
        (Words(frozenset({"nobody"}), ("nobody",)), 0, ["K-123456", "other", "third", "7"]),
    ],
)
def test_lines_that_name_somebody_go_and_the_others_stay(
    tmp_path: Path, words: Words, lines: int, left: list[str]
) -> None:
    batch = reject_four(tmp_path)
    before = rejects_path(batch).read_bytes()
    assert forget_rejected(words=words) == lines
    assert kept(batch) == left
    after = rejects_path(batch).read_bytes()
    assert after == b"".join(
        line for line in before.splitlines(keepends=True) if line in after.splitlines(keepends=True)
    )
    assert [path.name for path in rejects_path(batch).parent.iterdir()] == ["scores-rejects.csv"]
    assert forget_rejected(words=words) == 0


def test_values_that_name_somebody_are_emptied(tmp_path: Path) -> None:
    batch = reject_four(tmp_path)
    for value in ("K-123456", "see K-123456", "7", "77"):
        ImportReject.objects.create(batch=batch, row=9, column="who", value=value, reason="twice")
    forget_rejected(words=Words(frozenset({"7", "K-123456"}), ("K-123456",)))
    assert values(batch) == ["99", "88", "77", "66", "", "", "", "77"]


def test_file_that_is_being_written_is_left_alone(tmp_path: Path) -> None:
    batch = reject_four(tmp_path)
    Import.objects.update(status="running")
    assert forget_rejected(words=Words(frozenset({"7"}), ())) == 0
    assert len(kept(batch)) == 4
