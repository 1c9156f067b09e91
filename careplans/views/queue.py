"""The start page of an agent, and the way to the next case."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render, resolve_url
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from careplans.selectors import queue_home
from careplans.services.cases import next_case
from loopcare.common.clock import now
from loopcare.staff.access import StaffRequest, roles
from loopcare.staff.enums import Role
from loopcare.staff.services import set_shortcuts


@roles(Role.AGENT, Role.SUPERVISOR)
@require_safe
def queue(request: StaffRequest) -> HttpResponse:
    moment = now()
    home = queue_home(request.user, moment)
    context = {
        "home": home,
        "moment": moment,
        "local_hour": timezone.localtime(moment).hour,
        "most_booked": max((slot.count for slot in home.booked_today), default=0),
    }
    return render(request, "careplans/queue/home.html", context)


@roles(Role.AGENT, Role.SUPERVISOR)
@require_POST
def take_next(request: StaffRequest) -> HttpResponse:
    return redirect(next_or_queue(request))


def next_or_queue(request: StaffRequest) -> str:
    """The path of the next case, leased to this agent; the start page with a sentence when nothing is due."""
    case = next_case(agent=request.user, now=now())
    if case is None:
        why = _("No case may be called now: nothing is due, the hour is wrong, or the last contact is too recent.")
        messages.info(request, why)
        return resolve_url("careplans:queue")
    return resolve_url("careplans:case", case.pk)


@roles(Role.AGENT, Role.SUPERVISOR)
@require_POST
def switch_shortcuts(request: StaffRequest) -> HttpResponse:
    set_shortcuts(user=request.user, on=not request.user.shortcuts)
    return redirect("careplans:queue")
