"""Files into signals and the pool: the small cases, the rejects, the refusals, the queue."""

from __future__ import annotations

import csv
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest

from loopcare.common.due_rows import DueStatus
from loopcare.common.errors import Invalid
from loopcare.customers.models import ContactPoint, Customer
from surveys.models import Detection, Import, ImportReject, PoolEntry, PoolEvent, Signal, Source
from surveys.services.intake import import_file
from surveys.services.running import ImportResult
from surveys.services.setup import ensure_basics
from tests.surveys.conftest import EXAMPLES

MAPPING = """
[source]
code = "cards"
name = "Cards"
channel = "shop"
[columns]
reference = "Id"
external_id = "Card"
occurred_on = "Day"
phone = "Phone"
brand = "Brand"
region = "Region"
[[rating]]
column = "Score"
dimension = "overall"
low = 1
high = 10
adequate = 6.5
opens = true
[[rating]]
column = "Clarity"
dimension = "clarity"
low = 1
high = 10
adequate = 6.5
[[choices]]
not_chosen = ["no"]
causes = [{ column = "Dropped", code = "symptom.dropped", name_en = "Dropped" }]
[comment]
columns = ["Remarks"]
"""
HEADER = "Id,Card,Day,Phone,Brand,Region,Score,Clarity,Dropped,Remarks"


@pytest.fixture
def load(tmp_path: Path, now: datetime) -> Load:
    return Load(tmp_path, now)


class Load:
    """Imports lines under `HEADER`."""

    def __init__(self, folder: Path, now: datetime) -> None:
        self.folder, self.now = folder, now

    def file(self, *lines: str, header: str = HEADER, name: str = "cards.csv") -> Path:
        path = self.folder / name
        path.write_text("\n".join([header, *lines]) + "\n", encoding="utf-8")
        return path

    def __call__(
        self, *lines: str, mapping: str = MAPPING, source: str | None = None, dry: bool = False
    ) -> ImportResult:
        return import_file(path=self.file(*lines), mapping_text=mapping, source_code=source, now=self.now, dry_run=dry)


def written() -> list[int]:
    models = (Customer, Signal, Detection, PoolEntry, PoolEvent, Import, ImportReject, ContactPoint)
    return [model.objects.count() for model in models]


@pytest.mark.django_db
def test_dissatisfied_customer_enters_the_pool(load: Load, now: datetime) -> None:
    result = load("7,k1,2026-04-30,,Nova,North,3,9,yes,It dropped twice", "8,k2,2026-04-30,,Nova,North,7,1,yes,")

    assert (result.accepted, result.signals, result.dissatisfied, result.pool_new) == (2, 4, 1, 1)
    entry = PoolEntry.objects.get()
    assert entry.customer.reference == "7"
    assert (entry.status, entry.kind, entry.channel, entry.brand, entry.region) == (
        *("waiting", "explicit", "shop"),
        *("Nova", "North"),
    )
    assert (entry.raw, entry.dimension, entry.repeat_count, entry.signal_on) == ("3", "overall", 1, date(2026, 4, 30))
    assert entry.gap == pytest.approx(100 * (3 - 6.5) / 9)
    assert (entry.causes, entry.comment) == (["symptom.dropped"], "It dropped twice")
    assert entry.entered_on == date(2026, 5, 4)
    event = PoolEvent.objects.get()
    assert (event.entry_id, event.from_status, event.to_status, event.at) == (entry.pk, "", "waiting", now)
    signals = Signal.objects.filter(customer=entry.customer).order_by("id").values_list("dimension", "opens", "causes")
    assert list(signals) == [("overall", True, ["symptom.dropped"]), ("clarity", False, [])]


@pytest.mark.django_db
def test_later_answer_deepens_the_open_entry(load: Load) -> None:
    load("7,k1,2026-04-01,,Nova,North,2,9,yes,First")
    again = load("7,k2,2026-04-20,,Lumen,North,5,9,no,", "7,k3,2026-04-25,,Lumen,North,6,9,no,Third")

    assert (again.dissatisfied, again.pool_new, again.pool_open) == (2, 0, 1)
    entry = PoolEntry.objects.get()
    assert (entry.raw, entry.signal_on, entry.repeat_count) == ("6", date(2026, 4, 25), 3)
    assert entry.gap == pytest.approx(100 * (2 - 6.5) / 9)
    assert (entry.causes, entry.comment, entry.brand) == (["symptom.dropped"], "Third", "Nova")


