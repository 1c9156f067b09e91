"""R² divided among its drivers, fairly: the LMG (Shapley) share, and relative weights where there are too many.

Lindeman, Merenda & Gold (1980); Grömping (2006), "Relative importance for linear regression in R". Johnson (2000) for
relative weights.
"""

from __future__ import annotations

from math import factorial

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

EXACT_UP_TO = 15
"""Drivers whose 2ᵖ models are all fitted; above it relative weights stand in, and are called so."""
SINGULAR = 1e10
"""Condition number from which a model has no single solution."""


def r_squared_of_all(among: Floats, outcome: Floats) -> Floats:
    """R² of the model of every subset of p drivers; entry m is that of the drivers whose bit is set in m.

    `among` (p × p) are the drivers' correlations, `outcome` (p) theirs with the outcome. What a driver repeats of
    others counts once (Moore–Penrose), so a copy of a driver raises nothing.
    """
    p = len(outcome)
    found = np.zeros(1 << p)
    masks = np.arange(1 << p)
    bits = (masks[:, None] >> np.arange(p)) & 1
    sizes = bits.sum(axis=1)
    singular = bool(np.linalg.cond(among) > SINGULAR)
    for size in range(1, p + 1):
        chosen = masks[sizes == size]
        places = np.nonzero(bits[chosen])[1].reshape(-1, size)
        within = among[places[:, :, None], places[:, None, :]]
        towards = outcome[places]
        if singular:
            inverse = np.linalg.pinv(within, rcond=1e-10, hermitian=True)
            weights = np.asarray((inverse @ towards[..., None])[..., 0], dtype=np.float64)
        else:
            weights = np.asarray(np.linalg.solve(within, towards[..., None])[..., 0], dtype=np.float64)
        found[chosen] = (weights * towards).sum(axis=1)
    return np.clip(found, 0.0, 1.0)


def lmg(among: Floats, outcome: Floats) -> Floats:
    """Each driver's share of R², its gain averaged over all orders of entering; the shares sum to R².

    Raises ValueError for more drivers than can be done exactly.
    """
    p = len(outcome)
    if p > EXACT_UP_TO:
        raise ValueError(f"Exact shares go up to {EXACT_UP_TO} drivers, not {p}.")
    r2 = r_squared_of_all(among, outcome)
    masks = np.arange(1 << p)
    sizes = ((masks[:, None] >> np.arange(p)) & 1).sum(axis=1)
    weight = np.array([factorial(k) * factorial(p - k - 1) / factorial(p) for k in range(p)])
    shares = np.empty(p)
    for j in range(p):
        without = masks[(masks >> j) & 1 == 0]
        shares[j] = (weight[sizes[without]] * (r2[without | 1 << j] - r2[without])).sum()
    return shares


def relative_weights(among: Floats, outcome: Floats) -> Floats:
    """Johnson's (2000) relative weights: near LMG, for any number of drivers; they sum to R² too."""
    values, vectors = np.linalg.eigh(among)
    root = vectors * np.sqrt(np.clip(values, 0.0, None)) @ vectors.T
    towards = np.linalg.pinv(root, rcond=1e-10, hermitian=True) @ outcome
    return np.asarray((root**2) @ (towards**2))


def shares_of(among: Floats, outcome: Floats) -> Floats:
    """LMG, or relative weights above `EXACT_UP_TO` drivers."""
    return lmg(among, outcome) if len(outcome) <= EXACT_UP_TO else relative_weights(among, outcome)
