"""Adequate levels on their pages: in force and why, set, taken back, learned; the zone of tolerance; sources."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from django.utils.timezone import localdate

from loopcare.common import clock
from loopcare.staff.enums import Role
from surveys.enums import AdequateFrom, UnknownCustomers
from surveys.models import AdequateLevel, Source
from surveys.services.levels import learn_levels, set_level
from tests.factories import make_user
from tests.surveys.events import land_all, rating
from tests.surveys.histories_of_levels import answers, rating_source
from tests.surveys.test_views_pool import signed_in

pytestmark = pytest.mark.django_db

UNHAPPY_BELOW_50 = {20.0: (60, 30), 40.0: (60, 24), 60.0: (100, 5), 80.0: (100, 4)}


def back(days: int) -> date:
    return localdate(clock.now()) - timedelta(days=days)


def rate(*scores: float, tier: str = "", on: date | None = None, **said: Any) -> None:
    """Ratings of customers of their own."""
    rows = [
        rating(f"{tier}{place}-{score}", score, on=on or back(0), value_tier=tier, **said)
        for place, score in enumerate(scores)
    ]
    land_all(*rows, source=rating_source(), now=clock.now())


def put(level: float, tier: str = "", reason: str = "as agreed") -> AdequateLevel:
    return set_level(
        source=rating_source(),
        dimension="overall",
        tier=tier,
        level=level,
        reason=reason,
        by=make_user(Role.SUPERVISOR, name=f"li{level}{tier}"),
        now=clock.now(),
    )


def address(action: str = "", dimension: str = "overall") -> str:
    return f"/rules/levels/{rating_source().pk}/{action}?dimension={dimension}"


def lines(client: Client) -> dict[str, Any]:
    """By tier, of the source's page."""
    return {line.standing.tier: line for line in client.get(address()).context["lines"]}


@pytest.mark.parametrize(
    ("role", "reads", "edits"),
    [
        (Role.AGENT, 403, 403),
        (Role.SUPERVISOR, 200, 302),
        (Role.ANALYST, 200, 403),
        (Role.AUDITOR, 200, 403),
        (Role.ADMINISTRATOR, 200, 302),
    ],
)
def test_levels_open_to_readers_and_are_changed_by_editors(role: Role, reads: int, edits: int) -> None:
    rate(10, on=back(60))
    client = signed_in(role)
    assert [client.get(path).status_code for path in ("/rules/levels/", address())] == [reads] * 2
    level = {"value_tier": "", "level": "70", "reason": "so"}
    source = {"unknown_customers": "create", "adequate": ""}
    said = {"set/": level, "clear/": {}, "learn/": {}, "source/": source}
    assert [client.post(address(action), data).status_code for action, data in said.items()] == [edits] * 4


def test_reader_sees_no_form() -> None:
    rate(10)
    assert (
        "<form"
        not in signed_in(Role.ANALYST).get(address()).content.decode().split("<main", 1)[1].split("</main", 1)[0]
    )


def test_index_is_empty_before_any_rating() -> None:
    page = signed_in(Role.ANALYST).get("/rules/levels/")
    assert (page.context["lines"], page.context["zones"], page.context["zones_known"]) == ([], [], True)
    assert "No source has brought a rating that opens pool entries yet." in page.content.decode()


def test_each_basis_goes_before_the_next_and_says_why() -> None:
    client = signed_in(Role.ANALYST)
    rate(10)
    assert (lines(client)[""].level, lines(client)[""].basis) == ("?", "nobody's")
    Source.objects.update(adequate=Decimal(30))
    assert (lines(client)[""].level, lines(client)[""].basis) == ("30", "the source's own")
    answers(UNHAPPY_BELOW_50, on=back(60), now=clock.now())
    learn_levels(now=clock.now())
    told = lines(client)[""]
    assert (told.level, told.basis) == ("50", "learned from what customers did")
    assert told.why == (
        f"Learned on {back(0)} from 320 customers: below it 45.0% (36.4–53.9%) complained or contacted again "
        "within 30 days, above it 4.5% (2.4–8.3%)."
    )
    rate(11, adequate=40)
    assert (lines(client)[""].level, lines(client)[""].basis) == ("40", "given with the file")
    put(70)
    told = lines(client)
    assert (told[""].level, told[""].basis, told["high"].level) == ("70", "set by a supervisor", "70")
    assert told[""].why == f"Set by li70 on {back(0)}: “as agreed”."
    assert told["high"].why.startswith("As for all tiers. Not learned: ")
    put(80, tier="high")
    assert [(tier, line.level) for tier, line in lines(client).items()] == [
        ("", "70"),
        ("strategic", "70"),
        ("high", "80"),
        ("core", "70"),
        ("basic", "70"),
    ]


