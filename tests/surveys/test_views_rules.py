"""Detection rules on their pages: tried while they are written, saved as versions, switched, judged."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils.timezone import localdate
from pytest_django import DjangoAssertNumQueries

from loopcare.common import clock
from loopcare.staff.enums import Role
from surveys.models import DetectionRule
from surveys.services.rules import save_rule
from surveys.services.setup import ensure_rules
from tests.factories import make_user
from tests.surveys.events import desk, event, land_all, rating
from tests.surveys.test_views_pool import signed_in

pytestmark = pytest.mark.django_db

NEW = {"name": "Many transfers", "kind": "latent", "rule": "transfers >= 3"}


def today() -> date:
    return localdate(clock.now())


def land_today(*transfers: int) -> None:
    rows = [event(f"c{place}", "contact", on=today(), transfers=n) for place, n in enumerate(transfers)]
    land_all(*rows, now=clock.now())


def make_rule(**said: Any) -> DetectionRule:
    return save_rule(**NEW | said, by=make_user(Role.SUPERVISOR), now=clock.now())


def complaint() -> DetectionRule:
    ensure_rules()
    return DetectionRule.objects.get(code="complaint")


@pytest.mark.parametrize(
    ("role", "reads", "edits"),
    [
        (Role.AGENT, 403, 403),
        (Role.SUPERVISOR, 200, 200),
        (Role.ANALYST, 200, 403),
        (Role.AUDITOR, 200, 403),
        (Role.ADMINISTRATOR, 200, 200),
    ],
)
def test_rules_open_to_readers_and_are_written_by_editors(role: Role, reads: int, edits: int) -> None:
    client, pk = signed_in(role), complaint().pk
    assert [client.get(path).status_code for path in ("/rules/", f"/rules/{pk}/")] == [reads, reads]
    assert [client.get("/rules/new/").status_code, client.post("/rules/try/", {"rule": "x"}).status_code] == [edits] * 2
    for path in (f"/rules/{pk}/save/", f"/rules/{pk}/switch/"):
        assert (client.post(path).status_code == 403) == (edits == 403)


def test_reader_sees_the_rule_without_a_form() -> None:
    text = signed_in(Role.ANALYST).get(f"/rules/{complaint().pk}/").content.decode()
    assert ("<textarea" in text, "Switch off" in text, "kind = &#x27;complaint&#x27;" in text) == (False, False, True)
    text = signed_in(Role.SUPERVISOR).get(f"/rules/{complaint().pk}/").content.decode()
    assert ("<textarea" in text, "Switch off" in text) == (True, True)


def test_list_says_what_each_rule_finds_and_how_right_it_was() -> None:
    land_all(event("a", "complaint", on=today()), event("a", "complaint", on=today(), number=2), now=clock.now())
    DetectionRule.objects.filter(code="dispute").update(rule="gap <", enabled=False)
    rows = signed_in(Role.ANALYST).get("/rules/").context["rows"]
    told = {row.code: (words, found, precision.share, precision.n) for row, words, found, precision in rows}
    assert list(told) == [
        *("broken-promise", "channel-switch", "complaint"),
        *("dispute", "low-rating", "repeated-contacts", "silent-model", "transfers", "warehouse-scan"),
    ]
    assert (told["complaint"], told["dispute"]) == (("kind of signal is complaint", 2, "?", "0"), ("", 0, "?", "0"))


@pytest.mark.parametrize("many", [1, 3])
def test_list_costs_the_same_queries_for_any_number(
    many: int, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for _number in range(many):
        make_rule()
    client = signed_in(Role.SUPERVISOR)
    with django_assert_num_queries(16):
        client.get("/rules/")


def test_precision_stands_on_the_rule_with_its_lift() -> None:
    asked = desk("asked", kind="rating", channel="web", adequate=50)
    found = [event(f"c{n}", "complaint", on=today() - timedelta(days=9)) for n in range(5)]
    land_all(*found, now=clock.now())
    answers = [rating(f"c{n}", 10 if n < 3 else 90, on=today()) for n in range(5)]
    answers += [rating(f"d{n}", 10 if n < 1 else 90, on=today()) for n in range(5)]
    land_all(*answers, source=asked, now=clock.now())
    record = signed_in(Role.ANALYST).get(f"/rules/{complaint().pk}/").context["record"]
    assert (record["found"], record["precision"].share, record["precision"].interval, record["precision"].n) == (
        *(5, "60.0%"),
        *("23.1–88.2%", "5"),
    )
    assert (record["everybody"].share, record["lift"]) == ("40.0%", "1.5")


def test_try_reads_a_rule_back_with_what_it_would_find() -> None:
    land_today(1, 3, 3)
    answer = signed_in(Role.SUPERVISOR).post("/rules/try/", {"rule": "transfers >= 3 and kind = 'contact'"})
    seen = answer.context["sample"]
    assert (seen.found, seen.of, seen.customers, seen.unfound, answer.context["share"]) == (2, 3, 2, 0, "66.7%")
    assert answer.context["words"] == "transfers is at least 3 and kind of signal is contact"
    assert "confirmed" not in answer.content.decode()


def test_try_of_a_saved_rule_does_not_count_its_own_finds() -> None:
    rule = make_rule(rule="transfers = 1")
    land_today(1, 0)
    client = signed_in(Role.SUPERVISOR)
    said = {"rule": "transfers = 1"}
    assert client.post("/rules/try/", said).context["sample"].unfound == 0
    assert client.post("/rules/try/", said | {"itself": rule.pk}).context["sample"].unfound == 1


def test_try_marks_the_error_and_says_what_may_stand_there() -> None:
    text = signed_in(Role.SUPERVISOR).post("/rules/try/", {"rule": "transfer >= 2"}).content.decode()
    assert "<mark>transfer</mark> &gt;= 2" in text
    assert "Here may stand: transfers" in text


@pytest.mark.parametrize("rule", ["", "  ", "x" * 5000, "gap <", "\0", "<script>alert(1)</script>", "(" * 300])
@pytest.mark.parametrize("itself", ["", "x", "-1", "9" * 30])
def test_try_answers_any_text(rule: str, itself: str) -> None:
    answer = signed_in(Role.SUPERVISOR).post("/rules/try/", {"rule": rule, "itself": itself})
    assert answer.status_code == 200
    assert "<script>alert" not in answer.content.decode()


def test_new_rule_is_saved_and_shown() -> None:
    client = signed_in(Role.SUPERVISOR)
    page = client.post("/rules/new/", NEW, follow=True)
    rule = DetectionRule.objects.get()
    assert page.redirect_chain == [(f"/rules/{rule.pk}/", 302)]
    assert (rule.code, rule.name, rule.kind, rule.rule, rule.enabled) == (
        *("rule-1", "Many transfers"),
        *("latent", "transfers >= 3", True),
    )
    (version,) = page.context["history"]
    assert (version.version, version.saved_by_id) == (1, int(client.session["_auth_user_id"]))


@pytest.mark.parametrize(
    ("data", "field"),
    [
        (NEW | {"name": ""}, "name"),
        (NEW | {"kind": "loud"}, "kind"),
        (NEW | {"rule": ""}, "rule"),
        (NEW | {"rule": "gap <"}, "rule"),
        (NEW | {"rule": "x" * 2001}, "rule"),
    ],
)
def test_new_rule_refuses_beside_the_field_and_keeps_what_was_typed(data: dict[str, str], field: str) -> None:
    page = signed_in(Role.SUPERVISOR).post("/rules/new/", data)
    assert (page.status_code, list(page.context["form"].errors)) == (422, [field])
    assert page.context["form"].data["rule"] == data["rule"]
    assert not DetectionRule.objects.exists()


def test_rule_that_finds_everybody_asks_for_a_tick_and_takes_it() -> None:
    land_today(3, 3)
    client = signed_in(Role.SUPERVISOR)
    assert client.post("/rules/try/", NEW).context["must_confirm"] is True
    page = client.post("/rules/new/", NEW)
    text = page.content.decode()
    assert (page.status_code, list(page.context["form"].errors)) == (409, ["confirmed"])
    assert 'name="confirmed" id="id_confirmed" aria-invalid="true"' in text
    assert not DetectionRule.objects.filter(code="rule-1").exists()
    assert client.post("/rules/new/", NEW | {"confirmed": "on"}).status_code == 302
    saved = DetectionRule.objects.get(code="rule-1")
    assert client.get(f"/rules/{saved.pk}/").context["must_confirm"] is False


def test_rule_is_changed_under_its_version() -> None:
    rule = make_rule()
    client = signed_in(Role.ADMINISTRATOR)
    said = NEW | {"rule": "transfers >= 4", "seen": "1"}
    assert client.post(f"/rules/{rule.pk}/save/", said).status_code == 302
    page = client.post(f"/rules/{rule.pk}/save/", NEW | {"rule": "transfers >= 5", "seen": "1"})
    assert (page.status_code, page.context["row"].version) == (409, 2)
    assert page.context["form"].non_field_errors() == [
        "Somebody saved version 2 meanwhile. Look at it, then save yours again."
    ]
    assert '<input type="hidden" name="seen" value="2">' in page.content.decode()
    rule.refresh_from_db()
    assert (rule.version, rule.rule) == (2, "transfers >= 4")


def switched(client: Client, rule: DetectionRule, **said: str) -> tuple[int, bool, int]:
    answer = client.post(f"/rules/{rule.pk}/switch/", said)
    rule.refresh_from_db()
    return answer.status_code, rule.enabled, rule.version


def test_rule_is_switched_off_and_on_by_whoever_saw_it_as_it_is() -> None:
    rule, client = make_rule(), signed_in(Role.SUPERVISOR)
    assert switched(client, rule, on="no", seen="1") == (302, False, 2)
    assert switched(client, rule, on="yes", seen="1") == (409, False, 2)
    assert switched(client, rule, on="yes", seen="2") == (302, True, 3)
    assert client.get(f"/rules/{rule.pk}/switch/").status_code == 405


def test_shipped_rule_shows_its_first_text_as_shipped() -> None:
    rule, client = complaint(), signed_in(Role.SUPERVISOR)
    assert "as shipped" in client.get(f"/rules/{rule.pk}/").content.decode()
    client.post(f"/rules/{rule.pk}/switch/", {"on": "no", "seen": "1"})
    page = client.get(f"/rules/{rule.pk}/")
    assert [(one.version, one.saved_by is None) for one in page.context["history"]] == [(2, False), (1, True)]
    assert "as shipped" in page.content.decode()


def test_rule_without_a_readable_text_still_opens_for_mending() -> None:
    rule = make_rule()
    DetectionRule.objects.filter(pk=rule.pk).update(rule="gap <")
    assert signed_in(Role.SUPERVISOR).get(f"/rules/{rule.pk}/").status_code == 200


def test_unknown_rule_is_not_found() -> None:
    client = signed_in(Role.SUPERVISOR)
    assert client.get("/rules/999999/").status_code == 404
    assert client.post("/rules/999999/save/", NEW).status_code == 404