@pytest.mark.django_db
def test_one_file_and_many_files_give_the_same_pool(load: Load) -> None:
    lines = ["7,k1,2026-04-01,,Nova,,2,9,yes,First", "7,k2,2026-04-20,,Nova,,5,9,no,", "7,k3,2026-01-02,,Nova,,1,9,no,"]
    fields = ("raw", "dimension", "gap", "repeat_count", "causes", "comment", "signal_on")
    load(*lines)
    together = PoolEntry.objects.values(*fields).get()
    PoolEntry.objects.update(status="left", left_at=load.now, left_reason="expired")
    Signal.objects.all().delete()
    Detection.objects.all().delete()
    for line in sorted(lines, key=lambda line: line.split(",")[2]):
        load(line)

    assert PoolEntry.objects.open().values(*fields).get() == together


@pytest.mark.django_db
@pytest.mark.parametrize(("days_before", "repeats"), [(1, 2), (89, 2), (90, 1), (400, 1)])
def test_repeats_count_within_the_window(load: Load, days_before: int, repeats: int) -> None:
    earlier = date(2026, 4, 30) - timedelta(days=days_before)
    load(f"7,k1,{earlier},,,,2,,no,")
    load("7,k2,2026-04-30,,,,2,,no,")

    assert PoolEntry.objects.get().repeat_count == repeats


@pytest.mark.django_db
def test_customer_who_left_comes_back_as_a_new_entry(load: Load) -> None:
    load("7,k1,2026-04-01,,,,2,,no,")
    PoolEntry.objects.update(status="left", left_at=load.now, left_reason="recovered")
    result = load("7,k2,2026-04-20,,,,3,,no,")

    assert (result.pool_new, result.pool_open) == (1, 1)
    assert PoolEntry.objects.open().get().repeat_count == 2


@pytest.mark.django_db
def test_duplicates_in_one_file_and_across_files_are_counted(load: Load) -> None:
    first = load("7,k1,2026-04-30,,,,3,,no,", "7,k1,2026-04-30,,,,9,,no,", "7,k1,2026-04-29,,,,9,,no,")
    second = load("7,k1,2026-04-30,,,,3,,no,")

    assert (first.rows, first.accepted, first.duplicates, first.pool_new) == (3, 2, 1, 1)
    assert (second.rows, second.accepted, second.duplicates, second.pool_new) == (1, 0, 1, 0)
    assert Signal.objects.get(occurred_on=date(2026, 4, 30), opens=True).raw == "3"


@pytest.mark.django_db
def test_rejected_rows_come_back_with_their_reasons(load: Load, home: Path) -> None:
    result = load(
        "7,k1,2026-04-30,14000001111,Nova,,11,9,no,=1+1",
        ",k2,2026-04-30,,Nova,,3,9,no,",
        "9,k3,2026-04-30,,Nova,,3,9,no,kept",
    )

    assert (result.rows, result.accepted, result.rejected) == (3, 1, 2)
    assert result.rejects == [
        {"row": 2, "column": "Score", "value": "11", "reason": "This lies outside the scale 1 to 10."},
        {"row": 3, "column": "Id", "value": "", "reason": "This cell must not be empty."},
    ]
    assert list(ImportReject.objects.values("row", "column", "value", "reason")) == result.rejects
    assert result.rejects_file == str(home / "rejects" / "cards-rejects.csv")
    with Path(result.rejects_file).open(encoding="utf-8-sig", newline="") as opened:
        lines = list(csv.reader(opened))
    assert lines == [
        ["rejected row", "rejected columns", "rejected values", "reasons", *HEADER.split(",")],
        [
            "2",
            "Score",
            "11",
            "This lies outside the scale 1 to 10.",
            *["7", "k1", "2026-04-30", "", "Nova", "", "11", "9", "no", "'=1+1"],
        ],
        ["3", "Id", "", "This cell must not be empty.", *["", "k2", "2026-04-30", "", "Nova", "", "3", "9", "no", ""]],
    ]


@pytest.mark.django_db
def test_dry_run_counts_the_same_and_leaves_nothing(load: Load, home: Path) -> None:
    lines = ("7,k1,2026-04-30,14000001111,Nova,North,3,9,yes,x", "8,k2,2026-04-30,,Nova,North,30,1,yes,")
    dry = load(*lines, dry=True)

    assert written() == [0] * 8
    assert not (home / "rejects" / "cards-rejects.csv").exists()
    real = load(*lines)
    assert dry.rejects_file is None
    assert {**vars_of(dry), "rejects_file": real.rejects_file} == vars_of(real)


