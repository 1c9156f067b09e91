"""How an evaluation reads: sentences, labels and numbers as text. Nothing is decided here."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from django.utils.formats import date_format
from django.utils.translation import gettext as _

from careplans.enums import Arm
from evaluation.enums import Metric
from evaluation.enums import Verdict as VerdictWord
from evaluation.logic.effects import Effect
from evaluation.logic.trust import RESPONSE_POINTS, Check, Verdict
from evaluation.services.estimates import MINIMUM_N
from evaluation.services.results import Evaluation, Level, Overview, Reading
from loopcare.common.charts.forest import ForestChart, ForestRow, forest
from loopcare.common.charts.scales import UNKNOWN, number, signed

KINDS = {
    Verdict.WON: "good",
    Verdict.LOST: "bad",
    Verdict.NO_EVIDENCE: "",
    Verdict.NOT_ENOUGH_DATA: "",
    Verdict.SUSPICIOUS: "warn",
    Verdict.INTERIM: "accent",
}


@dataclass(frozen=True, slots=True)
class Badge:
    text: str
    kind: str


def badge(verdict: Verdict) -> Badge:
    return Badge(str(VerdictWord(verdict).label), KINDS[verdict])


def interval(effect: Effect | None) -> str:
    """+4.1 (+1.8 to +6.4), or ?"""
    if effect is None or effect.effect is None:
        return UNKNOWN
    ends = _("%(low)s to %(high)s") % {"low": signed(effect.low), "high": signed(effect.high)}
    return f"{signed(effect.effect)} ({ends})"


def headline(evaluation: Evaluation) -> str:
    """The evaluation in one sentence."""
    early = evaluation.verdict is Verdict.INTERIM
    shown = evaluation.latest if early else evaluation.primary
    if early and not shown.effect.known:
        return _("Too early: nobody can be compared yet.")
    return _sentences()[evaluation.verdict] % {
        "effect": interval(shown.effect),
        "month": shown.wave,
        "care": shown.effect.n_care,
        "held": shown.effect.n_hold_out,
        "least": MINIMUM_N,
    }


def _sentences() -> dict[Verdict, str]:
    return {
        Verdict.WON: _("Care worked: satisfaction %(effect)s points in month %(month)s."),
        Verdict.LOST: _("Care did harm: satisfaction %(effect)s points in month %(month)s."),
        Verdict.NO_EVIDENCE: _("No evidence that care changed satisfaction: %(effect)s points in month %(month)s."),
        Verdict.NOT_ENOUGH_DATA: _(
            "Not enough answers for a verdict: %(care)s in care and %(held)s in the hold-out; each needs %(least)s."
        ),
        Verdict.SUSPICIOUS: _("The numbers cannot be trusted: a check failed, so no effect is claimed."),
        Verdict.INTERIM: _("Too early for a verdict; so far satisfaction %(effect)s points in month %(month)s."),
    }


@dataclass(frozen=True, slots=True)
class TrustItem:
    """One check as it is shown; `state` is good, warn, bad or empty."""

    label: str
    value: str
    note: str
    state: str


def trust_line(evaluation: Evaluation) -> list[TrustItem]:
    return [_trust_item(evaluation, check) for check in evaluation.checks]


def _trust_item(evaluation: Evaluation, check: Check) -> TrustItem:
    month = _("month %(n)s") % {"n": evaluation.checked_wave}
    label, value, fine, alarm = {
        "sample_ratio": (
            _("Split of those asked"),
            f"p = {check.value:.2g}" if check.value is not None else "",
            _("as drawn, %(month)s") % {"month": month},
            _("not as drawn, %(month)s") % {"month": month},
        ),
        "response_by_arm": (
            _("Response care / hold-out"),
            _rates(evaluation),
            _("alike, %(month)s") % {"month": month},
            _("more than %(n)d points apart") % {"n": RESPONSE_POINTS},
        ),
        "contamination": (
            _("Hold-out contacted"),
            _percent(check.value, 1),
            _("left alone"),
            _("draws the effect towards zero"),
        ),
        "balance": (
            _("Before care"),
            _("%(n)s sd") % {"n": signed(check.value, 2)} if check.value is not None else "",
            _("arms alike, adjusted for"),
            _("arms differ, adjusted for"),
        ),
    }[check.name]
    if check.value is None:
        return TrustItem(label, "", _("nothing to check yet"), "")
    state = "bad" if check.spoils else "warn" if check.warns else "good"
    return TrustItem(label, value, alarm if check.warns else fine, state)


def _rates(evaluation: Evaluation) -> str:
    pair = [
        level.rate.share
        for level in evaluation.levels_of(Arm.CARE, Arm.HOLD_OUT)
        if level.wave == evaluation.checked_wave
    ]
    return " / ".join(_percent(share) for share in pair)


def label(reading: Reading) -> str:
    if reading.is_primary:
        return _("Primary: satisfaction, month %(n)s") % {"n": reading.wave}
    words = {Metric.SATISFACTION: _("Satisfaction, month %(n)s"), Metric.SATISFIED: _("Share satisfied, month %(n)s")}
    return words[reading.metric] % {"n": reading.wave}


def effects_chart(evaluation: Evaluation, *, csv_url: str) -> ForestChart:
    rows = [
        ForestRow(
            label=label(reading),
            effect=reading.effect.effect,
            low=reading.effect.low,
            high=reading.effect.high,
            n_care=reading.effect.n_care,
            n_hold_out=reading.effect.n_hold_out,
            primary=reading.is_primary,
        )
        for reading in evaluation.readings
    ]
    return forest(
        rows,
        name="effects",
        title=_("Effect of care"),
        axis=_("care minus hold-out by assigned arm, points of 100, interval of 95%"),
        csv_url=csv_url,
    )


@dataclass(frozen=True, slots=True)
class LevelRow:
    """One arm at one month, as text."""

    arm: str
    month: int
    assigned: str
    asked: str
    sent: str
    answered: str
    response: str
    not_asked: str
    score: str
    satisfied: str


def level_rows(levels: Iterable[Level]) -> list[LevelRow]:
    """Month by month, the arms under each other."""
    return [_level_row(level) for level in sorted(levels, key=lambda level: level.wave)]


def _level_row(level: Level) -> LevelRow:
    asked = level.response
    return LevelRow(
        arm=str(level.arm.label),
        month=level.wave,
        assigned=number(asked.assigned),
        asked=number(asked.asked),
        sent=number(asked.sent),
        answered=number(asked.answered),
        response=_with_ends(_percent, level.rate.share, level.rate.low, level.rate.high),
        not_asked=number(asked.refused + asked.missed),
        score=_with_ends(_score, level.score.mean, level.score.low, level.score.high),
        satisfied=_with_ends(_percent, level.satisfied.share, level.satisfied.low, level.satisfied.high),
    )


@dataclass(frozen=True, slots=True)
class MethodRow:
    month: int
    primary: str
    plain: str
    p: str
    n: str


def method_rows(evaluation: Evaluation) -> list[MethodRow]:
    """The primary method beside the plain difference, satisfaction only."""
    return [
        MethodRow(
            month=reading.wave,
            primary=interval(reading.effect),
            plain=interval(reading.unadjusted),
            p=UNKNOWN if reading.effect.p is None else f"{reading.effect.p:.2g}",
            n=f"{number(reading.effect.n_care)} / {number(reading.effect.n_hold_out)}",
        )
        for reading in evaluation.readings
        if reading.metric == Metric.SATISFACTION
    ]


@dataclass(frozen=True, slots=True)
class ListRow:
    campaign_id: int
    name: str
    status: str
    effect: str
    month: int | None
    verdict: Badge
    read_out_on: str


def list_rows(overviews: Iterable[Overview]) -> list[ListRow]:
    return [
        ListRow(
            campaign_id=line.campaign.pk,
            name=line.campaign.name,
            status=line.campaign.get_status_display(),
            effect=interval(line.effect),
            month=line.wave if line.effect else None,
            verdict=badge(line.verdict),
            read_out_on=date_format(line.read_out_on, "Y-m-d") if line.read_out_on else UNKNOWN,
        )
        for line in overviews
    ]


def _percent(share: float | None, decimals: int = 0) -> str:
    return UNKNOWN if share is None else f"{number(100 * share, decimals)}%"


def _score(value: float | None) -> str:
    return number(value, 1)


def _with_ends(text: Callable[[float | None], str], value: float | None, low: float | None, high: float | None) -> str:
    """38% (35–41%), 61.2 (58.0–64.4), or ?"""
    if low is None or high is None:
        return text(value)
    return f"{text(value)} ({text(low).rstrip('%')}–{text(high)})"
