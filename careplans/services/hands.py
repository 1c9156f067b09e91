"""Whose hand a case is in, and the notes an agent has begun."""

from __future__ import annotations

from datetime import datetime

from django.utils import timezone
from django.utils.translation import gettext as _

from careplans.enums import CaseStatus
from careplans.models import Case, CaseEvent, Draft
from careplans.selectors.queue import holder_of
from loopcare.common.errors import Invalid, NotFound, StaleLease
from loopcare.staff.models import User

LONGEST = {"notes": 20_000, "cause": 60, "action": 80, "key": 64, "reason": 60}
"""Characters that fit into the columns of an attempt, a draft and an event."""


def held_case(*, case_id: int, agent: User, epoch: int) -> Case:
    """The case that this agent holds under this epoch.

    Raises NotFound for a case of another team, StaleLease when the hold ended: released, lapsed, or taken again.
    """
    case = _visible(case_id, agent)
    if case.status != CaseStatus.IN_HAND or case.holder != holder_of(agent) or case.epoch != epoch:
        raise _stale(case, agent)
    return case


def save_draft(*, case_id: int, agent: User, notes: str, cause: str = "", action: str = "", now: datetime) -> Draft:
    """Keep the notes of this agent on this case, whoever holds it now. Nobody else's action removes them."""
    case = _visible(case_id, agent)
    check_texts(notes=notes, cause=cause, action=action)
    draft, _created = Draft.objects.update_or_create(
        case=case, agent=agent, defaults={"notes": notes, "cause": cause, "action": action, "saved_at": now}
    )
    return draft


def check_texts(**texts: str) -> None:
    """Refuse what the columns cannot hold; `texts` are fields of an attempt."""
    for name, text in texts.items():
        if len(text) > LONGEST[name]:
            raise Invalid(
                _("This text has %(n)d characters; at most %(most)d fit.") % {"n": len(text), "most": LONGEST[name]},
                field=name,
            )
        if "\x00" in text:
            raise Invalid(_("This text contains a character that cannot be stored; remove it."), field=name)


def _visible(case_id: int, agent: User) -> Case:
    case = (
        Case.objects.visible_to(agent)
        .select_related("customer__region", "strategy", "campaign", "entry__source")
        .filter(pk=case_id)
        .first()
    )
    if case is None:
        raise NotFound(_("There is no such case in your team."))
    return case


def _stale(case: Case, agent: User) -> StaleLease:
    """Who has it since when, so that the page can say it; the notes are kept in any case."""
    taken = CaseEvent.objects.filter(case=case, to_status=CaseStatus.IN_HAND).select_related("actor").last()
    if case.status != CaseStatus.IN_HAND or taken is None or taken.actor is None:
        words = _("Your hold on this case ended. Your notes are kept; take the case again to go on.")
    elif taken.actor == agent:
        words = _("You took this case again in another window. Your notes are kept.")
    else:
        since = timezone.localtime(taken.at).strftime("%H:%M")
        words = _("%(name)s took this case at %(time)s. Your notes are kept.") % {"name": taken.actor, "time": since}
    return StaleLease(words, status_now=case.status)
