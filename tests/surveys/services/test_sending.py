"""Invitations and answers."""

from __future__ import annotations

import hashlib
import secrets
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

import pytest
from django.db import connection

from loopcare.common.errors import Conflict, Invalid, NotFound
from loopcare.contact.enums import Purpose
from surveys.models import Answer, Invitation, PoolEntry, Signal
from surveys.services.sending import Expired, invite, open_invitation, record_answer
from surveys.services.setup import FOLLOW_UP, ensure_basics
from tests.surveys.factories import customer_id


def ask(key: str, now: datetime, reference: str = "a") -> tuple[Invitation, str]:
    ensure_basics()
    return invite(
        customer_id=customer_id(reference, now=now),
        questionnaire=FOLLOW_UP,
        purpose=Purpose.FOLLOW_UP,
        key=key,
        now=now,
    )


def answer(token: str, score: int, now: datetime, comment: str = "") -> Answer:
    return record_answer(token=token, score=score, comment=comment, language="en", now=now)


@pytest.mark.django_db
def test_invitation_keeps_only_the_hash_of_its_token(now: datetime) -> None:
    invitation, token = ask("k1", now)

    assert bytes(invitation.token_hash) == hashlib.sha256(token.encode()).digest()
    assert len(token) == 22  # 128 bits
    assert open_invitation(token=token, now=now) == invitation


@pytest.mark.django_db
def test_same_key_gives_the_same_invitation_and_another_key_another_token(now: datetime) -> None:
    first, token = ask("k1", now)
    again = invite(customer_id=first.customer_id, questionnaire=FOLLOW_UP, purpose=Purpose.FOLLOW_UP, key="k1", now=now)
    other = invite(customer_id=first.customer_id, questionnaire=FOLLOW_UP, purpose=Purpose.FOLLOW_UP, key="k2", now=now)

    assert again == (first, token)
    assert other[1] != token
    assert Invitation.objects.count() == 2


@pytest.mark.django_db
def test_a_thousand_guesses_open_nothing(now: datetime) -> None:
    ask("k1", now)
    for _guess in range(1_000):
        with pytest.raises(NotFound):
            open_invitation(token=secrets.token_urlsafe(16), now=now)


@pytest.mark.django_db
def test_unknown_questionnaire_is_told(now: datetime) -> None:
    with pytest.raises(NotFound, match="There is no questionnaire nps"):
        invite(customer_id=1, questionnaire="nps", purpose=Purpose.SURVEY, key="k", now=now)


@pytest.mark.django_db
def test_expired_link_answers_nothing(now: datetime) -> None:
    invitation, token = ask("k1", now)
    with pytest.raises(Expired):
        answer(token, 1, invitation.expires_at)
    assert Answer.objects.count() == 0


@pytest.mark.django_db
@pytest.mark.parametrize(("score", "opened"), [(1, 1), (2, 1), (3, 1), (4, 0), (5, 0)])
def test_answer_is_a_signal_and_opens_the_pool_below_the_adequate_level(score: int, opened: int, now: datetime) -> None:
    invitation, token = ask("k1", now)
    answer(token, score, now, comment="still slow")

    signal = Signal.objects.get()
    assert (signal.raw, signal.perceived, signal.adequate, signal.opens) == (str(score), 25.0 * (score - 1), 62.5, True)
    assert (signal.source.code, signal.customer_id, signal.comment) == (
        *(FOLLOW_UP, invitation.customer_id),
        "still slow",
    )
    assert PoolEntry.objects.count() == opened


@pytest.mark.django_db
@pytest.mark.parametrize("score", [0, 6, -1])
def test_answer_off_the_scale_is_refused(score: int, now: datetime) -> None:
    _invitation, token = ask("k1", now)
    with pytest.raises(Invalid):
        answer(token, score, now)
    assert Answer.objects.count() == 0


@pytest.mark.django_db
def test_answer_can_be_changed_for_seven_days(now: datetime) -> None:
    _invitation, token = ask("k1", now)
    answer(token, 4, now)
    changed = answer(token, 2, now + timedelta(days=6, hours=23))

    assert (changed.score, changed.answered_at, changed.changed_at) == (2, now, now + timedelta(days=6, hours=23))
    assert list(Signal.objects.values_list("raw", flat=True)) == ["2"]
    assert PoolEntry.objects.get().raw == "2"
    with pytest.raises(Conflict):
        answer(token, 5, now + timedelta(days=7))
    assert Answer.objects.get().score == 2


@pytest.mark.django_db
def test_answer_taken_back_leaves_the_pool(now: datetime) -> None:
    _invitation, token = ask("k1", now)
    answer(token, 1, now)
    answer(token, 5, now + timedelta(hours=1))

    entry = PoolEntry.objects.get()
    assert (entry.status, entry.left_reason) == ("left", "withdrawn")
    assert list(Signal.objects.values_list("raw", flat=True)) == ["5"]


@pytest.mark.django_db
def test_same_answer_again_changes_nothing(now: datetime) -> None:
    _invitation, token = ask("k1", now)
    answer(token, 2, now)
    signal = Signal.objects.get().id
    again = answer(token, 2, now + timedelta(minutes=1))

    assert (again.changed_at, Signal.objects.get().id) == (None, signal)


@pytest.mark.django_db(transaction=True)
def test_twenty_answers_at_once_store_one(now: datetime) -> None:
    _invitation, token = ask("k1", now)

    def one(number: int) -> int:
        try:
            return answer(token, 1 + number % 5, now).pk
        finally:
            connection.close()

    with ThreadPoolExecutor(20) as threads:
        stored = set(threads.map(one, range(20)))

    assert stored == {Answer.objects.get().pk}
    assert Signal.objects.get().raw == str(Answer.objects.get().score)
    assert PoolEntry.objects.open().count() == (1 if Answer.objects.get().score < 4 else 0)
