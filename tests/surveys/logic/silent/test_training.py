"""From a table to a model with its card: what is refused, what a card says, and the real survey's figures."""

from __future__ import annotations

import json
import warnings
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pytest

from surveys.logic.cells import Cell, as_number
from surveys.logic.sentences import MappingError
from surveys.logic.silent.card import Card
from surveys.logic.silent.drift import SCORE
from surveys.logic.silent.leaks import Finding, Leak
from surveys.logic.silent.spec import Feature, ModelSpec, Outcome, parse_spec
from surveys.logic.silent.training import LEAST_OF_EACH, Examples, predict, train
from surveys.services.reading import open_table
from tests.surveys.conftest import EXAMPLES


def spec_of(*operational: Feature, flags: tuple[str, ...] = (), segments: tuple[str, ...] = ()) -> ModelSpec:
    return ModelSpec(
        name="m",
        outcome=Outcome("y", 6),
        reference="id",
        day="",
        date_format="",
        segments=segments,
        operational=operational,
        flags=tuple(Feature(name, "category", answered=True) for name in flags),
        ratings=(),
    )


COUNTERS = (Feature("drops", "counter"), Feature("noise", "number"), Feature("net", "category"))


def base(n: int, *, seed: int, share: float = 0.15, strength: float = 1.0) -> Examples:
    """Customers whose dropped calls, on a log scale, and whose 2G make them dissatisfied; `noise` does nothing."""
    rng = np.random.default_rng(seed)
    drops = rng.geometric(0.2, n) - 1
    net = rng.choice(["2G", "4G", "5G"], n, p=[0.2, 0.5, 0.3])
    odds = np.log(share / (1 - share)) + strength * ((np.log1p(drops) - 1.3) + 0.8 * (net == "2G"))
    outcome = (rng.random(n) < 1 / (1 + np.exp(-odds))).astype(int)
    columns: dict[str, list[Cell]] = {
        "drops": [int(value) for value in drops],
        "noise": [float(value) for value in rng.normal(size=n)],
        "net": [str(value) for value in net],
    }
    return Examples(columns, outcome)


def refusal(examples: Examples) -> str:
    with pytest.raises(MappingError) as caught:
        train(spec_of(*COUNTERS), examples, seed=1, repeats=1)
    return str(caught.value)


def test_one_class_is_refused_with_the_number_that_is_needed() -> None:
    examples = base(300, seed=1)
    alike = Examples(examples.columns, np.zeros(300, dtype=int))

    sentence = refusal(alike)

    assert "All 300 customers answered alike (0 dissatisfied, 300 not)" in sentence
    assert f"needs {LEAST_OF_EACH} of each kind" in sentence


def test_too_few_answers_are_refused_with_the_answers_that_are_needed() -> None:
    examples = base(400, seed=1)
    outcome = np.zeros(400, dtype=int)
    outcome[:20] = 1

    sentence = refusal(Examples(examples.columns, outcome))

    assert "Of 400 customers 20 are dissatisfied and 380 are not" in sentence
    assert f"at this share some {LEAST_OF_EACH * 400 // 20} answers" in sentence


def test_nobody_is_refused() -> None:
    sentence = refusal(Examples({"drops": [], "noise": [], "net": []}, np.zeros(0, dtype=int)))
    assert sentence.startswith("No customer's answer was found")


