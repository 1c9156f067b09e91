"""Routes are closed by default: a view without `roles` or `public` answers nobody."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

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
    class looks at the action.
    """
    marked = getattr(callback, "allowed_roles", None)
    if marked is not None:
        return frozenset(marked)
    declared = getattr(getattr(callback, "cls", None), "roles", None)
    if declared is None:
        return None
    if isinstance(declared, dict):
        return frozenset().union(*declared.values())
    return frozenset(declared)
