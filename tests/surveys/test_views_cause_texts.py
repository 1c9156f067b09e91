"""The page of what is read in comments, and training again."""

from __future__ import annotations

from datetime import timedelta

import pytest
from pytest_django import DjangoAssertNumQueries

from loopcare.common import clock
from loopcare.staff.enums import Role
from surveys.models import Cause, CauseChange, TextModel
from surveys.services.causes.coding import code_comments
from surveys.views import cause_texts
from tests.factories import make_user
from tests.surveys.comments import entry_of, say
from tests.surveys.test_views_pool import signed_in

pytestmark = pytest.mark.django_db

PAGE, TRAIN = "/analysis/causes/texts/", "/analysis/causes/texts/train/"


@pytest.mark.parametrize("role", [Role.SUPERVISOR, Role.ANALYST, Role.AUDITOR, Role.ADMINISTRATOR])
def test_page_before_the_first_reader_says_so(role: Role) -> None:
    page = signed_in(role).get(PAGE)
    assert page.status_code == 200
    assert "No comment was read yet" in page.content.decode()
    assert ("Train and read" in page.content.decode()) == (role in (Role.SUPERVISOR, Role.ADMINISTRATOR))


def test_supervisor_trains_and_the_page_shows_what_was_read() -> None:
    now = clock.now()
    say(("A", "家里没有信号"), ("B", "The call dropped"), ("C", "电梯"), ("D", "别的事情 something"), now=now)
    client = signed_in(Role.SUPERVISOR)

    answer = client.post(TRAIN, follow=True)

    assert answer.redirect_chain == [(PAGE, 302)]
    assert "Trained again. 4 comments were read." in answer.content.decode()
    shown = answer.context
    assert (shown["read"], shown["given"].share, shown["unknown"].share) == ("4", "50.0%", "50.0%")
    by_name = {line["code"]: line for line in shown["lines"]}
    coverage = by_name["network.coverage"]
    assert (coverage["name"], coverage["given"], coverage["guessed"]) == ("Poor coverage", "1", "1")
    assert (coverage["threshold"], coverage["measured"]) == ("0.50", False)
    assert "not measured: too few comments are coded" in answer.content.decode()
    assert {one.comment: one.accepted for one, *_rest in shown["sample"]} == {
        "家里没有信号": True,
        "The call dropped": True,
        "电梯": False,
        "别的事情 something": False,
    }


def test_measured_causes_show_precision_with_interval_and_n() -> None:
    now = clock.now()
    say(*[(f"A{n}", f"no signal here {n}") for n in range(60)], now=now, causes=["network.coverage"])
    say(*[(f"B{n}", f"far too expensive {n}") for n in range(60)], now=now, causes=["product.price"])
    page = signed_in(Role.SUPERVISOR).post(TRAIN, follow=True)
    line = {line["code"]: line for line in page.context["lines"]}["product.price"]
    assert (line["n"], line["measured"], line["precision"].share) == ("60", True, "100.0%")
    assert line["precision"].interval.endswith("–100.0%")
    assert int(line["precision"].n) >= 20


def test_comments_are_shown_escaped_and_to_planners_only() -> None:
    now = clock.now()
    say(("A", "<script>alert(1)</script> no signal"), now=now)
    code_comments(now=now)
    page = signed_in(Role.ANALYST).get(PAGE).content.decode()
    assert "&lt;script&gt;alert(1)&lt;/script&gt; no signal" in page
    assert "<script>alert" not in page
    auditor = signed_in(Role.AUDITOR).get(PAGE)
    assert auditor.context["read"] == "1"
    assert "alert(1)" not in auditor.content.decode()


def test_comments_of_the_erased_are_not_shown() -> None:
    now = clock.now()
    say(("A", "no signal"), now=now)
    code_comments(now=now)
    entry_of("A").customer.pool_entries.update(comment="")
    assert signed_in(Role.ANALYST).get(PAGE).context["sample"] == []


def test_terms_that_stand_out_among_the_unknown_are_listed() -> None:
    now = clock.now()
    say(*[(f"A{n}", "广告太吵闹") for n in range(30)], *[(f"B{n}", "没有信号") for n in range(30)], now=now)
    code_comments(now=now)
    (told,) = signed_in(Role.ANALYST).get(PAGE).context["terms"]
    term, here, there, _z = told
    assert (len(term.term), term.term in "广告太吵闹", here, there) == (4, True, "30", "0")


def test_tree_that_changed_since_asks_to_train_again() -> None:
    now = clock.now()
    say(("A", "no signal"), now=now)
    code_comments(now=now)
    client = signed_in(Role.SUPERVISOR)
    assert "train again" not in client.get(PAGE).content.decode()
    cause = Cause.objects.get(code="network.speed")
    CauseChange.objects.create(version=1, act="changed", cause=cause, by=make_user(Role.SUPERVISOR), at=now)
    assert "changed once since this reader was trained" in client.get(PAGE).content.decode()


def test_more_comments_than_are_read_at_once_follow_later(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cause_texts, "READ_AT_ONCE", 2)
    say(*[(f"A{n}", "no signal") for n in range(3)], now=clock.now() - timedelta(days=1))
    page = signed_in(Role.SUPERVISOR).post(TRAIN, follow=True).content.decode()
    assert "2 comments were read. The others follow" in page


def test_tree_with_one_cause_is_a_sentence_not_a_trace() -> None:
    Cause.objects.create(code="only", name_en="Only", keywords=["only"])
    page = signed_in(Role.SUPERVISOR).post(TRAIN)
    assert page.status_code == 422
    assert "give keywords to two causes" in page.content.decode()
    assert not TextModel.objects.exists()


def test_page_asks_as_often_for_one_comment_as_for_many(django_assert_num_queries: DjangoAssertNumQueries) -> None:
    now = clock.now()
    say(("A", "no signal"), now=now)
    code_comments(now=now)
    client = signed_in(Role.ANALYST)
    client.get(PAGE)
    with django_assert_num_queries(14):
        client.get(PAGE)
    say(*[(f"B{n}", f"no signal {n}") for n in range(30)], now=now)
    code_comments(now=now)
    with django_assert_num_queries(14):
        assert len(client.get(PAGE).context["sample"]) == 20
