"""What every page's frame shows."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from loopcare.common.clock import now
from loopcare.staff.enums import Role
from loopcare.staff.models import User
from loopcare.staff.selectors import demo_password, installation

# The table of contents of the top bar: which role sees which page, in which order.
NAVIGATION: tuple[tuple[str, Promise, frozenset[Role]], ...] = (
    ("careplans:queue", _("Queue"), frozenset({Role.AGENT, Role.SUPERVISOR})),
    ("surveys:pool", _("Pool"), frozenset({Role.SUPERVISOR, Role.ANALYST, Role.AUDITOR, Role.ADMINISTRATOR})),
    ("surveys:causes", _("Analysis"), frozenset({Role.SUPERVISOR, Role.ANALYST, Role.AUDITOR, Role.ADMINISTRATOR})),
    ("surveys:incidents", _("Incidents"), frozenset({Role.SUPERVISOR, Role.ANALYST, Role.AUDITOR, Role.ADMINISTRATOR})),
    ("surveys:rules", _("Rules"), frozenset({Role.SUPERVISOR, Role.ANALYST, Role.AUDITOR, Role.ADMINISTRATOR})),
    ("surveys:segments", _("Segments"), frozenset({Role.SUPERVISOR, Role.ANALYST, Role.ADMINISTRATOR})),
    ("surveys:imports", _("Imports"), frozenset({Role.SUPERVISOR, Role.ANALYST, Role.ADMINISTRATOR})),
    ("surveys:scans", _("Scans"), frozenset({Role.SUPERVISOR, Role.ANALYST, Role.AUDITOR, Role.ADMINISTRATOR})),
    ("careplans:campaigns", _("Campaigns"), frozenset({Role.SUPERVISOR, Role.ANALYST, Role.ADMINISTRATOR})),
    ("evaluation:evaluations", _("Evaluations"), frozenset(Role) - {Role.AGENT}),
    ("staff:users", _("Access"), frozenset({Role.ADMINISTRATOR})),
)


@dataclass(frozen=True)
class NavItem:
    label: str
    url: str
    active: bool
    badge: int | None = None


@dataclass(frozen=True)
class Shell:
    brand: str
    zone: str
    is_demo: bool
    now: datetime | None
    demo_password: str
    help_url: str
    nav: list[NavItem]


def shell(request: HttpRequest) -> dict[str, Any]:
    """Context processor: brand, navigation of the role, zone, and the demo world's clock."""
    here = installation()
    user = getattr(request, "user", AnonymousUser())  # an error page may be older than the sign-in
    role = user.role if isinstance(user, User) else None
    return {
        "shell": Shell(
            brand=here.brand,
            zone=settings.TIME_ZONE,
            is_demo=here.is_demo,
            now=now() if here.is_demo else None,
            demo_password=demo_password() if here.is_demo and role is None else "",
            help_url=reverse("staff:help") if role else "",
            nav=[
                NavItem(label=str(label), url=(url := reverse(name)), active=request.path.startswith(_section(url)))
                for name, label, allowed in NAVIGATION
                if role in allowed
            ],
        )
    }


def _section(url: str) -> str:
    """The first part of an address: an item of the top bar leads to the first page of its section."""
    return f"/{url.split('/')[1]}/"
