"""How care happened in the demo world: campaigns are planned and launched, agents call, callbacks are promised."""

from __future__ import annotations

import heapq
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from random import Random

from careplans.enums import Outcome
from careplans.models import Campaign, Case, Strategy
from careplans.services.campaigns import draft_campaign, launch_campaign, preview_campaign
from careplans.services.cases import next_case, record_outcome
from evaluation.demo.chance import chance
from evaluation.demo.people import weighted
from evaluation.demo.sayings import NOTES, REMEDIES
from evaluation.demo.timeline import at_hour, is_working, today
from loopcare.staff.models import Team, User
from surveys.models import Segment
from surveys.services.segments import save_segment

SEGMENTS = {
    "Third time or more": "repeat_count >= 3",
    "Refund delays": "causes has any ('billing.refund', 'billing.charge')",
    "Weak coverage": "causes has any ('network.coverage', 'network.speed', 'network.voice')",
    "Kept waiting": "causes has any ('service.waiting', 'service.repeat', 'service.promise')",
    "Silent strategic customers": "value_tier in ('strategic', 'high') and activity_tier in ('fading', 'silent')",
}

# What comes of a call, in hundredths of the first try and of later ones.
FIRST_TRY = {
    Outcome.SOLVED: 34, Outcome.FOLLOW_UP: 6, Outcome.CALLBACK: 8, Outcome.NO_ANSWER: 33, Outcome.BUSY: 6,
    Outcome.CUT_OFF: 3, Outcome.WRONG_NUMBER: 4, Outcome.REFUSED: 5, Outcome.DO_NOT_CONTACT: 1,
}  # fmt: skip
LATER_TRY = FIRST_TRY | {Outcome.SOLVED: 30, Outcome.CALLBACK: 4, Outcome.NO_ANSWER: 41}

# Agents of this world work from eleven to seven: within the calling hours of every region, Urumqi's too.
FIRST_HOUR, LAST_HOUR = 11, 19
CALLING_OPENS, CALLING_CLOSES = 9, 20


def draw_segments(*, by: User, now: datetime) -> dict[str, Segment]:
    return {name: save_segment(name=name, rule=rule, by=by, now=now) for name, rule in SEGMENTS.items()}


def plan(
    *,
    name: str,
    team: Team,
    lines: Sequence[tuple[Segment, Strategy]],
    days: int,
    hold_out: str,
    by: User,
    seed: int,
    now: datetime,
) -> Campaign:
    """A draft that starts today and lasts `days`."""
    first = today(now)
    return draft_campaign(
        name=name,
        team=team,
        lines=lines,
        starts_on=first,
        ends_on=first + timedelta(days=days - 1),
        hold_out_share=Decimal(hold_out),
        agents=2,
        hours_per_day=Decimal("5.5"),
        by=by,
        now=now,
        seed=f"demo-{seed}-{name}"[:32],
    )


def launch(*, campaign: Campaign, by: User, now: datetime) -> None:
    preview = preview_campaign(campaign=campaign, now=now)
    launch_campaign(campaign=campaign, hash=preview.hash, by=by, now=now)