def test_nothing_is_learned_where_every_column_is_out() -> None:
    n = 400
    outcome = np.array([0, 1] * (n // 2))
    columns: dict[str, list[Cell]] = {"drops": [int(y) for y in outcome], "noise": [1.0] * n, "net": ["4G"] * n}

    assert "nothing is left to learn" in refusal(Examples(columns, outcome))


@pytest.fixture(scope="module")
def card_and_told() -> tuple[Card, list[list[Finding]]]:
    told: list[list[Finding]] = []
    examples = base(3_000, seed=2)
    trained = train(spec_of(*COUNTERS, segments=("net",)), examples, seed=7, repeats=2, told=told.append)
    return trained.card, told


def test_card_tells_what_there_is(card_and_told: tuple[Card, list[list[Finding]]]) -> None:
    card, told = card_and_told
    (counted,) = card.tried

    assert told == [list(card.findings)] == [[]]
    assert (card.n, card.for_silent, card.method) == (3000, True, "sigmoid")
    assert (counted.order, counted.folds) == ("shuffled", 10)
    assert counted.auc.value is not None
    assert counted.auc.low is not None
    assert counted.auc.high is not None
    assert 0.65 < counted.auc.low < counted.auc.value < counted.auc.high < 0.85
    assert (
        counted.brier < counted.brier_null == pytest.approx(card.dissatisfied / 3000 * (1 - card.dissatisfied / 3000))
    )
    assert counted.calibration.slope.value == pytest.approx(1.0, abs=0.15)
    assert [round(one.share, 2) for one in counted.capacities] == [0.01, 0.05, 0.1, 0.2]
    assert counted.capacities[2].lift > 1.5


def test_the_column_that_does_nothing_comes_last_and_directions_are_right(
    card_and_told: tuple[Card, list[list[Finding]]],
) -> None:
    card, _told = card_and_told
    found = {one.column: one for one in card.influences}

    assert card.influences[-1].column == "noise"
    assert abs(found["noise"].lost) < 0.01
    assert found["drops"].change > 0.1
    assert found["net"].high == "2G"


def test_segments_tell_whether_the_model_is_right_there_too(card_and_told: tuple[Card, list[list[Finding]]]) -> None:
    card, _told = card_and_told

    assert {one.value for one in card.segments} == {"2G", "4G", "5G"}
    for one in card.segments:
        assert one.observed.low is not None
        assert one.observed.high is not None
        assert one.observed.low - 0.02 < one.predicted < one.observed.high + 0.02
        assert one.auc.value is not None


def test_card_can_be_kept(card_and_told: tuple[Card, list[list[Finding]]]) -> None:
    card, _told = card_and_told
    kept = json.loads(json.dumps(card.plain()))

    assert (kept["n"], kept["for_silent"], kept["tried"][0]["auc"]["value"]) == (
        3000,
        True,
        card.tried[0].auc.value,
    )
    assert set(kept["spreads"]) == {SCORE, "drops", "noise", "net"}


def test_the_same_seed_gives_the_same_model_and_scores_follow_the_columns() -> None:
    examples = base(1_500, seed=3)
    one, other = (train(spec_of(*COUNTERS), examples, seed=5, repeats=1) for _ in range(2))
    few: dict[str, list[Cell]] = {"drops": [0, 30, None, 4], "noise": [0, 0, 0, None], "net": ["5G", "2G", None, "6G"]}

    _matrix, mine = predict(one.model, one.card.layout, few)
    _matrix, again = predict(other.model, other.card.layout, few)

    assert list(mine) == list(again)
    assert one.card == other.card
    assert mine[0] < mine[1]
    assert np.isfinite(mine).all()
    assert (mine > 0).all()
    assert (mine < 1).all()


def test_flags_make_a_model_that_is_not_for_silent_customers() -> None:
    examples = base(1_500, seed=4)
    rng = np.random.default_rng(1)
    flag: list[Cell] = [str(int(value)) for value in rng.random(1_500) < 0.1 + 0.4 * examples.outcome]
    columns = {**examples.columns, "flag": flag}
    spec = spec_of(*COUNTERS, flags=("flag",))
    with_it = Examples(columns, examples.outcome)

    without, asked = (train(spec, with_it, seed=1, repeats=1, with_flags=flags).card for flags in (False, True))

    assert (without.for_silent, asked.for_silent) == (True, False)
    assert "flag" not in {feature.name for feature in without.layout.features}
    assert max(asked.aucs.values()) > max(without.aucs.values()) + 0.03


def test_where_days_are_known_later_customers_count() -> None:
    """What mattered turns round five times: shuffled folds look at neighbours in time and do not notice."""
    parts = [base(800, seed=seed, strength=2.0 if seed % 2 else -2.0) for seed in range(5)]
    n = 4_000
    days = [date(2026, 1, 1) + timedelta(days=k // 20) for k in range(n)]
    columns: dict[str, list[Cell]] = {
        name: [cell for part in parts for cell in part.columns[name]] for name in parts[0].columns
    }
    season: list[Cell] = [k // 20 for k in range(n)]
    outcome = np.concatenate([part.outcome for part in parts])

    features = (*COUNTERS, Feature("season", "number"))
    card = train(spec_of(*features), Examples({**columns, "season": season}, outcome, days), seed=1, repeats=1).card

    assert [one.order for one in card.tried] == ["time", "shuffled"]
    in_time, shuffled = (one.auc.value for one in card.tried)
    assert in_time is not None
    assert shuffled is not None
    assert in_time < 0.6
    assert shuffled > 0.7
    assert (card.first_day, card.last_day) == ("2026-01-01", "2026-07-19")


@pytest.mark.parametrize("known", [1, 3, 30])
def test_a_column_known_of_hardly_anybody_does_not_stop_the_training(known: int) -> None:
    """In some folds nobody is left of whom it is known."""
    examples = base(600, seed=9, share=0.3)
    rare: list[Cell] = [float(k) if k < known else None for k in range(600)]
    spec = spec_of(*COUNTERS, Feature("rare", "counter"))

    card = train(spec, Examples({**examples.columns, "rare": rare}, examples.outcome), seed=1, repeats=1).card

    assert set(card.aucs) == {"logistic", "boosting"}
    assert card.tried[0].auc.value is not None
    assert card.tried[0].auc.value > 0.55


def test_a_very_long_table_is_learned_from_in_part(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("surveys.logic.silent.training.MOST_ROWS", 800)

    card = train(spec_of(*COUNTERS), base(2_000, seed=8), seed=1, repeats=1).card

    assert (card.n, card.read) == (800, 2000)


# --- the real survey -------------------------------------------------------------------------------------------------
def survey(path: Path) -> tuple[ModelSpec, Examples]:
    spec = parse_spec((EXAMPLES / "voice_silent.toml").read_text(encoding="utf-8"))
    with open_table(path) as table:
        places = {name: place for place, name in enumerate(_addressed(table.header)) if name in spec.columns}
        rows = [list(cells) for _number, cells in table.rows]
    columns = {name: [row[place] for row in rows] for name, place in places.items()}
    assert spec.outcome.at_most is not None
    answers = [as_number(cell) for cell in columns[spec.outcome.column]]
    outcome = np.array([int(answer is not None and answer <= spec.outcome.at_most) for answer in answers])
    return spec, Examples(columns, outcome)


def _addressed(header: tuple[str, ...]) -> list[str]:
    """A second column of one name is `name#2`."""
    return [f"{name}#2" if name in header[:place] else name for place, name in enumerate(header)]


@pytest.mark.slow
def test_voice_survey_operational_columns_find_the_silent(voice_survey: Path) -> None:
    spec, examples = survey(voice_survey)
    assert (len(examples.outcome), int(examples.outcome.sum())) == (5433, 731)

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        card = train(spec, examples, seed=1).card
    (counted,) = card.tried

    assert (card.for_silent, counted.folds) == (True, 50)
    assert counted.auc.value is not None
    assert counted.auc.value >= 0.70
    assert counted.auc.error == pytest.approx(0.0104, abs=0.001)
    assert counted.calibration.slope.value is not None
    assert 0.9 <= counted.calibration.slope.value <= 1.1
    assert counted.brier < counted.brier_null == pytest.approx(731 / 5433 * (1 - 731 / 5433))
    assert counted.capacities[2].lift > 2
    assert {finding.column for finding in card.findings if finding.leak == Leak.RATING} == set(spec.ratings)
    assert all(
        finding.auc is not None and finding.auc > 0.95 for finding in card.findings if finding.leak == Leak.RATING
    )
    assert {(finding.other, finding.column) for finding in card.findings if finding.leak == Leak.SAME} == {
        ("语音通话-时长（分钟）", "当月MOU"),
        ("ARPU（家庭宽带）", "前3月ARPU"),
    }
    assert not {feature.name for feature in card.layout.features} & {*spec.ratings, "当月MOU", "前3月ARPU"}


@pytest.mark.slow
def test_voice_survey_flags_find_more_and_say_whom_the_model_is_not_for(voice_survey: Path) -> None:
    spec, examples = survey(voice_survey)

    card = train(spec, examples, seed=1, with_flags=True, repeats=2).card
    (counted,) = card.tried

    assert not card.for_silent
    assert counted.auc.value is not None
    assert counted.auc.value >= 0.84
    assert counted.calibration.slope.value is not None
    assert 0.9 <= counted.calibration.slope.value <= 1.1
    assert {finding.column for finding in card.findings if finding.leak == Leak.ANSWERED and finding.used} == {
        feature.name for feature in spec.flags
    }
    assert not {feature.name for feature in card.layout.features} & set(spec.ratings)


@pytest.mark.slow
def test_voice_survey_rating_called_operational_is_refused_by_its_value(voice_survey: Path) -> None:
    spec, examples = survey(voice_survey)
    clarity = Feature("语音通话清晰度", "number")
    rest = tuple(name for name in spec.ratings if name != clarity.name)
    cheat = ModelSpec(
        name="cheat",
        outcome=spec.outcome,
        reference=spec.reference,
        day="",
        date_format="",
        segments=(),
        operational=(*spec.operational[:4], clarity),
        flags=(),
        ratings=rest,
    )

    card = train(cheat, examples, seed=1, repeats=1).card

    (finding,) = [one for one in card.findings if one.leak == Leak.VALUE]
    assert (finding.column, finding.used) == (clarity.name, False)
    assert clarity.name not in {feature.name for feature in card.layout.features}
