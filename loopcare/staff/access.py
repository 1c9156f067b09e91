"""Routes are closed by default: a view without `roles` or `public` answers nobody."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

from django.http import HttpRequest
from django_htmx.middleware import HtmxDetails

from loopcare.staff.enums import Role

if TYPE_CHECKING:  # the settings name the API's permissions, which read this module before any model exists
    from loopcare.staff.models import User

View = TypeVar("View", bound=Callable[..., Any])

PUBLIC: frozenset[str] = frozenset({"public"})
EVERYONE = frozenset(Role.values)


class StaffRequest(HttpRequest):
    """The request of a view behind `roles`: somebody of ours is signed in."""

    user: User
    htmx: HtmxDetails


@dataclass(frozen=True, slots=True)
class Caller:
    """Another system that signed its call with an API key. Not a user: it has no role, and only `scopes` open a route.

    `sources` are the codes it may write for; empty means any.
    """

    key_id: int
    public_id: str
    scopes: frozenset[str]
    sources: frozenset[str]
    rows_per_minute: int
    is_authenticated: ClassVar[bool] = True


def roles(*allowed: Role) -> Callable[[View], View]:
    """Open a view to these roles; without arguments, to everyone who is signed in."""

    def mark(view: View) -> View:
        view.allowed_roles = frozenset(allowed) or EVERYONE  # type: ignore[attr-defined]
        return view

    return mark


def public(view: View) -> View:
    """Open a view to the world: the survey page, health, sign-in."""
    view.allowed_roles = PUBLIC  # type: ignore[attr-defined]
    return view


def allowed_roles(callback: Callable[..., Any]) -> frozenset[str] | None:
    """Who may call a resolved view; None means nobody, because nobody said so.

    API views carry their roles on the class, one set or a set per action; here the union counts, and the permission
    class looks at the action. One that names only scopes is for API keys, and no role opens it.
    """
    marked = getattr(callback, "allowed_roles", None)
    if marked is not None:
        return frozenset(marked)
    view = getattr(callback, "cls", None)
    declared = getattr(view, "roles", None)
    if declared is None:
        return frozenset() if getattr(view, "scopes", None) else None
    if isinstance(declared, dict):
        return frozenset().union(*declared.values())
    return frozenset(declared)
