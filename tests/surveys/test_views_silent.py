"""Models of the silent on their pages: the list, the card, use, runs, audits; latent scores on pool and customer."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest
from django.db import transaction
from django.test import Client
from django.utils.timezone import localdate
from pytest_django import DjangoAssertNumQueries

from loopcare.common import clock
from loopcare.staff.enums import Role
from surveys.enums import SilentStatus
from surveys.logic.decoding import Decoded, Event
from surveys.models import AuditSample, PoolEntry, ScoreRun, SilentModel, Source, Warehouse
from surveys.services.landing import land
from surveys.services.setup import ensure_basics
from surveys.services.silent.entering import enter
from surveys.services.silent.scoring import score_file
from tests.surveys.silent_bases import in_use, kept, rows, write
from tests.surveys.test_views_pool import signed_in

pytestmark = pytest.mark.django_db

LIST = "/scans/models/"


def page(model: SilentModel, action: str = "") -> str:
    return f"{LIST}{model.pk}/{action}"


def connected() -> Warehouse:
    return Warehouse.objects.create(
        name="base",
        url="parquet:///nowhere",
        shown="parquet:///nowhere",
        engine="duckdb",
        table="customers",
        reference="customer",
        created_at=clock.now(),
    )


def scored(tmp_path: Path, *, asked: int = 40) -> ScoreRun:
    base = write(tmp_path / "base.csv", rows(400, seed=7))
    return score_file(model=in_use(now=clock.now()), path=base, capacity=10, asked=asked, now=clock.now())


def complain(reference: str) -> None:
    ensure_basics()
    row = Decoded(1, reference, f"x-{reference}", localdate(clock.now()), (), Event("complaint", "billing"))
    with transaction.atomic():
        land(rows=[row], source=Source.objects.get(code="complaint-desk"), now=clock.now())


@pytest.mark.parametrize(("role", "status"), [(Role.AGENT, 403), (Role.ANALYST, 200), (Role.AUDITOR, 200)])
def test_list_opens_to_readers_only(role: Role, status: int) -> None:
    kept(now=clock.now())
    assert signed_in(role).get(LIST).status_code == status


def test_without_a_model_it_says_how_to_train_one() -> None:
    assert "train_silent" in signed_in(Role.ANALYST).get(LIST).content.decode()


@pytest.mark.parametrize("many", [1, 3])
def test_list_costs_the_same_queries_for_any_number(
    many: int, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    client = signed_in(Role.ANALYST)
    for _ in range(many):
        kept(now=clock.now())
    client.get(LIST)
    with django_assert_num_queries(5):
        client.get(LIST)


def test_card_shows_every_figure_with_what_it_is_compared_with() -> None:
    model = kept(now=clock.now())
    shown = signed_in(Role.ANALYST).get(page(model)).context
    first = model.card["tried"][0]
    assert [(figure.label, figure.value) for figure in shown["figures"]] == [
        ("AUC", f"{first['auc']['value']:.3f}"),
        ("Lift", f"{first['capacities'][2]['lift']:.2f}×"),
        ("Brier score", f"{first['brier']:.4f}"),
        ("Calibration slope", f"{first['calibration']['slope']['value']:.2f}"),
        ("Learned from", "1,500"),
    ]
    assert shown["figures"][0].note == f"{first['auc']['low']:.3f}–{first['auc']['high']:.3f} · chance .5"
    assert [row["share"] for row in shown["capacities"]] == ["1.0%", "5.0%", "10.0%", "20.0%"]
    assert (len(shown["curve"].points), sum(int(point.n) for point in shown["curve"].points)) == (10, 1_500)
    assert [row["column"] for row in shown["features"]] == [row["column"] for row in model.card["influences"]]
    assert {row["value"] for row in shown["segments"]} == {"2G", "4G", "5G"}
    assert [row["used"] for row in shown["findings"]] == [False]
    assert "trouble" in shown["findings"][0]["words"]


def test_model_that_looks_at_answers_is_marked_and_cannot_be_put_in_use() -> None:
    model = kept(now=clock.now(), with_flags=True)
    client = signed_in(Role.SUPERVISOR)
    told = client.get(page(model))
    assert "Not for silent customers" in told.content.decode()
    assert (told.context["may_use"], told.context["may_score"]) == (False, False)
    assert client.post(page(model, "use/")).status_code == 409
    assert SilentModel.objects.get(pk=model.pk).status == SilentStatus.DRAFT


def test_supervisor_puts_in_use_and_retires() -> None:
    model, client = kept(now=clock.now()), signed_in(Role.SUPERVISOR)
    assert client.post(page(model, "use/")).status_code == 302
    assert SilentModel.objects.get(pk=model.pk).status == SilentStatus.IN_USE
    assert client.post(page(model, "retire/")).status_code == 302
    assert SilentModel.objects.get(pk=model.pk).status == SilentStatus.RETIRED
    assert client.post(page(model, "retire/")).status_code == 409


def test_run_is_queued_once_and_called_off() -> None:
    model, base, client = in_use(now=clock.now()), connected(), signed_in(Role.SUPERVISOR)
    asked = {"warehouse": base.pk, "capacity": 500, "asked": 100, "floor": 0.2, "every_days": 7}
    assert client.post(page(model, "score/"), asked).status_code == 302
    run = ScoreRun.objects.get()
    assert (run.status, run.capacity, run.asked, run.floor, run.every_days) == ("waiting", 500, 100, 0.2, 7)
    again = client.post(page(model, "score/"), asked)
    assert (again.status_code, again.context["form"].non_field_errors()) == (
        422,
        ["A run of this model waits already; call it off first."],
    )
    assert client.post(f"{LIST}runs/{run.pk}/cancel/").status_code == 302
    assert ScoreRun.objects.get().status == "cancelled"
    assert client.post(f"{LIST}runs/{run.pk}/cancel/").status_code == 409


def test_numbers_out_of_range_stand_beside_their_field() -> None:
    model, base, client = in_use(now=clock.now()), connected(), signed_in(Role.SUPERVISOR)
    wrong = client.post(
        page(model, "score/"), {"warehouse": base.pk, "capacity": -1, "asked": 0, "floor": 0, "every_days": 0}
    )
    assert (wrong.status_code, list(wrong.context["form"].errors)) == (422, ["capacity"])
    assert ScoreRun.objects.count() == 0


def test_runs_and_their_drift_are_shown(tmp_path: Path) -> None:
    run = scored(tmp_path)
    shown = signed_in(Role.AUDITOR).get(page(run.model)).context
    assert [(one.pk, one.scored, one.entered) for one in shown["runs"]] == [(run.pk, 400, 10)]
    assert next(row["column"] for row in shown["shifts"]) == "the scores"
    assert {row["column"] for row in shown["shifts"]} == {"the scores", "drops", "load", "net"}


def test_audit_says_nothing_from_too_few_answers_and_an_interval_from_enough(tmp_path: Path) -> None:
    sample = scored(tmp_path).audit
    client = signed_in(Role.ANALYST)
    before = client.get(f"/scans/audits/{sample.pk}/").context["line"]
    assert (before.size, before.drawn, before.answered, before.estimate, before.share) == ("400", "40", "0", "?", "")
    on = localdate(clock.now())
    sample.members.update(answered_on=on, dissatisfied=False)
    sample.members.filter(score__gte=0.3).update(dissatisfied=True)
    after = client.get(f"/scans/audits/{sample.pk}/").context
    assert after["line"].answered == "40"
    pool = after["line"].audited.pool
    assert pool.low < pool.estimate < pool.high
    assert (pool.least, pool.most) == (pool.low, pool.high)  # everybody answered
    assert [int(band["size"]) for band in after["bands"]] == [size for size, _expected in reversed(sample.bands)]
    listed = client.get(LIST).context["audits"]
    assert [line.audited.sample.pk for line in listed] == [sample.pk]


@pytest.mark.parametrize("many", [10, 40])
def test_audit_costs_the_same_queries_for_any_number(
    many: int, tmp_path: Path, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    sample: AuditSample = scored(tmp_path, asked=many).audit
    client = signed_in(Role.ANALYST)
    client.get(f"/scans/audits/{sample.pk}/")
    with django_assert_num_queries(9):
        client.get(f"/scans/audits/{sample.pk}/")


def test_pages_and_workers_do_not_load_what_learns() -> None:
    """scikit-learn takes a second and 90 MB: only who trains or scores pays that."""
    told = subprocess.run(
        [
            sys.executable,
            "-c",
            "import django, sys; django.setup(); import loopcare.urls, surveys.tasks; "
            "print(sorted({'sklearn', 'pyarrow', 'ibis'} & sys.modules.keys()))",
        ],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "DJANGO_SETTINGS_MODULE": "loopcare.settings"},
    )
    assert told.stdout.strip() == "[]"


# --- pool and customer -----------------------------------------------------------------------------------------------
def predicted(*pairs: tuple[str, float], days_ago: int = 0) -> None:
    day = localdate(clock.now()) - timedelta(days=days_ago)
    with transaction.atomic():
        enter(model=in_use(now=clock.now()), chosen=pairs, day=day, now=clock.now())


def sentences(client: Client, entry: PoolEntry) -> list[str]:
    (shown,) = client.get(f"/customers/{entry.customer_id}/").context["stays"]
    return list(shown[1])


def test_latent_entry_tells_its_score_and_no_answer() -> None:
    predicted(("anna", 0.7312))
    entry, today = PoolEntry.objects.get(), localdate(clock.now()).isoformat()
    assert sentences(signed_in(Role.ANALYST), entry) == [
        "Found by the rule “Found by a model of the silent” (Model of the silent).",
        f"Probability of being dissatisfied as predicted by calls: 0.731 ({today}).",
        "Dissatisfied for the first time in the repeat window.",
    ]


def test_explicit_sign_leads_and_the_latent_score_stays_visible() -> None:
    predicted(("anna", 0.7312), days_ago=1)
    complain("anna")
    entry, today = PoolEntry.objects.select_related("customer").get(), localdate(clock.now())
    client = signed_in(Role.ANALYST)
    assert entry.kind == "explicit"
    assert sentences(client, entry)[:3] == [
        "Found by the rule “Complaint” (Complaint desk).",
        f"Latest sign: complaint ({today}).",
        f"Probability of being dissatisfied as predicted by calls: 0.731 ({today - timedelta(days=1)}).",
    ]
    shown = client.get("/pool/entries/")
    assert shown.context["latent"][entry.customer_id].score == "0.731"
    assert ("latent 0.731" in shown.content.decode(), "<td>Complaint desk</td>" in shown.content.decode()) == (
        True,
        True,
    )


def test_explicit_entry_stays_with_its_own_rule_when_a_score_comes() -> None:
    complain("anna")
    predicted(("anna", 0.64))
    entry = PoolEntry.objects.get()
    assert (entry.kind, entry.rule and entry.rule.code) == ("explicit", "complaint")
    shown = signed_in(Role.ANALYST).get("/pool/entries/").context
    assert shown["latent"][entry.customer_id].score == "0.640"
