"""The headline numbers of a preview, each with what it is compared to."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from django.conf import settings
from django.utils.formats import date_format, number_format
from django.utils.translation import gettext as _

from careplans.models import Campaign
from careplans.services.previews import RESPONSE_RATE

NEARLY_FULL = 90
FULL = 100


@dataclass(frozen=True, slots=True)
class Headline:
    """What `parts/stat.html` takes; a value of None is shown as unknown."""

    label: str
    value: str | None
    note: str
    unit: str = ""
    state: str = ""


def headlines(campaign: Campaign, counts: dict[str, Any], read_out_on: date) -> list[Headline]:
    """Six numbers of a frozen list: care, hold-out, capacity, what it can show, cost, and when."""
    mde = None if counts["mde"] is None else number_format(counts["mde"], 1)
    return [
        Headline(_("Care"), count(counts["care"]), _("of %(n)s eligible") % {"n": count(counts["eligible"])}),
        Headline(_("Held out"), count(counts["hold_out"]), f"{float(campaign.hold_out_share) * 100:g}%"),
        _load(counts["capacity"]),
        Headline(
            _("Smallest visible effect"),
            mde,
            _("if %(share)d%% answer") % {"share": 100 * RESPONSE_RATE},
            unit=_(" pts") if mde else "",
        ),
        Headline(_("Cost"), f"{settings.CURRENCY}{count(round(counts['cost']))}", _("if every case is worked")),
        Headline(_("Read-out"), date_format(read_out_on, "Y-m-d"), _("if launched today")),
    ]


def _load(capacity: dict[str, Any]) -> Headline:
    """How much of the agents' time the plan would take, everybody served."""
    hours = {name: count(round(capacity[name] / 60)) for name in ("needed", "minutes")}
    note = _("needs %(needed)s h of %(minutes)s h") % hours
    if capacity["share"] is None:
        return Headline(_("Capacity"), None, note, state="bad")
    percent = round(100 * capacity["share"])
    state = "bad" if percent > FULL else "warn" if percent > NEARLY_FULL else "good"
    return Headline(_("Capacity"), count(percent), note, "%", state)


def count(n: int) -> str:
    """A whole number with the language's grouping."""
    return number_format(n, 0, force_grouping=True)
