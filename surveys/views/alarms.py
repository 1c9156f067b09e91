"""Alarms: the list, and one alarm with its history, its parts and the customers behind it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_POST, require_safe

from loopcare.common import clock
from loopcare.common.charts.days import Day, DaysChart, days_chart
from loopcare.common.charts.scales import number
from loopcare.common.pager import pager
from loopcare.common.pagination import page_of
from loopcare.customers.selectors import masked
from loopcare.staff.access import StaffRequest, roles
from surveys.enums import AlarmStatus, RepeatBand
from surveys.filters.monitoring import AlarmFilter
from surveys.forms.incidents import JoinForm
from surveys.models import Alarm, Incident
from surveys.selectors import UNKNOWN
from surveys.selectors.monitoring import AlarmPart, customers_behind, days_of, parts_of, slow_rise
from surveys.services.incidents import add_alarm
from surveys.services.monitoring import acknowledge
from surveys.views.cells import Names, cell_names, line, lines
from surveys.views.pool import ACTORS, PLANNERS, READERS, counted

SHOWN = ("status", "source", "brand", "region", "day__gte")
AXES = {
    "source": gettext_lazy("Source"),
    "brand": gettext_lazy("Brand"),
    "region": gettext_lazy("Region"),
    "channel": gettext_lazy("Channel"),
    "repeat_band": gettext_lazy("Times dissatisfied"),
}
PARTS_SHOWN = 8


@roles(*READERS)
@require_safe
def alarms(request: StaffRequest) -> HttpResponse:
    visible = Alarm.objects.visible_to(request.user).select_related("source", "incident", "acknowledged_by")
    filters = AlarmFilter(request.GET, visible)
    page = page_of(filters.qs, request.GET)
    words = ngettext("%(count)s alarm", "%(count)s alarms", page.count) % {"count": page.count_text}
    context = {
        "lines": lines(page.rows, cell_names()),
        "form": filters.form,
        "fields": [filters.form[name] for name in SHOWN],
        "pager": pager(request, page, words),
        "filtered": any(request.GET.values()),
        **_rights(request),
    }
    return render(request, "surveys/alarms/alarms.html", context, status=200 if filters.is_valid() else 422)


@roles(*READERS)
@require_safe
def alarm(request: StaffRequest, pk: int) -> HttpResponse:
    """One alarm: how unusual it is, where in the cell it sits, and who stands behind it."""
    row = _one(request, pk)
    names, parts, days = cell_names(), parts_of(row), days_of(row)
    page = page_of(customers_behind([row]).select_related("region"), request.GET)
    people = masked([customer.pk for customer in page.rows])
    context = {
        "line": line(row, names),
        "chart": _chart(row, days),
        "slow_rise": slow_rise(days),
        "parts": [(label, _named(axis, parts[axis], names)) for axis, label in AXES.items() if axis in parts],
        "rows": [(customer, people[customer.pk]) for customer in page.rows],
        "pager": pager(request, page, counted(page)),
        "p_text": p_words(row.p_value),
        "events": [(event, AlarmStatus(event.to_status).label) for event in row.events.select_related("actor")],
        "join": JoinForm() if row.status != AlarmStatus.INCIDENT and Incident.objects.running().exists() else None,
        **_rights(request),
    }
    return render(request, "surveys/alarms/alarm.html", context)


@roles(*ACTORS)
@require_POST
def acknowledge_alarm(request: StaffRequest, pk: int) -> HttpResponse:
    """Seen, and nothing to be done."""
    acknowledge(alarm=_one(request, pk), by=request.user, now=clock.now())
    messages.success(request, _("Acknowledged."))
    back = request.POST.get("next", "")
    return redirect(back if url_has_allowed_host_and_scheme(back, None) else reverse("surveys:alarm", args=[pk]))


@roles(*ACTORS)
@require_POST
def join_incident(request: StaffRequest, pk: int) -> HttpResponse:
    """The alarm belongs to an incident that runs already."""
    row, form = _one(request, pk), JoinForm(request.POST)
    if not form.is_valid():
        messages.error(request, _("This incident does not run any more; nothing was changed."))
        return redirect("surveys:alarm", pk)
    incident = form.cleaned_data["incident"]
    add_alarm(incident=incident, alarm=row, by=request.user, now=clock.now())
    messages.success(request, _("Added to the incident."))
    return redirect("surveys:incident", incident.pk)


def _one(request: StaffRequest, pk: int) -> Alarm:
    return get_object_or_404(Alarm.objects.visible_to(request.user).select_related("source", "incident"), pk=pk)


def _rights(request: StaffRequest) -> dict[str, bool]:
    return {"may_act": request.user.role in ACTORS, "may_segment": request.user.role in PLANNERS}


def _chart(row: Alarm, counts: list[tuple[date, int]]) -> DaysChart:
    days = [Day(label=day.isoformat(), count=count, alike=day.weekday() == row.day.weekday()) for day, count in counts]
    usual = _("usual on this weekday: %(low)s–%(high)s") % {"low": number(row.lower), "high": number(row.upper)}
    return days_chart(
        days,
        low=row.lower,
        high=row.upper,
        name="days",
        title=_("Dissatisfied by day"),
        axis=_("signals a day, eight weeks"),
        band=usual,
    )


def p_words(p: float) -> str:
    """A chance with one digit; how much smaller than one in ten thousand it is says nothing."""
    return f"{p:.1g}" if p >= 0.0001 else "< 0.0001"


@dataclass(frozen=True)
class Part:
    label: str
    observed: str
    expected: str
    stands_out: bool


def _named(axis: str, parts: list[AlarmPart], names: Names) -> list[Part]:
    """The largest parts of one axis, with their names."""
    bands = {str(band): str(label) for band, label in RepeatBand.choices}
    labels = bands if axis == "repeat_band" else names.get(axis, {})
    return [
        Part(
            label=labels.get(part.code, part.code) or UNKNOWN,
            observed=number(part.observed),
            expected=number(part.expected),
            stands_out=part.stands_out,
        )
        for part in parts[:PARTS_SHOWN]
    ]
