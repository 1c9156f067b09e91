"""Writes about staff and the installation."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import F
from django.utils.translation import gettext as _

from loopcare.common.errors import Conflict, Invalid
from loopcare.staff.enums import AuditAction, Role, World
from loopcare.staff.models import AuditEntry, Installation, Team, User


def ensure_team(*, name: str) -> Team:
    """The team of this name, created when there is none."""
    return Team.objects.get_or_create(name=name)[0]


def create_user(*, username: str, password: str, role: Role, display_name: str = "", team: Team | None = None) -> User:
    """A new sign-in. Raises Invalid for a taken name, a weak password, or an agent without a team."""
    if role == Role.AGENT and team is None:
        raise Invalid(_("An agent needs a team; give one with --team."), field="team")
    if User.objects.filter(username=username).exists():
        raise Invalid(_("The name %(name)s is taken; choose another.") % {"name": username}, field="username")
    user = User(username=username, role=role, display_name=display_name or username, team=team)
    try:
        validate_password(password, user)
    except ValidationError as error:
        raise Invalid(" ".join(error.messages), field="password") from error
    user.set_password(password)
    user.save()
    return user


def set_shortcuts(*, user: User, on: bool) -> None:
    """Single-key shortcuts, which speech input and some screen readers cannot live with, on or off."""
    user.shortcuts = on
    user.save(update_fields=["shortcuts"])


def audit(
    *,
    actor: User | None,
    action: AuditAction,
    subject: str,
    now: datetime,
    subject_id: int | None = None,
    note: str = "",
) -> None:
    """Write one line of the trail."""
    AuditEntry.objects.create(actor=actor, action=action, subject=subject, subject_id=subject_id, note=note, at=now)


@transaction.atomic
def found_demo_world(*, brand: str, ahead: timedelta = timedelta(0)) -> None:
    """Mark this installation as a demo whose clock runs `ahead`. Refused where live customers may already be."""
    row, created = Installation.objects.select_for_update().get_or_create(
        pk=1, defaults={"world": World.DEMO, "brand": brand, "clock_offset": ahead}
    )
    if row.world != World.DEMO or (created and User.objects.exists()):
        raise Conflict(_("This installation is live; a demo world is loaded into an empty one only."))


def advance_clock(*, by: timedelta) -> None:
    """Let a demo world's time pass. Raises Conflict in a live one, Invalid for a step back."""
    if by <= timedelta(0):
        raise Invalid(_("Time only moves forward; give a positive number of days."))
    moved = Installation.objects.filter(pk=1, world=World.DEMO).update(clock_offset=F("clock_offset") + by)
    if not moved:
        raise Conflict(_("Only a demo world's clock can be moved; this installation is live."))
