"""Cases in words: why this customer, and what an outcome would do."""

from __future__ import annotations

import math
from zoneinfo import ZoneInfo

from django.conf import settings
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from careplans.logic.cadence import Next, Step
from careplans.models import Case
from careplans.selectors.priority import factors_in_force, worth
from loopcare.customers.enums import ActivityTier, ValueTier
from surveys.enums import EntryKind

# What each step says; %(when)s is the customer's local time.
EFFECTS = {
    Next.CONFIRMATION: gettext_lazy("Solved; the customer may say no for seven days, then it closes."),
    Next.TASK_AND_CALLBACK: gettext_lazy("Back in the queue; next call %(when)s, or at the time you book."),
    Next.BOOKED: gettext_lazy("Booked for the agreed time; yours first, anyone's in the team 30 minutes after it."),
    Next.OTHER_PART_OF_DAY: gettext_lazy("Back in the queue; next try in another part of the day, %(when)s."),
    Next.NEXT_DAY: gettext_lazy("Back in the queue; next try on the next day, %(when)s."),
    Next.THREE_DAYS: gettext_lazy("Back in the queue; next try three days later, %(when)s."),
    Next.SOON: gettext_lazy("Back in the queue; next try soon, %(when)s."),
    Next.NEXT_NUMBER: gettext_lazy("This number is dead; the next number is tried %(when)s."),
    Next.NEEDS_NUMBER: gettext_lazy("This number is dead and no other is left; the case waits for a new one."),
    Next.TRIES_USED_UP: gettext_lazy("Closed as unreachable: all tries are used up."),
    Next.NOTHING_IN_CAMPAIGN: gettext_lazy("Closed; not contacted again in this campaign."),
    Next.NOTHING_EVER: gettext_lazy("Closed; this customer is never contacted again."),
}


def effect_in_words(step: Step, zone: ZoneInfo) -> str:
    """What a step does, with the next time by the customer's clock."""
    when = date_format(step.due_at.astimezone(zone), "D H:i") if step.due_at else ""
    return str(EFFECTS[step.note]) % {"when": when}


def why_in_words(case: Case) -> list[str]:
    """Why this customer and why now, in short phrases: how often, who, how far below adequate, what it is worth."""
    entry = case.entry
    times = ngettext("dissatisfied once lately", "dissatisfied %(n)d times lately", entry.repeat_count)
    phrases = [times % {"n": entry.repeat_count}]
    if entry.kind == EntryKind.LATENT:
        phrases.append(_("has not complained"))
    if entry.value_tier:
        phrases.append(str(ValueTier(entry.value_tier).label))
    if entry.activity_tier:
        phrases.append(str(ActivityTier(entry.activity_tier).label))
    if entry.gap is not None:
        phrases.append(_("%(gap).0f points below what is adequate") % {"gap": -entry.gap})
    elif entry.rule is not None:
        phrases.append(entry.rule.label)
    if case.booked_at is not None:
        phrases.append(_("a callback was promised"))
    if case.priority > 0:
        phrases.append(_worth_in_words(case))
    return phrases


def _worth_in_words(case: Case) -> str:
    """What the case is worth, and why, by the factors that held when it was opened.

    Where they do not make its priority (the strategy has another cost by now), only what it was worth then.
    """
    currency = settings.CURRENCY
    words = _("expected %(currency)s%(value)s per minute") % {"currency": currency, "value": f"{case.priority:.1f}"}
    tier = str(case.assignment.snapshot.get("value_tier", ""))
    expected = worth(factors_in_force(case.opened_at), tier, case.strategy)
    if expected.per_minute is None or not math.isclose(expected.per_minute, case.priority, rel_tol=1e-6):
        return words
    facts = {
        "worth": words,
        "currency": currency,
        "value": f"{expected.value_at_stake:,.0f}",
        "leaves": f"{100 * expected.p_leaves:.3g}",
        "kept": f"{100 * (expected.effect or 0):.3g}",
        "cost": f"{expected.cost:.2f}",
        "minutes": f"{expected.minutes:g}",
    }
    return (
        _(
            "%(worth)s: %(currency)s%(value)s at stake × %(leaves)s%% who leave × %(kept)s%% of them kept "
            "− %(currency)s%(cost)s cost, in %(minutes)s minutes"
        )
        % facts
    )
