"""What came of one try: written once, under the epoch of the agent's lease, with everything that follows from it."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from careplans.enums import LADDER, REACHED, CaseStatus, Outcome
from careplans.logic.cadence import Step
from careplans.models import Attempt, Case, Draft
from careplans.selectors.situation import Situation, situation
from careplans.services.closing import settle, withdraw_left_over
from careplans.services.hands import check_texts, held_case, save_draft
from loopcare.common.errors import Conflict, Invalid
from loopcare.common.leases import RELEASED
from loopcare.common.states import move
from loopcare.contact.enums import Channel, Purpose
from loopcare.contact.services import record_contact, suppress
from loopcare.customers.enums import PointStatus
from loopcare.customers.selectors import masked
from loopcare.customers.services import set_point_status
from loopcare.staff.models import User
from surveys.services.causes.agents import code_by_agent

BOOK_AHEAD = timedelta(days=60)
"""A callback further away is more likely a wrong date than a promise."""

BOOKABLE = (Outcome.CALLBACK, Outcome.FOLLOW_UP)
NUMBER_STATUS = {"dead": PointStatus.DEAD, "blocked": PointStatus.BLOCKED}


@dataclass(frozen=True, slots=True)
class _Said:
    """The body of one recorded outcome, as it is stored on the attempt."""

    outcome: Outcome
    notes: str
    cause: str
    action: str
    booked_at: datetime | None


def record_outcome(
    *,
    case_id: int,
    agent: User,
    epoch: int,
    outcome: str,
    notes: str = "",
    cause: str = "",
    action: str = "",
    booked_at: datetime | None = None,
    key: str,
    now: datetime,
) -> Attempt:
    """Record one try. `key` is the client's: the same key with the same body gives the same attempt again.

    Raises Invalid with the field at fault, Conflict for a key that was used for something else, and StaleLease when
    the agent's hold ended; then nothing is written but the notes, which are kept as a draft.
    """
    check_texts(notes=notes, cause=cause, action=action, key=key)
    if not key:
        raise Invalid(_("Send a key that is new for every try."), field="key")
    said = _checked(outcome, notes=notes, cause=cause, action=action, booked_at=booked_at)
    known = _replayed(case_id, agent, said, key)
    if known is not None:
        return known
    try:
        with transaction.atomic():
            case = held_case(case_id=case_id, agent=agent, epoch=epoch)
            return _record(case, agent, said, key=key, now=now)
    except (Conflict, IntegrityError) as error:
        # The same request, sent twice at once: the other one was faster.
        known = _replayed(case_id, agent, said, key)
        if known is not None:
            return known
        if isinstance(error, Conflict):
            save_draft(case_id=case_id, agent=agent, notes=notes, cause=cause, action=action, now=now)
        raise


def _checked(outcome: str, *, notes: str, cause: str, action: str, booked_at: datetime | None) -> _Said:
    """The body as it will be stored, or Invalid."""
    if outcome not in Outcome.values:
        raise Invalid(
            _("Unknown outcome %(code)s; known: %(known)s.") % {"code": outcome, "known": ", ".join(Outcome.values)},
            field="outcome",
        )
    said = _Said(Outcome(outcome), notes, cause.strip(), action.strip(), booked_at if outcome in BOOKABLE else None)
    if said.outcome == Outcome.SOLVED and not said.cause:
        raise Invalid(_("Say what the cause was before the case is solved."), field="cause")
    if said.outcome == Outcome.SOLVED and not said.action:
        raise Invalid(_("Say what was done before the case is solved."), field="action")
    if said.outcome == Outcome.CALLBACK and booked_at is None:
        raise Invalid(_("Choose the time that was agreed for the callback."), field="booked_at")
    if said.booked_at is not None and said.booked_at.tzinfo is None:
        raise Invalid(_("The time of the callback needs a time zone."), field="booked_at")
    return said


def _replayed(case_id: int, agent: User, said: _Said, key: str) -> Attempt | None:
    """The attempt that this very request made before. Raises Conflict when the key stands for another one."""
    known = Attempt.objects.filter(key=key).first()
    if known is None:
        return None
    body = {name: getattr(known, name) for name in asdict(said)}
    if (known.case_id, known.agent_id, body) != (case_id, agent.pk, asdict(said)):
        raise Conflict(_("This key was already used for another outcome; send a new key."))
    return known


def _record(case: Case, agent: User, said: _Said, *, key: str, now: datetime) -> Attempt:
    here = situation(case, points=masked([case.customer_id])[case.customer_id].points, now=now)
    if said.booked_at is not None and not now <= said.booked_at <= now + BOOK_AHEAD:
        raise Invalid(
            _("Book the callback between now and %(days)d days from now.") % {"days": BOOK_AHEAD.days},
            field="booked_at",
        )
    step = here.step(said.outcome, booked_at=said.booked_at)
    promised = case.booked_at is not None
    # The guarded move comes first: it locks the row, and a zombie gets no further.
    _move(case, agent, said, step, now)
    attempt = Attempt.objects.create(
        case=case, agent=agent, point_id=here.point.id if here.point else None, at=now, key=key, **asdict(said)
    )
    _tell_the_door(case, attempt, here, step, Purpose.CALLBACK if promised else Purpose.CARE)
    if said.cause:
        code_by_agent(entry_id=case.entry_id, cause=said.cause, by=agent, now=now)
    if step.close_reason is not None:
        settle(closed=[(case.customer_id, case.entry_id)], reason=step.close_reason, now=now, actor_id=agent.pk)
    else:
        withdraw_left_over(Case.objects.filter(pk=case.pk), now=now)
    Draft.objects.filter(case=case, agent=agent).delete()
    return attempt


def _move(case: Case, agent: User, said: _Said, step: Step, now: datetime) -> None:
    target = CaseStatus(step.case_status)
    changes: dict[str, Any] = {
        "tries": case.tries + (said.outcome in LADDER),
        "due_at": step.due_at or case.due_at,
        "booked_at": said.booked_at,
        "owner": agent if said.booked_at else None,
        "cause": said.cause or case.cause,
        "action": said.action or case.action,
    }
    if target == CaseStatus.SOLVED:
        changes["solved_at"] = now
    if target == CaseStatus.CLOSED:
        changes |= {"closed_at": now, "close_reason": step.close_reason}
    move(case, target, now=now, actor_id=agent.pk, reason=said.outcome.value, epoch=case.epoch, **changes, **RELEASED)


def _tell_the_door(case: Case, attempt: Attempt, here: Situation, step: Step, purpose: Purpose) -> None:
    """What the floor must know of this try: a contact that happened, a dead number, a wish to be left alone."""
    if attempt.outcome in REACHED:
        record_contact(
            customer_id=case.customer_id,
            channel=Channel.PHONE,
            purpose=purpose,
            key=f"attempt:{attempt.pk}",
            at=attempt.at,
        )
    if here.point is not None and step.number_status in NUMBER_STATUS:
        set_point_status(point_id=here.point.id, status=NUMBER_STATUS[step.number_status])
    if attempt.outcome == Outcome.DO_NOT_CONTACT:
        suppress(customer_id=case.customer_id, reason=attempt.outcome, now=attempt.at)
