"""The Pareto page, samples of the unknown and the cause tree on its page."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.db import connection
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from loopcare.common import clock
from loopcare.staff.enums import Role
from surveys.enums import PoolStatus
from surveys.models import Cause, CauseChange, PoolEntry
from surveys.selectors import samples
from surveys.selectors.cause_tree import tree_version
from surveys.services.causes.pareto import make_causes
from tests.factories import make_entry, make_segment
from tests.surveys.test_views_pool import signed_in

pytestmark = pytest.mark.django_db

PARETO, TREE, UNKNOWN = "/analysis/causes/", "/analysis/causes/tree/", "/analysis/causes/unknown/"


def planted(*codes: str, retired: bool = False) -> list[Cause]:
    at = clock.now() if retired else None
    return [Cause.objects.create(code=code, name_en=code.upper(), retired_at=at) for code in codes]


def peopled() -> None:
    planted("a", "a.x", "a.y", "b")
    make_entry(causes=["a.x", "a.y"], brand="One")
    make_entry(causes=["a.x", "b"], brand="One", region="BJ")
    make_entry(causes=["b"], brand="Two", repeat_count=5)
    make_entry(brand="Two")
    make_entry(causes=["b"], status=PoolStatus.LEFT, left_at=datetime.fromisoformat("2026-03-03T00:00Z"),
               left_reason="expired")  # fmt: skip


def behind(client: Client, url: str) -> int:
    """How many the list at an address holds."""
    return len(client.get(url).context["rows"])


def page(client: Client, query: str = "") -> Any:
    response = client.get(f"{PARETO}?{query}")
    assert response.status_code == 200
    return response.context


# --- Pareto ----------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("query", ["", "depth=top", "brand=One&by=region", "by=repeat_band", "status=waiting&by=brand"])
def test_every_number_leads_to_exactly_those_it_counts(query: str) -> None:
    peopled()
    client = signed_in(Role.ANALYST)
    context = page(client, query)
    found = [(line.n, behind(client, line.url)) for line in context["lines"]]
    found += [(cell.n, behind(client, cell.url)) for _name, cells in context["table"].lines for cell in cells]
    found += [(column.n, behind(client, column.url)) for column in context["table"].columns]
    found += [(context["counted"].unknown, behind(client, context["unknown_url"]))]
    found += [(context["counted"].total, behind(client, context["every_url"]))]
    assert len(found) > 5
    assert [number for number, _listed in found] == [listed for _number, listed in found]


def test_shares_are_of_everybody_with_interval_and_the_unknown_apart() -> None:
    peopled()
    context = page(signed_in(Role.SUPERVISOR))
    assert [(line.name, line.n, line.share.share, line.share.interval, line.reached) for line in context["lines"]] == [
        ("A.X", 2, "50.0%", "15.0–85.0%", "50.0%"),
        ("B", 2, "50.0%", "15.0–85.0%", "75.0%"),
        ("A.Y", 1, "25.0%", "4.6–69.9%", "75.0%"),
    ]
    assert (context["unknown"].share, context["counted"].unknown, context["counted"].total) == ("25.0%", 1, 4)
    assert [(bar.label, bar.share, bar.cumulative) for bar in context["chart"].bars] == [
        ("A.X", "50.0%", "50.0%"),
        ("B", "50.0%", "75.0%"),
        ("A.Y", "25.0%", "75.0%"),
    ]


def test_at_the_top_an_entry_counts_once() -> None:
    peopled()
    assert [(line.code, line.n) for line in page(signed_in(Role.AUDITOR), "depth=top")["lines"]] == [("a", 2), ("b", 2)]


def test_merged_code_counts_as_what_it_became_before_its_entries_are_rewritten() -> None:
    peopled()
    Cause.objects.filter(code="a.y").update(merged_into=Cause.objects.get(code="b"), retired_at=clock.now())
    client = signed_in(Role.SUPERVISOR)
    context = page(client)
    assert [(line.code, line.n, behind(client, line.url)) for line in context["lines"]] == [("b", 3, 3), ("a.x", 2, 2)]
    assert context["lines"][0].reached == "75.0%"


@pytest.mark.parametrize("query", ["by=age", "depth=2", "entered_on=soon"])
def test_what_cannot_be_shown_is_said(query: str) -> None:
    peopled()
    response = signed_in(Role.SUPERVISOR).get(f"{PARETO}?{query}")
    assert (response.status_code, "lines" in response.context) == (422, False)


def test_filters_of_causes_are_not_kept() -> None:
    peopled()
    assert page(signed_in(Role.SUPERVISOR), "causes=b&causes__in=b,a.x")["counted"].total == 4


def test_empty_pool_and_empty_filter_say_so() -> None:
    client = signed_in(Role.SUPERVISOR)
    assert "Nobody is in the pool yet" in client.get(PARETO).content.decode()
    make_entry()
    html = client.get(PARETO).content.decode()
    assert "None of the 1 customers has a named cause" in html
    assert "NaN" not in html
    assert "Nobody in the pool fits these filters" in client.get(f"{PARETO}?brand=Nowhere").content.decode()


def test_too_large_a_pool_shows_the_reading_of_the_day(monkeypatch: pytest.MonkeyPatch) -> None:
    peopled()
    client = signed_in(Role.SUPERVISOR)
    monkeypatch.setattr(samples, "PATIENCE", 1)
    monkeypatch.setattr("surveys.views.causes.cross_causes", _slow)
    assert "too large" in client.get(PARETO).content.decode()
    make_causes(now=clock.now())
    context = page(client)
    assert ([line.n for line in context["lines"]], context["counted"].unknown, "table" in context) == (
        [2, 2, 1],
        1,
        False,
    )
    assert "counted" not in page(client, "brand=One")


def _slow(entries: Any, **_asked: Any) -> None:
    """Counting that takes longer than the page waits."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_sleep(1)")


