"""The two kinds of model that compete, as scikit-learn pipelines over the matrix of `surveys.logic.silent.table`."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder, StandardScaler
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from surveys.logic.silent.table import Floats, Layout

LOGISTIC, BOOSTING = "logistic", "boosting"
KINDS = (LOGISTIC, BOOSTING)
PRIOR_VARIANCE = 0.03
"""Of a coefficient per standard deviation, in log-odds: before the data speak, a feature changes the odds by 19 % or
less (one standard deviation). The same at any number of rows."""
INNER_FOLDS = 5
ISOTONIC_FROM = 1_000
"""Customers of the rarer kind from which isotonic calibration may compete with Platt's: with fewer it over-fits
(Niculescu-Mizil and Caruana 2005)."""


def one_thread() -> Any:
    """A context in which numpy and the trees use one thread: so many small fits are ten times slower where several
    threads wait for each other on a busy machine."""
    return threadpool_limits(limits=1)


def signed_log(values: Floats) -> Floats:
    """sign(x) · log(1 + |x|): counts and amounts, also negative ones; NaN stays."""
    return np.sign(values) * np.log1p(np.abs(values))


def blank(kind: str, layout: Layout, *, seed: int) -> Pipeline:
    """A model of this kind that has learned nothing yet."""
    return _logistic(layout) if kind == LOGISTIC else _boosting(layout, seed)


def calibrated(kind: str, layout: Layout, *, method: str, seed: int) -> CalibratedClassifierCV:
    """The same, with probabilities calibrated on held-out folds: `sigmoid` (Platt 1999) or `isotonic`."""
    folds = StratifiedKFold(INNER_FOLDS, shuffle=True, random_state=seed)
    return CalibratedClassifierCV(blank(kind, layout, seed=seed), method=method, cv=folds, ensemble=False)


def chances(model: Any, matrix: Floats) -> Floats:
    """The predicted probability of being dissatisfied, one a row."""
    return np.asarray(model.predict_proba(matrix)[:, 1], dtype=np.float64)


def _logistic(layout: Layout) -> Pipeline:
    """Counters by their logarithm, everything to standard deviations, missing ones at the median and marked."""
    filled = SimpleImputer(strategy="median", add_indicator=True, keep_empty_features=True)
    counters = make_pipeline(FunctionTransformer(signed_log), filled, StandardScaler())
    numbers = make_pipeline(filled, StandardScaler())
    places = layout.of("category")
    codes = [np.arange(layout.codes(place), dtype=np.float64) for place in places]
    parts = ColumnTransformer(
        [
            ("counters", counters, layout.of("counter")),
            ("numbers", numbers, layout.of("number")),
            ("categories", OneHotEncoder(categories=codes, handle_unknown="ignore"), places),
        ]
    )
    return make_pipeline(parts, LogisticRegression(C=PRIOR_VARIANCE, max_iter=2_000))


def _boosting(layout: Layout, seed: int) -> Pipeline:
    """Small trees, many customers in each leaf; it takes missing numbers and codes as they are."""
    trees = HistGradientBoostingClassifier(
        learning_rate=0.05,
        max_iter=100,
        max_leaf_nodes=7,
        min_samples_leaf=50,
        l2_regularization=1.0,
        early_stopping=False,
        categorical_features=layout.of("category") or None,
        random_state=seed,
    )
    return make_pipeline(trees)
