"""What is good enough: the level in force, whose it is and why; learned, set and cleared; the zone of tolerance."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from datetime import date
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.timezone import localdate
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST, require_safe

from loopcare.common import clock
from loopcare.common.errors import Conflict, Invalid
from loopcare.customers.enums import ValueTier
from loopcare.customers.selectors import masked
from loopcare.staff.access import StaffRequest, roles
from surveys.enums import AdequateFrom
from surveys.forms.levels import LevelForm, SourceForm, TierForm
from surveys.logic.levels import Learned, from_evidence, learn_level
from surveys.models import AdequateLevel, Source
from surveys.selectors.adequacy import standings
from surveys.selectors.levels import EVERYBODY, TIERS, inversions, opening, rated, some_evidence, zones
from surveys.selectors.samples import OutOfTime, limited
from surveys.services.levels import clear_level, learn_levels, save_source, set_level
from surveys.views.level_lines import curve_of, line, not_learned_words, tier_name, zone_line
from surveys.views.pool import IMPORTERS as EDITORS
from surveys.views.pool import READERS


@roles(*READERS)
@require_safe
def levels(request: StaffRequest) -> HttpResponse:
    """Every dimension that opens with the level in force; every dimension with three stated levels; every source."""
    today = localdate(clock.now())
    sources = {source.pk: source for source in Source.objects.visible_to(request.user)}
    kept = defaultdict[int, list[AdequateLevel]](list)
    for row in AdequateLevel.objects.visible_to(request.user).select_related("decided_by"):
        kept[row.source_id].append(row)
    ratings = rated(today=today)
    lines = []
    for pk, dimension in opening():
        mine = None if ratings is None else ratings.get((pk, dimension), [])
        tiers = standings(sources[pk], dimension, kept[pk], mine)
        lines += [line(tier) for tier in tiers if tier.tier == EVERYBODY or tier.own]
    stated = zones(today=today)
    context = {
        "lines": lines,
        "zones": [(sources[pk], name, zone_line(*found)) for (pk, name), found in (stated or {}).items()],
        "zones_known": stated is not None,
        "sources": list(sources.values()),
        "may_edit": request.user.role in EDITORS,
    }
    return render(request, "surveys/levels/levels.html", context)


@roles(*READERS)
@require_safe
def source(request: StaffRequest, pk: int) -> HttpResponse:
    """One source: a dimension's levels by tier, the curve behind them, inversions, and the source's own settings."""
    return _page(request, get_object_or_404(Source.objects.visible_to(request.user), pk=pk))


@roles(*EDITORS)
@require_POST
def set_one(request: StaffRequest, pk: int) -> HttpResponse:
    """Say what is good enough for one tier of the dimension that the address names."""
    row = get_object_or_404(Source.objects.visible_to(request.user), pk=pk)
    form = LevelForm(request.POST)
    if form.is_valid():
        said = form.cleaned_data
        try:
            set_level(
                source=row,
                dimension=request.GET.get("dimension", ""),
                tier=said["value_tier"],
                level=said["level"],
                reason=said["reason"],
                by=request.user,
                now=clock.now(),
            )
        except Invalid as error:
            form.add_error(error.field if error.field in form.fields else None, error.message)
        else:
            messages.success(request, _("Level set. It holds for what lands from now on."))
            return _back(request, row)
    return _page(request, row, level_form=form, status=422)


@roles(*EDITORS)
@require_POST
def clear(request: StaffRequest, pk: int) -> HttpResponse:
    """Take back what was set for one tier."""
    row = get_object_or_404(Source.objects.visible_to(request.user), pk=pk)
    form = TierForm(request.POST)
    tier = form.cleaned_data["value_tier"] if form.is_valid() else EVERYBODY
    dimension = request.GET.get("dimension", "")
    clear_level(source=row, dimension=dimension, tier=tier, by=request.user, now=clock.now())
    messages.success(request, _("Level taken back."))
    return _back(request, row)


@roles(*EDITORS)
@require_POST
def learn(request: StaffRequest, pk: int) -> HttpResponse:
    """Learn the levels of this source now."""
    row = get_object_or_404(Source.objects.visible_to(request.user), pk=pk)
    try:
        with limited():
            lessons = learn_levels(now=clock.now(), sources=[row], by=request.user)
    except OutOfTime as error:
        problem = _("There are too many answers to learn from while you wait. Run: learn_levels --source %(code)s")
        raise Conflict(problem % {"code": row.code}) from error
    n = sum(lesson.learned.level is not None for lesson in lessons)
    told = ngettext("%(n)s level learned.", "%(n)s levels learned.", n) % {"n": n}
    messages.success(request, told if n else _("There is not enough to learn a level from yet; see why below."))
    return _back(request, row)


@roles(*EDITORS)
@require_POST
def save_settings(request: StaffRequest, pk: int) -> HttpResponse:
    """What the source does with customers nobody knows, and its own adequate level."""
    row = get_object_or_404(Source.objects.visible_to(request.user), pk=pk)
    form = SourceForm(request.POST)
    if form.is_valid():
        save_source(source=row, **form.cleaned_data, by=request.user, now=clock.now())
        messages.success(request, _("Source saved. It holds for what lands from now on."))
        return _back(request, row)
    return _page(request, row, source_form=form, status=422)


def _back(request: StaffRequest, row: Source) -> HttpResponse:
    dimension = request.GET.get("dimension", "")
    query = f"?{urlencode({'dimension': dimension})}" if dimension else ""
    return redirect(reverse("surveys:level", args=[row.pk]) + query)


def _page(
    request: StaffRequest,
    row: Source,
    *,
    level_form: LevelForm | None = None,
    source_form: SourceForm | None = None,
    status: int = 200,
) -> HttpResponse:
    dimensions = [dimension for pk, dimension in opening() if pk == row.pk]
    dimension = request.GET.get("dimension") or (dimensions[0] if dimensions else "")
    tier = request.GET.get("tier", EVERYBODY)
    context: dict[str, Any] = {
        "source": row,
        "dimension": dimension,
        "dimensions": dimensions if dimension in dimensions or not dimension else [*dimensions, dimension],
        "tier": tier if tier in TIERS else EVERYBODY,
        "tiers": [(name, tier_name(name)) for name in TIERS],
        "may_edit": request.user.role in EDITORS,
        "level_form": level_form or LevelForm(),
        "source_form": source_form or SourceForm.of(row),
        "form": level_form or source_form,
    }
    if dimension:
        context |= _of_dimension(row, dimension, context["tier"], today=localdate(clock.now()))
    return render(request, "surveys/levels/source.html", context, status=status)


def _of_dimension(row: Source, dimension: str, tier: str, *, today: date) -> dict[str, Any]:
    """The levels of a dimension by tier, the curve behind the one of `tier`, and what is the wrong way round."""
    ratings = rated(today=today)
    mine = None if ratings is None else ratings.get((row.pk, dimension), [])
    rows = list(row.levels.select_related("decided_by"))
    now = _learnable(row, dimension, today=today)
    kept = {one.value_tier: one for one in rows if (one.dimension, one.basis) == (dimension, AdequateFrom.LEARNED)}
    shown = now.get(tier) if now else None
    if tier in kept:
        shown = from_evidence(kept[tier].level, kept[tier].evidence)
    stated = zones(today=today)
    turned = list(inversions(row, dimension, today=today))
    people = masked({signal.customer_id for signal in turned})
    return {
        "lines": [
            line(standing, _not_learned(standing.tier, kept, now)) for standing in standings(row, dimension, rows, mine)
        ],
        "chart": curve_of(shown, title=f"{row.label} · {dimension} · {tier_name(tier)}") if shown else None,
        "zone": zone_line(*stated[row.pk, dimension]) if stated and (row.pk, dimension) in stated else None,
        "turned": [(signal, people[signal.customer_id]) for signal in turned],
    }


def _learnable(row: Source, dimension: str, *, today: date) -> dict[str, Learned] | None:
    """By tier: what learning would give now; None where looking took too long."""
    found = some_evidence(row, dimension, today=today)
    if found is None:
        return None
    everybody = learn_level(found.get(EVERYBODY, []))
    tiers = {tier: learn_level(found.get(tier, []), beside=everybody.level) for tier in ValueTier.values}
    return {EVERYBODY: everybody, **tiers}


def _not_learned(tier: str, kept: Mapping[str, AdequateLevel], now: Mapping[str, Learned] | None) -> str:
    """What to say of learning beside a tier's level: why there is none, or that it would be another one by now."""
    learned = now[tier] if now else None
    if tier in kept and (learned is None or learned.level is None or abs(learned.level - kept[tier].level) < 0.05):
        return ""
    return not_learned_words(learned)
