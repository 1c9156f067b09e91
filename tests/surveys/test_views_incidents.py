"""The pages of incidents."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from pytest_django import DjangoAssertNumQueries

from loopcare.staff.enums import Role
from loopcare.staff.models import User
from surveys.enums import IncidentStatus
from surveys.models import Incident, IncidentStep
from surveys.selectors.incidents import clock_of
from surveys.services import incidents as services
from tests.factories import NOW, make_customer, make_user, set_clock
from tests.surveys.test_views_pool import signed_in
from tests.surveys.watching import DAY, detect, make_alarm

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def clock() -> None:
    set_clock(NOW)


@pytest.fixture
def user() -> User:
    return make_user(Role.SUPERVISOR, name="Zhou")


def opened(user: User, *, now: datetime = NOW, **fields: object) -> Incident:
    return services.open_incident(**{"title": "Refunds", "by": user, "now": now} | fields)  # type: ignore[arg-type]


@pytest.mark.parametrize("many", [1, 3])
def test_incidents_cost_the_same_queries_for_any_number(
    many: int, user: User, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for _ in range(many):
        opened(user)
    client = signed_in(Role.ANALYST)
    with django_assert_num_queries(7):
        client.get("/incidents/")


def test_incidents_show_phase_steps_and_what_is_overdue(user: User) -> None:
    incident = opened(user, now=NOW - timedelta(hours=3))
    services.set_step(incident=incident, name="numbers", done=True, by=user, now=NOW)
    page = signed_in(Role.AUDITOR).get("/incidents/")
    [(row, phase)] = page.context["rows"]
    assert (phase, row.steps_done, row.steps_all, row.steps_overdue) == ("Explain", 1, 13, 2)
    assert row.next_due == NOW - timedelta(hours=1)
    assert "2 overdue" in page.content.decode()


@pytest.mark.parametrize(("query", "found"), [("", {"open"}), ("status=closed", {"closed"}), ("owner=0", set())])
def test_incidents_filters_find(user: User, query: str, found: set[str]) -> None:
    opened(user)
    services.close(incident=opened(user), by=user, now=NOW)
    rows = signed_in(Role.ANALYST).get(f"/incidents/?{query}").context["rows"]
    assert {row.status for row, _phase in rows} == found


def test_incidents_say_that_none_runs() -> None:
    assert "No incident runs" in signed_in(Role.ANALYST).get("/incidents/").content.decode()


def test_new_incident_is_filled_from_its_alarm_and_opened(user: User) -> None:
    alarm, client = make_alarm(), signed_in(Role.SUPERVISOR)
    form = client.get(f"/incidents/new/?alarm={alarm.pk}").context["form"]
    assert (form["title"].value(), form["alarm"].value()) == ("hotline · A · BJ", alarm.pk)
    answer = client.post("/incidents/new/", {"title": "Refunds", "owner": user.pk, "alarm": alarm.pk})
    incident = Incident.objects.get()
    assert answer.headers["Location"] == f"/incidents/{incident.pk}/"
    assert (incident.owner, incident.alarms.get()) == (user, alarm)


def test_new_incident_by_hand_needs_no_alarm(user: User) -> None:
    signed_in(Role.ADMINISTRATOR).post("/incidents/new/", {"title": "Refunds", "owner": user.pk})
    assert Incident.objects.get().alarms.count() == 0


@pytest.mark.parametrize("data", [{"title": ""}, {"title": "x" * 121}, {"title": "x", "owner": "0"}])
def test_new_incident_refuses_beside_its_field(user: User, data: dict[str, str]) -> None:
    answer = signed_in(Role.SUPERVISOR).post("/incidents/new/", {"owner": user.pk, **data})
    assert (answer.status_code, Incident.objects.count()) == (422, 0)


@pytest.mark.parametrize("alarm", ["999", "9" * 40])
def test_new_incident_from_an_alarm_that_is_not_there_is_not_found(alarm: str) -> None:
    assert signed_in(Role.SUPERVISOR).get(f"/incidents/new/?alarm={alarm}").status_code == 404


def test_new_incident_from_an_alarm_in_an_incident_conflicts(user: User) -> None:
    alarm = make_alarm()
    opened(user, alarm=alarm)
    data = {"title": "Again", "owner": user.pk, "alarm": alarm.pk}
    assert signed_in(Role.SUPERVISOR).post("/incidents/new/", data).status_code == 409
    assert Incident.objects.count() == 1


def test_clock_says_where_each_phase_stands(user: User) -> None:
    incident = opened(user)
    for step in ("cause", "agents", "department"):
        services.set_step(incident=incident, name=step, done=True, by=user, now=NOW)

    def states(hours: float) -> list[str]:
        return [phase.state for phase in clock_of(incident, NOW + timedelta(hours=hours))]

    assert states(1) == ["running", "done", "coming", "coming", "coming"]
    assert states(5) == ["overdue", "done", "running", "coming", "coming"]
    assert states(100) == ["overdue", "done", "overdue", "overdue", "coming"]
    assert states(200) == ["overdue", "done", "overdue", "overdue", "running"]
    assert states(400) == ["overdue", "done", "overdue", "overdue", "overdue"]


def test_clock_of_a_closed_incident_stands_still(user: User) -> None:
    incident = opened(user)
    services.close(incident=incident, by=user, now=NOW + timedelta(hours=1))
    assert [phase.state for phase in clock_of(incident, NOW + timedelta(days=60))] == ["running", *["coming"] * 4]


def test_incident_page_tells_alarms_customers_and_log(user: User) -> None:
    for _ in range(3):
        detect(DAY, 2, customer=make_customer())
    incident = opened(user, alarm=make_alarm())
    services.note(incident=incident, text="<b>Store told</b>", by=user, now=NOW)
    page = signed_in(Role.AUDITOR).get(f"/incidents/{incident.pk}/")
    text = page.content.decode()
    assert ("3 customers behind it" in text, "&lt;b&gt;Store told&lt;/b&gt;" in text) == (True, True)
    assert [line.kind for line in page.context["log"]] == ["note", "alarm", "open"]
    assert "<form" not in text.split('id="incident"')[1].split("</main>")[0]


@pytest.mark.parametrize("many", [1, 3])
def test_incident_costs_the_same_queries_for_any_number(
    many: int, user: User, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    incident = opened(user)
    for back in range(many):
        services.add_alarm(incident=incident, alarm=make_alarm(DAY - timedelta(days=back)), by=user, now=NOW)
        services.note(incident=incident, text="x", by=user, now=NOW)
    client = signed_in(Role.SUPERVISOR)
    with django_assert_num_queries(15):
        client.get(f"/incidents/{incident.pk}/")


def test_tick_answers_htmx_with_the_part_and_others_with_the_page(user: User) -> None:
    incident, client = opened(user), signed_in(Role.SUPERVISOR)
    url = f"/incidents/{incident.pk}/steps/cause/"
    part = client.post(url, {"done": "true"}, headers={"HX-Request": "true"})
    assert (part.status_code, part.content.decode().lstrip()[:17]) == (200, '<div id="incident')
    assert IncidentStep.objects.get(name="cause").done_at is not None
    assert client.post(url, {"done": "true"}).status_code == 409
    assert client.post(url, {"done": "false"}).status_code == 302
    assert IncidentStep.objects.get(name="cause").done_at is None
    assert client.post(f"/incidents/{incident.pk}/steps/lunch/", {"done": "true"}).status_code == 422


def test_note_is_written_or_refused_in_its_place(user: User) -> None:
    incident, client = opened(user), signed_in(Role.SUPERVISOR)
    assert client.post(f"/incidents/{incident.pk}/notes/", {"text": "Told."}).status_code == 302
    refused = client.post(f"/incidents/{incident.pk}/notes/", {"text": " "})
    assert (refused.status_code, list(refused.context["note_form"].errors)) == (422, ["text"])
    assert [note.text for note in incident.notes.all()] == ["Told."]


def test_owner_is_assigned_or_refused_in_its_place(user: User) -> None:
    incident, li = opened(user), make_user(Role.ADMINISTRATOR)
    client = signed_in(Role.SUPERVISOR)
    assert client.post(f"/incidents/{incident.pk}/owner/", {"owner": li.pk}).status_code == 302
    assert Incident.objects.get().owner == li
    refused = client.post(f"/incidents/{incident.pk}/owner/", {"owner": make_user(Role.ANALYST).pk})
    assert (refused.status_code, list(refused.context["owner_form"].errors)) == (422, ["owner"])


@pytest.mark.parametrize(("act", "status"), [("contain", IncidentStatus.CONTAINED), ("close", IncidentStatus.CLOSED)])
def test_incident_moves_by_its_buttons(user: User, act: str, status: IncidentStatus) -> None:
    incident, client = opened(user), signed_in(Role.SUPERVISOR)
    assert client.post(f"/incidents/{incident.pk}/{act}/").status_code == 302
    assert Incident.objects.get().status == status
    assert client.post(f"/incidents/{incident.pk}/{act}/").status_code == 409
    assert client.post(f"/incidents/{incident.pk}/reopen/").status_code == 302
    assert client.post(f"/incidents/{incident.pk}/explode/").status_code == 404


def test_closed_incident_offers_no_ticks(user: User) -> None:
    incident = opened(user)
    services.close(incident=incident, by=user, now=NOW)
    text = signed_in(Role.SUPERVISOR).get(f"/incidents/{incident.pk}/").content.decode()
    assert (f"/incidents/{incident.pk}/steps/" in text, f"/incidents/{incident.pk}/reopen/" in text) == (False, True)
