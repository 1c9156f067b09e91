"""What one evaluation says, as plain values, and its JSON for commands, API and tables."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any

from careplans.enums import Arm
from careplans.models import Campaign
from careplans.selectors import Funnel
from evaluation.enums import PRIMARY_WAVE, Metric, Wave
from evaluation.logic.effects import Effect
from evaluation.logic.readings import Mean
from evaluation.logic.shares import Share
from evaluation.logic.trust import Check, Verdict
from evaluation.selectors import Response


@dataclass(frozen=True, slots=True)
class Reading:
    """One metric at one wave: the effect by the primary method, the plain difference beside it, in points of 100."""

    metric: Metric
    wave: int
    effect: Effect
    unadjusted: Effect
    verdict: Verdict

    @property
    def is_primary(self) -> bool:
        return self.metric == Metric.SATISFACTION and self.wave == PRIMARY_WAVE


@dataclass(frozen=True, slots=True)
class Level:
    """Where one arm stands at one wave: mean score on 0–100 and share satisfied, and who was asked and answered."""

    arm: Arm
    wave: int
    score: Mean
    satisfied: Share
    response: Response
    rate: Share


@dataclass(frozen=True, slots=True)
class Evaluation:
    """One campaign's evaluation. `frozen` once it is read out; `reached` when the read-out date has come."""

    campaign: Campaign
    assigned: Mapping[str, int]
    readings: tuple[Reading, ...]
    levels: tuple[Level, ...]
    checks: tuple[Check, ...]
    checked_wave: int
    funnel: Funnel
    verdict: Verdict
    reached: bool
    frozen: bool

    @property
    def primary(self) -> Reading:
        return next(reading for reading in self.readings if reading.is_primary)

    @property
    def latest(self) -> Reading:
        """Satisfaction at the latest wave that has an effect; the primary reading while none has."""
        known = [r for r in self.readings if r.metric == Metric.SATISFACTION and r.effect.known]
        return max(known, key=lambda reading: reading.wave, default=self.primary)

    def levels_of(self, *arms: Arm) -> list[Level]:
        return [level for level in self.levels if level.arm in arms]

    @property
    def can_be_read_out(self) -> bool:
        return self.reached and not self.frozen and self.campaign.status in ("finished", "stopped")


@dataclass(frozen=True, slots=True)
class Overview:
    """One line of the list: a campaign with its satisfaction effect at the latest wave that has one."""

    campaign: Campaign
    wave: int
    effect: Effect | None
    verdict: Verdict
    read_out_on: date | None


def overview_json(line: Overview) -> dict[str, Any]:
    return {
        "campaign": line.campaign.pk,
        "name": line.campaign.name,
        "status": line.campaign.status,
        "read_out_on": line.read_out_on,
        "verdict": line.verdict.value,
        "wave": line.wave,
        "effect": line.effect.effect if line.effect else None,
        "low": line.effect.low if line.effect else None,
        "high": line.effect.high if line.effect else None,
    }


def evaluation_json(evaluation: Evaluation) -> dict[str, Any]:
    """The contract's keys: waves, effects, checks, roi (empty until value and cost are measured), verdict."""
    campaign = evaluation.campaign
    return {
        "campaign": campaign.pk,
        "name": campaign.name,
        "status": campaign.status,
        "read_out_on": campaign.read_out_on,
        "frozen": evaluation.frozen,
        "assigned": dict(evaluation.assigned),
        "waves": [_wave_json(evaluation, wave) for wave in Wave.values],
        "effects": [effect_json(reading) for reading in evaluation.readings],
        "checks": {check.name: _check_json(check) for check in evaluation.checks},
        "funnel": asdict(evaluation.funnel),
        "roi": {},
        "verdict": evaluation.verdict.value,
    }


def effect_json(reading: Reading) -> dict[str, Any]:
    """One effect as a flat row, the same in JSON and CSV."""
    effect = reading.effect
    return {
        "metric": reading.metric.value,
        "wave": reading.wave,
        "primary": reading.is_primary,
        "effect": effect.effect,
        "low": effect.low,
        "high": effect.high,
        "se": effect.se,
        "p": effect.p,
        "n_care": effect.n_care,
        "n_hold_out": effect.n_hold_out,
        "method": effect.method,
        "unadjusted": reading.unadjusted.effect,
        "unadjusted_low": reading.unadjusted.low,
        "unadjusted_high": reading.unadjusted.high,
    }


def _wave_json(evaluation: Evaluation, wave: int) -> dict[str, Any]:
    return {
        "wave": wave,
        "arms": {level.arm.value: _level_json(level) for level in evaluation.levels if level.wave == wave},
    }


def _level_json(level: Level) -> dict[str, Any]:
    counts = {name: value for name, value in asdict(level.response).items() if name not in ("arm", "wave")}
    return {
        **counts,
        "response": level.rate.share,
        "mean": level.score.mean,
        "mean_low": level.score.low,
        "mean_high": level.score.high,
        "satisfied": level.satisfied.share,
        "satisfied_low": level.satisfied.low,
        "satisfied_high": level.satisfied.high,
    }


def _check_json(check: Check) -> dict[str, Any]:
    return {"value": check.value, "warns": check.warns, "spoils": check.spoils}
