"""Enrolment, asking by a real SMTP server, and answers on their way into the panel."""

from __future__ import annotations

import re
import threading
from datetime import UTC, date, datetime, timedelta

import pytest
from django.db import connection
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from careplans.enums import Arm, CampaignStatus
from careplans.models import Campaign
from evaluation.models import FollowUp, PanelMember
from evaluation.services.panel import absorb_answers, ask_due, enrol
from evaluation.tasks import ask_follow_ups
from loopcare.common import clock
from loopcare.common.due_rows import Drained, DueStatus
from loopcare.contact.enums import HoldKind, Purpose, Refusal
from loopcare.contact.models import Contact, Message, RefusedContact
from loopcare.contact.outbox import send_due_messages
from loopcare.contact.services import place_holds, suppress
from loopcare.customers.models import Customer
from surveys.models import Answer, Invitation
from surveys.services.sending import invite, record_answer
from surveys.services.setup import ensure_basics
from tests.evaluation.panels import assign, make_addressed, make_panel, make_region
from tests.factories import NOW, make_campaign
from tests.mailbox import Mailbox

pytestmark = pytest.mark.django_db

WAVE_1 = datetime(2026, 4, 3, 2, tzinfo=UTC)
"""Ten o'clock in Shanghai, one calendar month after NOW."""


def follow_ups(campaign: Campaign, wave: int = 1) -> list[FollowUp]:
    return list(FollowUp.objects.filter(member__campaign=campaign, wave=wave).order_by("pk"))


# --- enrol -----------------------------------------------------------------------------------------------------------
def test_enrol_copies_the_assignment_and_makes_three_follow_ups() -> None:
    campaign = make_campaign()
    assignment = assign(campaign, make_addressed(1), Arm.DEFERRED, perceived=33.3, stratum="1/high/2")
    assert enrol(now=NOW) == 1
    member = PanelMember.objects.get()
    assert (member.assignment_id, member.campaign_id, member.customer_id) == (
        assignment.pk,
        campaign.pk,
        assignment.customer_id,
    )
    assert (member.arm, member.stratum, member.before, member.anchored_on) == (
        "deferred",
        "1/high/2",
        33.3,
        date(2026, 3, 3),
    )
    assert list(member.follow_ups.order_by("wave").values_list("wave", "status", "due_at")) == [
        (1, "waiting", datetime(2026, 4, 3, 2, tzinfo=UTC)),
        (2, "waiting", datetime(2026, 5, 3, 2, tzinfo=UTC)),
        (3, "waiting", datetime(2026, 6, 3, 2, tzinfo=UTC)),
    ]


def test_enrol_finds_later_entrants_and_nobody_twice() -> None:
    campaign = make_campaign()
    assign(campaign, make_addressed(1), Arm.CARE)
    assert (enrol(now=NOW), enrol(now=NOW)) == (1, 0)
    assign(campaign, make_addressed(2), Arm.HOLD_OUT)
    assert (enrol(now=NOW), enrol(now=NOW)) == (1, 0)
    assert (PanelMember.objects.count(), FollowUp.objects.count()) == (2, 6)


@pytest.mark.parametrize(("status", "enrolled"), [("launched", 1), ("paused", 1), ("finished", 1), ("read", 0)])
def test_enrol_follows_every_campaign_until_it_is_read_out(status: str, enrolled: int) -> None:
    assign(make_campaign(CampaignStatus(status)), make_addressed(1), Arm.CARE)
    assert enrol(now=NOW) == enrolled


def test_enrol_asks_each_customer_at_ten_by_their_own_clock() -> None:
    """The end of January meets a shorter month, a clock change in spring, and a region nobody knows."""
    campaign = make_campaign(launched_at=datetime(2026, 1, 30, tzinfo=UTC))
    assigned_at = datetime(2026, 1, 31, 1, tzinfo=UTC)
    for number, zone in enumerate(("Europe/Berlin", "America/New_York"), start=1):
        customer = make_addressed(number)
        customer.region = make_region(f"Z{number}", zone)
        customer.save()
        assign(campaign, customer, Arm.CARE, assigned_at=assigned_at)
    assign(campaign, make_addressed(3), Arm.CARE, assigned_at=assigned_at)
    assert enrol(now=NOW) == 3
    due = [
        [row.due_at for row in FollowUp.objects.filter(member=member).order_by("wave")]
        for member in PanelMember.objects.order_by("pk")
    ]
    assert due == [
        [
            datetime(2026, 2, 28, 9, tzinfo=UTC),
            datetime(2026, 3, 31, 8, tzinfo=UTC),
            datetime(2026, 4, 30, 8, tzinfo=UTC),
        ],
        [
            datetime(2026, 2, 28, 15, tzinfo=UTC),
            datetime(2026, 3, 31, 14, tzinfo=UTC),
            datetime(2026, 4, 30, 14, tzinfo=UTC),
        ],
        [
            datetime(2026, 2, 28, 2, tzinfo=UTC),
            datetime(2026, 3, 31, 2, tzinfo=UTC),
            datetime(2026, 4, 30, 2, tzinfo=UTC),
        ],
    ]


