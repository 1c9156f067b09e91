"""The customer's page: reading records nothing, one answer is stored, and the page gives nothing away."""

from __future__ import annotations

import base64
import hashlib
import re
from datetime import timedelta

import pytest
from django.test import Client

from loopcare.common import clock
from loopcare.contact.enums import Purpose
from loopcare.contact.models import Suppression
from loopcare.customers.models import Customer
from surveys.models import Answer, Invitation, Signal
from surveys.services.sending import invite
from surveys.services.setup import FOLLOW_UP, ensure_basics
from tests.factories import make_customer

pytestmark = pytest.mark.django_db

LARGEST = 15_000  # bytes


@pytest.fixture
def customer() -> Customer:
    ensure_basics()
    return make_customer(name="Wang Min", language="en")


@pytest.fixture
def url(customer: Customer) -> str:
    return link(customer)


def link(customer: Customer, *, key: str = "k1", hours: int = 24) -> str:
    now = clock.now()
    _invitation, token = invite(
        customer_id=customer.pk,
        questionnaire=FOLLOW_UP,
        purpose=Purpose.FOLLOW_UP,
        key=key,
        now=now,
        expires_at=now + timedelta(hours=hours),
    )
    return f"/s/{token}/"


def age(answer: Answer, days: int) -> None:
    Answer.objects.filter(pk=answer.pk).update(answered_at=answer.answered_at - timedelta(days=days))


def test_survey_reads_record_nothing(client: Client, url: str) -> None:
    for _ in range(10):
        assert client.get(url).status_code == 200
        assert client.head(url).status_code == 200
        assert client.get(f"{url}?score=5&stop=1&change=1").status_code == 200
    assert not Answer.objects.exists()
    assert not Signal.objects.exists()
    assert not Suppression.objects.exists()


def test_survey_asks_in_five_worded_rows_without_script(client: Client, url: str) -> None:
    text = client.get(url).content.decode()
    assert "How satisfied are you with our service now?" in text
    assert re.findall(r'name="score" value="(\d)"', text) == ["5", "4", "3", "2", "1"]
    assert "<script" not in text


def test_survey_page_is_one_small_request(client: Client, url: str) -> None:
    for query in ("", "?lang=zh-hans", "?lang=en"):
        page = client.get(url + query)
        assert len(page.content) <= LARGEST
        assert re.findall(r'(?:src|href)="(?!data:,|\?)[^"]*"', page.content.decode()) == []


def test_survey_styles_are_the_only_ones_its_policy_allows(client: Client, url: str) -> None:
    page = client.get(url)
    styles = re.search(r"<style>(.*?)</style>", page.content.decode(), re.DOTALL)
    assert styles is not None
    digest = base64.b64encode(hashlib.sha256(styles[1].encode()).digest()).decode()
    assert page.headers["Content-Security-Policy"] == (
        f"default-src 'none'; style-src 'sha256-{digest}'; img-src data:; form-action 'self'; base-uri 'none'; "
        "frame-ancestors 'none'"
    )


def test_every_answer_of_the_page_is_sealed(client: Client, url: str) -> None:
    pages = [
        client.get(url),
        client.get("/s/unknown/"),
        client.post(url, {}),
        client.post(url, {"score": "4"}),
        client.get(url),
    ]
    assert [page.status_code for page in pages] == [200, 404, 422, 303, 200]
    for page in pages:
        assert page.headers["Cache-Control"] == "no-store"
        assert page.headers["Referrer-Policy"] == "no-referrer"
        assert not page.cookies


def test_survey_answer_is_recorded_by_post_alone(url: str) -> None:
    client = Client(enforce_csrf_checks=True)
    answer = client.post(f"{url}?lang=en", {"score": "2", "comment": "Slow refund"})
    assert (answer.status_code, answer.headers["Location"]) == (303, f"{url}?lang=en")
    stored = Answer.objects.get()
    assert (stored.score, stored.comment, stored.language) == (2, "Slow refund", "en")
    assert Signal.objects.get().raw == "2"
    assert "Thank you" in client.get(url).content.decode()


