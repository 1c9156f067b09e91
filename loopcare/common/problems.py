"""One place where a domain error becomes an answer: a page, a part of a page, or an RFC 9457 problem document."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from rest_framework.exceptions import APIException, ValidationError
from rest_framework.response import Response
from rest_framework.views import exception_handler

from loopcare.common.errors import DomainError, Invalid


class DomainErrors:
    """Turns a domain error that a page view lets pass into that page's answer, with its own status."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        if not isinstance(error, DomainError):
            return None
        template = "parts/problem.html" if request.headers.get("HX-Request") else "problem.html"
        return render(request, template, {"problem": error}, status=error.status)


def api_handler(error: Exception, context: dict[str, Any]) -> Response | None:
    """DRF's exception handler: every error is `application/problem+json` with type, title, status and detail."""
    if isinstance(error, DomainError):
        problem = _problem(error.code, error.message, error.status, field=error.field, **error.extra)
        for name, value in error.headers.items():
            problem.headers[name] = value
        return problem
    response = exception_handler(error, context)
    if response is None:
        return None
    if isinstance(error, ValidationError):
        status = Invalid.status if response.status_code == 400 else response.status_code
        problem = _problem(Invalid.code, "Some fields need mending.", status, errors=response.data)
    else:
        code = error.default_code if isinstance(error, APIException) else "not_found"
        detail = response.data.get("detail", "") if isinstance(response.data, dict) else ""
        problem = _problem(str(code), str(detail), response.status_code)
    for name, value in response.headers.items():
        problem.headers.setdefault(name, value)
    problem.headers["Content-Type"] = "application/problem+json"
    return problem


def _problem(code: str, detail: str, status: int, **extra: Any) -> Response:
    body = {
        "type": f"urn:loopcare:{code}",
        "title": code.replace("_", " "),
        "status": status,
        "detail": detail,
    }
    body |= {name: value for name, value in extra.items() if value is not None}
    return Response(body, status=status, content_type="application/problem+json")
