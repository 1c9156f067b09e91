"""Writes about staff, API keys and the installation."""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterable
from datetime import datetime, timedelta

from django.conf import settings
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models import F, Q
from django.utils.translation import gettext as _
from psycopg.errors import UniqueViolation

from loopcare.common.errors import Conflict, Invalid, NotFound
from loopcare.staff.enums import AuditAction, Role, Scope, World
from loopcare.staff.models import ApiKey, AuditEntry, Installation, Team, User
from loopcare.staff.signing import derive_secret, fingerprint

MOST_PER_MINUTE = 100_000_000  # a limit beyond it is none
USE_NOTED = timedelta(minutes=5)
PUBLIC_ID = re.compile(r"lc_[0-9a-f]{16}", re.ASCII)


def ensure_team(*, name: str) -> Team:
    """The team of this name, created when there is none."""
    return Team.objects.get_or_create(name=name)[0]


@transaction.atomic
def create_user(
    *,
    username: str,
    password: str,
    role: Role,
    now: datetime,
    display_name: str = "",
    team: str = "",
    by: User | None = None,
) -> User:
    """A new sign-in, in the team of this name, which is created when there is none.

    Raises Invalid for a taken name, a weak password, or an agent without a team.
    """
    if User.objects.filter(username=username).exists():
        raise Invalid(_("The name %(name)s is taken; choose another.") % {"name": username}, field="username")
    user = User(username=username, role=role, display_name=display_name or username, team=_team_for(role, team))
    try:
        validate_password(password, user)
    except ValidationError as error:
        raise Invalid(" ".join(error.messages), field="password") from error
    user.set_password(password)
    user.save()
    _note_user(user, f"created as {user.role}", by=by, now=now)
    return user


@transaction.atomic
def change_user(*, user: User, role: Role, now: datetime, display_name: str, team: str = "", by: User) -> None:
    """Another role, team or name; holds from that user's next click on.

    Raises Invalid for an agent without a team, Conflict where nobody would be left who lets others in.
    """
    _keep_an_administrator(user, stays=role == Role.ADMINISTRATOR)
    user.role, user.team, user.display_name = role, _team_for(role, team), display_name or user.username
    user.save(update_fields=["role", "team", "display_name"])
    _note_user(user, f"changed to {user.role}, team {user.team_id or 'none'}", by=by, now=now)


@transaction.atomic
def set_active(*, user: User, on: bool, by: User, now: datetime) -> None:
    """Let somebody in again, or shut them out from their next click on; what they did stays under their name.

    Raises Conflict where nobody would be left who lets others in.
    """
    _keep_an_administrator(user, stays=on)
    if User.objects.filter(pk=user.pk, is_active=not on).update(is_active=on):
        _note_user(user, "enabled" if on else "disabled", by=by, now=now)


def _keep_an_administrator(user: User, *, stays: bool) -> None:
    """Refuse to lose the last one. All are locked in one order, so that two who remove each other take turns."""
    administrators = User.objects.filter(role=Role.ADMINISTRATOR, is_active=True).order_by("pk")
    left = set(administrators.select_for_update().values_list("pk", flat=True))
    if not stays and left == {user.pk}:
        raise Conflict(_("This is the last administrator; make another one first."))


def _team_for(role: Role, name: str) -> Team | None:
    if role == Role.AGENT and not name:
        raise Invalid(_("An agent needs a team."), field="team")
    return ensure_team(name=name) if name else None


def _note_user(user: User, note: str, *, by: User | None, now: datetime) -> None:
    audit(actor=by, action=AuditAction.CONFIGURE, subject="user", subject_id=user.pk, note=note, now=now)


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


def new_public_id() -> str:
    """A public id that no key has yet: `lc_` and 64 random bits."""
    return f"lc_{secrets.token_hex(8)}"


@transaction.atomic
def create_key(
    *,
    name: str,
    now: datetime,
    public_id: str = "",
    scopes: Iterable[Scope] = (Scope.SIGNALS_WRITE,),
    sources: Iterable[str] = (),
    calls_per_minute: int | None = None,
    rows_per_minute: int | None = None,
    by: User | None = None,
) -> tuple[ApiKey, str]:
    """A new API key and its secret, which is said now and never again. Limits that are not given are the model's.

    `public_id` comes from a form that must not make two keys: Conflict where its key was made before. Raises Invalid
    for a key without a name, with a limit below one, or with a public id or source code that can be none.
    """
    if not name.strip():
        raise Invalid(_("Give the key a name that says which system calls with it."), field="name")
    codes = list(dict.fromkeys(code.strip() for code in sources))
    for code in codes:
        if not 0 < len(code) <= 40:
            raise Invalid(_("A source code has 1 to 40 characters."), field="sources")
    limits = _limits(calls_per_minute=calls_per_minute, rows_per_minute=rows_per_minute)
    public_id = public_id or new_public_id()
    if not PUBLIC_ID.fullmatch(public_id):
        raise Invalid(_("This is not the public id of a key; open the form again."))
    secret = derive_secret(settings.SECRET_KEY, public_id)
    key = ApiKey(
        name=name.strip()[:80],
        public_id=public_id,
        secret_sha256=fingerprint(secret),
        scopes=[Scope(scope).value for scope in scopes],
        sources=codes,
        created_by=by,
        created_at=now,
        **limits,
    )
    _save_once(key)
    audit(actor=by, action=AuditAction.CONFIGURE, subject="api_key", subject_id=key.pk, note="created", now=now)
    return key, secret


def _limits(**limits: int | None) -> dict[str, int]:
    """Those that are given. Raises Invalid for one that is none."""
    given = {field: limit for field, limit in limits.items() if limit is not None}
    for field, limit in given.items():
        if not 0 < limit <= MOST_PER_MINUTE:
            raise Invalid(_("A limit lies between 1 and %(most)s.") % {"most": MOST_PER_MINUTE}, field=field)
    return given


def _save_once(key: ApiKey) -> None:
    try:
        with transaction.atomic():
            key.save()
    except IntegrityError as error:
        if not isinstance(error.__cause__, UniqueViolation):
            raise
        raise Conflict(
            _("This key was made a moment ago. If you did not see its secret, revoke the key and make another one.")
        ) from error


@transaction.atomic
def revoke_key(*, public_id: str, now: datetime, by: User | None = None) -> ApiKey:
    """End a key: the next call with it is refused. Raises NotFound, or Conflict for one that ended before."""
    key = ApiKey.objects.select_for_update().filter(public_id=public_id).first()
    if key is None:
        raise NotFound(_("There is no API key %(id)s.") % {"id": public_id})
    if key.revoked_at is not None:
        raise Conflict(_("The API key %(id)s was revoked before.") % {"id": public_id})
    key.revoked_at = now
    key.save(update_fields=["revoked_at"])
    audit(actor=by, action=AuditAction.CONFIGURE, subject="api_key", subject_id=key.pk, note="revoked", now=now)
    return key


def note_use(*, key: ApiKey, now: datetime) -> None:
    """Remember that a key was used, to about five minutes: a busy one is not written at every call."""
    stale = now - USE_NOTED
    if key.last_used_at is None or key.last_used_at < stale:
        ApiKey.objects.filter(Q(last_used_at=None) | Q(last_used_at__lt=stale), pk=key.pk).update(last_used_at=now)