@pytest.mark.django_db(transaction=True)
def test_enrol_happens_once_under_four_threads() -> None:
    campaign = make_campaign()
    for number in range(60):
        assign(campaign, make_addressed(number), Arm.CARE)
    made: list[int] = []
    start = threading.Barrier(4)

    def run() -> None:
        try:
            start.wait()
            made.append(enrol(now=NOW))
        finally:
            connection.close()

    threads = [threading.Thread(target=run) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (sum(made), len(made)) == (60, 4)
    assert (PanelMember.objects.count(), FollowUp.objects.count()) == (60, 180)


# --- ask -------------------------------------------------------------------------------------------------------------
def test_every_arm_is_asked_by_mail_in_their_language_and_answers_on_the_page(mailbox: Mailbox, client: Client) -> None:
    """The whole way in real time: assigned a month and a day ago, in a zone where it is about noon now."""
    ensure_basics()
    now = clock.now()
    campaign = make_campaign(launched_at=now - timedelta(days=32))
    region = make_region("NOON", f"Etc/GMT{now.hour - 12:+d}")
    for number, (arm, language) in enumerate([("care", "zh-hans"), ("hold_out", "en"), ("deferred", "")], start=1):
        customer = make_addressed(number, language=language)
        Customer.objects.filter(pk=customer.pk).update(region=region)
        assign(campaign, customer, arm, assigned_at=now - timedelta(days=32))
        if arm == "hold_out":
            place_holds(customer_ids=[customer.pk], kind=HoldKind.HOLD_OUT)
    enrol(now=now)
    assert ask_due() == Drained(done=3)
    assert ask_due() == Drained()
    assert send_due_messages() == Drained(done=3)
    mails = {mail["To"]: str(mail.get_content()) for mail in mailbox.mails}
    assert sorted(mails) == ["c1@example.com", "c2@example.com", "c3@example.com"]
    asked_in_chinese = {to: "您现在对我们的服务满意吗？" in text for to, text in mails.items()}
    assert asked_in_chinese == {"c1@example.com": True, "c2@example.com": False, "c3@example.com": False}

    for score, (_to, text) in zip((5, 3, 4), sorted(mails.items()), strict=True):
        link = re.search(r"/s/[\w-]+/", text)
        assert link is not None
        assert client.get(link.group()).status_code == 200
        assert absorb_answers(now=now) == 0
        assert client.post(link.group(), {"score": score, "comment": ""}).status_code == 303
        assert absorb_answers(now=now) == 1
    answers = PanelMember.objects.order_by("pk").values_list("arm", "wave_1", "wave_2")
    assert list(answers) == [("care", 100.0, None), ("hold_out", 50.0, None), ("deferred", 75.0, None)]


def test_nothing_is_asked_before_its_time() -> None:
    make_panel({"care": 1})
    assert ask_due(now=WAVE_1 - timedelta(seconds=1)) == Drained()
    assert ask_due(now=WAVE_1) == Drained(done=1)


def test_asking_makes_one_invitation_and_one_message_under_one_key() -> None:
    campaign = make_panel({"care": 1})
    ask_due(now=WAVE_1)
    (row,) = follow_ups(campaign)
    key = f"follow-up:{row.member_id}:1"
    assert (row.status, row.invitation) == (DueStatus.DONE, Invitation.objects.get(key=key))
    assert row.invitation is not None
    assert row.invitation.expires_at == WAVE_1 + timedelta(days=28)
    message = Message.objects.get(key=key)
    assert (message.purpose, message.customer_id) == ("follow_up", row.member.customer_id)


def test_night_puts_the_question_off_to_the_customers_morning() -> None:
    campaign = make_panel({"care": 1})
    night = WAVE_1 + timedelta(hours=12)
    assert ask_due(now=night) == Drained(put_off=1)
    (row,) = follow_ups(campaign)
    morning = datetime(2026, 4, 4, 1, tzinfo=UTC)
    assert (row.status, row.tries, row.due_at) == (DueStatus.WAITING, 0, morning)
    assert list(RefusedContact.objects.values_list("reason", "next_allowed_at")) == [(Refusal.NIGHT, morning)]
    assert ask_due(now=morning) == Drained(done=1)


def test_fatigue_puts_the_question_off_until_it_has_passed() -> None:
    campaign = make_panel({"care": 1})
    (row,) = follow_ups(campaign)
    for day in range(1, 4):
        Contact.objects.create(
            customer_id=row.member.customer_id,
            channel="email",
            purpose="survey",
            key=f"k{day}",
            at=WAVE_1 - timedelta(days=day),
        )
    assert ask_due(now=WAVE_1) == Drained(put_off=1)
    row.refresh_from_db()
    assert (row.status, row.due_at) == (DueStatus.WAITING, WAVE_1 + timedelta(days=4))
    assert ask_due(now=row.due_at) == Drained(done=1)


@pytest.mark.parametrize(("email", "refusal"), [("", Refusal.NO_POINT), ("one@example.com", Refusal.SUPPRESSED)])
def test_who_may_never_be_asked_is_called_off_with_the_reason(email: str, refusal: Refusal) -> None:
    ensure_basics()
    campaign = make_campaign()
    customer = make_addressed(1, email=email)
    assign(campaign, customer, Arm.CARE)
    if refusal is Refusal.SUPPRESSED:
        suppress(customer_id=customer.pk, reason="asked", now=NOW)
    enrol(now=NOW)
    assert ask_due(now=WAVE_1) == Drained(put_off=1)
    (row,) = follow_ups(campaign)
    assert (row.status, row.refused, row.invitation_id) == (DueStatus.CANCELLED, refusal, None)
    assert list(RefusedContact.objects.values_list("reason", "purpose")) == [(refusal, "follow_up")]
    assert not Message.objects.exists()


@pytest.mark.parametrize(
    ("late", "result"), [(timedelta(days=28, seconds=-1), Drained(done=1)), (timedelta(days=28), Drained(put_off=1))]
)
def test_window_ends_four_weeks_after_the_due_time(late: timedelta, result: Drained) -> None:
    make_panel({"care": 1})
    FollowUp.objects.exclude(wave=1).delete()
    assert ask_due(now=WAVE_1 + late) == result


def test_nobody_is_asked_after_the_read_out() -> None:
    campaign = make_panel({"care": 1})
    Campaign.objects.filter(pk=campaign.pk).update(status=CampaignStatus.READ)
    assert ask_due(now=WAVE_1) == Drained(put_off=1)
    assert follow_ups(campaign)[0].status == DueStatus.CANCELLED


# --- absorb ----------------------------------------------------------------------------------------------------------
def answer(campaign: Campaign, score: int, *, wave: int = 1, now: datetime = WAVE_1) -> None:
    (row,) = follow_ups(campaign, wave)
    assert row.invitation is not None
    _invitation, token = invite(
        customer_id=row.member.customer_id,
        questionnaire="follow-up",
        purpose=Purpose.FOLLOW_UP,
        key=row.invitation.key,
        now=now,
    )
    record_answer(token=token, score=score, comment="", language="en", now=now)


def wave_1() -> float | None:
    return PanelMember.objects.get().wave_1


@pytest.mark.parametrize(("score", "level"), [(1, 0.0), (2, 25.0), (3, 50.0), (4, 75.0), (5, 100.0)])
def test_absorb_puts_a_score_on_the_common_scale(score: int, level: float) -> None:
    campaign = make_panel({"care": 1})
    ask_due(now=WAVE_1)
    answer(campaign, score)
    assert absorb_answers(now=WAVE_1) == 1
    assert wave_1() == level


def test_absorb_is_idempotent_and_follows_a_changed_answer() -> None:
    campaign = make_panel({"care": 1})
    ask_due(now=WAVE_1)
    answer(campaign, 2)
    assert (absorb_answers(now=WAVE_1), absorb_answers(now=WAVE_1)) == (1, 0)
    answer(campaign, 5, now=WAVE_1 + timedelta(days=6))
    assert (absorb_answers(now=WAVE_1), absorb_answers(now=WAVE_1)) == (1, 0)
    assert wave_1() == 100.0


def test_absorb_takes_two_waves_of_one_customer_at_once() -> None:
    campaign = make_panel({"care": 1})
    month_2 = datetime(2026, 5, 3, 2, tzinfo=UTC)
    ask_due(now=WAVE_1)
    answer(campaign, 2)
    ask_due(now=month_2)
    answer(campaign, 4, wave=2, now=month_2)
    assert absorb_answers(now=month_2) == 2
    assert PanelMember.objects.values_list("wave_1", "wave_2", "wave_3").get() == (25.0, 75.0, None)


def test_absorb_leaves_a_panel_that_was_read_out_as_it_was() -> None:
    campaign = make_panel({"care": 1})
    ask_due(now=WAVE_1)
    answer(campaign, 5)
    Campaign.objects.filter(pk=campaign.pk).update(status=CampaignStatus.READ)
    absorb_answers(now=WAVE_1)
    assert wave_1() is None
    assert Answer.objects.get().taken == 5


# --- the task --------------------------------------------------------------------------------------------------------
def test_task_costs_five_short_statements_when_nothing_is_due(
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    make_panel({"care": 3})
    FollowUp.objects.update(due_at=datetime(2126, 1, 1, tzinfo=UTC))
    ask_follow_ups()
    with django_assert_num_queries(5):
        assert ask_follow_ups() == 0
