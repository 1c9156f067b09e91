"""Everybody scored once: capacity and threshold, the silent only, a day twice as once, drift, queued and repeated."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from django.conf import settings

from loopcare.common.due_rows import DueStatus
from loopcare.common.errors import Conflict, Invalid
from surveys.logic.cells import Cell
from surveys.logic.silent import table
from surveys.logic.silent.training import predict
from surveys.models import PoolEntry, ScoreRun, Signal, SilentModel, Warehouse
from surveys.services.silent.keeping import retire
from surveys.services.silent.queueing import call_off, queue_score
from surveys.services.silent.scoring import run_due_scores, score_file, score_table
from tests.surveys.bases import connected
from tests.surveys.bases import write as write_parquet
from tests.surveys.factories import land_rows, row
from tests.surveys.silent_bases import HEADER, in_use, kept, learned, rows, write

pytestmark = pytest.mark.django_db
N = 2_000


@pytest.fixture
def base(tmp_path: Path) -> Path:
    """Other customers than the model learned from, without their answers."""
    found = [(one[0], *one[2:5]) for one in rows(N, seed=9)]
    return write(tmp_path / "customers.csv", found, header=("customer", "drops", "load", "net"))


def scores_of(found: list[tuple[Cell, ...]]) -> dict[str, float]:
    columns = {name: [one[place] for one in found] for place, name in enumerate(HEADER)}
    _matrix, scores = predict(learned().model, learned().card.layout, columns)
    return dict(zip(map(str, columns["customer"]), map(float, scores), strict=True))


def scored(base: Path, model: SilentModel, *, now: datetime, capacity: int = 100, asked: int = 0) -> ScoreRun:
    return score_file(model=model, path=base, capacity=capacity, asked=asked, now=now)


def test_as_many_as_can_be_called_are_entered_the_highest_first(base: Path, now: datetime) -> None:
    run = scored(base, in_use(now=now), now=now)

    expected = scores_of(rows(N, seed=9))
    best = sorted(expected.values(), reverse=True)[:100]
    assert (run.status, run.scored, run.silent, run.standing) == (DueStatus.DONE, N, N, 0)
    assert (run.entered, run.pool_new, run.unknown) == (100, 100, 0)
    assert run.threshold == pytest.approx(best[-1])
    entered = dict(Signal.objects.values_list("customer__reference", "raw"))
    assert len(entered) == 100
    assert all(raw == f"{expected[who]:.3f}" for who, raw in entered.items())
    assert min(expected[who] for who in entered) == pytest.approx(best[-1])


def test_the_same_table_on_the_same_day_changes_nothing(base: Path, now: datetime) -> None:
    model = in_use(now=now)
    scored(base, model, now=now)
    before = set(Signal.objects.values_list("customer_id", "raw"))

    again = scored(base, model, now=now + timedelta(hours=2))

    assert (again.entered, again.pool_new) == (100, 0)
    assert set(Signal.objects.values_list("customer_id", "raw")) == before
    assert PoolEntry.objects.count() == 100


def test_the_next_day_others_are_entered_and_who_stands_stays(base: Path, now: datetime) -> None:
    model = in_use(now=now)
    scored(base, model, now=now)

    run = scored(base, model, now=now + timedelta(days=1))

    assert (run.silent, run.standing, run.entered, run.pool_new) == (N, 100, 100, 100)
    assert PoolEntry.objects.count() == 200


def test_who_spoke_lately_is_not_silent(base: Path, now: datetime) -> None:
    expected = scores_of(rows(N, seed=9))
    first, second, *_rest = sorted(expected, key=lambda who: -expected[who])
    land_rows(row(first, 10, on=now.date() - timedelta(days=5)), now=now)
    land_rows(row(second, 1, on=now.date() - timedelta(days=100)), now=now)

    run = scored(base, in_use(now=now), now=now)

    assert (run.scored, run.silent) == (N, N - 2)
    predicted = set(Signal.objects.filter(kind="prediction").values_list("customer__reference", flat=True))
    assert predicted & {first, second} == set()


def test_nobody_is_scored_by_a_model_that_is_not_in_use(base: Path, now: datetime) -> None:
    draft = kept(now=now)
    with pytest.raises(Conflict, match="not in use"):
        scored(base, draft, now=now)
    model = in_use(now=now)
    retire(model=model, now=now)
    with pytest.raises(Conflict, match="not in use"):
        scored(base, SilentModel.objects.get(pk=model.pk), now=now)
    assert ScoreRun.objects.count() == 0


def test_a_column_that_is_not_there_is_named(tmp_path: Path, now: datetime) -> None:
    found = [(one[0], one[2], one[4]) for one in rows(10)]
    path = write(tmp_path / "narrow.csv", found, header=("customer", "drops", "net"))

    with pytest.raises(Invalid, match="lacks columns that the model looks at: load"):
        scored(path, in_use(now=now), now=now)
    assert ScoreRun.objects.count() == 0


@pytest.mark.parametrize("facts", [{"capacity": -1}, {"capacity": 10_000_000}, {"asked": -1}, {"floor": 1.5}])
def test_numbers_out_of_range_are_refused(base: Path, now: datetime, facts: dict[str, float]) -> None:
    said = {"capacity": 10, **facts}
    with pytest.raises(Invalid):
        score_file(model=in_use(now=now), path=base, now=now, **said)  # type: ignore[arg-type]


def test_drift_is_told_against_the_customers_it_learned_from(tmp_path: Path, base: Path, now: datetime) -> None:
    model = in_use(now=now)
    same = {shift["column"]: shift["psi"] for shift in scored(base, model, now=now).drift}
    moved = [(one[0], int(str(one[2])) * 5 + 3, one[3], one[4]) for one in rows(N, seed=9)]
    path = write(tmp_path / "moved.csv", moved, header=("customer", "drops", "load", "net"))

    shifts = scored(path, model, now=now + timedelta(days=1)).drift

    assert set(same) == {"", "drops", "load", "net"}
    assert max(same.values()) < 0.1
    assert [shift["column"] for shift in shifts[:2]] == ["", "drops"]
    assert shifts[1]["psi"] > 0.25
    assert {shift["column"]: shift["psi"] for shift in shifts}["load"] < 0.1


# --- a warehouse's table ---------------------------------------------------------------------------------------------
def warehouse(now: datetime) -> Warehouse:
    columns = ", ".join(f"({k}, '{one[0]}', {one[2]}, {one[3]}, '{one[4]}')" for k, one in enumerate(rows(N, seed=9)))
    query = f"SELECT msisdn, drops, load::DOUBLE AS load, net FROM (VALUES {columns}) AS t(k, msisdn, drops, load, net)"
    return connected(query)


def test_a_warehouses_table_and_the_same_rows_in_a_file_enter_the_same_customers(base: Path, now: datetime) -> None:
    model, place = in_use(now=now), warehouse(now)

    run = score_table(
        model=model,
        url=place.url,
        table_name=place.table,
        reference=place.reference,
        shown="base",
        capacity=100,
        now=now,
    )
    entered = set(Signal.objects.values_list("customer__reference", "raw"))
    again = scored(base, model, now=now)

    assert (run.scored, run.entered) == (again.scored, again.entered)
    assert run.threshold == pytest.approx(again.threshold)
    assert {raw for _who, raw in entered} == set(Signal.objects.values_list("raw", flat=True))
    assert len(entered) == 100


def test_a_queued_run_is_done_by_a_worker_and_queued_again(now: datetime) -> None:
    model, place = in_use(now=now), warehouse(now)
    run = queue_score(model=model, warehouse=place, capacity=50, asked=40, every_days=7, now=now)

    drained = run_due_scores(now=now)

    run.refresh_from_db()
    assert drained.done == 1
    assert (run.status, run.scored, run.entered) == (DueStatus.DONE, N, 50)
    following = ScoreRun.objects.exclude(pk=run.pk).get()
    assert (following.status, following.capacity, following.asked, following.every_days) == ("waiting", 50, 40, 7)
    assert following.due_at == now + timedelta(days=7)
    assert following.day == now.date() + timedelta(days=7)


def test_one_run_of_a_model_waits_and_can_be_called_off(now: datetime) -> None:
    model, place = in_use(now=now), warehouse(now)
    run = queue_score(model=model, warehouse=place, capacity=50, now=now)
    with pytest.raises(Conflict, match="waits already"):
        queue_score(model=model, warehouse=place, capacity=50, now=now)

    call_off(run=run)

    run.refresh_from_db()
    assert run.status == DueStatus.CANCELLED
    assert run_due_scores(now=now).total == 0
    with pytest.raises(Conflict):
        call_off(run=run)


def test_a_warehouse_without_a_column_of_the_model_fails_with_its_name(now: datetime) -> None:
    model, place = in_use(now=now), warehouse(now)
    write_parquet("SELECT 'c1' AS msisdn, 3 AS drops, '4G' AS net")
    assert Path(settings.WAREHOUSE_DIR).is_dir()
    run = queue_score(model=model, warehouse=place, capacity=50, every_days=7, now=now)

    run_due_scores(now=now)

    run.refresh_from_db()
    assert run.status == DueStatus.CANCELLED
    assert "load" in run.last_error
    assert Signal.objects.count() == 0


def test_scores_come_in_the_models_own_order_of_columns() -> None:
    """The file's order of columns does not matter."""
    found = rows(50, seed=3)
    columns = {name: [one[place] for one in found] for place, name in enumerate(HEADER)}
    turned = dict(reversed(columns.items()))
    layout = table.from_plain(table.to_plain(learned().card.layout))

    _m, one = predict(learned().model, layout, columns)
    _m, other = predict(learned().model, layout, turned)

    np.testing.assert_array_equal(one, other)