def test_index_lists_everybody_and_the_tiers_with_a_level_of_their_own() -> None:
    rate(10)
    put(80, tier="high")
    index = signed_in(Role.ANALYST).get("/rules/levels/").context["lines"]
    assert [(line.standing.tier, line.level) for line in index] == [("", "?"), ("high", "80")]


def test_page_says_how_many_would_be_dissatisfied_under_each_level() -> None:
    Source.objects.filter(pk=rating_source(adequate=Decimal(25)).pk).update(adequate=25)
    rate(10, 20, 40, 90, tier="high")
    rate(10, 60)
    rate(10, stated=True, adequate=5, tier="core")
    rate(10, on=back(28), tier="core")
    put(50, tier="high")
    told = lines(signed_in(Role.ANALYST))
    counts = {
        tier: (told[tier].ratings, told[tier].stated, told[tier].judged, told[tier].under)
        for tier in ("", "high", "core")
    }
    none = ("–", "")
    assert counts == {
        "": ("6", "1", "3", (("3", "of 4: 75.0%"), none, none, ("3", "50.0%"))),
        "high": ("4", "", "2", (("3", "75.0%"), none, none, ("2", "50.0%"))),
        "core": ("0", "1", "0", (none, none, none, none)),
    }


def test_level_is_set_and_taken_back_on_the_page() -> None:
    rate(10)
    client = signed_in(Role.SUPERVISOR)
    answer = client.post(address("set/"), {"value_tier": "high", "level": "61.1", "reason": "so"})
    assert (answer.status_code, answer.headers["Location"]) == (302, address())
    row = AdequateLevel.objects.get()
    assert (row.dimension, row.value_tier, row.basis, row.level, row.reason) == (
        *("overall", "high"),
        *(AdequateFrom.SET, 61.1, "so"),
    )
    assert row.decided_by_id == int(client.session["_auth_user_id"])
    assert [tier for tier, line in lines(client).items() if line.clearable] == ["high"]
    assert client.post(address("clear/"), {"value_tier": "high"}).status_code == 302
    assert client.post(address("clear/"), {"value_tier": "high"}).status_code == 409
    assert not AdequateLevel.objects.exists()


@pytest.mark.parametrize(
    ("said", "field"),
    [
        ({"level": ""}, "level"),
        ({"level": "101"}, "level"),
        ({"level": "nan"}, "level"),
        ({"level": "six"}, "level"),
        ({"reason": ""}, "reason"),
        ({"value_tier": "gold"}, "value_tier"),
    ],
)
def test_wrong_level_is_refused_beside_its_field(said: dict[str, str], field: str) -> None:
    rate(10)
    data = {"value_tier": "", "level": "50", "reason": "so"} | said
    page = signed_in(Role.SUPERVISOR).post(address("set/"), data)
    assert (page.status_code, list(page.context["level_form"].errors)) == (422, [field])
    assert not AdequateLevel.objects.exists()


@pytest.mark.parametrize("dimension", ["", "x" * 41])
def test_level_of_no_dimension_is_refused(dimension: str) -> None:
    page = signed_in(Role.SUPERVISOR).post(
        address("set/", dimension), {"value_tier": "", "level": "50", "reason": "so"}
    )
    assert (page.status_code, page.context["level_form"].non_field_errors()) == (
        422,
        ["A dimension has 1 to 40 visible characters."],
    )


def test_levels_are_learned_on_the_page_or_it_says_why_not() -> None:
    client = signed_in(Role.SUPERVISOR)
    answers({20.0: (3, 0), 80.0: (3, 0)}, on=back(60), now=clock.now())
    page = client.post(address("learn/"), follow=True)
    assert [str(message) for message in page.context["messages"]] == [
        "There is not enough to learn a level from yet; see why below."
    ]
    assert "6 customers, of whom 0 complained or contacted again: too few." in page.context["lines"][0].why
    answers(UNHAPPY_BELOW_50, on=back(60), now=clock.now(), prefix="many")
    page = client.post(address("learn/"), follow=True)
    assert [str(message) for message in page.context["messages"]] == ["1 level learned."]
    assert (page.context["lines"][0].level, page.context["chart"].level) == ("50", "50")


