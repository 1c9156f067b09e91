"""A small base of customers whose dropped calls make them dissatisfied, and a model that learned it."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from surveys.logic.cells import Cell
from surveys.logic.silent.spec import parse_spec
from surveys.logic.silent.training import Examples, Trained, train
from surveys.models import SilentModel
from surveys.services.pickled import library_version
from surveys.services.silent.keeping import keep_model, put_in_use

SPEC = """
name = "calls"
[outcome]
column = "overall"
dissatisfied_at_most = 6
[columns]
reference = "customer"
segments = ["net"]
[operational]
counters = ["drops"]
numbers = ["load"]
categories = ["net"]
[answered]
flags = ["trouble"]
"""
HEADER = ("customer", "overall", "drops", "load", "net", "trouble")


def rows(n: int, *, seed: int = 1) -> list[tuple[Cell, ...]]:
    """Customers c00000 …, in the columns of `HEADER`."""
    rng = np.random.default_rng(seed)
    drops, net = rng.geometric(0.2, n) - 1, rng.choice(["2G", "4G", "5G"], n, p=[0.2, 0.5, 0.3])
    odds = -1.7 + 1.2 * (np.log1p(drops) - 1.3) + 0.8 * (net == "2G")
    unhappy = rng.random(n) < 1 / (1 + np.exp(-odds))
    trouble = rng.random(n) < 0.1 + 0.5 * unhappy
    return [
        (f"c{k:05}", 3 if unhappy[k] else 9, int(drops[k]), round(float(rng.random()), 3), str(net[k]), int(trouble[k]))
        for k in range(n)
    ]


def write(path: Path, found: Sequence[Sequence[Cell]], *, header: tuple[str, ...] = HEADER) -> Path:
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([header, *found])
    return path


@cache
def learned(*, with_flags: bool = False) -> Trained:
    """A model of 1,500 customers; one for the whole run of tests."""
    spec, found = parse_spec(SPEC), rows(1_500)
    columns = {name: [row[place] for row in found] for place, name in enumerate(HEADER)}
    outcome = np.array([int(answer == 3) for answer in columns["overall"]], dtype=np.int_)
    return train(spec, Examples(columns, outcome), seed=1, repeats=1, with_flags=with_flags)


def kept(*, now: datetime, with_flags: bool = False, **facts: Any) -> SilentModel:
    """The next version of the model, as a draft."""
    trained = learned(with_flags=with_flags)
    said: dict[str, Any] = {
        "name": "calls",
        "fitted": trained.model,
        "card": {**trained.card.plain(), "made_with": library_version()},
        "spec": SPEC,
        "learned_from": "base.csv",
        "for_silent": trained.card.for_silent,
    }
    return keep_model(**said | facts, now=now)


def in_use(*, now: datetime) -> SilentModel:
    return put_in_use(model=kept(now=now), now=now)
