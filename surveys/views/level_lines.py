"""Levels in words: whose they are and why, what they would mean, and the curve behind a learned one."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.timezone import localdate
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from loopcare.common.charts import curve
from loopcare.common.charts.scales import UNKNOWN, number, signed
from loopcare.customers.enums import ValueTier
from surveys.enums import AdequateFrom
from surveys.logic.levels import Learned, from_evidence
from surveys.logic.metrics import proportion
from surveys.logic.tolerance import Zone
from surveys.models import AdequateLevel
from surveys.selectors.adequacy import ORDER, Standing
from surveys.services.wording import said
from surveys.views.shares import Shown, percent, percent_of, shown

ALL_TIERS = gettext_lazy("all tiers")
NOBODYS = gettext_lazy("nobody's")


@dataclass(frozen=True, slots=True)
class Line:
    """One tier in a table: the level in force, whose it is and why; how many are dissatisfied, and would be.

    `under` follows `ORDER`: set, given with the file, learned, the source's own; each a count with its share.
    """

    standing: Standing
    tier: str
    level: str
    basis: str
    why: str
    ratings: str
    stated: str
    judged: str
    share: str
    under: tuple[tuple[str, str], ...]
    clearable: bool


def line(standing: Standing, not_learned: str = "") -> Line:
    """`not_learned` says why there is no learned level, where that is known."""
    basis = standing.basis
    return Line(
        standing=standing,
        tier=tier_name(standing.tier),
        level=_level(standing.level),
        basis=str(AdequateFrom(basis).label if basis else NOBODYS),
        why=" ".join(sentence for sentence in (_why(standing), not_learned) if sentence),
        ratings=number(standing.ratings),
        stated=number(standing.stated) if standing.stated else "",
        judged=number(standing.dissatisfied),
        share=percent_of(standing.dissatisfied, standing.ratings),
        under=tuple(_under(standing, one) for one in ORDER),
        clearable=any(
            row.basis == AdequateFrom.SET and row.value_tier == standing.tier for row in standing.rows.values()
        ),
    )


def tier_name(tier: str) -> str:
    return str(ValueTier(tier).label) if tier else str(ALL_TIERS)


def _under(standing: Standing, basis: str) -> tuple[str, str]:
    if basis not in standing.under:
        return "–", ""
    below, of = standing.under[basis]
    share = percent_of(below, of)
    if of == standing.ratings:
        return number(below), share
    return number(below), _("of %(n)s: %(share)s") % {"n": number(of), "share": share}


def _why(standing: Standing) -> str:
    if standing.tier and standing.basis in standing.rows and not standing.rows[standing.basis].value_tier:
        return _("As for all tiers.")
    match standing.basis:
        case AdequateFrom.SET:
            return _("Set by %(who)s on %(day)s: “%(reason)s”.") % _decided(standing.rows[AdequateFrom.SET])
        case AdequateFrom.LEARNED:
            row = standing.rows[AdequateFrom.LEARNED]
            return learned_words(from_evidence(row.level, row.evidence), _decided(row)["day"])
        case AdequateFrom.MAPPED:
            return _("It came with the files of the last 28 days.")
        case AdequateFrom.SOURCE:
            return _("The source's own; nothing better is known.")
    return _("Such ratings judge nobody, unless the customer or the file says what is adequate.")


def _decided(row: AdequateLevel) -> dict[str, str]:
    who = str(row.decided_by) if row.decided_by else UNKNOWN
    return {"who": who, "day": localdate(row.decided_at).isoformat(), "reason": row.reason or UNKNOWN}


def learned_words(learned: Learned, day: str) -> str:
    """What a learned level was learned from; empty where nothing was learned."""
    if learned.level is None or learned.below is None or learned.above is None:
        return ""
    below, above = shown(learned.below), shown(learned.above)
    facts = {
        "day": day,
        "n": number(learned.n),
        "below": below.share,
        "below_interval": below.interval,
        "above": above.share,
        "above_interval": above.interval,
    }
    return (
        _(
            "Learned on %(day)s from %(n)s customers: below it %(below)s (%(below_interval)s) complained or contacted "
            "again within 30 days, above it %(above)s (%(above_interval)s)."
        )
        % facts
    )


def not_learned_words(learned: Learned | None) -> str:
    """Why there is no learned level; empty where there is one."""
    if learned is None:
        return _("Not learned: looking took too long here; the command learn_levels takes its time.")
    if learned.reason is None:
        return _("Learning now would give %(level)s.") % {"level": _level(learned.level)}
    return _("Not learned: %(reason)s") % {"reason": said(learned.reason)}


def curve_of(learned: Learned, *, title: str) -> curve.CurveChart:
    """The share who complained or contacted again, by score."""
    shares = [
        curve.Share(
            score=point.score,
            n=point.n,
            count=point.acted,
            share=point.share.share or 0.0,
            low=point.share.low or 0.0,
            high=1.0 if point.share.high is None else point.share.high,
            smooth=point.smooth,
        )
        for point in learned.curve
    ]
    return curve.curve_chart(
        shares,
        level=learned.level,
        name="acted",
        title=title,
        axis=_("share who complained or contacted again within 30 days, by score (0–100); base rate %(base)s of %(n)s")
        % {"base": percent(learned.base.share), "n": number(learned.n)},
        counted=_("Complained or contacted"),
    )


@dataclass(frozen=True, slots=True)
class ZoneLine:
    """The zone of tolerance of one dimension, in texts; "?" where nobody stated all three levels."""

    n: str
    perceived: str
    adequate: str
    desired: str
    adequacy: str
    superiority: str
    position: str
    dissatisfied: Shown
    inverted: int


def zone_line(zone: Zone | None, inverted: int) -> ZoneLine:
    if zone is None:
        unknown = dict.fromkeys(("perceived", "adequate", "desired", "adequacy", "superiority", "position"), UNKNOWN)
        return ZoneLine(n="0", **unknown, dissatisfied=shown(proportion(0, 0)), inverted=inverted)
    return ZoneLine(
        n=number(zone.n),
        perceived=_level(zone.perceived),
        adequate=_level(zone.adequate),
        desired=_level(zone.desired),
        adequacy=signed(zone.adequacy),
        superiority=signed(zone.superiority),
        position=number(zone.position, 2),
        dissatisfied=shown(proportion(zone.dissatisfied, zone.n)),
        inverted=inverted,
    )


def _level(value: float | None) -> str:
    return number(value, 1).removesuffix(".0")