def test_learning_too_much_while_somebody_waits_is_left_to_the_command(monkeypatch: pytest.MonkeyPatch) -> None:
    answers(UNHAPPY_BELOW_50, on=back(60), now=clock.now())
    monkeypatch.setattr("surveys.selectors.samples.PATIENCE", 20)
    slow = "SELECT 1, 'overall', '', 1, 1, 1 FROM pg_sleep(5) WHERE %(parts)s > 0"
    monkeypatch.setattr("surveys.selectors.levels.EVIDENCE", slow)
    client = signed_in(Role.SUPERVISOR)
    page = client.post(address("learn/"))
    assert (page.status_code, "learn_levels --source hotline" in page.content.decode()) == (409, True)
    shown = client.get(address())
    assert (shown.context["chart"], shown.status_code) == (None, 200)
    assert shown.context["lines"][0].why.endswith("the command learn_levels takes its time.")


def test_curve_is_the_kept_one_of_the_tier_or_what_learning_would_see_now() -> None:
    answers(UNHAPPY_BELOW_50, on=back(60), now=clock.now(), tier="high")
    client = signed_in(Role.ANALYST)
    before = client.get(address())
    assert "Learning now would give 50." in before.context["lines"][0].why
    assert [point.n for point in before.context["chart"].points] == ["60", "60", "100", "100"]
    learn_levels(now=clock.now())
    answers({20.0: (5, 0)}, on=back(60), now=clock.now(), prefix="later")
    assert [point.n for point in client.get(address()).context["chart"].points] == ["60", "60", "100", "100"]
    assert client.get(f"{address()}&tier=basic").context["chart"].points == ()
    assert client.get(f"{address()}&tier=gold").context["tier"] == ""


def test_zone_and_inversions_stand_on_both_pages() -> None:
    client = signed_in(Role.ANALYST)
    rate(60, stated=True, adequate=50, desired=90)
    rate(61, stated=True, adequate=80, desired=70)
    ((source, dimension, zone),) = client.get("/rules/levels/").context["zones"]
    assert (source.code, dimension, zone.n, zone.adequacy, zone.superiority, zone.position, zone.inverted) == (
        *("hotline", "overall", "2"),
        *("−4.5", "−19.5", "−0.30", 1),
    )
    assert (zone.dissatisfied.share, zone.dissatisfied.interval) == ("50.0%", "9.5–90.5%")
    page = client.get(address())
    assert [(signal.perceived, signal.adequate, signal.desired) for signal, _who in page.context["turned"]] == [
        (61.0, 80.0, 70.0)
    ]
    assert page.context["zone"] == zone


def test_source_is_changed_on_its_page() -> None:
    client = signed_in(Role.ADMINISTRATOR)
    said = {"unknown_customers": "reject", "adequate": "62.5"}
    assert client.post(f"/rules/levels/{rating_source().pk}/source/", said).status_code == 302
    source = rating_source()
    assert (source.unknown_customers, source.adequate) == (UnknownCustomers.REJECT, Decimal("62.5"))
    assert client.get(address()).context["source_form"]["adequate"].value() == "62.5"
    page = client.post(f"/rules/levels/{source.pk}/source/", said | {"adequate": "101"})
    assert (page.status_code, list(page.context["source_form"].errors)) == (422, ["adequate"])


def test_page_of_a_source_without_ratings_offers_its_settings() -> None:
    page = signed_in(Role.SUPERVISOR).get(f"/rules/levels/{rating_source().pk}/")
    assert (page.status_code, page.context["dimension"], "lines" in page.context) == (200, "", False)


def test_dimension_with_special_characters_keeps_its_address() -> None:
    rate(10, dimension="a&b=c/é")
    client = signed_in(Role.SUPERVISOR)
    path = f"/rules/levels/{rating_source().pk}/"
    page = client.get(path)
    assert page.context["dimension"] == "a&b=c/é"
    (form,) = [part for part in page.content.decode().split("<form")[1:] if "/set/" in part]
    action = form.split('action="')[1].split('"')[0]
    client.post(action.replace("&amp;", "&"), {"value_tier": "", "level": "50", "reason": "so"})
    assert AdequateLevel.objects.get().dimension == "a&b=c/é"


def test_unknown_source_is_not_found() -> None:
    client = signed_in(Role.SUPERVISOR)
    assert client.get("/rules/levels/999999/").status_code == 404
    assert client.post("/rules/levels/999999/learn/").status_code == 404
