"""What the model of silent dissatisfaction is worth on the real survey, and how often the audit's interval is right."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd  # type: ignore[import-untyped]
import pytest
from numpy.typing import NDArray
from pytest_django import Settings

from loopcare.warehouse import stream
from surveys.logic.silent.audit import BANDS, Band, allocate, estimate
from surveys.logic.silent.card import Card
from surveys.logic.silent.choosing import Chooser
from surveys.logic.silent.drift import DriftWatch, Spread, spreads_of
from surveys.logic.silent.leaks import Leak
from surveys.logic.silent.learning import KINDS, calibrated, chances
from surveys.logic.silent.spec import Feature
from surveys.logic.silent.table import Layout, layout_of, matrix_of
from surveys.logic.silent.training import predict, train
from surveys.services.silent.batches import of_warehouse
from tests.benchmarks.base import write_base
from tests.benchmarks.conftest import compare, show
from tests.surveys.conftest import VOICE_SURVEY
from tests.surveys.logic.silent.test_training import survey

pytestmark = pytest.mark.bench

SEED = 1
BASES, SILENT, ASKED = 500, 20_000, 400
ANSWER = {"all of them answer": (1.0, 1.0), "half of them answer": (0.5, 0.5), "the happy twice as often": (0.3, 0.6)}
"""Chance of an answer of the dissatisfied and of the others."""


def test_card_of_the_voice_survey() -> None:
    if not VOICE_SURVEY.exists():
        pytest.skip("the real voice survey is not on this machine; it may not be redistributed")
    spec, examples = survey(VOICE_SURVEY)
    print("\nSilent model on the voice survey: 731 of 5,433 answered 6 or less; 10 × 5 folds, seed 1")
    for title, with_flags, goal in (("operational columns only", False, 0.70), ("with problem flags", True, 0.84)):
        began, cpu = time.perf_counter(), time.process_time()
        card = train(spec, examples, seed=SEED, with_flags=with_flags).card
        print(f"  {title}: {card.kind}, {card.method}; {'' if card.for_silent else 'NOT '}for silent customers")
        _show(card, goal)
        print(f"    trained in {time.perf_counter() - began:.0f} s, {time.process_time() - cpu:.0f} s of CPU")


def _show(card: Card, goal: float) -> None:
    (counted,) = card.tried
    area, slope = counted.auc, counted.calibration.slope
    print(f"    AUC {area.value:.4f} ({area.low:.3f}–{area.high:.3f}), goal {goal:.2f}; of each kind", end=" ")
    print(", ".join(f"{kind} {value:.4f}" for kind, value in card.aucs.items()))
    print(f"    Brier {counted.brier:.4f} against {counted.brier_null:.4f}; slope {slope.value:.3f}, goal .9–1.1")
    for one in counted.capacities:
        print(
            f"    called {100 * one.share:>4.0f} %: lift {one.lift:.2f}, {100 * one.capture:.0f} % of the dissatisfied"
        )
    out = {leak: [one.column for one in card.findings if one.leak == leak and not one.used] for leak in Leak}
    print("    kept out:", "; ".join(f"{leak.value} {', '.join(names)}" for leak, names in out.items() if names))
    print("    leans on:", ", ".join(f"{one.column} {one.lost:.3f} ({one.change:+.3f})" for one in card.influences[:6]))


def test_coverage_of_the_audit() -> None:
    """Scored, chosen, drawn, asked and estimated as the service does it, over bases whose truth is known."""
    print(f"\nAudit of {ASKED} of {SILENT:,} silent customers, {BASES} simulated bases, the scores wrong by half")
    print(f"  {'':<28}{'interval holds':>16}{'bounds hold':>14}{'half width':>12}{'bias':>8}{'simple draw':>13}")
    for name, willing in ANSWER.items():
        runs = np.array(list(_audits(willing)))
        inside, bounded, width, bias, simple = runs.mean(axis=0)
        print(
            f"  {name:<28}{100 * inside:>14.1f} %{100 * bounded:>12.1f} %{width:>12,.0f}{bias:>+8.0f}{simple:>13,.0f}"
        )
    print(
        "  The estimate takes the silent among the asked to be like the others: the bounds alone need no such belief."
    )


def _audits(willing: tuple[float, float]) -> Iterator[tuple[float, float, float, float, float]]:
    """(interval holds, bounds hold, half its width, estimate − truth, half the width of a draw without bands)."""
    rng = np.random.default_rng(20260504)
    references = np.array([str(number) for number in range(SILENT)], dtype=object)
    for seed in range(BASES):
        truth = 1 / (1 + np.exp(-rng.normal(-2.2, 1.0, SILENT)))
        unhappy = rng.random(SILENT) < truth
        answers = rng.random(SILENT) < np.where(unhappy, *willing)
        chooser = Chooser(capacity=0, floor=1.0, borders=np.quantile(truth / 2, BANDS).tolist(), asked=ASKED, seed=seed)
        for rows in np.array_split(np.arange(SILENT), 4):
            chooser.feed(references[rows], truth[rows] / 2, np.ones(len(rows), dtype=bool))
        drawn = chooser.sample(allocate(chooser.sizes, chooser.expected, ASKED))
        asked = [np.array([int(one.reference) for one in drawn if one.band == band]) for band in range(len(BANDS) + 1)]
        found = estimate([_band(size, rows, answers, unhappy) for size, rows in zip(chooser.sizes, asked, strict=True)])
        simple = estimate([_band(SILENT, rng.choice(SILENT, ASKED, replace=False), answers, unhappy)])
        if (
            found.estimate is None
            or found.low is None
            or found.high is None
            or simple.low is None
            or simple.high is None
        ):
            continue
        true = int(unhappy.sum())
        yield (
            found.low <= true <= found.high,
            found.least <= true <= found.most,
            (found.high - found.low) / 2,
            found.estimate - true,
            (simple.high - simple.low) / 2,
        )


def _band(size: int, rows: NDArray[np.int_], answers: NDArray[np.bool_], unhappy: NDArray[np.bool_]) -> Band:
    return Band(size, len(rows), int(answers[rows].sum()), int((answers[rows] & unhappy[rows]).sum()))


# --- speed -----------------------------------------------------------------------------------------------------------
ROWS, TAUGHT, CALLED = 300_000, 20_000, 5_000
FEATURES = (
    *(Feature(name, "counter") for name in ("tenure_months", "contacts_30d", "weak_coverage_min_30d", "arrears")),
    *(Feature(name, "counter") for name in ("dropped_calls_30d", "speed_mbps", "help_dwell_s_7d")),
    *(Feature(name, "number") for name in ("usage_ratio_3m", "voice_ratio_3m", "contract_days_left")),
    Feature("region", "category"),
)


def test_scoring_a_base(settings: Settings, tmp_path: Path) -> None:
    """Streamed through the warehouse, scored, watched for drift and chosen from, beside the stream alone and beside the
    whole table as a data frame under the same pipeline."""
    settings.WAREHOUSE_DIR = tmp_path
    path = write_base(tmp_path / "customers.parquet", rows=ROWS)
    url, names = f"parquet://{tmp_path}", [feature.name for feature in FEATURES]
    for kind in KINDS:
        model, layout, spreads = _taught(path, kind)

        def streamed() -> int:
            return sum(batch.num_rows for batch in stream(url, table="customers", columns=names, order_by="msisdn"))

        def ours(model: Any = model, layout: Layout = layout, spreads: dict[str, Spread] = spreads) -> int:
            watch = DriftWatch(layout, spreads)
            chooser = Chooser(capacity=CALLED, floor=0.0, borders=(0.05, 0.1, 0.2), asked=ASKED, seed=SEED)
            for references, columns in of_warehouse(url, table="customers", reference="msisdn", features=FEATURES):
                matrix, scores = predict(model, layout, columns)
                watch.feed(matrix, scores)
                chooser.feed(references, scores, np.ones(len(scores), dtype=bool))
            return watch.n

        def naive(model: Any = model, layout: Layout = layout) -> int:
            frame = pd.read_parquet(path, columns=["msisdn", *names]).astype({"arrears": float})
            columns = {name: frame[name].tolist() for name in names}
            _matrix, scores = predict(model, layout, columns)
            return len(frame.assign(score=scores).nlargest(CALLED, "score")) and len(frame)

        rates = compare({"the stream alone": streamed, "scored and chosen": ours, "as a data frame": naive})
        show(f"Scoring {ROWS:,} customers by 11 columns, {kind}", rates, floor="the stream alone")
        print(f"  20,000,000 customers at this rate: {20_000_000 / rates['scored and chosen'] / 60:.1f} minutes")


def _taught(path: Path, kind: str) -> tuple[Any, Layout, dict[str, Spread]]:
    """A model of 20,000 of the customers, made dissatisfied by contacts, dropped calls and a drop in usage."""
    frame = pd.read_parquet(path).head(TAUGHT).astype({"arrears": float})
    odds = -2.5 + 0.8 * frame["contacts_30d"] + 0.2 * frame["dropped_calls_30d"].fillna(0)
    odds -= (frame["usage_ratio_3m"].fillna(1) - 1).clip(-1, 1)
    outcome = (np.random.default_rng(1).random(TAUGHT) < 1 / (1 + np.exp(-odds.to_numpy()))).astype(np.int_)
    columns = {feature.name: frame[feature.name].tolist() for feature in FEATURES}
    layout = layout_of(FEATURES, columns)
    matrix = matrix_of(layout, columns)
    model = calibrated(kind, layout, method="sigmoid", seed=SEED).fit(matrix, outcome)
    return model, layout, spreads_of(layout, matrix, chances(model, matrix))
