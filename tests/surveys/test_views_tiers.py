"""The page of tiers: the rule in words, other cuts tried, decided, and all told anew."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from loopcare.common import clock
from loopcare.customers.models import Customer
from loopcare.staff.enums import Role
from surveys.models import TierRule
from surveys.selectors.samples import OutOfTime
from surveys.services.tiers import decide_tier_rule
from tests.factories import make_user
from tests.surveys.services.test_tiers import person
from tests.surveys.test_views_pool import signed_in

pytestmark = pytest.mark.django_db

PAGE, ANEW = "/analysis/tiers/", "/analysis/tiers/anew/"
RULE = {"measure": "attribute:arpu", "first": "100", "second": "50", "third": "10"}


def decide(role: Role = Role.SUPERVISOR, kind: str = "value", **said: Any) -> Any:
    return signed_in(role).post(f"{PAGE}{kind}/", RULE | said)


def attempt(kind: str = "value", **said: str) -> Any:
    return signed_in(Role.SUPERVISOR).post(f"{PAGE}{kind}/try/", RULE | said)


def test_page_of_an_empty_house() -> None:
    page = signed_in(Role.AUDITOR).get(PAGE)
    text = page.content.decode()
    assert page.status_code == 200
    assert text.count("a customer has the tier that files, calls and people tell") == 2
    assert "nothing was read yet" in text
    assert "/analysis/tiers/anew/" not in text
    assert "/analysis/tiers/value/" not in text


def test_supervisor_decides_tells_anew_and_sees_it() -> None:
    for arpu in (200, 60, 60, 5):
        person(arpu=arpu)
    assert decide()["Location"] == PAGE
    client = signed_in(Role.SUPERVISOR)
    assert client.post(ANEW)["Location"] == PAGE
    page = client.get(PAGE)
    value = page.context["kinds"][1]
    assert value["words"] == [
        ("strategic", "at least 100"),
        ("high", "at least 50"),
        ("core", "at least 10"),
        ("basic", "less"),
    ]
    assert [(line.tier, line.now, line.becomes, line.becomes_share) for line in value["lines"]] == [
        ("strategic", "1", "1", "25.0%"),
        ("high", "2", "2", "50.0%"),
        ("core", "0", "0", "0.0%"),
        ("basic", "1", "1", "25.0%"),
    ]
    assert value["kept"]["moves"] == [("?", [("1", False), ("2", False), ("0", False), ("1", False)])]
    assert [(row["tier"], row["customers"]) for row in value["kept"]["standing"]] == [
        ("strategic", "1"),
        ("high", "2"),
        ("core", "0"),
        ("basic", "1"),
    ]
    assert "4 customers moved." in page.content.decode()


def test_other_cuts_are_tried_and_nothing_is_kept() -> None:
    for arpu in (200, 60, 60, 5):
        person(arpu=arpu)
    page = attempt(first="60", second="20", third="5")
    assert [line.becomes for line in page.context["lines"]] == ["3", "0", "1", "0"]
    assert (page.context["moving"], page.context["n"]) == ("4", "4")
    assert not TierRule.objects.exists()


def test_columns_are_divided_where_the_cuts_are() -> None:
    for arpu in range(101):
        person(arpu=arpu)
    chart = attempt(first="75", second="50", third="25").context["chart"]
    widths = {block.width for block in chart.blocks}
    assert len(widths) == 1
    assert [text for _x, text in chart.cuts] == ["75", "50", "25"]
    assert [float(x.rstrip("%")) for x, _text in chart.cuts] == sorted(
        (float(x.rstrip("%")) for x, _text in chart.cuts), reverse=True
    )
    tones = [block.tone for block in sorted(chart.blocks, key=lambda block: float(block.x.rstrip("%")))]
    assert list(dict.fromkeys(tones)) == ["day-other", "rest", "day-alike", "vital"]


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ({"first": "10", "third": "100"}, "Each tier must begin at a better value"),
        ({"first": ""}, "Choose a measure and give three numbers"),
        ({"first": "much"}, "Choose a measure and give three numbers"),
        ({"first": "nan"}, "Choose a measure and give three numbers"),
        ({"measure": "days_since_contact"}, "Choose a measure and give three numbers"),
        ({"measure": "attribute:unheard-of"}, "No customer has this measure"),
        ({"measure": "told"}, "a customer has the tier that files"),
    ],
)
def test_rule_that_cannot_be_tried_says_why(said: dict[str, str], words: str) -> None:
    person(arpu=3)
    page = attempt(**said)
    assert page.status_code == 200
    assert words in page.content.decode()


def test_days_are_written_without_their_sign() -> None:
    said: dict[str, Any] = {"measure": "days_since_contact", "first": "14", "second": "60", "third": "120"}
    assert decide(kind="activity", **said).status_code == 302
    rule = TierRule.objects.get()
    assert rule.cuts == [-14, -60, -120]
    page = signed_in(Role.SUPERVISOR).get(PAGE)
    activity = page.context["kinds"][0]
    assert activity["words"][0] == ("active", "at most 14 days ago")
    assert [activity["form"][name].value() for name in ("first", "second", "third")] == ["14", "60", "120"]


def test_wrong_rule_stays_on_the_form() -> None:
    page = decide(first="1")
    assert page.status_code == 422
    assert "Give three numbers, each tier&#x27;s better than the next one&#x27;s." in page.content.decode()
    assert decide(second="").status_code == 422
    assert not TierRule.objects.exists()


def test_going_back_to_what_is_told() -> None:
    decide()
    assert decide(measure="told", first="", second="", third="").status_code == 302
    assert [rule.measure for rule in TierRule.objects.all()] == ["told", "attribute:arpu"]
    assert signed_in(Role.ANALYST).get(PAGE).context["kinds"][1]["words"] == []


def test_attribute_that_nobody_has_any_more_is_still_shown() -> None:
    person(arpu=3)
    decide()
    Customer.objects.update(attributes={})
    page = signed_in(Role.SUPERVISOR).get(PAGE)
    assert page.context["kinds"][1]["form"]["measure"].value() == "attribute:arpu"
    assert 'value="attribute:arpu" selected' in page.content.decode()
    assert "No customer has this measure" in page.content.decode()


def test_too_many_to_tell_while_somebody_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    def slow(*, now: Any) -> Any:
        raise OutOfTime

    monkeypatch.setattr("surveys.views.tiers.retier", slow)
    page = signed_in(Role.SUPERVISOR).post(ANEW)
    assert page.status_code == 409
    assert "Run: tiers" in page.content.decode()


def test_number_of_queries_does_not_grow() -> None:
    user = make_user(Role.SUPERVISOR)
    client = signed_in(Role.ANALYST)

    def queries() -> int:
        with CaptureQueriesContext(connection) as asked:
            client.get(PAGE)
        return len(asked)

    decide_tier_rule(kind="value", measure="attribute:arpu", cuts=[3, 2, 1], by=user, now=clock.now())
    person(arpu=1)
    client.get(PAGE)
    before = queries()
    for cut in (4, 5, 6):
        decide_tier_rule(kind="value", measure="attribute:arpu", cuts=[cut, 2, 1], by=user, now=clock.now())
        person(arpu=cut)
    assert queries() == before


def test_kind_that_is_none_is_not_found() -> None:
    assert attempt(kind="gold").status_code == 404
    assert decide(kind="gold").status_code == 404
