"""What the queue is ordered by: every factor, where it comes from, what it makes of each case, and changing it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.forms import BoundField
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST, require_safe

from careplans.enums import FactorBasis, FactorKind, StrategyKind
from careplans.forms import tell
from careplans.forms_priority import FactorsForm
from careplans.logic.calibration import LEAST_CLOSED, Suggestion
from careplans.models import PriorityFactor, Strategy
from careplans.selectors.priority import (
    Name,
    Standing,
    factors_of,
    factors_version,
    standings,
    suggested_effects,
    worth_by_tier,
)
from careplans.services.priority import adopt_suggestion, field_of, set_factors
from careplans.views.campaigns import READERS as CAMPAIGN_READERS
from loopcare.common.charts.scales import UNKNOWN, number
from loopcare.common.clock import now
from loopcare.common.errors import Conflict, Invalid
from loopcare.customers.enums import ValueTier
from loopcare.staff.access import StaffRequest, roles
from loopcare.staff.enums import Role

READERS = (Role.SUPERVISOR, Role.ANALYST, Role.AUDITOR, Role.ADMINISTRATOR)
WRITERS = (Role.SUPERVISOR, Role.ADMINISTRATOR)
CHANGES_SHOWN = 20


@roles(*READERS)
@require_safe
def priority(request: StaffRequest) -> HttpResponse:
    return _page(request, FactorsForm(standings=standings(), seen=factors_version()))


@roles(*WRITERS)
@require_POST
def save(request: StaffRequest) -> HttpResponse:
    """Set the factors; or with `act` "try" only show what they would make of each case."""
    form = FactorsForm(request.POST, standings=standings(), seen=factors_version())
    if not form.is_valid():
        return _page(request, form, status=Invalid.status)
    if request.POST.get("act") == "try":
        return _page(request, form, tried=form.values())
    try:
        changed = set_factors(values=form.values(), seen=form.cleaned_data["seen"], by=request.user, now=now())
    except (Conflict, Invalid) as error:
        tell(form, error)
        return _page(request, form, status=error.status)
    n = len(changed)
    words = ngettext(
        "%(n)d factor set, for what is launched from now on.", "%(n)d factors set, for what is launched from now on.", n
    )
    messages.success(request, words % {"n": n} if n else _("Nothing was changed."))
    return redirect("careplans:priority")


@roles(*WRITERS)
@require_POST
def adopt(request: StaffRequest) -> HttpResponse:
    """Take over what closed cases suggest."""
    seen = request.POST.get("seen", "")
    changed = adopt_suggestion(seen=int(seen) if seen.isdecimal() else -1, by=request.user, now=now())
    words = ngettext("%(n)d factor taken over.", "%(n)d factors taken over.", len(changed))
    messages.success(request, words % {"n": len(changed)} if changed else _("Nothing was changed."))
    return redirect("careplans:priority")


def _page(
    request: StaffRequest, form: FactorsForm, *, tried: dict[Name, float] | None = None, status: int = 200
) -> HttpResponse:
    standing, suggested = form.standings, suggested_effects()
    strategies = list(Strategy.objects.visible_to(request.user))
    values = {name: each.value for name, each in standing.items()}
    changes = PriorityFactor.objects.visible_to(request.user).select_related("by").order_by("-version", "kind", "of")
    context = {
        "form": form,
        "tiers": [
            _row(form, str(ValueTier(tier).label), (FactorKind.P_LEAVES, FactorKind.VALUE), tier)
            for tier in ValueTier.values
        ],
        "kinds": [
            _row(form, str(StrategyKind(kind).label), (FactorKind.EFFECT,), kind) for kind in StrategyKind.values
        ],
        "tier_names": ValueTier.labels,
        "worth": _worth(strategies, values, tried),
        "tried": tried is not None,
        "suggested": [
            _suggestion(kind, suggested[kind], standing) for kind in StrategyKind.values if kind in suggested
        ],
        "least": LEAST_CLOSED,
        "seen": factors_version(),
        "changes": [_change(row) for row in changes[:CHANGES_SHOWN]],
        "currency": settings.CURRENCY,
        "may_write": request.user.role in WRITERS,
        "may_campaigns": request.user.role in CAMPAIGN_READERS,
    }
    return render(request, "careplans/priority/priority.html", context, status=status)


def _row(
    form: FactorsForm, label: str, kinds: tuple[FactorKind, ...], of: str
) -> tuple[str, list[tuple[BoundField, str, str]]]:
    """A line of the table: whose, and its fields, each with what stands in it and where that comes from."""
    names = [(kind.value, of) for kind in kinds]
    return label, [
        (form[field_of(name)], _value(*name, form.standings[name].value), _source(form.standings[name]))
        for name in names
    ]


def _source(standing: Standing) -> str:
    if standing.at is None:
        return _("assumed")
    facts = {"by": standing.by, "at": localtime(standing.at).strftime("%Y-%m-%d")}
    if standing.basis == FactorBasis.SET:
        return _("set by %(by)s, %(at)s") % facts
    return _("calibrated from %(n)s closed cases, taken over by %(by)s, %(at)s") % (
        facts | {"n": number((standing.evidence or {}).get("closed", 0))}
    )


def _value(kind: str, of: str, value: float) -> str:
    if kind == FactorKind.VALUE:
        return f"{settings.CURRENCY}{number(value)}"
    return f"{number(100 * value, 1)}%"


def _worth(
    strategies: list[Strategy], values: dict[Name, float], tried: dict[Name, float] | None
) -> list[dict[str, Any]]:
    """Value per minute by strategy and tier as it is, and as it would be."""
    stands = worth_by_tier(factors_of(values), strategies)
    would = worth_by_tier(factors_of(tried), strategies) if tried else stands
    return [
        {
            "strategy": strategy.label,
            "takes": _takes(strategy),
            "cells": [
                (_per_minute(new), _per_minute(old) if new != old else "")
                for old, new in zip(before, after, strict=True)
            ],
        }
        for (strategy, before), (_same, after) in zip(stands, would, strict=True)
    ]


def _takes(strategy: Strategy) -> str:
    facts = {
        "minutes": f"{float(strategy.minutes):g}",
        "currency": settings.CURRENCY,
        "cost": f"{strategy.unit_cost:.2f}",
    }
    return _("%(minutes)s min, %(currency)s%(cost)s") % facts


def _per_minute(value: float | None) -> str:
    return number(value, 2) if value is not None else UNKNOWN


def _suggestion(kind: str, found: Suggestion, standing: Mapping[Name, Standing]) -> dict[str, str]:
    return {
        "kind": str(StrategyKind(kind).label),
        "closed": number(found.closed),
        "confirmed": number(found.confirmed),
        "share": f"{number(100 * found.share, 1)}%",
        "interval": f"{number(100 * found.share_low, 1)}–{number(100 * found.share_high, 1)}%",
        "now": _value(FactorKind.EFFECT, kind, standing[FactorKind.EFFECT.value, kind].value),
        "effect": f"{number(100 * found.effect, 1)}%",
        "effect_interval": f"{number(100 * found.effect_low, 1)}–{number(100 * found.effect_high, 1)}%",
    }


def _change(row: PriorityFactor) -> dict[str, Any]:
    of = StrategyKind(row.of).label if row.kind == FactorKind.EFFECT else ValueTier(row.of).label
    return {
        "version": row.version,
        "at": row.at,
        "by": row.by,
        "factor": f"{FactorKind(row.kind).label}: {of}",
        "value": _value(row.kind, row.of, row.value),
        "basis": FactorBasis(row.basis).label,
    }
