"""The API's side of closed routes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from loopcare.staff.access import EVERYONE

if TYPE_CHECKING:  # the settings name this module, and rest_framework.views reads the settings
    from rest_framework.views import APIView


class RouteRoles(BasePermission):
    """A view names its roles: one set, or a set per action. What is not named is refused."""

    def has_permission(self, request: Request, view: APIView) -> bool:
        declared = getattr(view, "roles", None)
        if isinstance(declared, dict):
            declared = declared.get(getattr(view, "action", None))
        if declared is None and type(view).__module__.startswith("drf_spectacular"):
            declared = EVERYONE
        if declared is None or not request.user.is_authenticated:
            return False
        return request.user.role in declared
