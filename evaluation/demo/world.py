"""The demo world: half a year of an invented mobile operator, lived through the same services as a real one.

Everything happens in one transaction: a load that is killed leaves nothing, and nobody sees half a world. What
happened depends on the seed and on `now`, and on row ids only through the draw of the hold-outs.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _

from careplans.enums import StrategyKind
from careplans.models import Attempt, Campaign, Case, Strategy
from careplans.services.campaigns import finish
from careplans.services.cases import close_unconfirmed
from evaluation.demo import care, tickets
from evaluation.demo.answers import Panel
from evaluation.demo.feedback import Voices, deliver, deliveries
from evaluation.demo.founding import Staff, hire, keep_password, settle
from evaluation.demo.people import Person, invent
from evaluation.demo.timeline import Timeline, at_hour, opening, today, working_day
from evaluation.logic.waves import WAVES, due_on
from evaluation.services.estimates import read_out
from evaluation.services.panel import absorb_answers, enrol
from loopcare.common.errors import Conflict
from loopcare.contact.models import Message
from loopcare.customers.models import Customer
from loopcare.staff.models import User
from loopcare.staff.selectors import installation
from loopcare.staff.services import found_demo_world
from surveys.models import Answer, PoolEntry, Segment, Signal
from surveys.services.monitoring import monitor
from surveys.services.months import make_months

BRAND = "Northwind Mobile"
PAST = timedelta(days=182)
FIRST_LAUNCH = timedelta(days=112)
SECOND_LAUNCH = timedelta(days=3)
ROUND_LASTS = 14
"""Days of a campaign."""

FIRST, SECOND, THIRD = "Slow refunds, and third times", "Coverage, second round", "Silent strategic customers"


def is_loaded() -> bool:
    return installation().is_demo and Customer.objects.exists()


def load(*, customers: int, seed: int, now: datetime) -> dict[str, Any]:
    """Load the world and count it. Raises Conflict where there is one already, or where live work may have begun."""
    if is_loaded():
        raise Conflict(
            _("The demo world is loaded already; to begin anew, stop LoopCare and remove its data directory.")
        )
    if not installation().is_demo and (User.objects.exists() or Customer.objects.exists()):
        raise Conflict(_("This installation is in use; a demo world is loaded into an empty one only."))
    asked, now = now, opening(now)
    days = (today(now) - timedelta(days=n) for n in range(PAST.days + 1))
    # New months lock customers and signals, so they come before the long transaction and stay if it fails.
    make_months(days=days)
    password = keep_password()
    with _mail_is_kept_back(), transaction.atomic(), TemporaryDirectory() as folder:
        found_demo_world(brand=BRAND, ahead=now - asked)
        world = World.found(customers=customers, seed=seed, now=now, password=password)
        world.live(folder=Path(folder))
        return counts()


@contextmanager
def _mail_is_kept_back() -> Iterator[None]:
    """The mails of an invented past go nowhere, whatever mail server this installation has.

    The outbox reads these settings at every message, and nothing else runs in this process.
    """
    before = settings.EMAIL_BACKEND, settings.EMAIL_CONFIGURED
    settings.EMAIL_BACKEND, settings.EMAIL_CONFIGURED = "django.core.mail.backends.dummy.EmailBackend", True
    try:
        yield
    finally:
        settings.EMAIL_BACKEND, settings.EMAIL_CONFIGURED = before


def counts() -> dict[str, int]:
    """The world by stage."""
    return {
        "customers": Customer.objects.count(),
        "signals": Signal.objects.count(),
        "pool_entries": PoolEntry.objects.count(),
        "pool_open": PoolEntry.objects.open().count(),
        "campaigns": Campaign.objects.count(),
        "cases": Case.objects.count(),
        "cases_open": Case.objects.open().count(),
        "attempts": Attempt.objects.count(),
        "messages": Message.objects.count(),
        "answers": Answer.objects.count(),
    }


@dataclass(frozen=True, slots=True)
class World:
    """Who and where, before anything happens, and the plan of what happens when."""

    people: list[Person]
    staff: Staff
    segments: dict[str, Segment]
    strategies: dict[str, Strategy]
    timeline: Timeline
    seed: int
    now: datetime

    @classmethod
    def found(cls, *, customers: int, seed: int, now: datetime, password: str) -> World:
        began = at_hour(today(now) - PAST, 6)
        people = invent(number=customers, seed=seed)
        staff = hire(password=password)
        settle(people=people, seed=seed, now=began)
        segments = care.draw_segments(by=staff.supervisor, now=began)
        strategies = {strategy.kind: strategy for strategy in Strategy.objects.all()}
        return cls(people, staff, segments, strategies, Timeline(), seed, now)

    def live(self, *, folder: Path) -> None:
        """Half a year, from its first morning to `now`."""
        first = working_day(today(self.now) - FIRST_LAUNCH)
        second = working_day(today(self.now) - SECOND_LAUNCH)
        self._hear(folder, storm_ends=first)
        self.timeline.at(at_hour(first, 10), self._first_round)
        self.timeline.at(at_hour(second, 10), self._second_round)
        self.timeline.at(at_hour(second, 16), self._draft)
        self._take_tickets(folder)
        for day in _days(first, today(self.now)):
            self.timeline.at(at_hour(day, 23), self._close_the_day)
        self.timeline.run(until=self.now)
        monitor(now=self.now)

    def _hear(self, folder: Path, *, storm_ends: date) -> None:
        """Feedback arrives on the morning after it was given."""
        voices = Voices(self.people, storm_ends, self.seed)
        yesterday = today(self.now) - timedelta(days=1)
        for delivery in deliveries(first=today(self.now) - PAST, last=yesterday):
            step = partial(self._deliver, delivery=delivery, voices=voices, folder=folder)
            self.timeline.at(at_hour(delivery.last + timedelta(days=1), 7), step)

    def _take_tickets(self, folder: Path) -> None:
        """The shops deliver once a week, and after yesterday at once."""
        yesterday = today(self.now) - timedelta(days=1)
        start = tickets.first_day(yesterday)
        for first in [start + timedelta(days=7 * week) for week in range(tickets.WEEKS)]:
            step = partial(self._bring, first=first, spike_on=yesterday, folder=folder)
            self.timeline.at(at_hour(first + timedelta(days=7), 7), step)

    def _bring(self, now: datetime, *, first: date, spike_on: date, folder: Path) -> None:
        tickets.deliver(
            first=first,
            last=first + timedelta(days=6),
            spike_on=spike_on,
            customers=len(self.people),
            seed=self.seed,
            folder=folder,
            by=self.staff.supervisor,
            now=now,
        )

    def _deliver(self, now: datetime, **facts: Any) -> None:
        deliver(**facts, by=self.staff.supervisor, now=now)

    def _callback(self, *names: str) -> list[tuple[Segment, Strategy]]:
        return [(self.segments[name], self.strategies[StrategyKind.CALLBACK]) for name in names]

    def _first_round(self, now: datetime) -> None:
        """Callbacks after the storm; asked three times, read out on its day."""
        campaign = care.plan(
            name=FIRST,
            team=self.staff.callers,
            lines=self._callback("Third time or more", "Refund delays"),
            days=ROUND_LASTS,
            hold_out="0.34",
            by=self.staff.supervisor,
            seed=self.seed,
            now=now,
        )
        care.launch(campaign=campaign, by=self.staff.supervisor, now=now)
        campaign.refresh_from_db()
        shift = care.Shift(
            agents=self.staff.callers_agents, seed=self.seed, promises_end=campaign.ends_on - timedelta(days=4)
        )
        for day in _days(campaign.starts_on, campaign.ends_on):
            step = partial(_work, shift=shift, until=self.now, most=40)
            self.timeline.at(at_hour(day, care.FIRST_HOUR), step)
        self.timeline.at(at_hour(campaign.ends_on, 20), partial(self._finish, campaign=campaign))
        panel = Panel(timeline=self.timeline, people={p.reference: p for p in self.people}, seed=self.seed)
        for wave in WAVES:
            # Half past noon: ten o'clock has come in every region.
            moment = at_hour(due_on(today(now), wave), 12, 30)
            self.timeline.at(moment, partial(panel.ask, campaign=campaign, wave=wave))
        assert campaign.read_out_on is not None
        self.timeline.at(at_hour(campaign.read_out_on, 15), partial(self._read_out, campaign=campaign))

    def _finish(self, now: datetime, *, campaign: Campaign) -> None:
        campaign.refresh_from_db()
        finish(campaign=campaign, by=self.staff.supervisor, now=now)

    def _read_out(self, now: datetime, *, campaign: Campaign) -> None:
        campaign.refresh_from_db()
        read_out(campaign=campaign, now=now, by=self.staff.analyst)

    def _second_round(self, now: datetime) -> None:
        """Under way now: some cases done, some waiting, callbacks promised for today."""
        campaign = care.plan(
            name=SECOND,
            team=self.staff.callers,
            lines=self._callback("Weak coverage", "Third time or more"),
            days=ROUND_LASTS,
            hold_out="0.1",
            by=self.staff.supervisor,
            seed=self.seed,
            now=now,
        )
        care.launch(campaign=campaign, by=self.staff.supervisor, now=now)
        agents = self.staff.callers_agents
        last_calls = care.promised_at(self.now)
        shift = care.Shift(agents=agents, seed=self.seed)
        for day in _days(today(now), today(last_calls)):
            step = partial(_work, shift=shift, until=last_calls - timedelta(minutes=10), most=20)
            self.timeline.at(at_hour(day, care.FIRST_HOUR), step)
        self.timeline.at(last_calls, partial(self._promise, agents=agents))

    def _promise(self, _now: datetime, *, agents: list[User]) -> None:
        care.promise(agents=agents, now=self.now, seed=self.seed)

    def _draft(self, now: datetime) -> None:
        """A plan that nobody has previewed yet."""
        care.plan(
            name=THIRD,
            team=self.staff.others,
            lines=[(self.segments["Silent strategic customers"], self.strategies[StrategyKind.CALLBACK])],
            days=ROUND_LASTS,
            hold_out="0.1",
            by=self.staff.supervisor,
            seed=self.seed,
            now=now,
        )

    def _close_the_day(self, now: datetime) -> None:
        """What the workers would have done meanwhile."""
        enrol(now=now)
        absorb_answers(now=now)
        close_unconfirmed(now=now)


def _work(now: datetime, *, shift: care.Shift, until: datetime, most: int) -> None:
    shift.work(day=today(now), until=until, most=most)


def _days(first: date, last: date) -> list[date]:
    return [first + timedelta(days=n) for n in range((last - first).days + 1)]
