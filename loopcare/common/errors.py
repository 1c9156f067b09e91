"""The one family of domain errors. An edge turns them into a page, an RFC 9457 problem or an exit code; nobody else
catches them. Every message is a sentence that says what is wrong and how to mend it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar


class DomainError(Exception):
    """A refusal that the user can understand.

    `code` is the stable name of the kind, `status` its HTTP status, `exit_code` what a command ends with.
    `field` names the form field or column it belongs to; `extra` goes into the problem document, `headers` into the
    API's answer.
    """

    code: ClassVar[str] = "error"
    status: ClassVar[int] = 400
    exit_code: ClassVar[int] = 1

    def __init__(
        self, message: str, *, field: str | None = None, headers: Mapping[str, str] | None = None, **extra: Any
    ) -> None:
        super().__init__(message)
        self.message = str(message)
        self.field = field
        self.headers = dict(headers or {})
        self.extra = extra


class Invalid(DomainError):
    """What was given cannot be used as it is."""

    code = "invalid"
    status = 422
    exit_code = 2


class Unreadable(DomainError):
    """What was sent is not written in the language it should be in."""

    code = "unreadable"
    status = 400


class Unauthorised(DomainError):
    """Nobody knows who is calling, or the proof does not fit."""

    code = "not_authenticated"
    status = 401


class NotFound(DomainError):
    """It does not exist, or not for this user."""

    code = "not_found"
    status = 404


class Conflict(DomainError):
    """Somebody else was faster, or the state does not allow the move."""

    code = "conflict"
    status = 409
    exit_code = 4


class StaleLease(Conflict):
    """The writer's claim ended and another holder may have the row: nothing was written."""

    code = "stale_lease"


class TooMany(DomainError):
    """More than this caller may do in a while; the header `Retry-After` says how many seconds to wait."""

    code = "too_many"
    status = 429


class TooLarge(DomainError):
    """A body longer than this route reads."""

    code = "too_large"
    status = 413
