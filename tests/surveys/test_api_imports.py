"""Imports by the API: the same dry run first, the same refusals, and how far they are."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from loopcare.common.due_rows import DueStatus
from loopcare.staff.enums import Role
from surveys.models import Import, PoolEntry, Signal
from surveys.services.uploads import run_due_imports
from tests.factories import make_source
from tests.surveys.test_views_imports import DATED, DATED_MAPPING, MAPPING, make_import, save, upload
from tests.surveys.test_views_pool import signed_in

pytestmark = pytest.mark.django_db

PATH = "/api/v1/imports/"


def send(client: Client, **fields: Any) -> Any:
    return client.post(PATH, {"file": upload(), "mapping": MAPPING} | fields)


def kept(home: Path) -> list[Path]:
    return list(home.glob("media/imports/*/*"))


@pytest.mark.parametrize(
    ("role", "statuses"),
    [
        (Role.AGENT, (403, 403, 403, 403)),
        (Role.SUPERVISOR, (200, 422, 404, 404)),
        (Role.ANALYST, (200, 403, 403, 403)),
        (Role.AUDITOR, (403, 403, 403, 403)),
        (Role.ADMINISTRATOR, (200, 422, 404, 404)),
    ],
)
def test_imports_api_opens_by_role(role: Role, statuses: tuple[int, ...]) -> None:
    client = signed_in(role)
    answers = [client.get(PATH), *(client.post(path) for path in (PATH, f"{PATH}9/start/", f"{PATH}9/cancel/"))]
    assert tuple(answer.status_code for answer in answers) == statuses


def test_file_is_tried_and_then_imported() -> None:
    client = signed_in(Role.SUPERVISOR)
    answer = send(client)
    row = answer.json()
    told = {name: row[name] for name in ("status", "dry_run", "progress", "rows_done", "counts", "rejects", "mapping")}
    assert answer.status_code == 201
    assert told == {
        "status": "waiting",
        "dry_run": True,
        "progress": 0.0,
        "rows_done": 0,
        "counts": None,
        "rejects": [],
        "mapping": MAPPING,
    }
    early = client.post(f"{PATH}{row['id']}/start/")
    assert (early.status_code, early.headers["Content-Type"]) == (409, "application/problem+json")

    run_due_imports()
    tried = client.get(f"{PATH}{row['id']}/").json()
    assert (tried["status"], tried["progress"]) == ("done", 1.0)
    assert (tried["counts"]["rows"], tried["counts"]["accepted"], tried["counts"]["rejected"]) == (4, 2, 2)
    assert Signal.objects.count() == 0

    started = client.post(f"{PATH}{row['id']}/start/")
    assert (started.status_code, started.json()["checked"], started.json()["dry_run"]) == (201, row["id"], False)
    run_due_imports()
    done = client.get(f"{PATH}{started.json()['id']}/").json()
    assert (done["status"], done["counts"]["pool_new"], PoolEntry.objects.count()) == ("done", 1, 1)
    assert [reject["value"] for reject in done["rejects"]] == ["=1+1", "11"]
    assert b"=1+1" in client.get(done["rejects_file"]).getvalue()
    assert [entry["id"] for entry in client.get(PATH).json()["results"]] == [done["id"]]
    assert client.post(f"{PATH}{row['id']}/start/").status_code == 409


def test_file_is_imported_at_once_where_asked() -> None:
    send(signed_in(Role.ADMINISTRATOR), dry_run="false")
    run_due_imports()
    assert (Import.objects.get().dry_run, Signal.objects.count()) == (False, 2)


def test_server_paths_are_not_told() -> None:
    client = signed_in(Role.SUPERVISOR)
    send(client, dry_run="false")
    run_due_imports()
    batch = Import.objects.get()
    text = client.get(f"{PATH}{batch.pk}/").content.decode() + client.get(PATH).content.decode()
    assert "/home/" not in text
    assert batch.counts["rejects_file"] not in text
    assert "language" not in text


def test_mapping_may_be_a_saved_one_by_name_or_by_columns() -> None:
    client = signed_in(Role.SUPERVISOR)
    save("Cards", ["Id", "Score"])
    save("Other", ["x", "y"])
    texts = [
        client.post(PATH, {"file": upload(), **chosen}).json()["mapping"]
        for chosen in ({"saved_mapping": "Other"}, {"saved_mapping": "Cards"}, {})
    ]
    assert texts == ["# Other" + MAPPING, "# Cards" + MAPPING, "# Cards" + MAPPING]


def test_source_may_be_another_than_the_mappings() -> None:
    make_source("hotline")
    assert send(signed_in(Role.SUPERVISOR), source="hotline").json()["source"] == "hotline"


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"file": upload("x\n1\n")}, "file"),
        ({"mapping": ""}, "mapping"),
        ({"mapping": "not toml ["}, "mapping"),
        ({"mapping": MAPPING.replace("Score", "Points")}, "mapping"),
        ({"file": upload(DATED), "mapping": DATED_MAPPING}, "mapping"),
        ({"mapping": "", "saved_mapping": "nobody's"}, "saved_mapping"),
        ({"source": "nobody"}, "source"),
        ({"dry_run": "perhaps"}, "dry_run"),
        ({"file": ""}, "file"),
    ],
)
def test_what_cannot_be_used_is_a_problem_and_nothing_is_kept(fields: dict[str, Any], field: str, home: Path) -> None:
    if hasattr(fields.get("file"), "seek"):
        fields["file"].seek(0)
    answer = send(signed_in(Role.SUPERVISOR), **fields)
    problem = answer.json()
    assert (answer.status_code, answer.headers["Content-Type"]) == (422, "application/problem+json")
    assert field in (problem.get("field"), *problem.get("errors", {}))
    assert (kept(home), Import.objects.count()) == ([], 0)


def test_import_is_called_off() -> None:
    client = signed_in(Role.SUPERVISOR)
    row = send(client, dry_run="false").json()
    answer = client.post(f"{PATH}{row['id']}/cancel/")
    assert (answer.status_code, answer.json()["status"], answer.json()["cancel_asked"]) == (200, "cancelled", True)
    assert client.post(f"{PATH}{row['id']}/cancel/").status_code == 409
    running = make_import(status=DueStatus.RUNNING)
    answer = client.post(f"{PATH}{running.pk}/cancel/")
    assert (answer.json()["status"], answer.json()["cancel_asked"]) == ("running", True)


def test_analyst_sees_counts_and_no_rejected_cells() -> None:
    send(signed_in(Role.SUPERVISOR), dry_run="false")
    run_due_imports()
    row = signed_in(Role.ANALYST).get(f"{PATH}{Import.objects.get().pk}/").json()
    assert (row["counts"]["rejected"], row["rejects"], row["rejects_file"]) == (2, [], None)
