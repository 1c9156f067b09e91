"""Signing in and out, the way home, help, and health."""

from __future__ import annotations

from django.contrib.auth.views import LoginView, LogoutView
from django.core.cache import cache
from django.db import DatabaseError, connection
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache

from loopcare.staff.access import public, roles
from loopcare.staff.enums import Role

HOME = {
    Role.AGENT: "careplans:queue",
    Role.SUPERVISOR: "surveys:pool",
    Role.ANALYST: "evaluation:evaluations",
    Role.AUDITOR: "surveys:pool",
    Role.ADMINISTRATOR: "surveys:pool",
}

sign_in = public(LoginView.as_view(template_name="staff/sign_in.html", redirect_authenticated_user=True))
sign_out = public(LogoutView.as_view())


@roles()
def home(request: HttpRequest) -> HttpResponse:
    """Everybody starts where their day starts."""
    assert request.user.is_authenticated
    return redirect(reverse(HOME[Role(request.user.role)]))


@roles()
def help_page(request: HttpRequest) -> HttpResponse:
    return render(request, "staff/help.html")


@public
@never_cache
def healthz(request: HttpRequest) -> HttpResponse:
    """The process answers."""
    return JsonResponse({"status": "ok"})


@public
@never_cache
def readyz(request: HttpRequest) -> HttpResponse:
    """Database and broker answer; 503 names what does not. A missing broker only slows things down."""
    checks = {"database": _database(), "broker": _broker()}
    ready = checks["database"]
    return JsonResponse({"status": "ok" if ready else "failing", "checks": checks}, status=200 if ready else 503)


def _database() -> bool:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError:
        return False
    return True


def _broker() -> bool:
    try:
        cache.get("readyz")
    except Exception:  # the cache client's errors share no base class
        return False
    return True
