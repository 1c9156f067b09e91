"""A canary with every kind of data is erased, and nothing in any table or file says who it was."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest
from cryptography.fernet import InvalidToken, MultiFernet
from django.conf import settings
from django.core.management import call_command
from django.db import connection
from pytest_django import Settings

from careplans.enums import Arm, CaseStatus
from careplans.models import Assignment, Attempt, Case, CaseEvent, Draft
from careplans.services.erasure import erase_person
from loopcare.common.errors import Conflict, Invalid, NotFound
from loopcare.contact.enums import Channel, Purpose, Refusal
from loopcare.contact.governor import may_contact
from loopcare.contact.models import Contact, Hold, Message, Suppression
from loopcare.contact.services import record_contact, suppress
from loopcare.customers.encryption import _cipher
from loopcare.customers.models import ContactPoint, Customer
from loopcare.customers.points import merge_points
from loopcare.customers.services import add_customer
from loopcare.staff.enums import AuditAction
from loopcare.staff.models import AuditEntry
from surveys.models import Answer, Detection, Import, ImportReject, Invitation, PoolEntry, PoolEvent, Signal
from surveys.services import archive
from surveys.services.intake import import_file
from surveys.services.sending import invite, record_answer
from surveys.services.setup import ensure_basics
from tests.factories import make_assignment, make_campaign, make_case, make_team, make_user
from tests.surveys.facts import happened, hear, rated

DAY = date(2025, 3, 3)
NOW = datetime(2025, 3, 3, 4, 0, tzinfo=UTC)
LATER = datetime(2025, 9, 1, 4, 0, tzinfo=UTC)
REFERENCE, NAME, PHONE, EMAIL = "KANARI-4711", "Kanari Vogel", "+8613912345678", "kanari@vogel.example"
SAID = "ask Kanari Vogel at 13912345678"
CLUES = ("kanari", "vogel", "13912345678")

pytestmark = pytest.mark.django_db
Callbacks = Callable[..., AbstractContextManager[list[Any]]]

MAPPING = """
source = "cards"
[columns]
reference = "who"
occurred_on = "day"
[comment]
columns = ["comment"]
[[rating]]
column = "score"
dimension = "overall"
low = 1
high = 10
adequate = 6.5
opens = true
"""


@pytest.fixture(autouse=True)
def home(settings: Settings, tmp_path: Path) -> Path:
    settings.HOME = tmp_path / "home"
    return tmp_path / "home"


def hits() -> dict[str, int]:
    """Table and column → rows in which a clue stands, encrypted or not, in any column that can hold a text."""
    found = {}
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT table_name, column_name, data_type FROM information_schema.columns WHERE table_schema = 'public' "
            "AND data_type IN ('text', 'character varying', 'json', 'jsonb', 'ARRAY', 'bytea') ORDER BY 1, 2"
        )
        for table, column, kind in cursor.fetchall():
            cursor.execute(f'SELECT "{column}"{"" if kind == "bytea" else "::text"} FROM "{table}"')
            values = [_opened(value) if kind == "bytea" else str(value) for (value,) in cursor.fetchall()]
            if count := sum(any(clue in value.lower() for clue in CLUES) for value in values):
                found[f"{table}.{column}"] = count
    return found


def _opened(value: memoryview | None) -> str:
    cipher: MultiFernet = _cipher(tuple(settings.FIELD_KEYS))
    content = bytes(value or b"")
    try:
        return cipher.decrypt(content).decode()
    except InvalidToken:
        return content.decode("latin-1")


def files_with_clues(home: Path) -> list[str]:
    found = []
    for file in home.rglob("*"):
        if file.suffix == ".parquet":
            content = str(
                duckdb.connect()
                .execute(
                    "SELECT * REPLACE (received_at::VARCHAR AS received_at, "
                    "occurred_at::VARCHAR AS occurred_at, promised_at::VARCHAR AS promised_at, "
                    "closed_at::VARCHAR AS closed_at) FROM read_parquet(?)",
                    [str(file)],
                )
                .fetchall()
            )
        else:
            content = file.read_bytes().decode("latin-1") if file.is_file() else ""
        if any(clue in content.lower() for clue in CLUES):
            found.append("month" if file.suffix == ".parquet" else file.name)
    return sorted(found)


def make_canary(home: Path) -> Customer:
    """Somebody who is in everything."""
    ensure_basics()
    customer = add_customer(
        reference=REFERENCE, now=NOW, name=NAME, brand="gold", region="BJ", value_tier="high", phone=PHONE,
        email=EMAIL, attributes={"nickname": "Vogel"},
    )  # fmt: skip
    told = rated(REFERENCE, 20, on=DAY, external_id=f"{REFERENCE}/1", comment=SAID)
    hear(told, rated("other", 20, on=DAY, comment="slow"), now=NOW)
    months_later = rated(REFERENCE, 10, on=date(2025, 6, 2), external_id=PHONE, comment=SAID)
    hear(months_later, now=NOW + timedelta(days=91))
    hear(happened(REFERENCE, "complaint", on=date(2025, 6, 3), external_id=f"{EMAIL}", comment=SAID), now=LATER)
    _be_asked(customer)
    _be_rejected(home)
    _be_cared_for(customer)
    archive.archive_month(month=date(2025, 3, 1), now=LATER)
    archive.drop_month(month=date(2025, 3, 1), now=LATER)
    archive.archive_month(month=date(2025, 6, 1), now=LATER)
    return Customer.objects.get(pk=customer.pk)


def _be_asked(customer: Customer) -> None:
    _invitation, token = invite(
        customer_id=customer.pk, questionnaire="follow-up", purpose=Purpose.FOLLOW_UP, key="k", now=LATER
    )
    record_answer(token=token, score=1, comment=SAID, language="en", now=LATER)
    point = ContactPoint.objects.filter(customer=customer, kind="email").get()
    for key, status in (("waits", "waiting"), ("runs", "running"), ("sent", "done")):
        Message.objects.create(
            customer=customer, point=point, channel="email", purpose="survey", key=key, subject=SAID, body=SAID,
            created_at=NOW, due_at=NOW, status=status, last_error=f"no mailbox {EMAIL}",
            **({"holder": "w", "lease_until": LATER, "epoch": 1} if status == "running" else {}),
        )  # fmt: skip
    suppress(customer_id=customer.pk, reason=SAID, now=NOW, channel="sms")
    record_contact(customer_id=customer.pk, channel=Channel.EMAIL, purpose=Purpose.SURVEY, key="c", at=NOW)


def _be_rejected(home: Path) -> None:
    rows = home.parent / "scores.csv"
    rows.write_text(
        f"who,day,score,comment\n{REFERENCE},2025-06-04,99,{SAID}\nother,2025-06-04,{PHONE},slow\n"
        f"third,2025-06-04,77,slow\n"
    )
    import_file(path=rows, mapping_text=MAPPING, source_code=None, now=LATER)
    batch = Import.objects.get()
    ImportReject.objects.create(batch=batch, row=9, column="who", value=REFERENCE, reason="twice")
    ImportReject.objects.create(batch=batch, row=9, column="who", value=NAME, reason="twice")
    rows.unlink()


def _be_cared_for(customer: Customer) -> None:
    PoolEntry.objects.filter(customer=customer).update(status="in_care")
    entry = PoolEntry.objects.get(customer=customer)
    agent = make_user(team=make_team())
    case = make_case(entry=entry, agent=agent, action="call Vogel")
    Draft.objects.create(case=case, agent=agent, notes=SAID, saved_at=NOW)
    Attempt.objects.create(case=case, agent=agent, outcome="no_answer", notes=SAID, action="Vogel", at=NOW, key="a")
    Hold.objects.create(customer=customer, kind="open_care")


def test_canary_leaves_no_trace_anywhere(home: Path, django_capture_on_commit_callbacks: Callbacks) -> None:
    customer = make_canary(home)
    assert hits() == {
        "careplans_attempt.action": 1,
        "careplans_attempt.notes": 1,
        "careplans_case.action": 1,
        "careplans_draft.notes": 1,
        "contact_message.body": 3,
        "contact_message.last_error": 3,
        "contact_message.subject": 3,
        "contact_suppression.reason": 1,
        "customers_contactpoint.value": 2,
        "customers_customer.attributes": 1,
        "customers_customer.name": 1,
        "customers_customer.reference": 1,
        "surveys_answer.comment": 1,
        "surveys_importreject.value": 3,
        "surveys_poolentry.comment": 1,
        "surveys_sighting.comment": 3,
        "surveys_signal.comment": 3,
        "surveys_signal.external_id": 2,
        "surveys_signal_2025_06.comment": 2,
        "surveys_signal_2025_06.external_id": 2,
        "surveys_signal_2025_09.comment": 1,
    }
    assert files_with_clues(home) == ["month", "month", "scores-rejects.csv"]
    before = (Signal.objects.count(), Detection.objects.count(), PoolEntry.objects.count())
    with django_capture_on_commit_callbacks(execute=True):
        counts = erase_person(reference=REFERENCE, now=LATER, reason="asked on 1 September")
    assert hits() == {}
    assert files_with_clues(home) == []
    assert counts == {
        "customer": customer.pk, "signals": 3, "stays": 1, "answers": 1, "left_pool": 1, "attempts": 1,
        "rejected_rows": 2, "archived_files": 2,
    }  # fmt: skip
    assert (Signal.objects.count(), Detection.objects.count(), PoolEntry.objects.count()) == before


def test_what_was_counted_stays(home: Path) -> None:
    customer = make_canary(home)
    erase_person(reference=REFERENCE, now=LATER)
    customer.refresh_from_db()
    assert (customer.reference, customer.name, customer.attributes) == (f"erased-{customer.pk}", None, {})
    assert (customer.brand, customer.region_id, customer.value_tier) == ("gold", "BJ", "high")
    assert archive.restore_month(month=date(2025, 3, 1)) == 2
    kept = Signal.objects.filter(customer=customer).order_by("id").values_list("perceived", "kind", "comment")
    assert list(kept) == [(20.0, "rating", ""), (10.0, "rating", ""), (None, "complaint", ""), (0.0, "rating", "")]
    assert sorted(Signal.objects.exclude(customer=customer).values_list("comment", flat=True)) == ["slow"]
    assert Contact.objects.filter(customer=customer).count() == 1
    trail = AuditEntry.objects.get(action=AuditAction.ERASE)
    assert (trail.subject, trail.subject_id, trail.note, trail.at) == ("customer", customer.pk, "", LATER)


def test_case_in_hand_ends_and_the_stay_leaves_as_erased(home: Path) -> None:
    customer = make_canary(home)
    erase_person(reference=REFERENCE, now=LATER)
    case = Case.objects.get(customer=customer)
    assert (case.status, case.close_reason, case.holder) == (CaseStatus.CLOSED, "withdrawn", "")
    assert CaseEvent.objects.filter(case=case).latest("id").from_status == "in_hand"
    entry = PoolEntry.objects.get(customer=customer)
    assert (entry.status, entry.left_reason, entry.left_at) == ("left", "erased", LATER)
    moves = PoolEvent.objects.filter(entry=entry).order_by("id").values_list("from_status", "to_status", "reason")
    assert list(moves)[-2:] == [("in_care", "waiting", "withdrawn"), ("waiting", "left", "erased")]
    assert Hold.objects.filter(customer=customer).count() == 0


@pytest.mark.parametrize("status", ["waiting", "held_out", "in_care"])
def test_stay_leaves_from_any_status_and_the_arm_stays(status: str, db: None) -> None:
    hear(rated("a", 20, on=DAY), now=NOW)
    PoolEntry.objects.update(status=status)
    arm = Arm.HOLD_OUT if status == "held_out" else Arm.CARE
    assignment = make_assignment(make_campaign(), entry=PoolEntry.objects.get(), arm=arm)
    counts = erase_person(reference="a", now=LATER)
    assert (counts["left_pool"], PoolEntry.objects.get().left_reason) == (1, "erased")
    assert Assignment.objects.get(pk=assignment.pk).arm == arm


def test_messages_do_not_leave_and_a_worker_in_the_middle_writes_nothing(home: Path) -> None:
    make_canary(home)
    erase_person(reference=REFERENCE, now=LATER)
    assert list(Message.objects.order_by("key").values_list("key", "status", "epoch", "holder")) == [
        ("runs", "cancelled", 2, ""),
        ("sent", "done", 0, ""),
        ("waits", "cancelled", 1, ""),
    ]


def test_survey_link_is_dead(home: Path) -> None:
    make_canary(home)
    _again, token = invite(
        customer_id=Customer.objects.get(reference=REFERENCE).pk, questionnaire="follow-up",
        purpose=Purpose.FOLLOW_UP, key="k", now=LATER,
    )  # fmt: skip
    erase_person(reference=REFERENCE, now=LATER)
    with pytest.raises(NotFound, match="not known"):
        record_answer(token=token, score=1, comment=SAID, language="en", now=LATER)
    assert (Invitation.objects.count(), Answer.objects.get().comment) == (1, "")


def test_old_reference_makes_a_new_customer_whose_number_is_still_suppressed(home: Path) -> None:
    old = make_canary(home)
    erase_person(reference=REFERENCE, now=LATER)
    hear(rated(REFERENCE, 20, on=date(2025, 9, 1)), now=LATER)
    new = Customer.objects.get(reference=REFERENCE)
    assert new.pk != old.pk
    assert PoolEntry.objects.get(customer=new).repeat_count == 1
    merge_points(rows=[(REFERENCE, "phone", PHONE)])
    decision = may_contact(customer_id=new.pk, channel=Channel.SMS, purpose=Purpose.SURVEY, at=LATER)
    assert (decision.allowed, decision.reason) == (False, Refusal.NO_POINT)
    other = may_contact(customer_id=new.pk, channel=Channel.PHONE, purpose=Purpose.CALLBACK, at=LATER)
    assert other.allowed is True
    assert Suppression.objects.filter(customer=None).count() == 2


def test_promise_to_somebody_erased_breaks_no_more() -> None:
    hear(happened("a", "ticket", on=DAY, facts={"promised_at": LATER + timedelta(days=9)}), now=NOW)
    erase_person(reference="a", now=LATER)
    assert Signal.objects.get().promised_at is None


def test_repeating_finishes_what_was_cut_off_and_says_so_once(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    customer = make_canary(home)

    def busy(**_facts: object) -> int:
        raise Conflict("Somebody else is archiving.")

    with monkeypatch.context() as cutting:
        cutting.setattr(archive, "forget_customer", busy)
        with pytest.raises(Conflict, match=f"repeat it with the reference erased-{customer.pk}"):
            erase_person(reference=REFERENCE, now=LATER)
    assert files_with_clues(home) == ["month", "month"]
    assert erase_person(reference=f"erased-{customer.pk}", now=LATER)["archived_files"] == 2
    assert erase_person(reference=f"erased-{customer.pk}", now=LATER)["archived_files"] == 0
    assert AuditEntry.objects.filter(action=AuditAction.ERASE).count() == 1


@pytest.mark.parametrize("reason", [f"asked, {REFERENCE}", f"{NAME} asked", "called from 13912345678", EMAIL])
def test_reason_that_names_somebody_is_refused(home: Path, reason: str) -> None:
    make_canary(home)
    with pytest.raises(Invalid, match="must not name"):
        erase_person(reference=REFERENCE, now=LATER, reason=reason)
    assert Customer.objects.filter(reference=REFERENCE).exists()


def test_command_erases_and_says_what(capsys: pytest.CaptureFixture[str]) -> None:
    hear(rated("a", 20, on=DAY), now=NOW)
    call_command("erase_customer", "a", "--reason", "asked", "--json")
    said = json.loads(capsys.readouterr().out)
    assert (said["signals"], said["left_pool"]) == (1, 1)
    with pytest.raises(SystemExit) as ended:
        call_command("erase_customer", "a")
    assert ended.value.code == 1