@pytest.mark.parametrize("many", [1, 3])
def test_page_asks_the_same_for_any_number(many: int, django_assert_num_queries: DjangoAssertNumQueries) -> None:
    for place in range(many):
        planted(f"c{place}")
        make_entry(causes=[f"c{place}"], brand=f"B{place}")
    client = signed_in(Role.SUPERVISOR)
    with django_assert_num_queries(COSTS["pareto"]):
        client.get(PARETO)
    with django_assert_num_queries(COSTS["tree"]):
        client.get(TREE)


COSTS = {"pareto": 19, "tree": 6}


# --- the unknown -----------------------------------------------------------------------------------------------------
def test_sample_is_drawn_again_by_its_address_and_becomes_a_segment() -> None:
    for _ in range(6):
        make_entry()
    client = signed_in(Role.SUPERVISOR)

    def drawn(query: str) -> list[int]:
        return [entry.pk for entry, _person in client.get(f"{UNKNOWN}?{query}").context["rows"]]

    assert drawn("size=4&seed=x") == drawn("size=4&seed=x")
    assert len(drawn("size=4&seed=x")) == 4
    html = client.get(UNKNOWN).content.decode()
    link = re.search(r'href="(/segments/new/\?rule=[^"]+)"', html)
    assert link is not None
    assert parse_qs(urlsplit(link[1]).query) == {"rule": ["causes is missing"]}
    assert client.get(link[1]).context["count"] == 6


@pytest.mark.parametrize("query", ["size=0", "size=201", "size=many", f"seed={'x' * 41}"])
def test_sample_that_cannot_be_drawn_is_said(query: str) -> None:
    response = signed_in(Role.SUPERVISOR).get(f"{UNKNOWN}?{query}")
    assert (response.status_code, "rows" in response.context) == (422, False)


def test_nobody_unknown_is_said() -> None:
    assert "Nobody waits without a cause" in signed_in(Role.AUDITOR).get(UNKNOWN).content.decode()


# --- the tree --------------------------------------------------------------------------------------------------------
def send(act: str, data: dict[str, str], *, code: str = "", role: Role = Role.SUPERVISOR) -> Any:
    path = f"{TREE}{Cause.objects.get(code=code).pk}/{act}/" if code else f"{TREE}{act}/"
    return signed_in(role).post(path, data)


def test_acts_of_the_page_change_the_tree() -> None:
    planted("a", "b")
    make_entry(causes=["a"])
    names = {"name_en": "New", "name_zh": "新", "keywords": "slow\n慢", "reason": "asked for"}
    steps = [
        send("add", names | {"code": "c"}),
        send("change", names, code="b"),
        send("split", {"parts": "x | Ex | 子\r\ny|Why"}, code="b"),
        send("merge", {"into": "c", "reason": ""}, code="a"),
        send("retire", {}, code="b.x"),
        send("revive", {}, code="b.x"),
    ]
    assert [(step.status_code, step["Location"]) for step in steps] == [
        (302, f"{TREE}?cause={code}") for code in ("c", "b", "b", "c", "b.x", "b.x")
    ]
    changes = CauseChange.objects.order_by("version").values_list("act", "cause__code", "reason")
    assert list(changes) == [
        ("added", "c", "asked for"),
        ("changed", "b", "asked for"),
        ("split", "b", ""),
        ("merged", "a", ""),
        ("retired", "b.x", ""),
        ("revived", "b.x", ""),
    ]
    assert list(Cause.objects.filter(code__startswith="b.").values_list("code", "name_en", "name_zh")) == [
        ("b.x", "Ex", "子"),
        ("b.y", "Why", ""),
    ]
    assert Cause.objects.get(code="c").keywords == ["slow", "慢"]
    assert PoolEntry.objects.get().causes == ["c"]


