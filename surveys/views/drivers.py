"""What drives satisfaction, source by source."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe

from loopcare.common.charts.bars import BarRow, bars
from loopcare.common.charts.scales import number, signed
from loopcare.staff.access import StaffRequest, roles
from surveys.enums import AnalysisKind
from surveys.models import Analysis
from surveys.selectors.analyses import latest_of_each
from surveys.selectors.pool import labels
from surveys.views.analysis import made
from surveys.views.pool import READERS
from surveys.views.shares import percent

QUALITY_WORDS = {
    "tangibles": gettext_lazy("Tangibles"),
    "reliability": gettext_lazy("Reliability"),
    "responsiveness": gettext_lazy("Responsiveness"),
    "assurance": gettext_lazy("Assurance"),
    "empathy": gettext_lazy("Empathy"),
}
KANO_WORDS = {
    "M": gettext_lazy("must be there"),
    "O": gettext_lazy("the more the better"),
    "A": gettext_lazy("delights"),
    "I": gettext_lazy("does not matter"),
    "R": gettext_lazy("is not wanted"),
    "Q": gettext_lazy("answers contradict each other"),
}


@roles(*READERS)
@require_safe
def drivers(request: StaffRequest) -> HttpResponse:
    """One source's drivers; `source` in the query string chooses it."""
    rows = latest_of_each(Analysis.objects.visible_to(request.user), AnalysisKind.DRIVERS)
    names = labels("source")
    chosen = next((row for row in rows if row.scope == request.GET.get("source")), rows[0] if rows else None)
    context: dict[str, Any] = {
        "choices": [(row.scope, names.get(row.scope, row.scope)) for row in rows],
        "here": chosen.scope if chosen else "",
        **made(request, chosen, AnalysisKind.DRIVERS),
    }
    if chosen:
        context |= _shown(chosen.figures)
    return render(request, "surveys/drivers/drivers.html", context)


def _shown(figures: dict[str, Any]) -> dict[str, Any]:
    found = figures.get("drivers", [])
    return {
        "figures": figures,
        "refused": _refusal(figures),
        "r2": number(figures.get("r2"), 3),
        "n": number(figures["n"]),
        "chart": bars(
            [BarRow(row["name"], 100 * row["share"]) for row in found],
            name="drivers",
            title=_("What explains it"),
            axis=_("share of the variance of “%(outcome)s”, percent") % {"outcome": figures["outcome"]},
            decimals=1,
        ),
        "drivers": [_line(row, found) for row in found],
        "correlated": [(one, other, number(r, 2)) for one, other, r in figures.get("correlated", [])],
        "ordinal": _ordinal(figures.get("ordinal")),
        "kano": [_kano(row) for row in figures["kano"]],
        "qualities": [_quality(row) for row in figures["qualities"]],
        "any_quality": any(row["gap"] is not None for row in figures["qualities"]),
    }


def _refusal(figures: dict[str, Any]) -> str:
    match figures.get("refused"):
        case "few":
            facts = {"n": number(figures["n"]), "need": number(figures["need"])}
            return _("%(n)s complete answers so far; %(need)s are needed before drivers can be told.") % facts
        case "nothing_varies":
            return _("Everybody gave the same answer, or only one thing was asked: nothing can be told from that.")
    return ""


def _line(row: dict[str, Any], found: list[dict[str, Any]]) -> dict[str, Any]:
    """A driver in words. What is important and done worse than the others comes first in what to do."""
    important = row["share"] >= sum(each["share"] for each in found) / len(found)
    weak = row["performance"] < sum(each["performance"] for each in found) / len(found)
    ranks = (row["rank_low"], row["rank_high"])
    return {
        "name": row["name"],
        "share": percent(row["share"]),
        "interval": f"{number(100 * row['low'], 1)}–{percent(row['high'])}",
        "rank": row["rank"],
        "ranks": f"{ranks[0]}–{ranks[1]}" if ranks[0] != ranks[1] else str(ranks[0]),
        "performance": number(row["performance"], 1),
        "advice": ADVICE[important, weak],
    }


ADVICE = {
    (True, True): gettext_lazy("mend first: it matters and is done worse than the rest"),
    (True, False): gettext_lazy("keep up: it matters and is done well"),
    (False, True): gettext_lazy("later: done worse, but matters less"),
    (False, False): gettext_lazy("enough: done well, and matters less"),
}


def _ordinal(check: dict[str, Any] | None) -> str:
    if check is None:
        return ""
    if check["downwards"]:
        return _("Taken as ordered answers (ordinal logit), these pull satisfaction down: %(names)s. Look closer.") % {
            "names": ", ".join(check["downwards"])
        }
    if check["same_order"]:
        return _("Taken as ordered answers (ordinal logit), the order is the same.")
    return _("Taken as ordered answers (ordinal logit), the order differs: trust the sizes, not the ranks.")


def _kano(row: dict[str, Any]) -> dict[str, Any]:
    return {
        "feature": row["feature"],
        "kind": KANO_WORDS[row["kind"]],
        "n": number(row["n"]),
        "better": number(row["better"], 2),
        "worse": number(row["worse"], 2),
    }


def _quality(row: dict[str, Any]) -> dict[str, Any]:
    return {
        "quality": QUALITY_WORDS[row["quality"]],
        "dimensions": ", ".join(row["dimensions"]),
        "n": number(row["n"]),
        "gap": signed(row["gap"]),
        "interval": f"{signed(row['low'])} … {signed(row['high'])}" if row["gap"] is not None else "",
    }
