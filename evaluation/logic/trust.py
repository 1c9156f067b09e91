"""Whether an effect may be believed: the checks shown above it, and the verdict below it."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from scipy import special

from evaluation.logic.effects import Effect, difference
from evaluation.logic.sums import ArmStats

SPOILS_P = 0.001
RESPONSE_POINTS = 5.0
BALANCE_P = 0.01


@dataclass(frozen=True, slots=True)
class Check:
    """One trust check. `value` is None when there is nothing to check.

    `warns` asks the reader to look; `spoils` says that the effect cannot be read as an effect of care.
    """

    name: str
    value: float | None
    warns: bool = False
    spoils: bool = False


class Verdict(StrEnum):
    WON = "won"
    LOST = "lost"
    NO_EVIDENCE = "no_evidence"
    NOT_ENOUGH_DATA = "not_enough_data"
    SUSPICIOUS = "suspicious"
    INTERIM = "interim"


def sample_ratio(n_by_arm: Mapping[str, int], expected_shares: Mapping[str, float]) -> Check:
    """Chi-square p-value of the observed split against the planned one; p < .001 warns and spoils.

    Count those who reached the analysis, not those assigned: an exact draw fits its own plan by construction.
    """
    if n_by_arm.keys() != expected_shares.keys() or len(n_by_arm) < 2:
        raise ValueError("Observed and expected shares must name the same arms, two at least.")
    if any(share <= 0 for share in expected_shares.values()) or any(n < 0 for n in n_by_arm.values()):
        raise ValueError("Expected shares must be positive and counts not negative.")
    total = sum(n_by_arm.values())
    if total == 0:
        return Check("sample_ratio", None)
    whole = math.fsum(expected_shares.values())
    expected = {arm: total * share / whole for arm, share in expected_shares.items()}
    statistic = math.fsum((n_by_arm[arm] - n) ** 2 / n for arm, n in expected.items())
    p = float(special.chdtrc(len(expected) - 1, statistic))
    return Check("sample_ratio", p, warns=p < SPOILS_P, spoils=p < SPOILS_P)


def response_by_arm(answered: Mapping[str, int], asked: Mapping[str, int]) -> Check:
    """Largest gap between the arms' response rates, in points; more than 5 warns.

    When care changes who answers, the answers no longer compare like with like. A gap spoils when chance makes one so
    wide as seldom as it spoils the split (chi-square p < .001): a hold-out of 80 differs by 5 points in every third
    honest campaign.
    """
    if answered.keys() != asked.keys():
        raise ValueError("Answered and asked must name the same arms.")
    if any(not 0 <= answered[arm] <= n for arm, n in asked.items()):
        raise ValueError("In every arm the number of answers must lie between 0 and the number asked.")
    rates = [answered[arm] / n for arm, n in asked.items() if n]
    if len(rates) < 2:
        return Check("response_by_arm", None)
    points = 100 * (max(rates) - min(rates))
    # Rates of 43 % and 38 % differ by 5.000000000000004 in binary: the last digits are not a finding.
    too_wide = points > RESPONSE_POINTS + 1e-9
    return Check(
        "response_by_arm", points, warns=too_wide, spoils=too_wide and _homogeneity(answered, asked) < SPOILS_P
    )


def _homogeneity(answered: Mapping[str, int], asked: Mapping[str, int]) -> float:
    """Chi-square p-value of equal response rates; arms of which nobody was asked do not count."""
    asked = {arm: n for arm, n in asked.items() if n}
    rate = sum(answered[arm] for arm in asked) / sum(asked.values())
    statistic = math.fsum((answered[arm] - n * rate) ** 2 / (n * rate * (1 - rate)) for arm, n in asked.items())
    return float(special.chdtrc(len(asked) - 1, statistic))


def contamination(contacted: int, n: int) -> Check:
    """Share (0–1) of the hold-out that was contacted all the same; any contact warns.

    It never spoils: by assigned arm, a contacted hold-out can only draw the effect towards zero.
    """
    if not 0 <= contacted <= n:
        raise ValueError(f"The hold-out has {n} customers; {contacted} cannot have been contacted.")
    return Check("contamination", contacted / n, warns=contacted > 0) if n else Check("contamination", None)


def balance(care: ArmStats, hold_out: ArmStats) -> Check:
    """Difference of the arms' levels before care, in pooled standard deviations; warns when chance makes it p < .01.

    Give the sums of those who answered: the draw balances the assigned, not those who stay. It never spoils, because
    the effect is adjusted for this level.
    """
    gap = difference(care, hold_out)
    if gap.effect is None or gap.p is None:
        return Check("balance", None)
    variance = (care.sum_of_squares + hold_out.sum_of_squares) / (care.n + hold_out.n - 2)
    return Check("balance", gap.effect / math.sqrt(variance), warns=gap.p < BALANCE_P)


def verdict(
    effect: Effect,
    *,
    minimum_n: int,
    checks: Sequence[Check],
    read_out_reached: bool,
    higher_is_better: bool = True,
) -> Verdict:
    """One word for an effect. `minimum_n` is per arm.

    Before the read-out date the word is always interim: a verdict that can flip is none. Then trust comes
    before size, size before direction, and only an interval on one side of zero decides.
    """
    if not read_out_reached:
        return Verdict.INTERIM
    if any(check.spoils for check in checks):
        return Verdict.SUSPICIOUS
    if effect.low is None or effect.high is None or min(effect.n_care, effect.n_hold_out) < minimum_n:
        return Verdict.NOT_ENOUGH_DATA
    if effect.low <= 0 <= effect.high:
        return Verdict.NO_EVIDENCE
    return Verdict.WON if (effect.low > 0) == higher_is_better else Verdict.LOST
