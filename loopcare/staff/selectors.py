"""What there is to know about this installation and its people."""

from __future__ import annotations

from dataclasses import dataclass

from django.conf import settings

from loopcare.staff.enums import World
from loopcare.staff.models import Installation


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
