"""API keys: the list with how a call is signed, a new one with its secret, and the end of one."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.timezone import localdate
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_variables
from django.views.decorators.http import require_POST, require_safe

from loopcare.common import clock
from loopcare.common.errors import Invalid
from loopcare.common.pager import pager
from loopcare.common.pagination import page_of
from loopcare.staff.access import StaffRequest, roles
from loopcare.staff.enums import Role, Scope
from loopcare.staff.forms import KeyForm
from loopcare.staff.models import ApiKey
from loopcare.staff.selectors import still_signs
from loopcare.staff.services import create_key, revoke_key
from loopcare.staff.signing import IDEMPOTENCY_HEADER, KEY_HEADER, SIGNATURE_HEADER, TIMESTAMP_HEADER, WINDOW


@roles(Role.ADMINISTRATOR)
@require_safe
def keys(request: StaffRequest) -> HttpResponse:
    page = page_of(ApiKey.objects.visible_to(request.user).select_related("created_by"), request.GET)
    count = ngettext("%(count)s key", "%(count)s keys", page.count) % {"count": page.count_text}
    rows = [(key, [Scope(scope).label for scope in key.scopes], still_signs(key)) for key in page.rows]
    context = {"rows": rows, "pager": pager(request, page, count), **_signing(request)}
    return render(request, "staff/access/keys.html", context)


@roles(Role.ADMINISTRATOR)
@never_cache  # the answer to a POST holds a secret, which no history may keep
@sensitive_variables("secret")
def new_key(request: StaffRequest) -> HttpResponse:
    """The form; its answer is the one page that shows the secret, so it is no redirect."""
    form = KeyForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        try:
            key, secret = create_key(**form.cleaned_data, by=request.user, now=clock.now())
        except Invalid as error:
            form.add_error(error.field, error.message)
        else:
            context = {"key": key, "secret": secret, **_signing(request)}
            return render(request, "staff/access/made_key.html", context)
    return render(request, "staff/access/new_key.html", {"form": form}, status=422 if form.is_bound else 200)


@roles(Role.ADMINISTRATOR)
@require_POST
def revoke(request: StaffRequest, pk: int) -> HttpResponse:
    key = get_object_or_404(ApiKey.objects.visible_to(request.user), pk=pk)
    revoke_key(public_id=key.public_id, by=request.user, now=clock.now())
    messages.success(request, _("The key of %(name)s ended; its next call is refused.") % {"name": key.name})
    return redirect("staff:keys")


def _signing(request: StaffRequest) -> dict[str, Any]:
    """What the page needs to tell how a call is signed, in the names the door itself uses."""
    return {
        "server": f"{request.scheme}://{request.get_host()}",
        "path": reverse("api:signals"),
        "today": localdate(clock.now()).isoformat(),
        "minutes": WINDOW // 60,
        "headers": {
            "key": KEY_HEADER,
            "timestamp": TIMESTAMP_HEADER,
            "signature": SIGNATURE_HEADER,
            "once": IDEMPOTENCY_HEADER,
        },
    }
