"""Asking customers, and taking their answers.

A link carries a token of 128 bits, derived from the invitation's key: asking again with the same key gives the same
link, and the database holds only its hash.
"""

from __future__ import annotations

import hashlib
from base64 import urlsafe_b64encode
from datetime import date, datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.urls import reverse
from django.utils.timezone import localdate
from django.utils.translation import gettext as _

from loopcare.common.errors import Conflict, Invalid, NotFound
from loopcare.contact.enums import Purpose
from loopcare.customers.encryption import blind_index
from surveys.enums import LeftReason
from surveys.logic.decoding import Decoded, Rating
from surveys.logic.tolerance import rescale
from surveys.models import Answer, Detection, Invitation, PoolEntry, Questionnaire, Signal
from surveys.services import pool
from surveys.services.landing import land

OPEN_FOR = timedelta(days=30)
CHANGEABLE_FOR = timedelta(days=7)
LOW, HIGH = 1, 5
DIMENSION = "overall"
MAX_COMMENT = 2_000


class Expired(NotFound):
    """The link was good once; its page says so and names nobody."""

    code = "expired"


def invite(
    *,
    customer_id: int,
    questionnaire: str,
    purpose: Purpose,
    key: str,
    now: datetime,
    expires_at: datetime | None = None,
) -> tuple[Invitation, str]:
    """The invitation of this key and its token; made on the first call, found again on every later one."""
    asked = Questionnaire.objects.filter(code=questionnaire).first()
    if asked is None:
        raise NotFound(_("There is no questionnaire %(code)s.") % {"code": questionnaire})
    token = _token(key)
    invitation, _created = Invitation.objects.get_or_create(
        key=key,
        defaults={
            "questionnaire": asked,
            "customer_id": customer_id,
            "purpose": purpose,
            "token_hash": _hash(token),
            "created_at": now,
            "expires_at": expires_at or now + OPEN_FOR,
        },
    )
    return invitation, token


def survey_url(token: str) -> str:
    """The link a customer receives."""
    return f"{settings.PUBLIC_URL}{reverse('surveys:survey', args=[token])}"


def open_invitation(*, token: str, now: datetime) -> Invitation:
    """The invitation of a link, with its questionnaire; reading it records nothing.

    Raises NotFound for an unknown link, Expired for one whose time is over and that was never answered.
    """
    invitation = (
        Invitation.objects.select_related("questionnaire__source", "answer").filter(token_hash=_hash(token)).first()
    )
    if invitation is None:
        raise NotFound(_("This link is not known."))
    if now >= invitation.expires_at and not hasattr(invitation, "answer"):
        raise Expired(_("This link has expired."))
    return invitation


@transaction.atomic
def record_answer(*, token: str, score: int, comment: str, language: str, now: datetime) -> Answer:
    """Store the answer of an invitation, once; the same link may change it for seven days.

    It is also a signal of the questionnaire's source, and opens a pool entry where it is below the source's adequate
    level. Raises NotFound, Expired, Invalid for a score off the scale, Conflict when the answer is final.
    """
    if not LOW <= score <= HIGH:
        raise Invalid(_("Choose one of the five answers."), field="score")
    # Answers to one link take turns here, so that one of them is the answer and the others change it.
    Invitation.objects.select_for_update().filter(token_hash=_hash(token)).first()
    invitation = open_invitation(token=token, now=now)
    comment = comment.replace("\0", "").strip()[:MAX_COMMENT]
    answer = Answer.objects.select_for_update().filter(invitation=invitation).first()
    if answer is None:
        answer = Answer(invitation=invitation, answered_at=now)
    elif now >= answer.answered_at + CHANGEABLE_FOR:
        raise Conflict(_("This answer was given more than seven days ago and is final."))
    elif (answer.score, answer.comment) == (score, comment):
        return answer
    else:
        answer.changed_at = now
    answer.score, answer.comment, answer.language = score, comment, language
    answer.save()
    _signal(answer, now=now)
    return answer


def _signal(answer: Answer, *, now: datetime) -> None:
    """Let the answer be this invitation's one signal. A changed answer takes the place of what was said before."""
    invitation = answer.invitation
    source = invitation.questionnaire.source
    row = Decoded(
        row=1,
        reference=invitation.customer.reference,
        external_id=f"invitation-{invitation.pk}",
        occurred_on=localdate(answer.answered_at),
        ratings=(
            Rating(
                dimension=DIMENSION,
                raw=str(answer.score),
                perceived=rescale(answer.score, LOW, HIGH),
                adequate=None,
                desired=None,
                opens=True,
            ),
        ),
        comment=answer.comment,
    )
    said_before = Signal.objects.filter(
        source=source, external_id=row.external_id, dimension=DIMENSION, occurred_on=row.occurred_on
    )
    replaced = list(said_before.values_list("occurred_on", "id"))
    said_before.delete()
    for signal_on, signal_no in replaced:
        Detection.objects.filter(signal_on=signal_on, signal_no=signal_no).delete()
    landed = land(rows=[row], source=source, now=now)
    if not landed.dissatisfied:
        for signal_on, signal_no in replaced:
            _withdraw(invitation.customer_id, signal_on, signal_no, now=now)


def _withdraw(customer_id: int, signal_on: date, signal_no: int, *, now: datetime) -> None:
    """Somebody who took back the answer that brought them here need not wait for care."""
    entries = PoolEntry.objects.waiting().filter(
        customer_id=customer_id, signal_on=signal_on, signal_no=signal_no, repeat_count=1
    )
    pool.leave(entry_ids=list(entries.values_list("pk", flat=True)), reason=LeftReason.WITHDRAWN, now=now)


def _token(key: str) -> str:
    return urlsafe_b64encode(blind_index(key, purpose="invitation")).decode().rstrip("=")


def _hash(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()
