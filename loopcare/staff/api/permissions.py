"""The API's side of closed routes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from loopcare.staff.access import EVERYONE, Caller

if TYPE_CHECKING:  # the settings name this module, and rest_framework.views reads the settings
    from rest_framework.views import APIView


class RouteRoles(BasePermission):
    """A view names its roles, and the scopes of the API keys it answers: one set each, or a set per action.

    What is not named is refused. A key has no role and a user no scope, so neither passes for the other.
    """

    def has_permission(self, request: Request, view: APIView) -> bool:
        caller: object = request.user
        if isinstance(caller, Caller):
            return not caller.scopes.isdisjoint(_declared(view, "scopes") or ())
        declared = _declared(view, "roles")
        if declared is None and type(view).__module__.startswith("drf_spectacular"):
            declared = EVERYONE
        if declared is None or not request.user.is_authenticated:
            return False
        return request.user.role in declared


def _declared(view: APIView, name: str) -> Any:
    declared = getattr(view, name, None)
    return declared.get(getattr(view, "action", None)) if isinstance(declared, dict) else declared