def vars_of(result: ImportResult) -> dict[str, object]:
    return {name: getattr(result, name) for name in ImportResult.__dataclass_fields__}


@pytest.mark.django_db
def test_import_row_is_left_as_done(load: Load, now: datetime) -> None:
    result = load("7,k1,2026-04-30,,,,3,,no,")

    batch = Import.objects.get()
    assert (batch.status, batch.file_name, batch.created_at) == (DueStatus.DONE, "cards.csv", now)
    assert batch.mapping == MAPPING
    counts = {name: value for name, value in vars_of(result).items() if name != "rejects"}
    assert batch.counts == counts | {"unreadable": 0, "clashes": 0, "rejects_bytes": 0}


@pytest.mark.django_db
def test_unreadable_phone_is_left_out_and_told(load: Load) -> None:
    result = load("7,k1,2026-04-30,14000001111,,,3,,no,", "8,k2,2026-04-30,none,,,3,,no,")

    assert result.accepted == 2
    assert ContactPoint.objects.get().value == "+8614000001111"
    assert result.warnings == ["1 phone numbers or addresses cannot be read and were left out."]


@pytest.mark.django_db
def test_example_ratings_are_imported_whole(now: datetime) -> None:
    result = import_file(
        path=EXAMPLES / "ratings.csv",
        mapping_text=(EXAMPLES / "ratings.toml").read_text(),
        source_code=None,
        now=now,
    )

    assert (result.rows, result.accepted, result.rejected, result.warnings) == (40, 40, 0, [])
    assert ContactPoint.objects.count() == 80
    assert result.pool_new == result.dissatisfied == PoolEntry.objects.count() > 5


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (('column = "Score"', 'column = "Scores"'), "The file has no column Scores; the nearest is Score."),
        (('channel = "shop"', 'channel = "pigeon"'), "pigeon in the mapping's [source] must be one of hotline, sms, "),
        (("[source]", "colour = 3\n[source]"), "The mapping does not know the key colour."),
        (("[source]", "[source"), "The mapping is not TOML: "),
        (("adequate = 6.5\nopens", "opens"), "Nobody says what is good enough: give adequate in the mapping's opening"),
    ],
)
def test_mapping_that_does_not_fit_writes_nothing(load: Load, change: tuple[str, str], sentence: str) -> None:
    assert change[0] in MAPPING
    with pytest.raises(Invalid) as caught:
        load("7,k1,2026-04-30,,Nova,North,3,9,yes,", mapping=MAPPING.replace(*change))
    assert caught.value.message.startswith(sentence)
    assert caught.value.exit_code == 2
    assert written() == [0] * 8


@pytest.mark.django_db
def test_unknown_source_lists_the_known_ones(load: Load) -> None:
    ensure_basics()
    before = written()
    with pytest.raises(Invalid) as caught:
        load("7,k1,2026-04-30,,,,3,,no,", source="hotlin")
    assert caught.value.message == (
        "There is no source hotlin; known are: app-review, complaint-desk, follow-up, hotline, silent-model, sms, "
        "warehouse-scan, web-survey."
    )
    assert written() == before


@pytest.mark.django_db
def test_given_source_goes_before_the_mappings(load: Load) -> None:
    ensure_basics()
    load("7,k1,2026-04-30,,,,3,,no,", source="hotline")

    assert PoolEntry.objects.get().source.code == "hotline"
    assert not Source.objects.filter(code="cards").exists()


@pytest.mark.django_db
def test_file_that_breaks_half_way_writes_nothing(load: Load, now: datetime) -> None:
    path = load.file("7,k1,2026-04-30,,Nova,North,3,9,yes,", "8,k2,2026-04-30,,Nova,North,99,9,yes,")
    path.write_bytes(path.read_bytes() + b"9,k3,2026-04-30,,,,3,,no,x\n" * 20_000 + b'"' + b"x" * 200_000)
    with pytest.raises(Invalid) as caught:
        import_file(path=path, mapping_text=MAPPING, source_code=None, now=now)
    assert caught.value.message == "cards.csv is not a table after row 20003: a quote is not closed."
    assert written() == [0] * 8
