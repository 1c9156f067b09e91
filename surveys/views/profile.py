"""What the dissatisfied have in common: the values that stand out in the pool against the whole base."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.http import HttpResponse, QueryDict
from django.shortcuts import render
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe

from loopcare.common.charts.scales import Scale, decimals_of, number
from loopcare.common.rules import Operator, Test, to_text
from loopcare.staff.access import StaffRequest, roles
from surveys.enums import AnalysisKind
from surveys.models import Analysis
from surveys.selectors import SEGMENT_FIELDS
from surveys.selectors.analyses import latest_of_each
from surveys.selectors.pool import labels
from surveys.selectors.profile import OWN
from surveys.views.analysis import made
from surveys.views.pool import PLANNERS, READERS
from surveys.views.shares import percent

MOST_SHOWN = 60
WIDTH, EDGE = 168, 8  # of a row's plot, in pixels
FURTHEST = 3.0  # doublings that a plot reaches at most; what lies beyond is drawn at its edge
OWN_COLUMNS: dict[str, Promise] = {
    "brand": gettext_lazy("brand"),
    "region": gettext_lazy("region"),
    "language": gettext_lazy("language"),
    "value_tier": gettext_lazy("value tier"),
    "activity_tier": gettext_lazy("activity tier"),
}
LONGEST = 100
"""Characters of a text in a rule."""


@dataclass(frozen=True, slots=True)
class Line:
    """One value as it is shown; positions in pixels of its plot. `tone`: bad is more frequent in the pool, good less,
    open does not stand out."""

    attribute: str
    value: str
    pool: str
    base: str
    share: str
    lift: str
    interval: str
    x: str
    x_low: str
    x_high: str
    tone: str
    segment_query: str


@roles(*READERS)
@require_safe
def profile(request: StaffRequest) -> HttpResponse:
    """The latest reading."""
    rows = latest_of_each(Analysis.objects.visible_to(request.user), AnalysisKind.PROFILE)
    chosen = rows[0] if rows else None
    context: dict[str, Any] = made(request, chosen, AnalysisKind.PROFILE)
    if chosen:
        context |= _shown(chosen.figures, may_segment=request.user.role in PLANNERS)
    return render(request, "surveys/profile/profile.html", context)


def _shown(figures: dict[str, Any], *, may_segment: bool) -> dict[str, Any]:
    values = figures["values"]
    standing = [value for value in values if value["stands_out"]]
    names = {name: labels(name) for name in ("region", "value_tier", "activity_tier")}
    names["language"] = {code: str(label) for code, label in settings.LANGUAGES}
    reach = _reach(standing or values)
    lines = [_line(value, names, reach, may_segment=may_segment) for value in values]
    more = [line for line in lines if line.tone == "bad"]
    less = [line for line in lines if line.tone == "good"]
    other = [line for line in lines if line.tone == "open"]
    return {
        "figures": figures,
        "refused": _refusal(figures),
        "pool": number(figures["pool"]),
        "base": number(figures["base"]),
        "rate": percent(figures["pool"] / figures["base"]) if figures["base"] else "",
        "read_note": _read_note(figures),
        "groups": [(_("More frequent in the pool"), "more", more), (_("Less frequent in the pool"), "less", less)],
        "most": MOST_SHOWN,
        "standing": len(standing),
        "other": other[:MOST_SHOWN],
        "others": len(other),
        "chance": number(100 * figures["false_share"]),
        "attributes": [_attribute(each, figures) for each in figures["attributes"]],
        "middle": number(WIDTH / 2),
        "width": WIDTH,
    }


def _refusal(figures: dict[str, Any]) -> str:
    if not figures["pool"]:
        return _("Nobody is in the pool now, so there is nothing to compare.")
    if figures["pool"] == figures["base"]:
        return _("Every customer known here is in the pool: there is nobody to compare them with.")
    if not figures["tested"]:
        return _("Nothing is known of enough customers: a value needs 30 of them, and 5 expected in the pool.")
    return ""


def _read_note(figures: dict[str, Any]) -> str:
    """What part was read, where not everybody was."""
    read = figures["pool_read"] + figures["rest_read"]
    if read >= figures["base"]:
        return ""
    facts = {"pool": number(figures["pool_read"]), "rest": number(figures["rest_read"])}
    return _("A random sample was read: %(pool)s of the pool and %(rest)s others; counts are estimates.") % facts


def attribute_name(name: str) -> str:
    """What people read for an attribute: ours by its label, any other as it came."""
    return str(OWN_COLUMNS[name]) if name in OWN_COLUMNS else name.removeprefix(OWN)


def _line(value: dict[str, Any], names: dict[str, dict[str, str]], reach: float, *, may_segment: bool) -> Line:
    attribute = value["attribute"]
    scale = Scale(-reach, reach, EDGE, WIDTH - EDGE)
    low, middle, high = (_place(value[end], scale) for end in ("lift_low", "lift", "lift_high"))
    tone = "open" if not value["stands_out"] else "bad" if value["lift"] > 1 else "good"
    rule = _rule(attribute, value["value"]) if may_segment else ""
    return Line(
        attribute=attribute_name(attribute),
        value=_value(value, names.get(attribute, {})),
        pool=number(value["pool"]),
        base=number(value["base"]),
        share=percent(value["pool"] / value["base"]),
        lift=number(value["lift"], 2),
        interval=f"{number(value['lift_low'], 2)}–{number(value['lift_high'], 2)}",
        x=middle,
        x_low=low,
        x_high=high,
        tone=tone,
        segment_query=_query(rule) if rule and tone == "bad" else "",
    )


def _value(value: dict[str, Any], names: dict[str, str]) -> str:
    if value["low"] is not None:
        ends = [number(end, min(4, decimals_of(end))) for end in (value["low"], value["high"])]
        return ends[0] if ends[0] == ends[1] else " – ".join(ends)
    match value["value"]:
        case "":
            return _("not known")
        case "true":
            return _("yes")
        case "false":
            return _("no")
    return names.get(value["value"], str(value["value"]))


def _reach(values: list[dict[str, Any]]) -> float:
    """Doublings that the plots show to either side of 1."""
    ends = [abs(math.log2(value[end])) for value in values for end in ("lift_low", "lift_high") if value[end]]
    return min(FURTHEST, max([1.0, *ends]))


def _place(lift: float, scale: Scale) -> str:
    doublings = math.log2(lift) if lift else scale.low
    return f"{scale(min(scale.high, max(scale.low, doublings))):.1f}"


def _rule(attribute: str, value: str) -> str:
    """The segment of whom a value means, where rules know the field."""
    if attribute not in SEGMENT_FIELDS or len(value) > LONGEST:
        return ""
    return to_text(Test(attribute, Operator.EQUAL, (value,)) if value else Test(attribute, Operator.MISSING))


def _query(rule: str) -> str:
    query = QueryDict(mutable=True)
    query["rule"] = rule
    return query.urlencode()


def _attribute(each: dict[str, Any], figures: dict[str, Any]) -> dict[str, Any]:
    known = each["known"]
    return {
        "name": attribute_name(each["name"]),
        "known": percent(known / figures["base"]) if known is not None and figures["base"] else "",
        "tested": number(each["tested"]),
        "crowded": each["crowded"],
    }
