"""What the demo world begins with: the people who work here, the places, and the customers."""

from __future__ import annotations

import os
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.contrib.auth.hashers import make_password

from careplans.services import strategies
from evaluation.demo.chance import chance
from evaluation.demo.people import PLACES, Person
from loopcare.contact.services import suppress
from loopcare.customers.enums import PointKind
from loopcare.customers.models import Customer, Region
from loopcare.customers.points import merge_points
from loopcare.staff.enums import Role
from loopcare.staff.models import Team, User
from loopcare.staff.selectors import demo_password
from surveys.services import setup

READABLE = "abcdefghjkmnpqrstuvwxyz23456789"
"""Letters and digits that nobody mistakes for each other."""

DO_NOT_CONTACT = 0.012
"""Share of customers who asked to be left alone before this world begins."""


@dataclass(frozen=True, slots=True)
class Staff:
    """Who works here. The first team works the campaigns of the past, the second one is free for new ones."""

    callers: Team
    others: Team
    callers_agents: list[User]
    supervisor: User
    analyst: User


def keep_password() -> str:
    """The one password of this world, made once and kept where only the owner of the installation can read it."""
    if known := demo_password():
        return known
    password = "-".join("".join(secrets.choice(READABLE) for _ in range(4)) for _ in range(3))
    settings.HOME.mkdir(parents=True, exist_ok=True)
    path = settings.HOME / "demo_password"
    path.unlink(missing_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as opened:
        opened.write(password + "\n")
    return password


def hire(*, password: str) -> Staff:
    """Two teams and eight sign-ins with one password, hashed once: hashing is slow on purpose."""
    hashed = make_password(password)
    callers, others = Team.objects.create(name="Callback team"), Team.objects.create(name="Network care team")

    def user(username: str, role: Role, name: str, team: Team | None = None, language: str = "en") -> User:
        made: User = User.objects.create(
            username=username, password=hashed, role=role, display_name=name, team=team, language=language
        )
        return made

    staff = Staff(
        callers=callers,
        others=others,
        callers_agents=[
            user("agent", Role.AGENT, "Li Na", callers),
            user("agent2", Role.AGENT, "Chen Hao", callers, "zh-hans"),
        ],
        supervisor=user("supervisor", Role.SUPERVISOR, "Zhang Wei"),
        analyst=user("analyst", Role.ANALYST, "Lin Yue"),
    )
    user("agent3", Role.AGENT, "Zhou Ting", others)
    user("agent4", Role.AGENT, "Wu Bo", others, "zh-hans")
    user("auditor", Role.AUDITOR, "Gao Feng")
    user("administrator", Role.ADMINISTRATOR, "Xu Jing")
    return staff


def settle(*, people: Sequence[Person], seed: int, now: datetime) -> None:
    """Sources, causes, strategies, regions and the whole customer base, as a billing system would hand it over."""
    setup.ensure_basics()
    strategies.ensure_basics()
    Region.objects.bulk_create(Region(code=place.code, name=place.name, time_zone=place.zone) for place in PLACES)
    Customer.objects.bulk_create(
        [
            Customer(
                reference=person.reference,
                name=person.name,
                brand=person.brand,
                region_id=person.region,
                language=person.language,
                value_tier=person.value_tier,
                activity_tier=person.activity_tier,
                attributes={"plan": person.plan, "tenure_months": person.tenure_months},
                created_at=now,
            )
            for person in people
        ],
        batch_size=2_000,
    )
    given = [(p.reference, kind, text) for p in people for kind, text in _points(p) if text]
    merge_points(rows=given)
    for pk, reference in Customer.objects.order_by("pk").values_list("pk", "reference"):
        if chance("suppressed", seed, reference).random() < DO_NOT_CONTACT:
            suppress(customer_id=pk, reason="asked in writing", now=now)


def _points(person: Person) -> tuple[tuple[str, str], ...]:
    """Invented in their normal form already."""
    return (PointKind.PHONE.value, person.phone), (PointKind.EMAIL.value, person.email)