@pytest.mark.parametrize(
    ("act", "code", "data", "says"),
    [
        ("add", "", {"code": "z.x", "name_en": "X"}, "Add z first"),
        ("add", "", {"code": "a", "name_en": "A"}, "already a cause a"),
        ("add", "", {"code": "", "name_en": ""}, "required"),
        ("change", "a", {"name_en": ""}, "required"),
        ("change", "a", {"name_en": "A", "keywords": "x" * 61}, "at most 50 keywords of at most 60"),
        ("split", "a", {"parts": "x"}, "“x” is no part"),
        ("split", "a", {"parts": "x | X"}, "two parts or more"),
        ("merge", "a", {"into": "a"}, "not one of the available"),
        ("merge", "a", {"into": "a.x"}, "not one of the available"),
        ("merge", "a", {"into": "gone"}, "not one of the available"),
        ("merge", "a", {"into": "b", "reason": "x" * 201}, "at most 200"),
    ],
)
def test_what_must_be_mended_comes_back_beside_its_field(act: str, code: str, data: dict[str, str], says: str) -> None:
    planted("a", "a.x", "b")
    planted("gone", retired=True)
    response = send(act, data, code=code)
    assert (response.status_code, tree_version()) == (422, 0)
    assert says in response.content.decode().replace("&#x27;", "'")
    assert response.context["form"].errors


@pytest.mark.parametrize(("act", "code"), [("retire", "a"), ("retire", "gone"), ("revive", "a"), ("merge", "a")])
def test_what_the_tree_does_not_allow_is_a_conflict(act: str, code: str) -> None:
    planted("a", "a.x", "b")
    planted("gone", retired=True)
    assert (send(act, {"into": "b"}, code=code).status_code, tree_version()) == (409, 0)


def test_merging_shows_what_it_would_change_and_changes_nothing_yet() -> None:
    a, _b = planted("a", "b")
    make_entry(causes=["a"])
    make_entry(causes=["a", "b"])
    make_entry(causes=["b"])
    make_segment("causes has 'a'", name="Those with a")
    response = signed_in(Role.SUPERVISOR).get(f"{TREE}{a.pk}/merge/?into=b&reason=same")
    html = response.content.decode()
    assert (response.context["entries"], tree_version()) == (2, 0)
    assert "2 open entries have “A” and will have “B”." in html
    assert "Those with a" in html
    assert signed_in(Role.SUPERVISOR).get(f"{TREE}{a.pk}/merge/?into=nowhere").status_code == 422


def test_rules_that_name_a_merged_code_are_warned_of() -> None:
    planted("a", "b")
    make_segment("causes has 'a'", name="Those with a")
    client = signed_in(Role.ANALYST)
    assert client.get(TREE).context["warnings"] == []
    send("merge", {"into": "b"}, code="a")
    html = client.get(TREE).content.decode()
    assert "a was merged into b: open entries have b now." in html
    assert "Those with a" in html


def test_tree_offers_what_may_be_done_to_those_who_may() -> None:
    planted("a")
    for role, may in ((Role.SUPERVISOR, True), (Role.ANALYST, False), (Role.AUDITOR, False)):
        html = signed_in(role).get(f"{TREE}?cause=a").content.decode()
        assert ("Split into parts" in html) == may


def test_code_that_only_signals_know_is_shown_and_can_be_added() -> None:
    planted("net.speed")
    response = signed_in(Role.SUPERVISOR).get(f"{TREE}?cause=net")
    assert [(node.code, node.cause is not None) for node, _steps in response.context["nodes"]] == [
        ("net", False),
        ("net.speed", True),
    ]
    assert response.context["acts"]["add"]["code"].value() == "net"
    assert "The tree is empty" not in response.content.decode()


def test_empty_tree_says_what_to_do() -> None:
    assert "The tree is empty" in signed_in(Role.SUPERVISOR).get(TREE).content.decode()
