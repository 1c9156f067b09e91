"""Drivers of every source's overall rating, read and kept."""

from __future__ import annotations

import time
from dataclasses import asdict
from datetime import date, datetime, timedelta
from math import sqrt
from statistics import NormalDist
from typing import Any

import numpy as np
from django.db import transaction
from django.utils.timezone import localdate

from surveys.enums import AnalysisKind
from surveys.logic.drivers.ordinal import check_by_ordinal_logit
from surveys.logic.drivers.reading import Drivers, NothingVaries, TooFew, find_drivers
from surveys.logic.drivers.shares import Floats
from surveys.logic.kano import kano
from surveys.logic.service_quality import QUALITIES, quality_of
from surveys.models import Analysis
from surveys.selectors.drivers import Rated, answers_of, gaps_of, rated_sources
from surveys.services.analyses import keep_analysis

LOOK_OVER = timedelta(days=90)
SEED = 1
FUNCTIONAL, DYSFUNCTIONAL = ".functional", ".dysfunctional"


@transaction.atomic
def make_drivers(*, now: datetime) -> list[Analysis]:
    """Read and keep the drivers of every source with an overall rating and others, over the last 90 days.

    `figures`: source, outcome, window, n, parts (one in so many answers was read); then either `refused` (few,
    nothing_varies) with `need`, or r2, drivers, correlated, constant, exact and the ordinal check; kano and qualities.
    """
    today = localdate(now)
    return [_keep(rated, today - LOOK_OVER, today, now) for rated in rated_sources(today - LOOK_OVER, today)]


def _keep(rated: Rated, first: date, last: date, now: datetime) -> Analysis:
    began = time.perf_counter()
    answers, parts = answers_of(rated, first, last)
    kano_names = tuple(name for name in rated.others if name.endswith((FUNCTIONAL, DYSFUNCTIONAL)))
    plain = [place for place, name in enumerate(rated.others, start=1) if name not in kano_names]
    figures: dict[str, Any] = {
        "source": rated.source.code,
        "outcome": rated.outcome,
        "window": [first.isoformat(), last.isoformat()],
        "parts": parts,
        "kano": _kano(answers, rated.others),
        "qualities": _qualities(gaps_of(rated.source, first, last)),
        **_drivers(answers[:, 0], answers[:, plain], [rated.others[place - 1] for place in plain]),
    }
    seconds = time.perf_counter() - began
    return keep_analysis(kind=AnalysisKind.DRIVERS, scope=rated.source.code, figures=figures, seconds=seconds, now=now)


def _drivers(outcome: Floats, table: Floats, names: list[str]) -> dict[str, Any]:
    if not names:
        return {"n": 0, "refused": "nothing_varies", "need": 0}
    try:
        found = find_drivers(outcome, table, names, seed=SEED)
    except TooFew as few:
        return {"n": few.n, "refused": "few", "need": few.need}
    except NothingVaries:
        return {"n": len(outcome), "refused": "nothing_varies", "need": 0}
    return figures_of(found) | {"ordinal": _ordinal(outcome, table, names, found)}


def figures_of(found: Drivers) -> dict[str, Any]:
    """A reading of drivers as it is kept."""
    return {
        "n": found.n,
        "r2": found.r2,
        "exact": found.exact,
        "drivers": [asdict(driver) for driver in found.drivers],
        "correlated": [list(pair) for pair in found.correlated],
        "constant": list(found.constant),
    }


def _ordinal(outcome: Floats, table: Floats, names: list[str], found: Drivers) -> dict[str, Any] | None:
    order = [driver.name for driver in found.drivers]
    complete = np.isfinite(outcome) & np.isfinite(table).all(axis=1)
    columns = table[complete][:, [names.index(name) for name in order]]
    check = check_by_ordinal_logit(outcome[complete], columns, order, seed=SEED)
    if check is None:
        return None
    return {"n": check.n, "downwards": list(check.downwards), "same_order": check.same_order(order)}


def _kano(answers: Floats, others: tuple[str, ...]) -> list[dict[str, Any]]:
    """Features with both questions answered, 0–100 as five steps from the best answer (100) down."""
    found = []
    for place, name in enumerate(others, start=1):
        partner = name.removesuffix(FUNCTIONAL) + DYSFUNCTIONAL
        if not name.endswith(FUNCTIONAL) or partner not in others:
            continue
        both = answers[:, [place, 1 + others.index(partner)]]
        steps = np.rint((100 - both[np.isfinite(both).all(axis=1)]) / 25).astype(int)
        one = kano((int(a), int(b)) for a, b in steps)
        if one is not None:
            found.append({"feature": name.removesuffix(FUNCTIONAL), **asdict(one)})
    return found


def _qualities(gaps: list[tuple[str, int, float, float]]) -> list[dict[str, Any]]:
    """The five qualities: mean gap of the dimensions that speak of each, each answer counting once, with interval."""
    z = NormalDist().inv_cdf(0.975)
    found = []
    for quality in QUALITIES:
        of = [(name, n, mean, variance) for name, n, mean, variance in gaps if quality_of(name) == quality]
        n = sum(n for _name, n, _mean, _variance in of)
        if n < 2:
            found.append({"quality": quality, "n": n, "dimensions": [], "gap": None, "low": None, "high": None})
            continue
        mean = sum(each * count for _name, count, each, _variance in of) / n
        squares = sum(variance * (count - 1) + count * (each - mean) ** 2 for _name, count, each, variance in of)
        reach = z * sqrt(squares / (n - 1) / n)
        names = [name for name, _n, _mean, _variance in of]
        found.append(
            {"quality": quality, "n": n, "dimensions": names, "gap": mean, "low": mean - reach, "high": mean + reach}
        )
    return found
