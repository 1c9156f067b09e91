"""What customers of the demo world said in half a year, and the files in which it was delivered."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from itertools import accumulate
from pathlib import Path
from random import Random

from evaluation.demo.chance import chance
from evaluation.demo.people import CAUSES, NETWORK, Person, saying, weighted
from evaluation.demo.sayings import GRIEVANCES, PRAISE
from loopcare.staff.models import User
from surveys.services.intake import import_file


@dataclass(frozen=True, slots=True)
class Desk:
    """A source: answers a day per thousand customers, its scale, the share of bad ones in the storm and after it."""

    code: str
    answers: float
    scale: int
    storm: float
    calm: float
    every_day: bool = False
    parts: bool = False

    @property
    def adequate(self) -> float:
        """Between two answers: 7 of 10 is good enough and 6 is not; 4 of 5 is and 3 is not."""
        return 6.5 if self.scale == 10 else 3.5


DESKS = (
    Desk("hotline", 3.0, 10, 0.38, 0.12, every_day=True, parts=True),
    Desk("sms", 3.5, 10, 0.33, 0.09, every_day=True, parts=True),
    Desk("app-review", 0.5, 5, 0.50, 0.32),
    Desk("complaint-desk", 0.3, 5, 1.0, 1.0),
)

ALL_CAUSES = CAUSES | NETWORK
BATCH_DAYS = 14
"""How long a file covers, until in the last batch the big desks deliver daily."""

PARTS = {"waiting": 0.9, "knowledge": 0.3, "resolution": 1.6}
"""What the big desks ask besides, and how much each moves the whole: how long one waited matters more than manners."""

HEADER = ("Answer no.", "Customer", "Day", "Score", "Remarks", *PARTS, *ALL_CAUSES)


@dataclass(frozen=True, slots=True)
class Delivery:
    """One file: what one desk heard from `first` to `last`, both included, delivered on the morning after."""

    desk: Desk
    first: date
    last: date

    @property
    def file_name(self) -> str:
        return f"{self.desk.code}-{self.last.isoformat()}.csv"


def deliveries(*, first: date, last: date) -> list[Delivery]:
    """Every desk's files for the days `first` to `last`, in whole batches counted back from `last`."""
    found: list[Delivery] = []
    while last - timedelta(days=BATCH_DAYS - 1) >= first:
        start = last - timedelta(days=BATCH_DAYS - 1)
        newest = not found
        for desk in DESKS:
            step = 1 if newest and desk.every_day else BATCH_DAYS // 2 if newest else BATCH_DAYS
            days = [start + timedelta(days=n) for n in range(0, BATCH_DAYS, step)]
            found += [Delivery(desk, day, day + timedelta(days=step - 1)) for day in days]
        last = start - timedelta(days=1)
    return found


@dataclass(frozen=True)
class Voices:
    """Who answers, and who of them has reason to complain; `storm_ends` is the last day of the bad time."""

    people: Sequence[Person]
    storm_ends: date
    seed: int
    troubles: list[float] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "troubles", list(accumulate(person.trouble for person in self.people)))

    def rows(self, delivery: Delivery) -> list[tuple[str, ...]]:
        """The file's rows below its header."""
        desk, rows = delivery.desk, []
        for day in _days(delivery.first, delivery.last):
            rng = chance("day", self.seed, desk.code, (self.storm_ends - day).days)
            expected = desk.answers * len(self.people) / 1000
            for number in range(int(expected) + (rng.random() < expected % 1)):
                rows.append(self._row(desk, day, number, rng))
        return rows

    def _row(self, desk: Desk, day: date, number: int, rng: Random) -> tuple[str, ...]:
        bad = rng.random() < (desk.storm if day <= self.storm_ends else desk.calm)
        causes: set[str] = set()
        remark = ""
        if bad:
            person = rng.choices(self.people, cum_weights=self.troubles)[0]
            score = rng.choices(range(1, int(desk.adequate) + 1))[0]
            causes = _causes(person, rng)
            if rng.random() < 0.7:
                remark = saying(rng, person, GRIEVANCES[min(causes)])
        else:
            person = rng.choice(self.people)
            score = rng.randint(int(desk.adequate) + 1, desk.scale)
            if rng.random() < 0.1:
                remark = saying(rng, person, PRAISE)
        marks = ("x" if cause in causes else "" for cause in ALL_CAUSES)
        # Now and then a finger slips: such a row comes back with its reason.
        typed = "11" if rng.random() < 0.003 else str(score)
        name = f"{desk.code[:3].upper()}-{day:%y%m%d}-{number:03d}"
        return (name, person.reference, day.isoformat(), typed, remark, *self._parts(desk, name, score), *marks)

    def _parts(self, desk: Desk, name: str, score: int) -> tuple[str, ...]:
        """The parts of an answer: what weighs more lies nearer to the whole."""
        if not desk.parts:
            return ("",) * len(PARTS)
        rng = chance("parts", self.seed, name)
        levels = (score + rng.gauss(0, 2.0 / weight) for weight in PARTS.values())
        return tuple(str(min(desk.scale, max(1, round(level)))) for level in levels)


def deliver(*, delivery: Delivery, voices: Voices, folder: Path, by: User, now: datetime) -> None:
    """Write one file and import it, as the supervisor would."""
    rows = voices.rows(delivery)
    if not rows:
        return
    path = folder / delivery.file_name
    with path.open("w", encoding="utf-8", newline="") as opened:
        csv.writer(opened).writerows([HEADER, *rows])
    import_file(path=path, mapping_text=mapping(delivery.desk), source_code=delivery.desk.code, now=now, created_by=by)
    path.unlink()


def mapping(desk: Desk) -> str:
    """How a desk's file is read."""
    causes = ",\n".join(f'  {{ column = "{cause}", code = "{cause}" }}' for cause in ALL_CAUSES)
    scale = f"low = 1\nhigh = {desk.scale}\nadequate = {desk.adequate}"
    parts = "".join(f'\n[[rating]]\ncolumn = "{part}"\ndimension = "{part}"\n{scale}\n' for part in PARTS if desk.parts)
    return f"""[columns]
reference = "Customer"
external_id = "Answer no."
occurred_on = "Day"

[[rating]]
column = "Score"
dimension = "overall"
low = 1
high = {desk.scale}
adequate = {desk.adequate}
opens = true
{parts}
[[choices]]
causes = [
{causes},
]

[comment]
columns = ["Remarks"]
"""


def _causes(person: Person, rng: Random) -> set[str]:
    """Mostly what troubles this person, sometimes something else, sometimes both."""
    other = weighted(rng, ALL_CAUSES)
    return rng.choices(({person.cause}, {other}, {person.cause, other}), weights=(70, 18, 12))[0]


def _days(first: date, last: date) -> list[date]:
    return [first + timedelta(days=n) for n in range((last - first).days + 1)]
