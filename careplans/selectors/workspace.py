"""The agent's workspace: one case with everything that is shown beside the telephone."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import get_language

from careplans.enums import Outcome
from careplans.logic.cadence import OUTCOMES
from careplans.logic.cadence import Outcome as Code
from careplans.models import Attempt, Case, Draft
from careplans.selectors.situation import Situation, situation
from careplans.selectors.words import effect_in_words, why_in_words
from loopcare.customers.selectors import MaskedPoint, masked
from loopcare.staff.models import User
from surveys.selectors import causes, labels


@dataclass(frozen=True, slots=True)
class OutcomeChoice:
    """One of the nine outcomes: `key` is its number key, `effect` what it would do right now, in words.

    `due_at` is when the next try would be (UTC); None when none follows or the agent chooses it.
    """

    code: str
    key: int
    label: str
    effect: str
    due_at: datetime | None


@dataclass(frozen=True, slots=True)
class HistoryLine:
    """One earlier try with this customer; `here` tells whether it belongs to this case."""

    at: datetime
    agent: str
    outcome: str
    notes: str
    case_id: int
    here: bool


@dataclass(frozen=True, slots=True)
class CaseView:
    """A case as its agent sees it: names and numbers masked, times by the customer's clock.

    `local_time` carries the customer's zone, whose name is `zone`. `why` says in phrases why this customer, why now.
    `cause_choices` are (code, name) of those in use. `try_no` is the number of the try that is running, of `max_tries`.
    """

    case: Case
    name: str
    points: list[MaskedPoint]
    point: MaskedPoint | None
    local_time: datetime
    zone: str
    within_hours: bool
    why: list[str]
    gap: float | None
    source: str
    brand: str
    region: str
    raw: str
    comment: str
    causes: list[str]
    cause_choices: list[tuple[str, str]]
    guide: list[str]
    history: list[HistoryLine]
    outcomes: list[OutcomeChoice]
    try_no: int
    max_tries: int
    draft: Draft | None


def case_view(case: Case, now: datetime, agent: User | None = None) -> CaseView:
    """Everything the workspace shows of `case` at `now`; with `agent`, their own draft too."""
    person = masked([case.customer_id])[case.customer_id]
    here = situation(case, points=person.points, now=now)
    known = list(causes())
    names = {cause.code: cause.name for cause in known}
    entry = case.entry
    return CaseView(
        case=case,
        name=person.name,
        points=person.points,
        point=here.point,
        local_time=now.astimezone(here.zone),
        zone=here.zone.key,
        within_hours=here.within_hours,
        why=why_in_words(case),
        gap=entry.gap,
        source=entry.source.label,
        brand=entry.brand,
        region=labels("region").get(entry.region, entry.region),
        raw=entry.raw,
        comment=entry.comment,
        causes=[names.get(code, code) for code in entry.causes],
        cause_choices=[(cause.code, cause.name) for cause in known if cause.retired_at is None],
        guide=_guide(case),
        history=_history(case),
        outcomes=[_choice(outcome, here) for outcome in Outcome],
        try_no=min(here.tries + 1, here.max_tries),
        max_tries=here.max_tries,
        draft=Draft.objects.filter(case=case, agent=agent).first() if agent else None,
    )


def _guide(case: Case) -> list[str]:
    """The strategy's steps in the reader's language, or in the one that is written."""
    en, zh = case.strategy.guide_en, case.strategy.guide_zh
    chinese = (get_language() or "en").startswith("zh")
    return [step.strip() for step in ((zh or en) if chinese else (en or zh)).splitlines() if step.strip()]


def _history(case: Case) -> list[HistoryLine]:
    """The tries of this case and of the customer's earlier ones, the newest first."""
    tries = Attempt.objects.filter(case__customer_id=case.customer_id).select_related("agent").order_by("-at", "-pk")
    return [
        HistoryLine(
            at=attempt.at,
            agent=str(attempt.agent),
            outcome=str(Outcome(attempt.outcome).label),
            notes=attempt.notes,
            case_id=attempt.case_id,
            here=attempt.case_id == case.pk,
        )
        for attempt in tries
    ]


def _choice(outcome: Outcome, here: Situation) -> OutcomeChoice:
    # A callback's time is the agent's to choose; `now` stands for it, so that the rest of the effect can be told.
    step = here.step(outcome, booked_at=here.now if outcome == Outcome.CALLBACK else None)
    chosen = outcome == Outcome.CALLBACK
    return OutcomeChoice(
        code=outcome.value,
        key=OUTCOMES[Code(outcome.value)].key,
        label=str(outcome.label),
        effect=effect_in_words(step, here.zone),
        due_at=None if chosen else step.due_at,
    )
