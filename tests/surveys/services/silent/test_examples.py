"""What a model learns from: a file with its outcome, or ratings that landed here joined to a warehouse's columns."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest

from loopcare.common.errors import Invalid
from surveys.enums import SilentStatus
from surveys.logic.cells import Cell
from surveys.logic.silent.leaks import Finding
from surveys.logic.silent.spec import parse_spec
from surveys.services.silent.examples import from_answers, from_file
from surveys.services.silent.training import train_from_answers, train_from_file
from tests.surveys.bases import connected
from tests.surveys.factories import land_rows, row
from tests.surveys.silent_bases import HEADER, SPEC, rows, write

pytestmark = pytest.mark.django_db

ANSWERS = SPEC.replace('column = "overall"\ndissatisfied_at_most = 6', 'source = "cards"\ndays = 60').replace(
    '[answered]\nflags = ["trouble"]\n', ""
)
DATED = SPEC.replace('reference = "customer"', 'reference = "customer"\nday = "day"\ndate_format = "%d/%m/%Y"')


def base(found: Sequence[Sequence[Cell]]) -> str:
    values = ", ".join(f"('{one[0]}', {one[2]}, {one[3]}, '{one[4]}')" for one in found)
    return f"SELECT customer, drops, load::DOUBLE AS load, net FROM (VALUES {values}) AS t(customer, drops, load, net)"


# --- a file ----------------------------------------------------------------------------------------------------------
def test_rows_without_an_outcome_teach_nothing(tmp_path: Path) -> None:
    path = write(
        tmp_path / "t.csv", [("a", 3, 1, 0.5, "4G", 1), ("b", "", 2, 0.5, "4G", 1), ("c", "7", 3, "", "4G", 0)]
    )

    found = from_file(path, parse_spec(SPEC))

    assert list(found.outcome) == [1, 0]
    assert found.columns["customer"] == ["a", "c"]
    assert found.days == []


def test_an_answer_of_exactly_the_limit_is_dissatisfied(tmp_path: Path) -> None:
    path = write(tmp_path / "t.csv", [("a", 6, 1, 0.5, "4G", 1), ("b", 6.5, 2, 0.5, "4G", 1)])

    assert list(from_file(path, parse_spec(SPEC)).outcome) == [1, 0]


def test_days_are_read_in_the_files_own_way_and_a_row_without_one_is_left_out(tmp_path: Path) -> None:
    found = [
        ("a", 3, 1, 0.5, "4G", 1, "31/12/2025"),
        ("b", 9, 2, 0.5, "4G", 1, "?"),
        ("c", 9, 2, 0.5, "4G", 1, "01/02/2026"),
    ]
    path = write(tmp_path / "t.csv", found, header=(*HEADER, "day"))

    examples = from_file(path, parse_spec(DATED))

    assert examples.days == [date(2025, 12, 31), date(2026, 2, 1)]
    assert list(examples.outcome) == [1, 0]


def test_a_column_of_the_mapping_that_is_not_there_is_named(tmp_path: Path) -> None:
    path = write(tmp_path / "t.csv", [("a", 3, 1)], header=("customer", "overall", "drops"))

    with pytest.raises(Invalid, match=r"t\.csv lacks columns of the mapping: net, load, trouble|net, load|load, net"):
        from_file(path, parse_spec(SPEC))


def test_training_keeps_a_draft_with_its_card_and_tells_of_columns_first(tmp_path: Path, now: datetime) -> None:
    told: list[list[Finding]] = []
    path = write(tmp_path / "base.csv", rows(1_200))

    model = train_from_file(path=path, spec_text=SPEC, now=now, repeats=1, told=told.append)

    assert (model.name, model.version, model.status, model.for_silent) == ("calls", 1, SilentStatus.DRAFT, True)
    assert (model.learned_from, model.card["n"], model.spec) == ("base.csv", 1200, SPEC)
    assert [[finding.column for finding in findings] for findings in told] == [["trouble"]]
    assert [segment["value"] for segment in model.card["segments"]] == ["4G", "5G", "2G"]


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (("name = ", "name "), "TOML"),
        (('["drops"]', '["drops", "net"]'), "two roles"),
        (("dissatisfied_at_most = 6", "dissatisfied_at_most = 0"), "answered alike"),
    ],
)
def test_what_cannot_be_used_is_refused_with_a_sentence(
    tmp_path: Path, now: datetime, change: tuple[str, str], sentence: str
) -> None:
    path = write(tmp_path / "base.csv", rows(300))

    with pytest.raises(Invalid, match=sentence):
        train_from_file(path=path, spec_text=SPEC.replace(*change), now=now, repeats=1)


# --- ratings that landed here ----------------------------------------------------------------------------------------
def test_the_latest_answer_of_each_customer_meets_their_columns(now: datetime) -> None:
    today = now.date()
    land_rows(
        row("c00001", 2, on=today - timedelta(days=3), number=1),
        row("c00002", 9, on=today - timedelta(days=2), number=2),
        row("c00002", 3, on=today - timedelta(days=9), number=3),
        row("c00003", 2, on=today - timedelta(days=61), number=4),
        row("elsewhere", 2, on=today - timedelta(days=1), number=5),
        now=now,
    )
    place = connected(base(rows(10)), reference="customer")

    found = from_answers(parse_spec(ANSWERS), url=place.url, table=place.table, now=now)

    assert found.columns["customer"] == ["c00001", "c00002"]
    assert list(found.outcome) == [1, 0]
    assert found.days == [today - timedelta(days=3), today - timedelta(days=2)]
    expected = {str(one[0]): one for one in rows(10)}
    assert found.columns["drops"] == [expected["c00001"][2], expected["c00002"][2]]
    assert found.columns["net"] == [expected["c00001"][4], expected["c00002"][4]]


def test_a_model_learns_from_answers_in_order_of_their_days(now: datetime) -> None:
    people = rows(1_500)
    answers = [
        row(str(one[0]), float(str(one[1])), on=now.date() - timedelta(days=1 + k % 50), number=k)
        for k, one in enumerate(people)
    ]
    land_rows(*answers, now=now)
    place = connected(base(people), reference="customer")

    model = train_from_answers(
        url=place.url, table=place.table, shown="Base · customers", spec_text=ANSWERS, now=now, repeats=1
    )

    assert (model.card["n"], model.card["dissatisfied"]) == (1500, sum(one[1] == 3 for one in people))
    assert [one["order"] for one in model.card["tried"]] == ["time", "shuffled"]
    assert (model.card["first_day"], model.card["last_day"]) == (
        (now.date() - timedelta(days=50)).isoformat(),
        (now.date() - timedelta(days=1)).isoformat(),
    )
    assert model.card["tried"][0]["auc"]["value"] > 0.6
    assert model.learned_from == "Base · customers"


def test_too_few_answers_say_how_many_are_needed(now: datetime) -> None:
    land_rows(*(row(f"c{k:05}", 2 if k < 5 else 9, on=now.date(), number=k) for k in range(100)), now=now)
    place = connected(base(rows(200)), reference="customer")

    with pytest.raises(Invalid, match=r"Of 100 customers 5 are dissatisfied .* at this share some 1000 answers"):
        train_from_answers(url=place.url, table=place.table, shown="b", spec_text=ANSWERS, now=now)


def test_no_such_source_is_told(now: datetime) -> None:
    place = connected(base(rows(10)), reference="customer")

    with pytest.raises(Invalid, match="There is no source nowhere"):
        train_from_answers(
            url=place.url, table=place.table, shown="b", spec_text=ANSWERS.replace("cards", "nowhere"), now=now
        )
