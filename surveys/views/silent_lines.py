"""A model card in words: figures with their intervals, the calibration curve, what it looks at, drift, audits."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from loopcare.common.charts.bars import BarChart, BarRow, bars
from loopcare.common.charts.curve import CurveChart, curve_chart
from loopcare.common.charts.curve import Share as CurveShare
from loopcare.common.charts.scales import UNKNOWN, number, signed
from surveys.logic.metrics import Share
from surveys.logic.silent.drift import SCORE, SHIFTED, STABLE
from surveys.logic.silent.leaks import Leak
from surveys.models import SilentModel
from surveys.selectors.silent import Audited
from surveys.services.silent.wording import kept_finding_words
from surveys.views.shares import percent, shown

Kept = Mapping[str, Any]
SHOWN_FEATURES = 10


@dataclass(frozen=True, slots=True)
class Figure:
    """One headline number: `state` is good, warn or bad."""

    label: str
    value: str
    note: str
    state: str = ""


def headline(card: Kept) -> list[Figure]:
    """At most six numbers, each with what it is to be compared with."""
    first = card["tried"][0]
    tenth = _near(first["capacities"], 0.1)
    slope = first["calibration"]["slope"]
    gain = first["brier"] < first["brier_null"]
    return [
        Figure(_("AUC"), decimals(first["auc"]["value"], 3), _between(first["auc"], 3) + " · " + _("chance .5")),
        Figure(
            _("Lift"),
            f"{decimals(tenth['lift'], 2)}×",
            _("calling %(share)s finds %(capture)s of the dissatisfied")
            % {"share": percent(tenth["share"]), "capture": percent(tenth["capture"])},
        ),
        Figure(
            _("Brier score"),
            decimals(first["brier"], 4),
            _("base rate alone %(null)s") % {"null": decimals(first["brier_null"], 4)},
            "" if gain else "bad",
        ),
        Figure(
            _("Calibration slope"),
            decimals(slope["value"], 2),
            _between(slope, 2) + " · " + _("should be 1"),
            "" if _near_one(slope) else "warn",
        ),
        Figure(
            _("Learned from"),
            number(card["n"]),
            _("customers, %(bad)s of them dissatisfied (%(share)s)")
            % {"bad": number(card["dissatisfied"]), "share": percent(card["dissatisfied"] / card["n"])},
        ),
    ]


def _near_one(slope: Kept) -> bool:
    return (slope["low"] is not None and slope["low"] <= 1 <= slope["high"]) or (
        slope["value"] is not None and 0.9 <= slope["value"] <= 1.1
    )


def _near(capacities: Sequence[Kept], share: float) -> Kept:
    return min(capacities, key=lambda row: abs(float(row["share"]) - share))


def decimals(value: float | None, places: int) -> str:
    return UNKNOWN if value is None else number(value, places)


def _between(estimate: Kept, places: int) -> str:
    if estimate["low"] is None:
        return UNKNOWN
    return f"{number(estimate['low'], places)}–{number(estimate['high'], places)}"


def share_of(kept: Kept) -> Share:
    """A share as a card keeps it."""
    return Share(kept["share"], kept["low"], kept["high"], kept["n"])


def orders(card: Kept) -> list[dict[str, str]]:
    """Each way of trying the model; the first one counts."""
    names = {"time": _("later days on a model of earlier ones"), "shuffled": _("shuffled folds")}
    return [
        {
            "name": names[row["order"]],
            "folds": number(row["folds"]),
            "auc": decimals(row["auc"]["value"], 3),
            "auc_interval": _between(row["auc"], 3),
            "brier": decimals(row["brier"], 4),
            "slope": decimals(row["calibration"]["slope"]["value"], 2),
            "intercept": signed(row["calibration"]["intercept"]["value"], 2),
        }
        for row in card["tried"]
    ]


def capacities(card: Kept) -> list[dict[str, Any]]:
    return [
        {
            "share": percent(row["share"]),
            "n": number(row["n"]),
            "precision": shown(share_of(row["precision"])),
            "capture": percent(row["capture"]),
            "lift": f"{decimals(row['lift'], 2)}×",
        }
        for row in card["tried"][0]["capacities"]
    ]


def curve_of(card: Kept) -> CurveChart:
    """Tenths of the customers by rising score: how many were dissatisfied, and how many it said."""
    parts = card["curve"]
    return curve_chart(
        [
            CurveShare(
                score=100 * (place + 0.5) / len(parts),
                n=part["observed"]["n"],
                count=round(part["observed"]["share"] * part["observed"]["n"]),
                share=part["observed"]["share"],
                low=part["observed"]["low"],
                high=part["observed"]["high"],
                smooth=part["predicted"],
            )
            for place, part in enumerate(parts)
        ],
        level=None,
        name="calibration",
        title=_("Does a score mean what it says?"),
        axis=_("share dissatisfied, by tenths of the customers from the lowest score to the highest"),
        counted=_("Dissatisfied"),
        line=_("predicted"),
        across=_("Percentile"),
    )


def bars_of(card: Kept) -> BarChart:
    rows = card["influences"][:SHOWN_FEATURES]
    return bars(
        [BarRow(row["column"], max(0.0, 1000 * row["lost"])) for row in rows],
        name="influence",
        title=_("What it looks at"),
        axis=_("AUC lost, in thousandths, when a column's values are shuffled among unseen customers"),
        decimals=1,
    )


def features(card: Kept) -> list[dict[str, str]]:
    return [
        {
            "column": row["column"],
            "lost": signed(row["lost"], 3),
            "error": number(row["error"], 3),
            "low": row["low"] or _("missing"),
            "high": row["high"] or _("missing"),
            "change": signed(100 * row["change"], 1),
        }
        for row in card["influences"][:SHOWN_FEATURES]
    ]


def segments(card: Kept) -> list[dict[str, Any]]:
    return [
        {
            "column": row["column"],
            "value": row["value"] or UNKNOWN,
            "n": number(row["observed"]["n"]),
            "observed": shown(share_of(row["observed"])),
            "predicted": percent(row["predicted"]),
            "auc": decimals(row["auc"]["value"], 2),
            "interval": _between(row["auc"], 2),
        }
        for row in card["segments"]
    ]


def findings(card: Kept) -> list[dict[str, Any]]:
    """The leak report; answers that were kept out, often many and all alike, in one line at the end."""
    answers = [row for row in card["findings"] if row["leak"] == Leak.ANSWERED and not row["used"]]
    lines = [{"words": kept_finding_words(row), "used": row["used"]} for row in card["findings"] if row not in answers]
    if answers:
        named = ", ".join(f"{row['column']} ({decimals(row['auc'], 2)})" for row in answers)
        told = _("Answers, which the silent did not give (each with its AUC alone): %(columns)s. Not used.")
        lines.append({"words": told % {"columns": named}, "used": False})
    return lines


def shifts(drift: Sequence[Kept]) -> list[dict[str, str]]:
    """The scores first, then the columns that moved most."""
    return [
        {
            "column": _("the scores") if row["column"] == SCORE else row["column"],
            "psi": number(row["psi"], 3),
            "chance": number(row["by_chance"], 3),
            "missing": ""
            if row["missing_then"] is None
            else f"{percent(row['missing_then'])} → {percent(row['missing_now'])}",
            "verdict": _verdict(row["psi"])[0],
            "state": _verdict(row["psi"])[1],
        }
        for row in drift[: SHOWN_FEATURES + 1]
    ]


def _verdict(psi: float) -> tuple[str, str]:
    if psi < STABLE:
        return _("stable"), "good"
    return (_("moved"), "warn") if psi < SHIFTED else (_("shifted"), "bad")


@dataclass(frozen=True, slots=True)
class AuditLine:
    """One week's audit in words: customers, with their shares of the silent."""

    audited: Audited
    size: str
    drawn: str
    answered: str
    estimate: str
    interval: str
    share: str
    bounds: str
    predicted: str