class Shift:
    """The agents of a team at work on one campaign."""

    def __init__(self, *, agents: Sequence[User], seed: int, promises_end: date | None = None) -> None:
        """From `promises_end` on no more callbacks are agreed, so that the campaign can be finished."""
        self._agents = agents
        self._seed = seed
        self._promises_end = promises_end

    def work(self, *, day: date, until: datetime, most: int) -> None:
        """One working day, at most `most` calls for each agent, nothing after `until`."""
        if not is_working(day):
            return
        rng = chance("day", self._seed, day.toordinal())
        end = min(at_hour(day, LAST_HOUR), until)
        ready = [(at_hour(day, FIRST_HOUR, 1 + 2 * n), n, most) for n in range(len(self._agents))]
        while ready:
            moment, place, left = heapq.heappop(ready)
            if moment >= end or not left:
                continue
            spoken = self._call(self._agents[place], moment)
            if spoken is None:
                heapq.heappush(ready, (moment + timedelta(minutes=60), place, left))
            else:
                rest = timedelta(minutes=rng.randint(2, 9))
                heapq.heappush(ready, (spoken + rest, place, left - 1))

    def _call(self, agent: User, moment: datetime) -> datetime | None:
        """The next case, and what came of it; the time when it was written down, or None when nothing was due."""
        case = next_case(agent=agent, now=moment)
        if case is None:
            return None
        rng = chance("call", self._seed, case.customer.reference, case.campaign.name, case.epoch)
        outcome = weighted(rng, FIRST_TRY if case.tries == 0 else LATER_TRY)
        if outcome == Outcome.CALLBACK and self._promises_end and today(moment) >= self._promises_end:
            outcome = Outcome.NO_ANSWER
        spoken = moment + timedelta(seconds=rng.randint(40, 280))
        booked_at = _booked(spoken, rng) if outcome == Outcome.CALLBACK else None
        write_down(case=case, agent=agent, outcome=outcome, booked_at=booked_at, rng=rng, now=spoken)
        return spoken


def promise(*, agents: Sequence[User], now: datetime, seed: int) -> None:
    """The last calls before `now`: each agent agrees on callbacks, one that is due now and others later."""
    times = slots(now)
    moment = promised_at(now)
    for place, slot in enumerate(times * len(agents)):
        agent = agents[place // len(times)]
        spoken = moment + timedelta(minutes=2 * place)
        case = next_case(agent=agent, now=spoken)
        if case is not None:
            rng = chance("promise", seed, case.customer.reference)
            write_down(case=case, agent=agent, outcome=Outcome.CALLBACK, booked_at=slot, rng=rng, now=spoken)


def write_down(
    *, case: Case, agent: User, outcome: Outcome, booked_at: datetime | None, rng: Random, now: datetime
) -> None:
    cause = rng.choice(case.entry.causes) if case.entry.causes else "other"
    told = outcome in (Outcome.SOLVED, Outcome.FOLLOW_UP)
    record_outcome(
        case_id=case.pk,
        agent=agent,
        epoch=case.epoch,
        outcome=outcome.value,
        notes=rng.choice(NOTES[outcome.value]),
        cause=cause if told else "",
        action=REMEDIES[cause] if outcome == Outcome.SOLVED else "",
        booked_at=booked_at,
        key=f"demo-{case.pk}-{case.epoch}",
        now=now,
    )


def promised_at(now: datetime) -> datetime:
    """The last quarter of an hour of work that is over well before `now` and before the first promised time."""
    wanted = slots(now)[0] - timedelta(minutes=40)
    day = today(wanted)
    while not (is_working(day) and at_hour(day, FIRST_HOUR, 10) <= wanted):
        day -= timedelta(days=1)
    return min(wanted, at_hour(day, LAST_HOUR))


def slots(now: datetime) -> list[datetime]:
    """Times of callbacks, all within calling hours: one that has just come, up to three that are still ahead."""
    day = today(now)
    opens, closes = at_hour(day, CALLING_OPENS), at_hour(day, CALLING_CLOSES)
    if now < opens + timedelta(minutes=15):
        come = closes - timedelta(days=1, minutes=10)
    else:
        come = min(now, closes) - timedelta(minutes=10)
    ahead = max(now, opens)
    waits = (timedelta(minutes=35), timedelta(minutes=95), timedelta(minutes=170))
    if ahead + waits[0] > closes:
        ahead, closes = opens + timedelta(days=1), closes + timedelta(days=1)
    return [come, *(ahead + wait for wait in waits if ahead + wait <= closes)]


def _booked(moment: datetime, rng: Random) -> datetime:
    """Some half hour of the next working day."""
    day = today(moment) + timedelta(days=1)
    while not is_working(day):
        day += timedelta(days=1)
    return at_hour(day, rng.randint(FIRST_HOUR, LAST_HOUR - 2), rng.choice((0, 30)))
