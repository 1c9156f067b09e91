"""Who may sign in: the list, somebody new, another role or team, and the door shut or opened again."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_POST, require_safe

from loopcare.common import clock
from loopcare.common.errors import Invalid
from loopcare.common.pager import pager
from loopcare.common.pagination import page_of
from loopcare.staff.access import StaffRequest, roles
from loopcare.staff.enums import Role
from loopcare.staff.forms import NewUserForm, PersonForm
from loopcare.staff.models import User
from loopcare.staff.services import change_user, create_user, set_active


@roles(Role.ADMINISTRATOR)
@require_safe
def users(request: StaffRequest) -> HttpResponse:
    page = page_of(User.objects.visible_to(request.user).select_related("team"), request.GET)
    count = ngettext("%(count)s user", "%(count)s users", page.count) % {"count": page.count_text}
    return render(request, "staff/access/users.html", {"rows": page.rows, "pager": pager(request, page, count)})


@roles(Role.ADMINISTRATOR)
@sensitive_post_parameters("password")
def new_user(request: StaffRequest) -> HttpResponse:
    form = NewUserForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        try:
            row = create_user(**form.cleaned_data, by=request.user, now=clock.now())
        except Invalid as error:
            form.add_error(error.field, error.message)
        else:
            messages.success(request, _("%(name)s can sign in now.") % {"name": row})
            return redirect("staff:users")
    return render(request, "staff/access/new_user.html", {"form": form}, status=422 if form.is_bound else 200)


@roles(Role.ADMINISTRATOR)
def user(request: StaffRequest, pk: int) -> HttpResponse:
    """One user; a POST changes role, team and name."""
    row = _row(request, pk)
    if request.method != "POST":
        initial = {"display_name": row.display_name, "role": row.role, "team": row.team.name if row.team else ""}
        return _page(request, row, PersonForm(initial=initial))
    form = PersonForm(request.POST)
    if form.is_valid():
        try:
            change_user(user=row, **form.cleaned_data, by=request.user, now=clock.now())
        except Invalid as error:
            form.add_error(error.field, error.message)
        else:
            messages.success(request, _("Saved."))
            return redirect("staff:users")
    return _page(request, _row(request, pk), form, status=Invalid.status)


@roles(Role.ADMINISTRATOR)
@require_POST
def switch_user(request: StaffRequest, pk: int) -> HttpResponse:
    """Shut somebody out, or let them in again."""
    row, on = _row(request, pk), request.POST.get("on") == "yes"
    set_active(user=row, on=on, by=request.user, now=clock.now())
    words = _("%(name)s can sign in again.") if on else _("%(name)s is signed out and cannot sign in any more.")
    messages.success(request, words % {"name": row})
    return redirect("staff:user", pk)


def _row(request: StaffRequest, pk: int) -> User:
    row: User = get_object_or_404(User.objects.visible_to(request.user).select_related("team"), pk=pk)
    return row


def _page(request: StaffRequest, row: User, form: PersonForm, *, status: int = 200) -> HttpResponse:
    context = {"person": row, "form": form, "is_self": row.pk == request.user.pk}
    return render(request, "staff/access/user.html", context, status=status)
