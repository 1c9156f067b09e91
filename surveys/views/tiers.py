"""Tiers: by which measure they are told, what other cuts would change, and who moved."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.timezone import localdate
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST, require_safe

from loopcare.common import clock
from loopcare.common.charts.scales import number
from loopcare.common.errors import Conflict, Invalid
from loopcare.staff.access import StaffRequest, roles
from surveys.enums import AnalysisKind, TierKind
from surveys.forms.tiers import TierRuleForm, measure_label
from surveys.logic.tiers import TIERS, TOLD, Kind, NoRule, check, shown_as
from surveys.models import Analysis, TierRule
from surveys.selectors.analyses import latest_analysis
from surveys.selectors.samples import OutOfTime, limited
from surveys.selectors.tiers import numeric_attributes, spread
from surveys.services.tiers import KINDS, decide_tier_rule, make_tiers, retier
from surveys.views.pool import IMPORTERS as EDITORS
from surveys.views.pool import READERS
from surveys.views.shares import percent_of
from surveys.views.tier_lines import begins, histogram, move_rows, scaled, tier_label, tier_lines, value


@roles(*READERS)
@require_safe
def tiers(request: StaffRequest) -> HttpResponse:
    """Both kinds of tiers: the rule in words, the measure with its cuts, versions, and the moves of four weeks."""
    return _page(request)


@roles(*EDITORS)
@require_POST
def try_rule(request: StaffRequest, kind: str) -> HttpResponse:
    """What a rule that is being written would change: columns, counts by tier, and who would move."""
    known = _kind(kind)
    form = TierRuleForm(known, [name for name, _n in numeric_attributes()], request.POST)
    return render(request, "surveys/tiers/trial.html", _trial(known, form))


@roles(*EDITORS)
@require_POST
def decide(request: StaffRequest, kind: str) -> HttpResponse:
    """Let another measure or other cuts hold from the next day on."""
    known = _kind(kind)
    form = TierRuleForm(known, [name for name, _n in numeric_attributes()], request.POST)
    status = 422
    if form.is_valid():
        measure, cuts = form.rule()
        try:
            decide_tier_rule(kind=known, measure=measure, cuts=cuts, by=request.user, now=clock.now())
        except (Invalid, Conflict) as error:
            form.add_error("measure" if error.field == "measure" else None, error.message)
            status = error.status
        else:
            messages.success(
                request, _("Rule saved. Customers are told anew by it tomorrow, or at once by the button.")
            )
            return redirect("surveys:tiers")
    return _page(request, tried={known: form}, status=status)


@roles(*EDITORS)
@require_POST
def tell_anew(request: StaffRequest) -> HttpResponse:
    """Tell the tiers of all customers anew, now."""
    now = clock.now()
    try:
        with limited():
            done = retier(now=now)
            make_tiers(now=now)
    except OutOfTime as error:
        raise Conflict(_("There are too many customers to tell anew while you wait. Run: tiers")) from error
    n = sum(sum(one.moves.values()) for one in done)
    told = ngettext("%(n)s customer moved.", "%(n)s customers moved.", n) % {"n": number(n)}
    messages.success(request, told if n else _("Nobody moved."))
    return redirect("surveys:tiers")


def _page(
    request: StaffRequest, *, tried: Mapping[Kind, TierRuleForm] | None = None, status: int = 200
) -> HttpResponse:
    tried = tried or {}
    attributes = [name for name, _n in numeric_attributes()]
    analysis = latest_analysis(Analysis.objects.visible_to(request.user), AnalysisKind.TIERS)
    versions = list(TierRule.objects.visible_to(request.user).select_related("decided_by"))
    kinds = []
    for kind in KINDS:
        mine = [row for row in versions if row.kind == kind]
        form = tried.get(kind) or TierRuleForm.of(kind, attributes, mine[0] if mine else None)
        kinds.append(
            {
                "kind": kind,
                "label": TierKind(kind).label,
                "words": begins(mine[0].measure, mine[0].cuts, kind) if mine else [],
                "measure": measure_label(mine[0].measure if mine else TOLD),
                "versions": [(row, measure_label(row.measure), begins(row.measure, row.cuts, kind)) for row in mine],
                "kept": _kept(kind, analysis),
                **_trial(kind, form),
            }
        )
    context = {
        "kinds": kinds,
        "analysis": analysis,
        "n": number(analysis.figures["n"]) if analysis else "",
        "may_edit": request.user.role in EDITORS,
        "form": next(iter(tried.values()), None),
    }
    return render(request, "surveys/tiers/tiers.html", context, status=status)


def _trial(kind: Kind, form: TierRuleForm) -> dict[str, Any]:
    """What the form's rule would do; `wrong` says why nothing can be told."""
    trial: dict[str, Any] = {"kind": kind, "form": form}
    bound = form if form.is_bound else TierRuleForm(kind, (), form.initial)
    if not bound.is_valid():
        return trial | {"wrong": _("Choose a measure and give three numbers.")}
    measure, cuts = bound.rule()
    if measure == TOLD:
        return trial | {"told": True}
    try:
        check(measure, cuts, kind)
    except NoRule:
        return trial | {"wrong": _("Each tier must begin at a better value than the next one.")}
    found = spread(kind, measure, cuts, today=localdate(clock.now()))
    if found is None:
        return trial | {
            "wrong": _("It took too long to look at this measure; what the rule would change is not known.")
        }
    n = found.n - found.without
    return trial | {
        "chart": histogram(kind, measure, cuts, found),
        "lines": tier_lines(kind, measure, cuts, found),
        "moves": move_rows(kind, found.moves),
        "tiers": [tier_label(tier) for tier in TIERS[kind]],
        "moving": number(scaled(sum(n for (was, tier), n in found.moves.items() if was != tier), found)),
        "n": number(scaled(n, found)),
        "without": number(scaled(found.without, found)),
        "without_share": percent_of(found.without, found.n),
        "looked": "" if found.percent >= 100 else number(found.n),
        "reach": [value(round(shown_as(measure, at), 3)) for at in reversed(found.quantiles[1:4])],
    }


def _kept(kind: Kind, analysis: Analysis | None) -> dict[str, Any] | None:
    """The kept counts by tier and the moves of four weeks."""
    if analysis is None:
        return None
    figures = analysis.figures["kinds"][kind]
    customers, entries = figures["customers"], figures["entries"]
    moves = {(was, tier): n for was, tier, n in figures["moves"]}
    everybody, pool = sum(customers.values()), sum(entries.values())
    return {
        "standing": [
            {
                "tier": tier_label(tier),
                "customers": number(customers.get(tier, 0)),
                "customers_share": percent_of(customers.get(tier, 0), everybody),
                "entries": number(entries.get(tier, 0)),
                "entries_share": percent_of(entries.get(tier, 0), pool),
            }
            for tier in (*TIERS[kind], "")
            if tier or customers.get("") or entries.get("")
        ],
        "customers": number(everybody),
        "entries": number(pool),
        "moves": move_rows(kind, moves),
        "tiers": [tier_label(tier) for tier in TIERS[kind]],
        "moved": number(sum(moves.values())),
        "window": analysis.figures["window"],
    }


def _kind(kind: str) -> Kind:
    for known in KINDS:
        if known == kind:
            return known
    raise Http404
