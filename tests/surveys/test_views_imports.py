"""Imports by page: the dry run is mandatory, changes nothing, and what it tried is what is imported."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from pytest_django import DjangoAssertNumQueries

from loopcare.common import clock
from loopcare.common.due_rows import DueStatus
from loopcare.customers.models import Customer
from loopcare.staff.enums import AuditAction, Role
from loopcare.staff.models import AuditEntry
from surveys.models import Import, ImportReject, PoolEntry, Signal
from surveys.services.intake import run_due_imports
from surveys.services.uploads import KEPT_FOR, try_upload
from tests.factories import NOW, make_source, make_user
from tests.surveys.test_views_pool import signed_in

pytestmark = pytest.mark.django_db

MAPPING = """
occurred_on = 2026-03-01
[source]
code = "cards"
name = "Cards"
channel = "shop"
[columns]
reference = "Id"
[[rating]]
column = "Score"
dimension = "overall"
low = 1
high = 10
adequate = 6.5
opens = true
"""
TABLE = "Id,Score\nA,3\nB,9\nC,=1+1\nD,11\n"


def upload(text: str = TABLE, name: str = "cards.csv") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, text.encode())


@pytest.mark.parametrize(
    ("role", "listed", "new"),
    [
        (Role.AGENT, 403, 403),
        (Role.SUPERVISOR, 200, 200),
        (Role.ANALYST, 200, 403),
        (Role.AUDITOR, 403, 403),
        (Role.ADMINISTRATOR, 200, 200),
    ],
)
def test_import_pages_open_by_role(role: Role, listed: int, new: int) -> None:
    client = signed_in(role)
    assert (client.get("/imports/").status_code, client.get("/imports/new/").status_code) == (listed, new)


def test_dry_run_shows_counts_and_rejects_and_changes_nothing() -> None:
    client = signed_in(Role.SUPERVISOR)
    page = client.post("/imports/new/", {"file": upload(), "mapping": MAPPING})
    result = page.context["result"]
    assert (result.rows, result.accepted, result.rejected, result.pool_new) == (4, 2, 2, 1)
    assert [(reject["row"], reject["column"], reject["value"]) for reject in result.rejects] == [
        (4, "Score", "=1+1"),
        (5, "Score", "11"),
    ]
    counts = [model.objects.count() for model in (Import, ImportReject, Signal, Customer, PoolEntry)]
    assert counts == [0, 0, 0, 0, 0]


def test_import_now_queues_what_was_tried_and_a_worker_imports_it(home: Path) -> None:
    client = signed_in(Role.SUPERVISOR)
    page = client.post("/imports/new/", {"file": upload(), "mapping": MAPPING})
    answer = client.post("/imports/start/", {"ticket": page.context["ticket"]})
    batch = Import.objects.get()
    assert answer.headers["Location"] == f"/imports/{batch.pk}/"
    assert (batch.file_name, batch.mapping, batch.status) == ("cards.csv", MAPPING.strip(), DueStatus.WAITING)
    assert not list(home.glob("media/imports/tried/*"))

    waiting = client.get(f"/imports/{batch.pk}/", headers={"HX-Request": "true"}).content.decode()
    assert 'hx-trigger="every 1s"' in waiting
    assert "<html" not in waiting
    run_due_imports()
    done = client.get(f"/imports/{batch.pk}/", headers={"HX-Request": "true"}).content.decode()
    assert "hx-trigger" not in done
    page = client.get(f"/imports/{batch.pk}/")
    assert page.context["batch"].counts["pool_new"] == PoolEntry.objects.count() == 1
    assert [reject.value for reject in page.context["rejects"]] == ["=1+1", "11"]


def test_import_cannot_start_without_a_dry_run() -> None:
    client = signed_in(Role.SUPERVISOR)
    assert client.post("/imports/start/", {"ticket": "made:up"}).status_code == 422
    assert client.post("/imports/start/").status_code == 422
    assert not Import.objects.exists()


def test_import_starts_once_for_one_dry_run() -> None:
    client = signed_in(Role.SUPERVISOR)
    ticket = client.post("/imports/new/", {"file": upload(), "mapping": MAPPING}).context["ticket"]
    assert client.post("/imports/start/", {"ticket": ticket}).status_code == 302
    assert client.post("/imports/start/", {"ticket": ticket}).status_code == 422
    assert Import.objects.count() == 1


def test_tried_uploads_are_forgotten_after_a_day(home: Path) -> None:
    now = clock.now()
    for at in (now, now + KEPT_FOR - timedelta(minutes=1), now + KEPT_FOR + timedelta(minutes=1)):
        try_upload(upload=upload(), mapping_text=MAPPING, source_code=None, now=at)
    assert len(list(home.glob("media/imports/tried/*"))) == 2


@pytest.mark.parametrize(
    ("data", "field"),
    [
        ({"file": ""}, "file"),
        ({"file": upload("")}, "file"),
        ({"file": upload("only one column\n1\n")}, "file"),
        ({"mapping": ""}, "mapping"),
        ({"mapping": "not toml ["}, "mapping"),
        ({"mapping": MAPPING.replace("Score", "Points")}, "mapping"),
        ({"mapping": "", "mapping_file": SimpleUploadedFile("m.toml", b"\xff\xfe\x00")}, "mapping_file"),
        ({"source": "nobody"}, "source"),
        ({"example": "../../settings.py"}, "example"),
    ],
)
def test_dry_run_refuses_beside_the_field_and_keeps_nothing(data: dict[str, object], field: str, home: Path) -> None:
    page = signed_in(Role.SUPERVISOR).post("/imports/new/", {"file": upload(), "mapping": MAPPING} | data)
    assert page.status_code == 422
    assert list(page.context["form"].errors) == [field]
    assert not list(home.glob("media/imports/tried/*"))


def test_refusal_names_the_file_as_its_owner_does() -> None:
    page = signed_in(Role.SUPERVISOR).post("/imports/new/", {"file": upload("", "März.csv"), "mapping": MAPPING})
    assert page.context["form"].errors["file"] == ["The submitted file is empty."]
    page = signed_in(Role.SUPERVISOR).post("/imports/new/", {"file": upload("x\n1", "März.csv"), "mapping": MAPPING})
    assert page.context["form"].errors["file"] == ["März.csv is not a table: its first row has no two column names."]


def test_mapping_may_be_a_file() -> None:
    data = {"file": upload(), "mapping_file": SimpleUploadedFile("cards.toml", MAPPING.encode())}
    assert signed_in(Role.SUPERVISOR).post("/imports/new/", data).context["result"].rows == 4


def test_dry_run_takes_one_answer_that_two_customers_with_numbers_claim() -> None:
    mapping = MAPPING.replace('reference = "Id"', 'reference = "Id"\nexternal_id = "Card"\nphone = "Phone"')
    table = "Id,Card,Phone,Score\nA,1,13800001111,3\nB,1,13800002222,3\n"
    page = signed_in(Role.SUPERVISOR).post("/imports/new/", {"file": upload(table), "mapping": mapping})
    assert (page.context["result"].accepted, page.context["result"].duplicates) == (1, 1)


def make_import(**fields: object) -> Import:
    defaults = {
        "source": make_source(),
        "file_name": "cards.csv",
        "sha256": "0" * 64,
        "mapping": MAPPING,
        "created_by": make_user(Role.SUPERVISOR),
        "created_at": NOW,
        "due_at": NOW,
        "status": DueStatus.DONE,
    }
    return Import.objects.create(**defaults | fields)


def test_rejects_come_as_a_file_no_spreadsheet_runs_and_the_trail_knows() -> None:
    batch = make_import()
    ImportReject.objects.create(batch=batch, row=4, column="Score", value="=1+1", reason="This is not a number.")
    ImportReject.objects.create(batch=batch, row=5, column="Score", value="-11", reason="Off the scale, by far")
    answer = signed_in(Role.ANALYST).get(f"/imports/{batch.pk}/rejects.csv")
    assert answer.content.decode() == (
        "\ufeffrow,column,value,reason\r\n"
        "4,Score,'=1+1,This is not a number.\r\n"
        '5,Score,-11,"Off the scale, by far"\r\n'
    )
    assert AuditEntry.objects.filter(action=AuditAction.EXPORT, subject="import", subject_id=batch.pk).count() == 1


def test_failed_import_says_why() -> None:
    batch = make_import(status=DueStatus.DEAD, tries=5, last_error="cards.csv is empty.")
    text = signed_in(Role.SUPERVISOR).get(f"/imports/{batch.pk}/").content.decode()
    assert "cards.csv is empty." in text
    assert "hx-trigger" not in text


@pytest.mark.parametrize("many", [1, 3])
def test_imports_cost_the_same_queries_for_any_number(
    many: int, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for number in range(many):
        make_import(source=make_source(f"s{number}"))
    client = signed_in(Role.SUPERVISOR)
    with django_assert_num_queries(6):
        client.get("/imports/")
