"""A second opinion that takes ratings for what they are, ordered answers and no numbers: the ordinal logit."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from surveys.logic.drivers.shares import Floats

MOST_ANSWERS = 11
"""Different outcomes up to which a rating is an ordered answer rather than a number."""
MOST_ROWS = 5_000


@dataclass(frozen=True, slots=True)
class OrdinalCheck:
    """Standardised coefficients by driver, how many answers they rest on, and the drivers that pull down."""

    n: int
    coefficients: dict[str, float]
    downwards: tuple[str, ...]

    def same_order(self, names: Sequence[str]) -> bool:
        """Whether the drivers, given by decreasing share, stand in the same order here."""
        return sorted(self.coefficients, key=lambda name: -abs(self.coefficients[name])) == list(names)


def check_by_ordinal_logit(outcome: Floats, table: Floats, names: Sequence[str], *, seed: int) -> OrdinalCheck | None:
    """Proportional odds of a better answer (McCullagh 1980), on at most 5,000 answers drawn by `seed`.

    None where the outcome is no ordered answer (more than 11 different ones), or the fit does not converge.
    """
    from statsmodels.miscmodels.ordinal_model import OrderedModel  # noqa: PLC0415 - two seconds that most never need

    if not 2 < len(np.unique(outcome)) <= MOST_ANSWERS:
        return None
    if len(outcome) > MOST_ROWS:
        drawn = np.random.default_rng(seed).choice(len(outcome), MOST_ROWS, replace=False)
        outcome, table = outcome[drawn], table[drawn]
    deviations = table.std(axis=0)
    if not (deviations > 0).all() or np.linalg.matrix_rank(table - table.mean(axis=0)) < len(names):
        return None
    standard = (table - table.mean(axis=0)) / deviations
    _answers, codes = np.unique(outcome, return_inverse=True)
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        fit = OrderedModel(codes, standard, distr="logit").fit(method="bfgs", disp=False, maxiter=200)
    found = np.asarray(fit.params)[: len(names)]
    if not (fit.mle_retvals["converged"] and np.isfinite(found).all()):
        return None
    coefficients = {name: float(value) for name, value in zip(names, found, strict=True)}
    return OrdinalCheck(len(codes), coefficients, tuple(name for name, value in coefficients.items() if value < 0))
