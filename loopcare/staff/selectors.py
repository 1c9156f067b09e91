"""What there is to know about this installation and its people."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db.models import DateTimeField, Func

from loopcare.common.clock import Now
from loopcare.staff.enums import World
from loopcare.staff.models import ApiKey, Installation
from loopcare.staff.signing import derive_secret, fingerprint


@dataclass(frozen=True)
class Here:
    brand: str
    is_demo: bool


def installation() -> Here:
    """Brand and kind of this installation; a fresh database is a live one called LoopCare."""
    row = Installation.objects.filter(pk=1).values_list("brand", "world").first()
    return Here(brand=row[0], is_demo=row[1] == World.DEMO) if row else Here(brand="LoopCare", is_demo=False)


def demo_password() -> str:
    """The demo world's one password, kept in a file only the owner of the installation can read."""
    path = settings.HOME / "demo_password"
    return path.read_text().strip() if path.exists() else ""


@dataclass(frozen=True)
class Presented:
    """A key that somebody shows, with the times it must be judged by.

    `real_now` is the database's clock as it is, so that all web processes agree; a demo world's clock, which is `now`
    here, runs ahead of every sender. `secret` is empty where none derives to the one that was given out.
    """

    key: ApiKey
    secret: str
    real_now: datetime
    now: datetime


def presented_key(public_id: str) -> Presented | None:
    """The key of this id, revoked or not; None where there is none. Asked anew at every call, so a revocation holds."""
    real = Func(function="clock_timestamp", output_field=DateTimeField())
    key: Any = ApiKey.objects.annotate(real_now=real, installation_now=Now()).filter(public_id=public_id).first()
    if key is None:
        return None
    return Presented(key=key, secret=_secret_of(key), real_now=key.real_now, now=key.installation_now)


def still_signs(key: ApiKey) -> bool:
    """Whether calls with this key are answered: not revoked, and its secret still derives from the secret key."""
    return key.revoked_at is None and bool(_secret_of(key))


def _secret_of(key: ApiKey) -> str:
    """The secret that was given out; "" where none derives to it, because the secret key was changed since."""
    masters = (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)
    derived = (derive_secret(str(master), key.public_id) for master in masters)
    return next((secret for secret in derived if fingerprint(secret) == key.secret_sha256), "")
