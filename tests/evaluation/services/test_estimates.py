"""Effects against computations by hand on the raw rows; verdicts; the read-out frozen once."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pytest
from pytest_django import DjangoAssertNumQueries
from scipy import stats

from careplans.enums import Arm, CampaignStatus
from careplans.models import Campaign
from evaluation.enums import Metric
from evaluation.logic.trust import Verdict
from evaluation.models import Estimate, FollowUp, PanelMember
from evaluation.services.estimates import evaluate, overviews, read_out, recompute
from evaluation.services.results import Evaluation, Reading, evaluation_json
from loopcare.common.errors import Conflict, Invalid
from loopcare.contact.models import Contact
from loopcare.staff.enums import Role
from tests.evaluation.panels import READ_OUT, make_answered, make_panel, panel_rows
from tests.factories import NOW, make_campaign, make_user

pytestmark = pytest.mark.django_db

ARMS = {"care": 120, "hold_out": 50}


def reading(evaluation: Evaluation, metric: Metric, wave: int) -> Reading:
    return next(r for r in evaluation.readings if (r.metric, r.wave) == (metric, wave))


def of(rows: list[tuple[str, str, float, float]], arm: str) -> Any:
    return np.array([y for a, _stratum, _before, y in rows if a == arm])


# --- by hand ---------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("wave", [1, 2, 3])
def test_plain_difference_equals_welch_on_the_raw_rows(wave: int) -> None:
    campaign = make_answered(ARMS, effect=9, share=0.7)
    rows = panel_rows(campaign, wave)
    plain = reading(evaluate(campaign=campaign, now=READ_OUT), Metric.SATISFACTION, wave).unadjusted
    by_hand = stats.ttest_ind(of(rows, "care"), of(rows, "hold_out"), equal_var=False)
    ends = by_hand.confidence_interval(0.95)
    assert (plain.n_care, plain.n_hold_out) == (len(of(rows, "care")), len(of(rows, "hold_out")))
    assert plain.effect == pytest.approx(of(rows, "care").mean() - of(rows, "hold_out").mean())
    assert (plain.low, plain.high, plain.p) == pytest.approx((ends.low, ends.high, by_hand.pvalue))


@pytest.mark.parametrize("wave", [1, 2, 3])
def test_primary_effect_equals_the_computation_on_the_raw_rows(wave: int) -> None:
    """Slope within cells, then strata weighted by all assigned, the deferred included."""
    campaign = make_answered({**ARMS, "deferred": 13}, effect=9, share=0.8)
    rows = [row for row in panel_rows(campaign, wave) if row[0] != "deferred"]
    cells: dict[tuple[str, str], Any] = {}
    for arm, stratum, x, y in rows:
        cells.setdefault((arm, stratum), []).append((x, y))
    centred = np.vstack([np.array(cell) - np.mean(cell, axis=0) for cell in cells.values()])
    slope = (centred[:, 0] @ centred[:, 1]) / (centred[:, 0] @ centred[:, 0])
    strata = sorted({stratum for _arm, stratum in cells})
    weights = np.array([PanelMember.objects.filter(campaign=campaign, stratum=name).count() for name in strata])
    weights = weights / weights.sum()
    left = {key: np.array([y - slope * x for x, y in cell]) for key, cell in cells.items()}
    effect = sum(
        w * (left["care", s].mean() - left["hold_out", s].mean()) for w, s in zip(weights, strata, strict=True)
    )
    parts, dfs = [], []
    for arm in ("care", "hold_out"):
        df = sum(len(left[arm, s]) - 1 for s in strata)
        variance = sum(((left[arm, s] - left[arm, s].mean()) ** 2).sum() for s in strata) / df
        parts.append(variance * sum(w**2 / len(left[arm, s]) for w, s in zip(weights, strata, strict=True)))
        dfs.append(df)
    df = sum(parts) ** 2 / sum(part**2 / d for part, d in zip(parts, dfs, strict=True))
    low, high = stats.t.interval(0.95, df, loc=effect, scale=np.sqrt(sum(parts)))

    found = reading(evaluate(campaign=campaign, now=READ_OUT), Metric.SATISFACTION, wave).effect
    assert (found.effect, found.low, found.high) == pytest.approx((effect, low, high))
    assert found.method == "post_stratified_adjusted"


def test_share_satisfied_equals_newcombe_and_wilson_on_the_raw_rows() -> None:
    campaign = make_answered(ARMS, effect=9, share=0.7)
    rows = panel_rows(campaign, 3)
    care, held = of(rows, "care") >= 75, of(rows, "hold_out") >= 75
    found = evaluate(campaign=campaign, now=READ_OUT)
    effect = reading(found, Metric.SATISFIED, 3).effect
    one, two = (stats.binomtest(int(arm.sum()), len(arm)).proportion_ci(method="wilson") for arm in (care, held))
    gap = care.mean() - held.mean()
    low = gap - np.hypot(care.mean() - one.low, two.high - held.mean())
    high = gap + np.hypot(one.high - care.mean(), held.mean() - two.low)
    assert (effect.effect, effect.low, effect.high) == pytest.approx((100 * gap, 100 * low, 100 * high))
    level = next(level for level in found.levels if (level.arm, level.wave) == (Arm.HOLD_OUT, 3))
    assert (level.satisfied.share, level.satisfied.low, level.satisfied.high) == pytest.approx(
        (held.mean(), two.low, two.high)
    )
    answers = of(rows, "hold_out")
    t = stats.t.interval(0.95, len(answers) - 1, loc=answers.mean(), scale=stats.sem(answers))
    assert (level.score.mean, level.score.low, level.score.high) == pytest.approx((answers.mean(), *t))


def test_true_effect_lies_in_its_interval_and_adjusting_narrows_it() -> None:
    campaign = make_answered({"care": 400, "hold_out": 150}, effect=10, seed=4)
    found = evaluate(campaign=campaign, now=READ_OUT).primary
    low, high = found.effect.low, found.effect.high
    assert low is not None
    assert high is not None
    assert low < 10 < high
    assert found.effect.se is not None
    assert found.unadjusted.se is not None
    assert found.effect.se < 0.9 * found.unadjusted.se


def test_answers_of_the_deferred_stand_in_no_comparison() -> None:
    campaign = make_answered({**ARMS, "deferred": 20})
    before = evaluate(campaign=campaign, now=READ_OUT).readings
    PanelMember.objects.filter(campaign=campaign, arm=Arm.DEFERRED).update(wave_3=100.0)
    assert evaluate(campaign=campaign, now=READ_OUT).readings == before


def test_campaign_without_a_hold_out_has_no_effect_and_says_so() -> None:
    campaign = make_answered({"care": 40})
    found = evaluate(campaign=campaign, now=READ_OUT)
    assert [r.effect.reason for r in found.readings] == ["arm_missing"] * 6
    assert [check.value for check in found.checks] == [None, None, None, None]
    assert found.verdict is Verdict.NOT_ENOUGH_DATA


def test_campaign_nobody_was_enrolled_in_is_interim() -> None:
    found = evaluate(campaign=make_campaign(), now=NOW)
    assert (found.verdict, found.assigned) == (Verdict.INTERIM, {"care": 0, "hold_out": 0, "deferred": 0})


# --- checks and responses --------------------------------------------------------------------------------------------
def test_checks_are_split_of_the_asked_response_contamination_and_balance() -> None:
    campaign = make_answered(ARMS, share=0.6)
    held = PanelMember.objects.filter(campaign=campaign, arm=Arm.HOLD_OUT)
    touched = held.first()
    assert touched is not None
    Contact.objects.create(
        customer_id=touched.customer_id, channel="phone", purpose="care", key="k", at=NOW + timedelta(days=1)
    )
    found = evaluate(campaign=campaign, now=READ_OUT)
    split, response, contamination, balance = found.checks
    assert split.value == pytest.approx(1.0)
    rates = [held.filter(wave_3__isnull=False).count() / 50]
    rates.append(PanelMember.objects.filter(campaign=campaign, arm=Arm.CARE, wave_3__isnull=False).count() / 120)
    assert response.value == pytest.approx(100 * abs(rates[0] - rates[1]))
    assert (contamination.value, contamination.warns) == (1 / 50, True)
    rows = panel_rows(campaign, 3)
    x = {arm: np.array([b for a, _s, b, _y in rows if a == arm]) for arm in ("care", "hold_out")}
    pooled = sum(((v - v.mean()) ** 2).sum() for v in x.values()) / (len(rows) - 2)
    assert balance.value == pytest.approx((x["care"].mean() - x["hold_out"].mean()) / np.sqrt(pooled))


def test_responses_count_asked_sent_answered_refused_and_missed() -> None:
    campaign = make_panel({"care": 4})
    rows = list(FollowUp.objects.filter(member__campaign=campaign, wave=1).order_by("pk"))
    FollowUp.objects.filter(pk=rows[0].pk).update(status="cancelled", refused="no_point")
    FollowUp.objects.filter(pk=rows[1].pk).update(status="cancelled")
    level = next(level for level in evaluate(campaign=campaign, now=NOW).levels if level.wave == 1)
    counts = level.response
    assert (counts.assigned, counts.asked, counts.sent, counts.answered) == (4, 0, 0, 0)
    assert (counts.refused, counts.missed) == (1, 1)


# --- verdicts --------------------------------------------------------------------------------------------------------
def test_verdict_is_interim_until_the_read_out_day_begins_here() -> None:
    campaign = make_answered(ARMS, effect=25)
    midnight = datetime(2026, 6, 16, 16, tzinfo=UTC)
    assert evaluate(campaign=campaign, now=midnight - timedelta(seconds=1)).verdict is Verdict.INTERIM
    assert evaluate(campaign=campaign, now=midnight).verdict is Verdict.WON


def test_evaluation_takes_five_queries_whatever_its_size(django_assert_num_queries: DjangoAssertNumQueries) -> None:
    campaign = make_answered({**ARMS, "deferred": 9})
    with django_assert_num_queries(5):
        evaluate(campaign=campaign, now=READ_OUT)


def test_overviews_take_two_queries_for_any_number_of_campaigns(
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    campaigns = [make_answered({"care": 9, "hold_out": 6}, seed=seed) for seed in (1, 2, 3)]
    PanelMember.objects.filter(campaign=campaigns[1]).update(wave_3=None)
    with django_assert_num_queries(2):
        lines = overviews(campaigns=campaigns, now=NOW)
    assert [(line.wave, line.verdict) for line in lines] == [(3, "interim"), (2, "interim"), (3, "interim")]


# --- read-out --------------------------------------------------------------------------------------------------------
def test_read_out_freezes_six_estimates_and_closes_the_campaign() -> None:
    analyst = make_user(Role.ANALYST)
    campaign = make_answered(ARMS, effect=25, status=CampaignStatus.FINISHED)
    live = evaluate(campaign=campaign, now=READ_OUT)
    frozen = read_out(campaign=campaign, now=READ_OUT, by=analyst)
    assert (frozen.frozen, frozen.verdict, frozen.readings) == (True, Verdict.WON, live.readings)
    campaign.refresh_from_db()
    assert campaign.status == CampaignStatus.READ
    assert list(campaign.events.values_list("from_status", "to_status", "actor_id")) == [
        ("finished", "read", analyst.pk)
    ]
    assert list(Estimate.objects.order_by("pk").values_list("metric", "wave")) == [
        (metric, wave) for metric in ("satisfaction", "satisfied") for wave in (1, 2, 3)
    ]


def test_stored_inputs_give_the_stored_numbers_again() -> None:
    campaign = make_answered({**ARMS, "deferred": 7}, effect=6, share=0.6, status=CampaignStatus.STOPPED)
    read_out(campaign=campaign, now=READ_OUT, by=None)
    for row in Estimate.objects.all():
        again = recompute(row)
        assert (again.effect.effect, again.effect.se, again.effect.low, again.effect.high) == (
            row.effect,
            row.se,
            row.low,
            row.high,
        )
        assert (again.verdict, again.effect.method) == (row.verdict, row.method)


def test_what_was_read_out_does_not_change_any_more() -> None:
    campaign = make_answered(ARMS, effect=25, status=CampaignStatus.FINISHED)
    before = read_out(campaign=campaign, now=READ_OUT, by=None)
    PanelMember.objects.update(wave_3=0.0)
    after = evaluate(campaign=campaign, now=READ_OUT)
    assert (after.readings, after.checks, after.verdict) == (before.readings, before.checks, before.verdict)
    assert overviews(campaigns=[campaign], now=READ_OUT)[0].effect == before.primary.effect


def test_read_out_waits_for_its_date() -> None:
    campaign = make_answered({"care": 2, "hold_out": 2}, status=CampaignStatus.FINISHED)
    with pytest.raises(Invalid, match="2026-06-17"):
        read_out(campaign=campaign, now=READ_OUT - timedelta(days=1), by=None)
    assert not Estimate.objects.exists()


@pytest.mark.parametrize("status", [CampaignStatus.LAUNCHED, CampaignStatus.PAUSED, CampaignStatus.READ])
def test_read_out_is_refused_while_care_runs_and_a_second_time(status: CampaignStatus) -> None:
    campaign = make_answered({"care": 2, "hold_out": 2}, status=status)
    with pytest.raises(Conflict):
        read_out(campaign=campaign, now=READ_OUT, by=None)
    assert (Estimate.objects.count(), Campaign.objects.get().status) == (0, status)


def test_json_has_the_names_that_scripts_rely_on() -> None:
    found = evaluation_json(evaluate(campaign=make_answered(ARMS, effect=9), now=READ_OUT))
    assert {"waves", "effects", "checks", "roi", "verdict"} <= found.keys()
    assert [wave["wave"] for wave in found["waves"]] == [1, 2, 3]
    assert list(found["waves"][0]["arms"]) == ["care", "hold_out", "deferred"]
    assert list(found["checks"]) == ["sample_ratio", "response_by_arm", "contamination", "balance"]
    assert found["roi"] == {}
