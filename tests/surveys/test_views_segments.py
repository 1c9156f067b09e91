"""Segments: written with a live check, counted now, saved by the service."""

from __future__ import annotations

import pytest
from pytest_django import DjangoAssertNumQueries

from loopcare.staff.enums import Role
from surveys.enums import PoolStatus
from surveys.models import Cause, Segment
from surveys.selectors import matching
from tests.factories import make_entry, make_segment
from tests.surveys.test_views_pool import signed_in

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("path", ["/segments/", "/segments/new/"])
@pytest.mark.parametrize(
    ("role", "status"),
    [
        (Role.AGENT, 403),
        (Role.SUPERVISOR, 200),
        (Role.ANALYST, 200),
        (Role.AUDITOR, 403),
        (Role.ADMINISTRATOR, 200),
    ],
)
def test_segment_pages_open_to_planners_only(path: str, role: Role, status: int) -> None:
    assert signed_in(role).get(path).status_code == status


def test_segments_count_what_they_would_list() -> None:
    make_entry(repeat_count=1)
    make_entry(repeat_count=2)
    make_entry(repeat_count=3)
    make_entry(repeat_count=3, status=PoolStatus.IN_CARE)
    make_segment("repeat_count >= 2", name="again")
    make_segment("gap < -90", name="nobody")
    Segment.objects.filter(pk=make_segment(name="broken").pk).update(rule="gap <")
    rows = signed_in(Role.SUPERVISOR).get("/segments/").context["rows"]
    assert [(segment.name, count, words) for segment, count, words in rows] == [
        ("again", 2, "times dissatisfied is at least 2"),
        ("broken", None, ""),
        ("nobody", 0, "gap to the adequate level is below -90"),
    ]
    assert matching("repeat_count >= 2").count() == 2


@pytest.mark.parametrize("many", [1, 3])
def test_segments_cost_the_same_queries_for_any_number(
    many: int, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for _ in range(many):
        make_segment("repeat_count >= 2")
    client = signed_in(Role.SUPERVISOR)
    with django_assert_num_queries(9):
        client.get("/segments/")


def test_check_reads_a_rule_back_with_its_count_and_the_names_of_codes() -> None:
    Cause.objects.create(code="refund", name_en="Slow refund", name_zh="退款慢")
    make_entry(causes=["refund"])
    make_entry()
    client = signed_in(Role.ANALYST)
    answer = client.post("/segments/check/", {"rule": "causes has 'refund'"})
    assert (answer.status_code, answer.context["count"], answer.context["waiting"]) == (200, 1, 2)
    assert answer.context["words"] == "causes include Slow refund"


def test_check_marks_the_error_and_says_what_may_stand_there() -> None:
    text = signed_in(Role.ANALYST).post("/segments/check/", {"rule": "gap < 1 and regio is missing"}).content.decode()
    assert "gap &lt; 1 and <mark>regio</mark> is missing" in text
    assert "Here may stand: region." in text


@pytest.mark.parametrize("rule", ["", "   ", "x" * 5000, "gap <", "\0", "<script>alert(1)</script>", "(" * 300])
def test_check_answers_any_text(rule: str) -> None:
    answer = signed_in(Role.ANALYST).post("/segments/check/", {"rule": rule})
    assert answer.status_code == 200
    assert "<script>alert" not in answer.content.decode()


def test_new_segment_takes_the_rule_of_the_address() -> None:
    make_entry()
    page = signed_in(Role.SUPERVISOR).get("/segments/new/", {"rule": "gap < 0"})
    assert (page.context["form"]["rule"].value(), page.context["count"]) == ("gap < 0", 1)


def test_new_segment_is_saved_and_shown() -> None:
    entry = make_entry()
    client = signed_in(Role.SUPERVISOR)
    page = client.post("/segments/new/", {"name": "Low", "rule": "gap < 0"}, follow=True)
    segment = Segment.objects.get(name="Low")
    assert page.redirect_chain == [(f"/segments/{segment.pk}/", 302)]
    assert [row.pk for row, _person in page.context["rows"]] == [entry.pk]
    assert segment.created_by_id == int(client.session["_auth_user_id"])


@pytest.mark.parametrize(
    ("data", "field"),
    [
        ({"name": "", "rule": "gap < 0"}, "name"),
        ({"name": "Taken", "rule": "gap < 0"}, "name"),
        ({"name": "New", "rule": ""}, "rule"),
        ({"name": "New", "rule": "gap <"}, "rule"),
    ],
)
def test_new_segment_refuses_beside_the_field_and_keeps_what_was_typed(data: dict[str, str], field: str) -> None:
    make_segment(name="Taken")
    page = signed_in(Role.SUPERVISOR).post("/segments/new/", data)
    assert page.status_code == 422
    assert list(page.context["form"].errors) == [field]
    assert page.context["form"].data["rule"] == data["rule"]
    assert Segment.objects.count() == 1


def test_segment_is_changed_in_place() -> None:
    segment = make_segment("gap < 0", name="Before")
    client = signed_in(Role.ANALYST)
    assert client.post(f"/segments/{segment.pk}/", {"name": "After", "rule": "gap < -1"}).status_code == 302
    segment.refresh_from_db()
    assert (segment.name, segment.rule) == ("After", "gap < -1")


def test_segment_without_a_readable_rule_still_opens_for_mending() -> None:
    segment = make_segment()
    Segment.objects.filter(pk=segment.pk).update(rule="gap <")
    page = signed_in(Role.ANALYST).get(f"/segments/{segment.pk}/")
    assert page.status_code == 200
    assert "rows" not in page.context