@pytest.mark.parametrize(
    "data", [{}, {"score": ""}, {"score": "6"}, {"score": "x"}, {"score": "3", "comment": "x" * 2001}]
)
def test_survey_refuses_what_is_no_answer_and_keeps_the_words(client: Client, url: str, data: dict[str, str]) -> None:
    page = client.post(url, {"comment": "kept"} | data)
    assert page.status_code == 422
    assert 'role="alert"' in page.content.decode()
    assert (data.get("comment") or "kept") in page.content.decode()
    assert not Answer.objects.exists()


def test_survey_answer_can_be_changed_for_seven_days(client: Client, url: str) -> None:
    client.post(url, {"score": "2"})
    assert "?lang=en&amp;change=1" in client.get(url).content.decode()
    assert re.findall(r'value="2"[^>]*checked', client.get(f"{url}?change=1").content.decode())
    client.post(url, {"score": "5"})
    assert Answer.objects.get().score == 5
    age(Answer.objects.get(), 7)
    assert "change=1" not in client.get(f"{url}?change=1").content.decode()
    assert client.post(url, {"score": "1"}).status_code == 409
    assert Answer.objects.get().score == 5


def test_expired_and_unknown_links_name_nobody(client: Client, customer: Customer) -> None:
    expired = link(customer, key="old", hours=-1)
    for path, status in ((expired, 410), ("/s/never-was/", 404), (f"/s/{'x' * 500}/", 404)):
        page = client.get(path)
        assert page.status_code == status
        assert "Wang" not in page.content.decode()
        assert client.post(path, {"score": "5"}).status_code == status
        assert client.post(path, {"stop": "1"}).status_code == status
    assert not Answer.objects.exists()
    assert not Suppression.objects.exists()


def test_survey_page_names_nobody(client: Client, url: str, customer: Customer) -> None:
    assert "Wang" not in client.get(url).content.decode()
    assert customer.reference not in client.get(url).content.decode()


@pytest.mark.parametrize(
    ("known", "asked", "shown"),
    [
        ("zh-hans", ("", "en"), "zh-hans"),
        ("zh-hans", ("?lang=en", "zh-hans"), "en"),
        ("en", ("?lang=zh-hans", "en"), "zh-hans"),
        ("en", ("?lang=xx", "zh-hans"), "en"),
        ("", ("", "zh-hans"), "zh-hans"),
        ("", ("", "fr"), "en"),
    ],
)
def test_survey_speaks_the_chosen_language_else_the_customers_else_the_browsers(
    client: Client, customer: Customer, known: str, asked: tuple[str, str], shown: str
) -> None:
    Customer.objects.filter(pk=customer.pk).update(language=known)
    query, accepted = asked
    text = client.get(link(customer) + query, headers={"Accept-Language": accepted}).content.decode()
    question = {"en": "How satisfied are you with our service now?", "zh-hans": "您现在对我们的服务满意吗？"}
    assert f'<html lang="{shown}">' in text
    assert f"<h1>{question[shown]}</h1>" in text


def test_stop_contact_takes_hold_at_once_and_the_page_says_so(client: Client, url: str, customer: Customer) -> None:
    assert client.post(url, {"stop": "1"}).status_code == 303
    suppression = Suppression.objects.get()
    assert (suppression.customer_id, suppression.channel, suppression.ended_at) == (customer.pk, "", None)
    text = client.get(url).content.decode()
    assert "You asked us not to contact you any more." in text
    assert 'name="stop"' not in text
    assert client.post(url, {"stop": "1"}).status_code == 303
    assert Suppression.objects.count() == 1


@pytest.mark.parametrize("method", ["put", "patch", "delete"])
def test_survey_knows_no_other_methods(client: Client, url: str, method: str) -> None:
    assert getattr(client, method)(url).status_code == 405


def test_token_is_kept_only_as_a_hash(url: str) -> None:
    token = url.split("/")[2]
    assert len(base64.urlsafe_b64decode(token + "==")) >= 16
    assert bytes(Invitation.objects.get().token_hash) == hashlib.sha256(token.encode()).digest()
