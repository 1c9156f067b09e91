"""The door of every page: content security, language and zone of the user, and closed routes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.utils import timezone, translation

from loopcare.staff.access import PUBLIC, allowed_roles

Next = Callable[[HttpRequest], HttpResponseBase]

POLICY = (
    "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none'; form-action 'self'; "
    "frame-ancestors 'none'"
)


class ContentSecurity:
    """Nothing from other hosts, nothing inline. A view that needs more sets the header itself."""

    def __init__(self, get_response: Next) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        response.headers.setdefault("Content-Security-Policy", POLICY)
        return response


class Presence:
    """A signed-in user's language wins over the browser's until they switch; times are shown in one named zone."""

    def __init__(self, get_response: Next) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if request.user.is_authenticated and settings.LANGUAGE_COOKIE_NAME not in request.COOKIES:
            translation.activate(request.user.language)
            request.LANGUAGE_CODE = translation.get_language()
        with timezone.override(ZoneInfo(settings.TIME_ZONE)):
            return self.get_response(request)


class ClosedByDefault:
    """Lets a request through only to a view that names this user's role."""

    def __init__(self, get_response: Next) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        return self.get_response(request)

    def process_view(
        self, request: HttpRequest, view: Callable[..., Any], args: list[Any], kwargs: dict[str, Any]
    ) -> HttpResponseBase | None:
        allowed = allowed_roles(view)
        if allowed is None:
            raise PermissionDenied
        if allowed == PUBLIC or hasattr(view, "cls"):
            return None  # the API authenticates by itself, sessions and keys alike, in its permission class
        if not request.user.is_authenticated:
            return _ask_to_sign_in(request)
        if request.user.role not in allowed:
            raise PermissionDenied
        return None


def _ask_to_sign_in(request: HttpRequest) -> HttpResponseBase:
    """A page goes to the sign-in page and comes back; a part of a page says 401, so that no text is lost."""
    if request.headers.get("HX-Request"):
        return HttpResponse(status=401)
    return redirect_to_login(request.get_full_path())
