"""The customer's page: one question, no script, one request, nothing personal on it.

The token in the address is the whole secret. Reading records nothing, however often a mail scanner follows the link;
only what a person sends is an answer.
"""

from __future__ import annotations

from base64 import b64encode
from datetime import datetime
from functools import cache
from hashlib import sha256
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import translation
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from loopcare.common import clock
from loopcare.common.errors import Conflict, NotFound
from loopcare.contact.governor import is_stopped
from loopcare.contact.services import suppress
from loopcare.staff.access import public
from loopcare.staff.selectors import installation
from surveys.forms.answers import AnswerForm
from surveys.models import Invitation
from surveys.services.sending import CHANGEABLE_FOR, Expired, open_invitation, record_answer

LANGUAGES = dict(settings.LANGUAGES)


# A signed-in browser has no part in this page, so there is nothing a forged request could borrow: whoever sends a form
# here must know the token, and who knows it may answer. Without the exemption the page would have to set a cookie.
@csrf_exempt
@public
@require_http_methods(["GET", "HEAD", "POST"])
def survey(request: HttpRequest, token: str) -> HttpResponse:
    now = clock.now()
    try:
        invitation = open_invitation(token=token, now=now)
    except NotFound as gone:
        expired = isinstance(gone, Expired)
        with translation.override(_language(request, "")):
            return _page("gone", {"expired": expired}, status=410 if expired else 404)
    with translation.override(_language(request, invitation.customer.language)):
        if request.method == "POST":
            return _take(request, invitation, token, now)
        return _show(request, invitation, token, now)


def _take(request: HttpRequest, invitation: Invitation, token: str, now: datetime) -> HttpResponse:
    """An answer, or the wish to be left alone; then back to the page, which says what is so."""
    language = translation.get_language()
    if "stop" in request.POST:
        suppress(customer_id=invitation.customer_id, reason="survey page", now=now)
        return _back(token, language)
    form = AnswerForm(request.POST)
    if not form.is_valid():
        return _ask(invitation, token, form, status=422)
    try:
        record_answer(token=token, **form.cleaned_data, language=language, now=now)
    except Conflict:
        return _thank(invitation, token, final=True, status=409)
    return _back(token, language)


def _show(request: HttpRequest, invitation: Invitation, token: str, now: datetime) -> HttpResponse:
    answer = getattr(invitation, "answer", None)
    if answer is None:
        return _ask(invitation, token, AnswerForm())
    final = now >= answer.answered_at + CHANGEABLE_FOR
    if "change" in request.GET and not final:
        return _ask(invitation, token, AnswerForm(initial={"score": answer.score, "comment": answer.comment}))
    return _thank(invitation, token, final=final)


def _thank(invitation: Invitation, token: str, *, final: bool, status: int = 200) -> HttpResponse:
    return _page("thanks", {"token": token, "final": final, **_stopping(invitation)}, status=status)


def _ask(invitation: Invitation, token: str, form: AnswerForm, *, status: int = 200) -> HttpResponse:
    context = {
        "invitation": invitation,
        "token": token,
        "form": form,
        "changing": bool(form.initial),
        **_stopping(invitation),
    }
    return _page("question", context, status=status)


def _stopping(invitation: Invitation) -> dict[str, bool]:
    return {"stopped": is_stopped(invitation.customer_id)}


def _back(token: str, language: str) -> HttpResponse:
    response = HttpResponseRedirect(f"{reverse('surveys:survey', args=[token])}?lang={language}", status=303)
    return _sealed(response)


def _language(request: HttpRequest, of_customer: str) -> str:
    """What was chosen on the page, else the customer's own, else the browser's."""
    for wanted in (request.GET.get("lang"), of_customer):
        if wanted in LANGUAGES:
            return str(wanted)
    return translation.get_language_from_request(request)


def _page(name: str, context: dict[str, Any], *, status: int = 200) -> HttpResponse:
    """Rendered without the request, so that neither session nor context of the staff pages is touched."""
    here = translation.get_language()
    shown = {
        "brand": installation().brand,
        "css": _css(),
        "language": here,
        "others": [code for code in LANGUAGES if code != here],
        **context,
    }
    return _sealed(HttpResponse(render_to_string(f"surveys/answers/{name}.html", shown), status=status))


def _sealed(response: HttpResponse) -> HttpResponse:
    """The address is a secret and the answer private: not kept, not passed on, nothing loaded, nothing framed."""
    response.headers["Cache-Control"] = "no-store"
    response.headers["Referrer-Policy"] = "no-referrer"
    response.headers["X-Robots-Tag"] = "noindex"
    response.headers["Content-Security-Policy"] = (
        f"default-src 'none'; style-src '{_css_hash()}'; img-src data:; form-action 'self'; base-uri 'none'; "
        "frame-ancestors 'none'"
    )
    return response


@cache
def _css() -> str:
    """The page's styles, in the page itself: a second request would tell the server twice that somebody looked."""
    return render_to_string("surveys/answers/page.css")


@cache
def _css_hash() -> str:
    return f"sha256-{b64encode(sha256(_css().encode()).digest()).decode()}"
