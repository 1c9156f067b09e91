"""Signals from other systems: one or up to 10,000 a call, signed, answered once per idempotency key."""

from __future__ import annotations

from typing import cast

from django.http import HttpResponse
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework.exceptions import UnsupportedMediaType
from rest_framework.request import Request
from rest_framework.views import APIView

from loopcare.common import clock
from loopcare.staff.access import Caller
from loopcare.staff.api.authentication import SignedKey
from loopcare.staff.enums import Scope
from loopcare.staff.signing import IDEMPOTENCY_HEADER
from surveys.api.ingest_schema import DESCRIBED
from surveys.services.ingest import ingest


class Signals(APIView):
    """One signal, or a list of up to 10,000, all of them or none.

    A signal that was sent before is a duplicate and harmless; of an event, transfers, promise, end and dispute may be
    told later. Repeat a call that was cut off with the same `Idempotency-Key`: it gets the answer of the first.
    """

    authentication_classes = [SignedKey]
    scopes = frozenset({Scope.SIGNALS_WRITE})

    @extend_schema(**DESCRIBED)
    def post(self, request: Request) -> HttpResponse:
        """Send signals."""
        _check_type(request)
        reply = ingest(
            caller=cast(Caller, request.user),
            body=request._request.body,
            idempotency_key=request.headers.get(IDEMPOTENCY_HEADER, ""),
            now=clock.now(),
        )
        response = HttpResponse(reply.body, status=reply.status, content_type="application/json")
        if reply.replayed:
            response["Idempotent-Replayed"] = "true"
        return response


def _check_type(request: Request) -> None:
    """JSON in UTF-8, as it is: 415 for anything else."""
    sent = request._request
    charset = (sent.content_params or {}).get("charset", "utf-8").lower()
    encoding = request.headers.get("Content-Encoding", "identity").lower()
    if sent.content_type != "application/json" or charset not in ("utf-8", "utf8") or encoding != "identity":
        raise UnsupportedMediaType(
            sent.content_type or "", detail=_("Send application/json in UTF-8, without content encoding.")
        )
