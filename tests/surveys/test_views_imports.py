"""Imports by page: the file waits, the mapping is found or drafted, the dry run is mandatory and changes nothing."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from loopcare.common import clock
from loopcare.common.due_rows import DueStatus
from loopcare.customers.models import Customer
from loopcare.staff.enums import AuditAction, Role
from loopcare.staff.models import AuditEntry
from surveys.models import Import, ImportReject, PoolEntry, SavedMapping, Signal
from surveys.services.mappings import header_fingerprint
from surveys.services.uploads import KEPT_FOR, keep_upload, run_due_imports
from tests.factories import NOW, make_source, make_user
from tests.surveys.conftest import EXAMPLES
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
DATED = "Id,Day,Score\nA,03/04/2024,3\nB,05/06/2024,9\n"
DATED_MAPPING = MAPPING.replace("occurred_on = 2026-03-01\n", "").replace(
    'reference = "Id"', 'reference = "Id"\noccurred_on = "Day"'
)


def upload(text: str = TABLE, name: str = "cards.csv") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, text.encode())


def send(client: Client, text: str = TABLE, *, name: str = "cards.csv", query: str = "") -> str:
    """The address of the mapping of a file that was sent."""
    answer = client.post(f"/imports/new/{query}", {"file": upload(text, name)})
    assert answer.status_code == 302
    return answer.headers["Location"]


def tried(client: Client, text: str = TABLE, mapping: str = MAPPING) -> Import:
    """A finished dry run."""
    client.post(send(client, text), {"mapping": mapping})
    run_due_imports()
    return Import.objects.get(dry_run=True, status=DueStatus.DONE, path__gt="")


def imported(client: Client, text: str = TABLE, mapping: str = MAPPING) -> Import:
    """A finished import."""
    batch = tried(client, text, mapping)
    client.post(f"/imports/{batch.pk}/start/")
    run_due_imports()
    return Import.objects.get(checked=batch, status=DueStatus.DONE)


def kept_files(home: Path) -> list[str]:
    return sorted(path.name for path in home.glob("media/imports/*/*"))


def page(client: Client, path: str) -> str:
    answer = client.get(path)
    assert answer.status_code == 200
    return " ".join(answer.content.decode().split())


# --- who --------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("role", "listed", "new", "saved"),
    [
        (Role.AGENT, 403, 403, 403),
        (Role.SUPERVISOR, 200, 200, 200),
        (Role.ANALYST, 200, 403, 200),
        (Role.AUDITOR, 403, 403, 403),
        (Role.ADMINISTRATOR, 200, 200, 200),
    ],
)
def test_import_pages_open_by_role(role: Role, listed: int, new: int, saved: int) -> None:
    client = signed_in(role)
    paths = ("/imports/", "/imports/new/", "/imports/mappings/")
    assert tuple(client.get(path).status_code for path in paths) == (listed, new, saved)


# --- the file ---------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "The submitted file is empty."),
        ("x\n1", "März.csv is not a table: its first row has no two column names."),
        ("Id,Score\n", "März.csv has a header but no rows."),
    ],
)
def test_file_that_is_no_table_is_refused_beside_the_field_and_not_kept(text: str, sentence: str, home: Path) -> None:
    answer = signed_in(Role.SUPERVISOR).post("/imports/new/", {"file": upload(text, "März.csv")})
    assert (answer.status_code, answer.context["form"].errors) == (422, {"file": [sentence]})
    assert kept_files(home) == []


def test_file_waits_under_its_own_address_for_any_importer(home: Path) -> None:
    address = send(signed_in(Role.SUPERVISOR))
    assert kept_files(home) == ["cards.csv"]
    assert signed_in(Role.ADMINISTRATOR).get(address).context["file"]["name"] == "cards.csv"
    assert signed_in(Role.ANALYST).get(address).status_code == 403


def test_file_is_forgotten_after_a_day_with_what_was_tried(home: Path) -> None:
    client = signed_in(Role.SUPERVISOR)
    batch = tried(client)
    now = clock.now()
    address = f"/imports/files/{Path(batch.path).parent.name}/"
    run_due_imports(now=now + KEPT_FOR - timedelta(minutes=1))
    assert client.get(address).status_code == 200
    assert (kept_files(home), len(list(home.glob("rejects/*")))) == (["cards.csv"], 1)
    run_due_imports(now=now + KEPT_FOR + timedelta(minutes=1))
    assert (kept_files(home), list(home.glob("rejects/*")), Import.objects.count()) == ([], [], 0)
    assert client.get(address).status_code == 404


def test_file_that_an_import_waits_for_is_not_forgotten(home: Path) -> None:
    client = signed_in(Role.SUPERVISOR)
    batch = tried(client)
    client.post(f"/imports/{batch.pk}/start/")
    keep_upload(upload(), now=clock.now() + KEPT_FOR + timedelta(minutes=1))
    assert kept_files(home) == ["cards.csv", "cards.csv"]


def test_file_thrown_away_leaves_nothing(home: Path, django_capture_on_commit_callbacks: Any) -> None:
    client = signed_in(Role.SUPERVISOR)
    batch = tried(client)
    with django_capture_on_commit_callbacks(execute=True):
        answer = client.post(f"/imports/files/{Path(batch.path).parent.name}/throw-away/")
    assert answer.headers["Location"] == "/imports/"
    assert (kept_files(home), list(home.glob("rejects/*"))) == ([], [])
    assert (Import.objects.count(), ImportReject.objects.count()) == (0, 0)


# --- the mapping ------------------------------------------------------------------------------------------------------
def test_mapping_is_drafted_where_none_is_saved_with_its_questions() -> None:
    context = signed_in(Role.SUPERVISOR).get(send(signed_in(Role.SUPERVISOR))).context
    assert context["start"].choice == "draft"
    assert 'reference = "Id"' in context["form"]["mapping"].value()
    assert context["start"].questions[1] == (
        "No column says when: which day does the file stand for? Nothing can be imported before."
    )


def test_mapping_is_the_one_saved_for_the_same_columns() -> None:
    client = signed_in(Role.SUPERVISOR)
    for name, header in (("Old", ["Id", "Score"]), ("New", ["Id", "Score"]), ("Other", ["Score", "Id"])):
        save(name, header)
    start = client.get(send(client)).context["start"]
    assert (start.choice, start.text) == (f"saved:{SavedMapping.objects.get(name='New').pk}", "# New" + MAPPING)
    assert start.why == "Chosen because this file has the same columns: New."


def test_mapping_tried_last_comes_before_a_saved_one(home: Path) -> None:
    client = signed_in(Role.SUPERVISOR)
    save("Cards", ["Id", "Score"])
    make_source("hotline")
    address = send(client)
    client.post(address, {"mapping": "# mine" + MAPPING, "source": "hotline"})
    form = client.get(address).context["form"]
    assert (form["mapping"].value(), form["source"].value()) == ("# mine" + MAPPING, "hotline")


def test_mapping_may_be_chosen() -> None:
    client = signed_in(Role.SUPERVISOR)
    saved = save("Cards", ["a", "b"])
    earlier = make_import()
    address = send(client)
    example = (EXAMPLES / "ratings.toml").read_text(encoding="utf-8")
    texts = {
        choice: client.get(f"{address}?mapping={choice}").context["form"]["mapping"].value()
        for choice in (f"saved:{saved.pk}", "example:ratings.toml", f"import:{earlier.pk}")
    }
    assert texts == {
        f"saved:{saved.pk}": "# Cards" + MAPPING,
        "example:ratings.toml": example,
        f"import:{earlier.pk}": MAPPING,
    }


@pytest.mark.parametrize("choice", ["saved:1", "saved:x", "example:../../settings.py", "import:", "nothing"])
def test_mapping_that_does_not_exist_cannot_be_chosen(choice: str) -> None:
    client = signed_in(Role.SUPERVISOR)
    answer = client.get(f"{send(client)}?mapping={choice}")
    assert answer.status_code == 404
    assert "There is no such mapping any more; choose another." in answer.content.decode()


def test_mapping_may_come_as_a_file() -> None:
    client = signed_in(Role.SUPERVISOR)
    address = send(client)
    mine = SimpleUploadedFile("cards.toml", MAPPING.replace("\n", "\r\n").encode())
    answer = client.post(address, {"act": "take", "mapping_file": mine})
    assert (answer.status_code, answer.context["form"]["mapping"].value()) == (200, MAPPING)
    answer = client.post(address, {"act": "take", "mapping_file": SimpleUploadedFile("m.toml", b"\xff\xfe\x00")})
    assert answer.status_code == 422
    assert answer.context["file_form"].errors == {
        "mapping_file": ["This is not a text file; save the mapping as UTF-8."]
    }


def test_columns_are_shown_with_what_the_mapping_makes_of_them_and_people_masked() -> None:
    client = signed_in(Role.SUPERVISOR)
    table = "Id,Score,Who,Phone,Mail,Spare\nC1001,3,Wang Min,13800001111,w@x.example,q\nC1002,,Li,13800002222,,q\n"
    mapping = MAPPING.replace(
        'reference = "Id"', 'reference = "Id"\nname = "Who"\nphone = "Phone"\nemail = "Mail"\nbrand = "Brand"'
    )
    answer = client.post(send(client, table), {"act": "read", "mapping": mapping})
    seen = answer.context["preview"]
    assert [(column.name, column.samples, column.uses) for column in seen.columns] == [
        ("Id", ["C****", "C****"], ["the customer's number"]),
        ("Score", ["3"], ["rating of overall, from 1 to 10; opens a pool entry"]),
        ("Who", ["Wang**", "Li**"], ["the customer's name"]),
        ("Phone", ["138****", "138****"], ["phone number"]),
        ("Mail", ["w***@x.example"], ["e-mail address"]),
        ("Spare", ["q"], []),
    ]
    assert [(column.name, column.uses) for column in seen.missing] == [("Brand", ["brand"])]
    assert seen.problem == "The file has no column Brand; the nearest is Id."
    assert seen.unused == 1


def test_columns_that_look_personal_are_masked_before_a_mapping_says_so() -> None:
    client = signed_in(Role.SUPERVISOR)
    address = send(client, "用户编号,姓名,Contact,Score\n90017,王敏,13800001111,3\n90018,李娜,me@x.example,4\n")
    text = client.post(f"{address}reading/", {"mapping": "nonsense ["}).content.decode()
    for secret in ("90017", "王敏", "李娜", "13800001111", "me@"):
        assert secret not in text
    assert "This mapping cannot be used yet." in text


def test_reading_is_a_part_that_follows_the_text() -> None:
    client = signed_in(Role.SUPERVISOR)
    text = client.post(f"{send(client)}reading/", {"mapping": MAPPING}).content.decode()
    assert "<html" not in text
    assert "the customer&#x27;s number" in text


def test_ambiguous_days_are_asked_and_a_button_writes_the_answer() -> None:
    client = signed_in(Role.SUPERVISOR)
    address = send(client, DATED)
    asked = client.post(address, {"mapping": DATED_MAPPING})
    day = asked.context["preview"].day
    assert asked.status_code == 422
    assert [(reading.date_format, reading.day, reading.is_chosen) for reading in day.readings] == [
        ("%d/%m/%Y", date(2024, 4, 3), False),
        ("%m/%d/%Y", date(2024, 3, 4), False),
    ]
    told = client.post(address, {"mapping": DATED_MAPPING, "date_format": "%m/%d/%Y"})
    text = told.context["form"]["mapping"].value()
    assert text == 'date_format = "%m/%d/%Y"\n' + DATED_MAPPING
    assert [reading.is_chosen for reading in told.context["preview"].day.readings] == [False, True]
    text = client.post(address, {"mapping": text, "date_format": "%d/%m/%Y"}).context["form"]["mapping"].value()
    assert text == 'date_format = "%d/%m/%Y"\n' + DATED_MAPPING
    client.post(address, {"mapping": text})
    run_due_imports()
    assert Import.objects.get().counts["accepted"] == 2


@pytest.mark.parametrize(
    ("data", "field"),
    [
        ({"mapping": ""}, "mapping"),
        ({"mapping": "not toml ["}, "mapping"),
        ({"mapping": MAPPING.replace("Score", "Points")}, "mapping"),
        ({"mapping": MAPPING.replace("adequate = 6.5", "")}, "mapping"),
        ({"source": "nobody"}, "source"),
    ],
)
def test_dry_run_refuses_beside_the_field_and_keeps_the_file(data: dict[str, str], field: str, home: Path) -> None:
    client = signed_in(Role.SUPERVISOR)
    answer = client.post(send(client), {"mapping": MAPPING} | data)
    assert (answer.status_code, list(answer.context["form"].errors)) == (422, [field])
    assert (kept_files(home), Import.objects.count()) == (["cards.csv"], 0)


# --- the dry run ------------------------------------------------------------------------------------------------------
def test_dry_run_shows_counts_and_rejects_and_changes_nothing() -> None:
    client = signed_in(Role.SUPERVISOR)
    batch = tried(client)
    context = client.get(f"/imports/{batch.pk}/").context
    counts = context["counts"]
    assert (counts["rows"], counts["accepted"], counts["rejected"], counts["pool_new"]) == (4, 2, 2, 1)
    assert [(reject.row, reject.column, reject.value) for reject in context["rejects"]] == [
        (4, "Score", "=1+1"),
        (5, "Score", "11"),
    ]
    assert [(reason.column, reason.reason, reason.rows) for reason in context["reasons"]] == [
        ("Score", "This is not a number.", 1),
        ("Score", "This lies outside the scale 1 to 10.", 1),
    ]
    assert [model.objects.count() for model in (Signal, Customer, PoolEntry)] == [0, 0, 0]


def test_dry_run_is_shown_while_it_waits_and_says_when_it_is_over() -> None:
    client = signed_in(Role.SUPERVISOR)
    client.post(send(client), {"mapping": MAPPING})
    batch = Import.objects.get()
    waiting = client.get(f"/imports/{batch.pk}/", headers={"HX-Request": "true"})
    text = waiting.content.decode()
    assert "<html" not in text
    assert 'hx-trigger="every 1s"' in text
    assert 'aria-valuenow="0"' in text
    assert "HX-Trigger" not in waiting.headers
    run_due_imports()
    done = client.get(f"/imports/{batch.pk}/", headers={"HX-Request": "true"})
    assert "hx-trigger" not in done.content.decode()
    assert done.headers["HX-Trigger"] == '{"say": {"text": "The dry run is finished."}}'


def test_dry_run_that_takes_long_says_so() -> None:
    batch = make_import(status=DueStatus.RUNNING, dry_run=True, created_at=clock.now(), rows_done=7, progress=0.5)
    client = signed_in(Role.SUPERVISOR)
    assert "Still working." not in page(client, f"/imports/{batch.pk}/")
    Import.objects.update(created_at=clock.now() - timedelta(seconds=11))
    text = page(client, f"/imports/{batch.pk}/")
    assert "Still working." in text
    assert 'aria-valuenow="50"' in text


def test_dry_run_again_takes_the_place_of_the_first() -> None:
    client = signed_in(Role.SUPERVISOR)
    batch = tried(client)
    address = f"/imports/files/{Path(batch.path).parent.name}/"
    client.post(address, {"mapping": MAPPING.replace("high = 10", "high = 11")})
    assert [(row.status, row.path) for row in Import.objects.all()] == [(DueStatus.WAITING, batch.path)]
    run_due_imports()
    assert Import.objects.get().counts["accepted"] == 3


def test_dry_run_writes_reasons_in_the_language_of_who_asked() -> None:
    client = signed_in(Role.SUPERVISOR)
    client.cookies["loopcare_language"] = "zh-hans"
    batch = tried(client)
    assert [reject.reason for reject in batch.rejects.all()] == ["这不是数字。", "超出评分范围 1 到 10。"]


def test_dry_run_that_finds_nothing_new_says_so() -> None:
    client = signed_in(Role.SUPERVISOR)
    table = "Id,Score\nA,3\nB,9\n"
    imported(client, table)
    batch = tried(client, table)
    text = page(client, f"/imports/{batch.pk}/")
    assert "There is nothing new in this file." in text
    assert "Every row is known already." in text


def test_dry_run_of_useless_rows_says_so() -> None:
    client = signed_in(Role.SUPERVISOR)
    batch = tried(client, "Id,Score\nA,x\nB,y\n")
    assert "No row of this file can be used." in page(client, f"/imports/{batch.pk}/")


def test_dry_run_takes_one_answer_that_two_customers_with_numbers_claim() -> None:
    mapping = MAPPING.replace('reference = "Id"', 'reference = "Id"\nexternal_id = "Card"\nphone = "Phone"')
    table = "Id,Card,Phone,Score\nA,1,13800001111,3\nB,1,13800002222,3\n"
    counts = tried(signed_in(Role.SUPERVISOR), table, mapping).counts
    assert (counts["accepted"], counts["duplicates"]) == (1, 1)


def test_dry_run_called_off_keeps_the_file_for_another_mapping(home: Path) -> None:
    client = signed_in(Role.SUPERVISOR)
    address = send(client)
    client.post(address, {"mapping": MAPPING})
    batch = Import.objects.get()
    client.post(f"/imports/{batch.pk}/cancel/")
    text = page(client, f"/imports/{batch.pk}/")
    assert "The dry run was called off." in text
    assert f'href="{address}"' in text
    assert kept_files(home) == ["cards.csv"]


# --- the import -------------------------------------------------------------------------------------------------------
def test_import_now_queues_what_was_tried_and_a_worker_imports_it(
    home: Path, django_capture_on_commit_callbacks: Any
) -> None:
    client = signed_in(Role.SUPERVISOR)
    checked = tried(client)
    answer = client.post(f"/imports/{checked.pk}/start/")
    batch = Import.objects.get(dry_run=False)
    assert answer.headers["Location"] == f"/imports/{batch.pk}/"
    assert (batch.file_name, batch.mapping, batch.status) == ("cards.csv", MAPPING, DueStatus.WAITING)
    with django_capture_on_commit_callbacks(execute=True):
        run_due_imports()
    assert kept_files(home) == []
    context = client.get(f"/imports/{batch.pk}/").context
    assert context["counts"]["pool_new"] == PoolEntry.objects.count() == 1
    assert [reject.value for reject in context["rejects"]] == ["=1+1", "11"]


def test_import_leads_to_whom_it_brought_into_the_pool() -> None:
    client = signed_in(Role.SUPERVISOR)
    batch = imported(client)
    query = client.get(f"/imports/{batch.pk}/").context["pool_query"]
    rows = client.get(f"/pool/entries/?{query}").context["rows"]
    assert [entry.customer.reference for entry, _person in rows] == ["A"]
    PoolEntry.objects.update(entered_on=date(2020, 1, 1))
    assert client.get(f"/pool/entries/?{query}").context["rows"] == []


def test_import_starts_once_for_one_dry_run() -> None:
    client = signed_in(Role.SUPERVISOR)
    batch = tried(client)
    answers = [client.post(f"/imports/{batch.pk}/start/").status_code for _ in range(2)]
    assert answers == [302, 409]
    assert Import.objects.filter(dry_run=False).count() == 1
    text = page(client, f"/imports/{batch.pk}/")
    assert "It was followed by the import." in text
    assert "Import now" not in text


def test_import_does_not_start_from_a_dry_run_that_is_not_finished() -> None:
    client = signed_in(Role.SUPERVISOR)
    client.post(send(client), {"mapping": MAPPING})
    assert client.post(f"/imports/{Import.objects.get().pk}/start/").status_code == 409
    assert Import.objects.filter(dry_run=False).count() == 0


def test_import_called_off_says_what_landed_and_how_to_go_on() -> None:
    batch = make_import(
        status=DueStatus.CANCELLED,
        cancel_asked=True,
        last_error="Called off after row 3.",
        counts={"rows": 1_200, "accepted": 1_200},
    )
    text = page(signed_in(Role.SUPERVISOR), f"/imports/{batch.pk}/")
    assert "The import was called off." in text
    assert "Called off after row 3. 1,200 rows have landed and stay." in text
    assert f"/imports/new/?mapping=import:{batch.pk}" in text


def test_import_that_failed_says_why_to_those_who_may_import() -> None:
    batch = make_import(status=DueStatus.DEAD, tries=5, last_error="ValueError: for Wang Min")
    text = page(signed_in(Role.SUPERVISOR), f"/imports/{batch.pk}/")
    assert "This import failed five times and was given up." in text
    assert "ValueError: for Wang Min" in text
    assert "hx-trigger" not in text
    assert "Wang Min" not in page(signed_in(Role.ANALYST), f"/imports/{batch.pk}/")


def test_import_refused_by_its_file_says_the_sentence() -> None:
    batch = make_import(status=DueStatus.CANCELLED, last_error="cards.csv is empty.")
    text = page(signed_in(Role.SUPERVISOR), f"/imports/{batch.pk}/")
    assert "The import could not be done." in text
    assert "cards.csv is empty. Nothing was changed." in text


# --- rejected rows ----------------------------------------------------------------------------------------------------
def test_rejects_come_as_the_file_to_mend_and_the_trail_knows() -> None:
    client = signed_in(Role.SUPERVISOR)
    batch = imported(client)
    answer = client.get(f"/imports/{batch.pk}/rejects.csv")
    assert answer.headers["Content-Disposition"] == 'attachment; filename="cards-rejects.csv"'
    assert answer.getvalue().decode() == (
        "\ufeffrejected row,rejected columns,rejected values,reasons,Id,Score\r\n"
        "4,Score,'=1+1,This is not a number.,C,'=1+1\r\n"
        "5,Score,11,This lies outside the scale 1 to 10.,D,11\r\n"
    )
    assert AuditEntry.objects.filter(action=AuditAction.EXPORT, subject="import", subject_id=batch.pk).count() == 1


def test_rejects_mended_are_imported_with_the_same_mapping() -> None:
    client = signed_in(Role.SUPERVISOR)
    batch = imported(client)
    text = client.get(f"/imports/{batch.pk}/rejects.csv").getvalue().decode("utf-8-sig")
    mended = text.replace("C,'=1+1", "C,2").replace("D,11", "D,10")
    address = send(client, mended, name="cards-rejects.csv", query=f"?mapping=import:{batch.pk}")
    assert client.get(address).context["form"]["mapping"].value() == MAPPING
    client.post(address, {"mapping": MAPPING})
    run_due_imports()
    counts = Import.objects.get(dry_run=True, path__gt="").counts
    assert (counts["accepted"], counts["rejected"]) == (2, 0)


def test_rejects_are_counted_but_not_shown_to_analysts() -> None:
    batch = imported(signed_in(Role.SUPERVISOR))
    client = signed_in(Role.ANALYST)
    context = client.get(f"/imports/{batch.pk}/").context
    assert (context["counts"]["rejected"], len(context["reasons"]), context["rejects"], context["has_file"]) == (
        2,
        2,
        [],
        False,
    )
    assert client.get(f"/imports/{batch.pk}/rejects.csv").status_code == 403


def test_rejects_of_another_import_are_never_given(home: Path) -> None:
    client = signed_in(Role.SUPERVISOR)
    batch = imported(client)
    rejects = home / "rejects" / f"{batch.pk}-cards-rejects.csv"
    rejects.write_text("of another import")
    assert client.get(f"/imports/{batch.pk}/rejects.csv").status_code == 404
    secret = home / "secrets.json"
    secret.write_text("{}")
    batch.counts |= {"rejects_file": str(secret), "rejects_bytes": 2}
    batch.save()
    assert client.get(f"/imports/{batch.pk}/rejects.csv").status_code == 404
    assert AuditEntry.objects.filter(action=AuditAction.EXPORT).count() == 0


# --- the list ---------------------------------------------------------------------------------------------------------
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


def save(name: str, header: list[str]) -> SavedMapping:
    """A saved mapping that can be told from others by its first line."""
    return SavedMapping.objects.create(
        name=name, text=f"# {name}" + MAPPING, header=header_fingerprint(header), saved_at=clock.now()
    )


def test_imports_hide_dry_runs_that_were_followed() -> None:
    client = signed_in(Role.SUPERVISOR)
    batch = imported(client)
    waiting = tried(client)
    assert [row.pk for row in client.get("/imports/").context["rows"]] == [waiting.pk, batch.pk]


def test_imports_show_how_far_a_running_one_is_and_its_line_follows() -> None:
    running = make_import(status=DueStatus.RUNNING, progress=0.35, rows_done=700)
    make_import()
    client = signed_in(Role.ANALYST)
    text = page(client, "/imports/")
    assert text.count("hx-get") == 1
    assert "35%" in text
    Import.objects.filter(pk=running.pk).update(status=DueStatus.DONE)
    line = client.get(f"/imports/{running.pk}/?row", headers={"HX-Request": "true"}).content.decode()
    assert line.strip().startswith(f'<tr id="import-{running.pk}">')
    assert "hx-get" not in line


def test_imports_are_filtered_by_state_and_source() -> None:
    done = make_import()
    make_import(status=DueStatus.DEAD)
    make_import(source=make_source("sms"))
    rows = signed_in(Role.ANALYST).get("/imports/?status=done&source=hotline").context["rows"]
    assert [row.pk for row in rows] == [done.pk]


@pytest.mark.parametrize("many", [1, 3])
def test_imports_cost_the_same_queries_for_any_number(
    many: int, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for number in range(many):
        make_import(source=make_source(f"s{number}"))
    client = signed_in(Role.SUPERVISOR)
    with django_assert_num_queries(6):
        client.get("/imports/")
