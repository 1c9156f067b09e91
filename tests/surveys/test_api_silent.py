"""Models of the silent by API: read with their cards, put in use, retired, scored by."""

from __future__ import annotations

import pytest

from loopcare.common import clock
from loopcare.staff.enums import Role
from surveys.models import ScoreRun, SilentModel
from tests.surveys.silent_bases import in_use, kept
from tests.surveys.test_views_pool import signed_in
from tests.surveys.test_views_silent import connected

pytestmark = pytest.mark.django_db

URL = "/api/v1/silent-models/"
JSON = "application/json"


def test_models_are_listed_with_their_cards_and_without_their_bytes() -> None:
    model = kept(now=clock.now())
    (told,) = signed_in(Role.AUDITOR).get(URL).json()["results"]
    assert (told["id"], told["name"], told["version"], told["status"], told["for_silent"]) == (
        model.pk,
        "calls",
        1,
        "draft",
        True,
    )
    assert told["card"]["tried"][0]["auc"]["value"] == model.card["tried"][0]["auc"]["value"]
    assert {"fitted", "signature"} & told.keys() == set()


def test_one_is_put_in_use_and_retired() -> None:
    model, client = kept(now=clock.now()), signed_in(Role.SUPERVISOR)
    assert client.post(f"{URL}{model.pk}/use/").json()["status"] == "in_use"
    assert client.post(f"{URL}{model.pk}/retire/").json()["status"] == "retired"
    assert client.post(f"{URL}{model.pk}/retire/").status_code == 409


def test_one_that_looks_at_answers_is_refused() -> None:
    model = kept(now=clock.now(), with_flags=True)
    refused = signed_in(Role.SUPERVISOR).post(f"{URL}{model.pk}/use/")
    assert (refused.status_code, refused["Content-Type"]) == (409, "application/problem+json")
    assert SilentModel.objects.get().status == "draft"


def test_scoring_is_queued_and_its_runs_are_listed() -> None:
    model, base, client = in_use(now=clock.now()), connected(), signed_in(Role.SUPERVISOR)
    made = client.post(f"{URL}{model.pk}/score/", {"warehouse": base.pk, "capacity": 200}, content_type=JSON)
    run = ScoreRun.objects.get()
    assert (made.status_code, made.json()["id"], made.json()["status"], run.capacity) == (201, run.pk, "waiting", 200)
    assert [row["id"] for row in client.get(f"{URL}{model.pk}/runs/").json()] == [run.pk]
    again = client.post(f"{URL}{model.pk}/score/", {"warehouse": base.pk, "capacity": 200}, content_type=JSON)
    assert (again.status_code, ScoreRun.objects.count()) == (409, 1)


def test_scoring_refuses_what_the_service_refuses() -> None:
    model, base, client = in_use(now=clock.now()), connected(), signed_in(Role.SUPERVISOR)
    wrong = client.post(f"{URL}{model.pk}/score/", {"warehouse": base.pk, "capacity": -1}, content_type=JSON)
    nowhere = client.post(f"{URL}{model.pk}/score/", {"warehouse": 0, "capacity": 1}, content_type=JSON)
    assert (wrong.status_code, nowhere.status_code, ScoreRun.objects.count()) == (422, 404, 0)


def test_analyst_reads_and_changes_nothing() -> None:
    model, client = kept(now=clock.now()), signed_in(Role.ANALYST)
    assert [client.get(URL).status_code, client.post(f"{URL}{model.pk}/use/").status_code] == [200, 403]