def audit_line(audited: Audited) -> AuditLine:
    pool = audited.pool
    return AuditLine(
        audited=audited,
        size=number(pool.size),
        drawn=number(pool.drawn),
        answered=number(pool.answered),
        estimate=number(pool.estimate),
        interval="" if pool.low is None else f"{number(pool.low)}–{number(pool.high)}",
        share="" if pool.estimate is None else percent(pool.estimate / pool.size),
        bounds=f"{number(pool.least)}–{number(pool.most)}",
        predicted=number(audited.predicted),
    )


def band_lines(audited: Audited, borders: Sequence[float]) -> list[dict[str, str]]:
    """The bands of a sample, the highest scores first."""
    edges = ["0", *(number(edge, 3) for edge in borders), "1"]
    lines = [
        {
            "scores": f"{edges[place]}–{edges[place + 1]}",
            "size": number(band.size),
            "drawn": number(band.drawn),
            "answered": number(band.answered),
            "dissatisfied": number(band.dissatisfied),
            "expected": percent(audited.sample.bands[place][1]),
        }
        for place, band in enumerate(audited.bands)
    ]
    return lines[::-1]


def card_of(row: SilentModel) -> dict[str, Any]:
    """Everything the page of a model shows of its card."""
    card = row.card
    return {
        "figures": headline(card),
        "orders": orders(card),
        "capacities": capacities(card),
        "curve": curve_of(card),
        "bars": bars_of(card),
        "features": features(card),
        "segments": segments(card),
        "findings": findings(card),
        "competed": [(kind, decimals(value, 3)) for kind, value in card["aucs"].items()],
    }
