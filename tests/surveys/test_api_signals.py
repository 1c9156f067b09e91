"""Signals over the API: what lands, what is refused and how, and that repeating a call is free."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.db import OperationalError, connection, connections
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from psycopg.errors import DeadlockDetected
from pytest_django import Settings

from loopcare.customers.models import ContactPoint, Customer
from loopcare.staff.enums import Role
from loopcare.staff.models import ApiKey
from surveys.api.ingest_schema import SignalSerializer
from surveys.enums import SignalKind, SourceChannel, UnknownCustomers
from surveys.logic.event_mapping import CHANNELS
from surveys.logic.payload import KINDS, Reader
from surveys.models import IngestReply, PoolEntry, Signal, Source
from surveys.services import ingest as service
from surveys.services.ingest import REPLIES_KEPT, forget_replies
from surveys.services.setup import ensure_basics
from tests.factories import make_user
from tests.sender import PATH, Sender, make_sender

RATING = {
    "source": "hotline",
    "reference": "C1",
    "external_id": "E1",
    "occurred_on": "2026-03-01",
    "rating": {"value": 1, "low": 1, "high": 5},
}
TICKET = {
    "source": "complaint-desk",
    "reference": "C2",
    "external_id": "T1",
    "kind": "ticket",
    "occurred_at": "2026-03-01T02:00:00Z",
    "topic": "refund",
}


@pytest.fixture
def basics(db: None) -> None:
    ensure_basics()


@pytest.fixture
def sender(basics: None) -> Sender:
    return make_sender()


def answered(response: Any) -> tuple[int, dict[str, int]]:
    """Status and the counts that are not 0."""
    return response.status_code, {name: count for name, count in response.json().items() if count}


def refused(response: Any) -> tuple[int, list[tuple[int, str, str | None]]]:
    """Status, and (row, field, value) of the errors of a problem document."""
    assert response["Content-Type"] == "application/problem+json"
    body = response.json()
    assert body["status"] == response.status_code
    return response.status_code, [(error["row"], error["field"], error["value"]) for error in body.get("errors", [])]


# --- what lands ------------------------------------------------------------------------------------------------------
def test_one_rating_becomes_a_signal_and_enters_the_pool(sender: Sender) -> None:
    response = sender.post(RATING)
    assert answered(response) == (201, {"accepted": 1, "signals": 1, "dissatisfied": 1, "pool_new": 1})
    assert response["Content-Type"] == "application/json"
    signal = Signal.objects.get()
    assert (signal.customer.reference, signal.external_id, signal.dimension) == ("C1", "E1", "overall")
    assert (signal.occurred_on, signal.kind, signal.channel) == (date(2026, 3, 1), "rating", "hotline")
    assert (signal.raw, signal.perceived, signal.adequate, signal.adequate_from) == ("1", 0.0, 62.5, "source")
    assert PoolEntry.objects.get().customer == signal.customer


def test_list_of_many_sources_lands_together(sender: Sender) -> None:
    review = RATING | {"source": "app-review", "external_id": "R1", "reference": "C3", "comment": "no signal"}
    response = sender.post([RATING, TICKET, review])
    assert response.status_code == 201
    assert (response.json()["accepted"], response.json()["signals"]) == (3, 3)
    landed = Signal.objects.order_by("external_id").values_list("source__code", "kind", "dimension", "comment")
    assert list(landed) == [
        ("hotline", "rating", "overall", ""),
        ("app-review", "review", "overall", "no signal"),
        ("complaint-desk", "ticket", "ticket", ""),
    ]


def test_event_is_stored_whole(sender: Sender) -> None:
    told = {
        "channel": "shop",
        "promised_at": "2026-03-05T00:00:00Z",
        "closed_at": "2026-03-02T00:00:00Z",
        "transfers": 2,
        "disputed": True,
        "comment": "三次转接",
        "causes": ["billing.refund"],
    }
    assert sender.post(TICKET | told).status_code == 201
    signal = Signal.objects.get()
    assert (signal.kind, signal.dimension, signal.topic, signal.channel) == ("ticket", "ticket", "refund", "shop")
    assert (signal.occurred_at, signal.occurred_on) == (datetime(2026, 3, 1, 2, tzinfo=UTC), date(2026, 3, 1))
    assert (signal.promised_at, signal.closed_at) == (
        datetime(2026, 3, 5, tzinfo=UTC),
        datetime(2026, 3, 2, tzinfo=UTC),
    )
    assert (signal.transfers, signal.disputed, signal.comment) == (2, True, "三次转接")
    assert (signal.causes, signal.perceived, signal.opens) == (["billing.refund"], None, True)


def test_dimensions_of_one_answer_are_signals_of_their_own(sender: Sender) -> None:
    network = RATING | {"dimension": "network", "opens": False, "rating": {"value": 2, "low": 1, "high": 5}}
    assert answered(sender.post([network, RATING])) == (
        201,
        {"accepted": 2, "signals": 2, "dissatisfied": 1, "pool_new": 1},
    )
    assert list(Signal.objects.order_by("dimension").values_list("dimension", "opens")) == [
        ("network", False),
        ("overall", True),
    ]


def test_customer_is_created_with_what_is_said(sender: Sender) -> None:
    said = {
        "brand": "north",
        "region": "BJ",
        "language": "zh-hans",
        "value_tier": "high",
        "attributes": {"plan": "5G", "age": 3},
        "name": "王敏",
        "phone": "138 0013 8000",
        "email": "Min@Example.com",
    }
    assert sender.post(RATING | said).status_code == 201
    customer = Customer.objects.get()
    assert (customer.brand, customer.region_id, customer.language, customer.value_tier) == (
        "north",
        "BJ",
        "zh-hans",
        "high",
    )
    assert (customer.name, customer.attributes) == ("王敏", {"plan": "5G", "age": 3})
    assert sorted(ContactPoint.objects.values_list("kind", flat=True)) == ["email", "phone"]
    assert {point.value for point in ContactPoint.objects.all()} == {"+8613800138000", "min@example.com"}


def test_known_customer_keeps_what_is_not_said(sender: Sender) -> None:
    sender.post(RATING | {"brand": "north", "attributes": {"plan": "5G"}})
    sender.post(RATING | {"external_id": "E2", "region": "BJ", "attributes": {"age": 3}})
    customer = Customer.objects.get()
    assert (customer.brand, customer.region_id, customer.attributes) == ("north", "BJ", {"plan": "5G", "age": 3})


# --- repeats ---------------------------------------------------------------------------------------------------------
def test_signal_sent_again_is_a_duplicate(sender: Sender) -> None:
    sender.post(RATING)
    assert answered(sender.post(RATING)) == (200, {"duplicates": 1})
    assert answered(sender.post([RATING, RATING | {"external_id": "E2"}])) == (
        201,
        {"accepted": 1, "duplicates": 1, "signals": 1, "dissatisfied": 1},
    )
    assert Signal.objects.count() == 2


def test_signal_twice_in_one_call_is_one(sender: Sender) -> None:
    assert answered(sender.post([RATING, RATING])) == (
        201,
        {"accepted": 1, "duplicates": 1, "signals": 1, "dissatisfied": 1, "pool_new": 1},
    )


@pytest.mark.parametrize(
    "change",
    [
        {"rating": {"value": 2, "low": 1, "high": 5}},
        {"comment": "another"},
        {"causes": ["other"]},
        {"reference": "C9"},
    ],
)
def test_same_key_with_another_content_is_refused(sender: Sender, change: dict[str, Any]) -> None:
    sender.post(RATING)
    fresh = RATING | {"external_id": "E2"}
    assert refused(sender.post([fresh, RATING | change])) == (422, [(2, "external_id", None)])
    assert refused(sender.post([fresh, fresh | change])) == (422, [(2, "external_id", None)])
    assert (Signal.objects.count(), Customer.objects.count()) == (1, 1)


def test_event_goes_on(sender: Sender) -> None:
    sender.post(TICKET)
    closed = TICKET | {"closed_at": "2026-03-04T00:00:00Z", "transfers": 2}
    assert answered(sender.post(closed)) == (200, {"updated": 1, "dissatisfied": 1, "pool_new": 1})
    assert answered(sender.post(closed)) == (200, {"duplicates": 1})
    assert answered(sender.post(TICKET)) == (200, {"duplicates": 1})
    assert Signal.objects.values_list("closed_at", "transfers").get() == (datetime(2026, 3, 4, tzinfo=UTC), 2)
    assert refused(sender.post(TICKET | {"topic": "billing"})) == (422, [(1, "external_id", None)])


@pytest.mark.parametrize("change", [{"topic": "billing"}, {"comment": "x"}, {"reference": "C9"}])
def test_event_that_goes_on_says_nothing_else(sender: Sender, change: dict[str, Any]) -> None:
    sender.post(TICKET)
    closed = TICKET | {"closed_at": "2026-03-04T00:00:00Z"}
    assert refused(sender.post(closed | change)) == (422, [(1, "external_id", None)])
    assert Signal.objects.get().closed_at is None


def test_event_that_opens_and_ends_in_one_call_is_one(sender: Sender) -> None:
    rows = [TICKET, TICKET | {"transfers": 1}, TICKET | {"closed_at": "2026-03-04T00:00:00Z"}]
    status, counts = answered(sender.post(rows))
    assert (status, counts["accepted"], counts["duplicates"], counts["signals"]) == (201, 1, 2, 1)
    assert Signal.objects.values_list("closed_at", "transfers").get() == (datetime(2026, 3, 4, tzinfo=UTC), 1)


# --- what is refused -------------------------------------------------------------------------------------------------
def test_one_bad_row_keeps_all_out_and_is_named(sender: Sender) -> None:
    rows = [RATING, TICKET | {"closed_at": "soon"}, RATING | {"source": "nowhere"}]
    response = sender.post(rows)
    assert refused(response) == (422, [(2, "closed_at", "soon"), (3, "source", "nowhere")])
    problem = response.json()
    assert problem["detail"] == "2 of 3 signals cannot be used; nothing was stored."
    assert (problem["type"], problem["rows"], problem["rejected"]) == ("urn:loopcare:invalid", 3, 2)
    assert problem["errors"][0]["reason"] == "This is not a moment; write 2026-03-31T14:30:00+08:00."
    assert (Signal.objects.count(), Customer.objects.count()) == (0, 0)


def test_unknown_customers_are_rejected_where_the_source_says_so(sender: Sender) -> None:
    sender.post(RATING | {"reference": "C7"})
    Source.objects.filter(code="hotline").update(unknown_customers=UnknownCustomers.REJECT)
    rows = [RATING | {"reference": reference, "external_id": f"N{reference}"} for reference in ("C7", "C8", "C9")]
    assert refused(sender.post(rows)) == (422, [(2, "reference", None), (3, "reference", None)])
    assert Signal.objects.count() == 1
    assert answered(sender.post(rows[:1]))[1]["accepted"] == 1


@pytest.mark.parametrize(("field", "value"), [("phone", "12"), ("phone", "abc"), ("email", "x@"), ("email", "x")])
def test_contact_that_is_none_is_refused_without_repeating_it(sender: Sender, field: str, value: str) -> None:
    assert refused(sender.post(RATING | {field: value})) == (422, [(1, field, None)])


def test_key_writes_for_its_sources_only(basics: None) -> None:
    sender = make_sender(sources=["hotline"])
    assert sender.post(RATING).status_code == 201
    assert refused(sender.post([RATING, TICKET])) == (422, [(2, "source", "complaint-desk")])


def test_answer_is_in_the_language_that_is_asked_for(sender: Sender) -> None:
    response = sender.post(RATING | {"source": "nowhere"}, **{"Accept-Language": "en"})
    assert response.json()["errors"][0]["reason"] == "There is no source of this code, or not for this key."


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (b" ", 400, "unreadable"),
        (b"{", 400, "unreadable"),
        (b"\xff", 400, "unreadable"),
        (b'{"source": "a", "source": "b"}', 400, "unreadable"),
        (b'[{"perceived": NaN}]', 400, "unreadable"),
        (b'[{"perceived": 1e999}]', 400, "unreadable"),
        (b"[" * 100_000, 400, "unreadable"),
        (b"[" * 100_000 + b"]" * 100_000, 400, "unreadable"),
        (b'{"a":' * 100_000, 400, "unreadable"),
        (b"null", 422, "invalid"),
        (b"[]", 422, "invalid"),
        (b"[[]]", 422, "invalid"),
        (b'"x"', 422, "invalid"),
        (b'[{"brand": "\\ud800"}]', 422, "invalid"),
        (b'[{"\\ud800": 1}]', 422, "invalid"),
        (b'[{"comment": "\\u0000"}]', 422, "invalid"),
        (b"[" + b"0," * 10_000 + b"0]", 422, "invalid"),
    ],
)
def test_body_that_cannot_be_used_is_a_problem_and_never_an_error(
    sender: Sender, body: bytes, status: int, code: str
) -> None:
    response = sender.post(body)
    assert (response.status_code, response["Content-Type"]) == (status, "application/problem+json")
    assert response.json()["type"] == f"urn:loopcare:{code}"


@pytest.mark.parametrize(
    ("content_type", "headers", "status"),
    [
        ("application/json", {}, 201),
        ("application/json; charset=UTF-8", {}, 201),
        ("Application/JSON", {}, 201),
        ("application/json; charset=gb18030", {}, 415),
        ("text/plain", {}, 415),
        ("multipart/form-data; boundary=x", {}, 415),
        ("application/x-www-form-urlencoded", {}, 415),
        ("", {}, 415),
        ("application/json", {"Content-Encoding": "gzip"}, 415),
        ("application/json", {"Content-Encoding": "identity"}, 201),
        ("application/json", {"Accept": "text/html"}, 406),
    ],
)
def test_only_plain_json_is_taken(sender: Sender, content_type: str, headers: dict[str, str], status: int) -> None:
    assert sender.post(RATING, content_type=content_type, **headers).status_code == status


def test_body_over_the_limit_is_refused(sender: Sender, settings: Settings) -> None:
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 1_000
    assert refused(sender.post(b" " * 1_001)) == (413, [])


@pytest.mark.parametrize("method", ["get", "put", "patch", "delete"])
def test_only_post_is_answered(sender: Sender, method: str) -> None:
    response = getattr(sender.client, method)(PATH, headers=sender.headers(b""))
    assert response.status_code in (401, 405)


def test_user_is_not_a_sender(basics: None) -> None:
    client = Client()
    client.force_login(make_user(Role.ADMINISTRATOR))
    assert client.post(PATH, RATING, content_type="application/json").status_code == 401


# --- limits ----------------------------------------------------------------------------------------------------------
def test_rows_are_limited_by_key(basics: None) -> None:
    sender = make_sender(rows_per_minute=3)
    rows = [RATING | {"external_id": f"E{n}"} for n in range(4)]
    assert refused(sender.post(rows)) == (422, [])
    assert sender.post(rows[:2]).status_code == 201
    response = sender.post(rows[2:])
    assert refused(response) == (429, [])
    assert 0 < int(response["Retry-After"]) <= 60
    assert sender.post(rows[2:3]).status_code == 201
    assert Signal.objects.count() == 3


# --- idempotency -----------------------------------------------------------------------------------------------------
def test_repeated_call_gets_the_same_bytes_and_does_nothing(sender: Sender) -> None:
    first = sender.post([RATING, TICKET], once="night-1")
    again = sender.post([RATING, TICKET], once="night-1")
    assert (first.status_code, again.status_code) == (201, 201)
    assert again.content == first.content
    assert ("Idempotent-Replayed" in first, again["Idempotent-Replayed"]) == (False, "true")
    assert Signal.objects.count() == 2
    reply = IngestReply.objects.get()
    assert (bytes(reply.reply), reply.status, reply.key.public_id) == (first.content, 201, sender.public_id)


def test_repeated_call_costs_no_rows(basics: None) -> None:
    sender = make_sender(rows_per_minute=1)
    assert [sender.post(RATING, once="a").status_code for _n in range(3)] == [201, 201, 201]


def test_idempotency_key_with_another_body_is_refused(sender: Sender) -> None:
    sender.post(RATING, once="a")
    response = sender.post(RATING | {"external_id": "E2"}, once="a")
    assert refused(response) == (422, [])
    assert response.json()["field"] == "Idempotency-Key"
    assert Signal.objects.count() == 1


def test_idempotency_keys_of_two_senders_do_not_meet(sender: Sender) -> None:
    other = make_sender()
    assert sender.post(RATING, once="a").status_code == 201
    assert answered(other.post(RATING | {"external_id": "E2"}, once="a"))[0] == 201


def test_refused_call_may_be_mended_under_its_key(sender: Sender) -> None:
    assert sender.post(RATING | {"source": "nowhere"}, once="a").status_code == 422
    assert sender.post(RATING, once="a").status_code == 201
    assert IngestReply.objects.count() == 1


@pytest.mark.parametrize("once", ["x" * 81, "a b", "é"])
def test_idempotency_key_is_short_and_visible(sender: Sender, once: str) -> None:
    assert refused(sender.post(RATING, once=once)) == (422, [])


def test_old_replies_are_forgotten(sender: Sender) -> None:
    sender.post(RATING, once="a")
    sender.post(RATING, once="b")
    made = IngestReply.objects.get(idempotency_key="a").created_at
    IngestReply.objects.filter(idempotency_key="b").update(created_at=made + timedelta(hours=1))
    assert forget_replies(now=made + REPLIES_KEPT) == 0
    assert forget_replies(now=made + REPLIES_KEPT + timedelta(minutes=1)) == 1
    assert IngestReply.objects.get().idempotency_key == "b"


def at_once(*calls: Callable[[], Any]) -> list[Any]:
    """The answers to calls that start together, each on a connection of its own."""
    gate = threading.Barrier(len(calls))

    def run(call: Callable[[], Any]) -> Any:
        gate.wait()
        try:
            return call()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(len(calls)) as pool:
        return list(pool.map(run, calls))


@pytest.fixture
def real_sender(transactional_db: None) -> Sender:
    ensure_basics()
    return make_sender()


def test_same_call_twice_at_once_works_once(real_sender: Sender) -> None:
    rows = [RATING | {"external_id": f"E{n}", "reference": f"C{n}"} for n in range(200)]
    senders = [Sender(real_sender.public_id, real_sender.secret) for _n in range(4)]
    answers = at_once(*[lambda sender=sender: sender.post(rows, once="a") for sender in senders])
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.content for answer in answers}) == 1
    assert sorted("Idempotent-Replayed" in answer for answer in answers) == [False, True, True, True]
    assert Signal.objects.count() == 200


def test_two_bodies_under_one_key_at_once_work_once(real_sender: Sender) -> None:
    senders = [Sender(real_sender.public_id, real_sender.secret) for _n in range(4)]
    answers = at_once(
        *[
            lambda n=n, sender=sender: sender.post(RATING | {"external_id": f"E{n}"}, once="a")
            for n, sender in enumerate(senders)
        ]
    )
    assert sorted(answer.status_code for answer in answers) == [201, 422, 422, 422]
    assert Signal.objects.count() == 1


def test_call_that_waits_too_long_is_asked_to_come_again(real_sender: Sender, settings: Settings) -> None:
    """Somebody else holds the key: after the lock timeout the caller hears 409."""
    key = ApiKey.objects.get()
    entered, leave = threading.Event(), threading.Event()

    def hold() -> None:
        with connection.cursor() as cursor:
            cursor.execute("BEGIN")
            cursor.execute(service.CLAIM, [key.pk, "a", "0" * 64, datetime(2026, 1, 1, tzinfo=UTC)])
            entered.set()
            leave.wait()
            cursor.execute("ROLLBACK")
        connection.close()

    thread = threading.Thread(target=hold)
    thread.start()
    entered.wait()
    with connection.cursor() as cursor:
        cursor.execute("SET lock_timeout = '100ms'")
    response = real_sender.post(RATING, once="a")
    leave.set()
    thread.join()
    assert refused(response) == (409, [])
    assert response["Retry-After"] == "2"
    assert real_sender.post(RATING, once="a").status_code == 201


def test_call_that_met_another_in_the_wrong_order_begins_again(sender: Sender, monkeypatch: pytest.MonkeyPatch) -> None:
    land, failures = service._land, [DeadlockDetected(), DeadlockDetected()]

    def deadlocked(*arguments: Any) -> Any:
        if failures:
            raise OperationalError from failures.pop()
        return land(*arguments)

    monkeypatch.setattr(service, "_land", deadlocked)
    assert sender.post(RATING, once="a").status_code == 201
    failures += [DeadlockDetected()] * 3
    assert sender.post(RATING | {"external_id": "E2"}, once="b").status_code == 409


def test_queries_do_not_grow_with_rows(sender: Sender) -> None:
    sender.post(TICKET)
    queries = set()
    for start, rows in ((0, 1), (10, 3), (100, 300)):
        signals = [RATING | {"external_id": f"E{start + n}", "reference": f"C{start + n}"} for n in range(rows)]
        with CaptureQueriesContext(connection) as captured:
            assert sender.post(signals, once=f"k{start}").status_code == 201
        queries.add(len(captured))
    assert Signal.objects.count() == 305
    assert len(queries) == 1


# --- the schema ------------------------------------------------------------------------------------------------------
def test_schema_describes_the_call(db: None) -> None:
    client = Client()
    client.force_login(make_user(Role.ANALYST))
    schema = client.get(reverse("api:schema"), headers={"Accept": "application/json"}).json()
    post = schema["paths"][PATH]["post"]
    assert post["security"] == [{"signedKey": []}]
    assert sorted(post["responses"]) == ["200", "201", "400", "401", "403", "409", "413", "415", "422", "429"]
    body = post["requestBody"]["content"]["application/json"]
    assert body["schema"] == {"type": "array", "items": {"$ref": "#/components/schemas/Signal"}}
    assert sorted(schema["components"]["schemas"]["Signal"]["required"]) == ["external_id", "reference", "source"]
    assert [parameter["name"] for parameter in post["parameters"]] == ["Idempotency-Key"]


def test_examples_of_the_schema_are_taken(sender: Sender) -> None:
    client = Client()
    client.force_login(make_user(Role.ANALYST))
    schema = client.get(reverse("api:schema"), headers={"Accept": "application/json"}).json()
    examples = schema["paths"][PATH]["post"]["requestBody"]["content"]["application/json"]["examples"]
    answers = [sender.post(example["value"]) for example in examples.values()]
    assert [(answer.status_code, answer.json()["accepted"]) for answer in answers] == [(201, 1), (201, 1)]


def test_schema_and_reader_know_the_same_fields() -> None:
    reader = Reader(sources={}, causes=(), now=datetime(2026, 3, 3, tzinfo=UTC), contact=lambda kind, text: text)
    assert sorted(SignalSerializer().fields) == sorted(reader._fields)


def test_words_are_those_of_the_enums() -> None:
    assert (list(KINDS), list(CHANNELS)) == (SignalKind.values, SourceChannel.values)
