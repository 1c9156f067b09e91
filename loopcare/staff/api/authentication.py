"""The API's door for other systems: a call signed with an API key."""

from __future__ import annotations

import logging
from datetime import datetime
from typing import Any

from django.conf import settings
from django.utils.translation import gettext as _
from rest_framework.authentication import BaseAuthentication
from rest_framework.request import Request

from loopcare.common.errors import TooLarge, Unauthorised
from loopcare.common.limits import spend
from loopcare.staff.access import Caller
from loopcare.staff.selectors import Presented, presented_key
from loopcare.staff.services import note_use
from loopcare.staff.signing import (
    IDEMPOTENCY_HEADER,
    KEY_HEADER,
    SIGNATURE_HEADER,
    TIMESTAMP_HEADER,
    WINDOW,
    Call,
    Verdict,
    judge,
)

logger = logging.getLogger(__name__)

SCHEME = "LoopCare-HMAC-SHA256"


class SignedKey(BaseAuthentication):
    """Knows a `Caller` by its signature and counts its calls. Views that answer keys name it; the others never ask."""

    def authenticate(self, request: Request) -> tuple[Caller, None] | None:
        public_id = request.headers.get(KEY_HEADER)
        if public_id is None:
            return None
        presented = presented_key(public_id) if public_id.isascii() and "\0" not in public_id else None
        if presented is None:
            raise _refusal(_("The signature does not fit this call; see the signing example in the documentation."))
        _check(request, presented)
        key = presented.key
        spend(purpose="calls", who=key.public_id, limit=key.calls_per_minute)
        note_use(key=key, now=presented.now)
        return Caller(
            key_id=key.pk,
            public_id=key.public_id,
            scopes=frozenset(key.scopes),
            sources=frozenset(key.sources),
            rows_per_minute=key.rows_per_minute,
        ), None

    def authenticate_header(self, request: Request) -> str:
        return SCHEME


def _check(request: Request, presented: Presented) -> None:
    """Raises Unauthorised for a call that this key did not sign, or may no longer sign."""
    call = Call(
        timestamp=request.headers.get(TIMESTAMP_HEADER, ""),
        method=request.method or "",
        path=request.get_full_path(),
        idempotency_key=request.headers.get(IDEMPOTENCY_HEADER, ""),
        body=_body(request),
    )
    if not presented.secret:
        logger.error("API key %s ended with the secret key it was made under", presented.key.public_id)
        raise _refusal(_("This key ended because the installation's secret key was changed; ask for a new one."))
    verdict = judge(
        secret=presented.secret,
        call=call,
        signature=request.headers.get(SIGNATURE_HEADER, ""),
        now=presented.real_now.timestamp(),
    )
    if verdict is Verdict.UNREADABLE:
        raise _refusal(_("%(header)s must be whole Unix seconds.") % {"header": TIMESTAMP_HEADER})
    if verdict is Verdict.FORGED:
        raise _refusal(_("The signature does not fit this call; see the signing example in the documentation."))
    if presented.key.revoked_at is not None:
        raise _refusal(_("This key was revoked."))
    if verdict is Verdict.SKEWED:
        raise _skewed(int(call.timestamp), presented.real_now)


def _body(request: Request) -> bytes:
    """The body as sent. Raises TooLarge by what the sender announces, before a byte is read."""
    limit = settings.DATA_UPLOAD_MAX_MEMORY_SIZE or 0
    announced = request.META.get("CONTENT_LENGTH") or "0"
    if not announced.isdigit() or int(announced) > limit:
        megabytes = f"{limit / 1_000_000:g}"
        raise TooLarge(_("A call may carry %(limit)s MB; send fewer rows a call.") % {"limit": megabytes})
    return bytes(request._request.body)


def _skewed(said: int, now: datetime) -> Unauthorised:
    ahead = round(said - now.timestamp())
    return _refusal(
        _("Your clock differs from ours by %(seconds)s seconds, more than the %(window)s that are allowed; set it.")
        % {"seconds": ahead, "window": WINDOW},
        server_time=now.isoformat(timespec="seconds"),
        seconds_ahead=ahead,
    )


def _refusal(sentence: str, **extra: Any) -> Unauthorised:
    return Unauthorised(sentence, headers={"WWW-Authenticate": SCHEME}, **extra)
