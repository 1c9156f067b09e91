"""Training: from a file, or from ratings that landed here, to a kept model with its card."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from loopcare.staff.models import User
from surveys.logic.silent.leaks import Finding
from surveys.logic.silent.spec import ModelSpec, parse_spec
from surveys.logic.silent.training import Examples, train
from surveys.logic.silent.validation import REPEATS
from surveys.models import SilentModel
from surveys.services.pickled import library_version
from surveys.services.silent.examples import from_answers, from_file
from surveys.services.silent.keeping import keep_model
from surveys.services.wording import mapping_problems

SEED = 1
"""Of folds and samples: the same table gives the same card."""

Told = Callable[[list[Finding]], None]


def _nothing(_findings: list[Finding]) -> None:
    """Nobody listens."""


def train_from_file(
    *,
    path: Path,
    spec_text: str,
    now: datetime,
    by: User | None = None,
    with_flags: bool = False,
    repeats: int = REPEATS,
    told: Told = _nothing,
) -> SilentModel:
    """Train on a file whose columns the spec names, and keep the model as a draft.

    Raises Invalid for a spec or a file that cannot be used, and where there is too little to learn from.
    """
    with mapping_problems():
        spec = parse_spec(spec_text)
    examples = from_file(path, spec)
    return _keep(
        spec, spec_text, examples, path.name, now=now, by=by, with_flags=with_flags, repeats=repeats, told=told
    )


def train_from_answers(
    *,
    url: str,
    table: str,
    shown: str,
    spec_text: str,
    now: datetime,
    by: User | None = None,
    with_flags: bool = False,
    repeats: int = REPEATS,
    told: Told = _nothing,
) -> SilentModel:
    """Train on ratings that landed here, joined by reference to a warehouse's table; `shown` names it to people."""
    with mapping_problems():
        spec = parse_spec(spec_text)
    examples = from_answers(spec, url=url, table=table, now=now)
    return _keep(spec, spec_text, examples, shown, now=now, by=by, with_flags=with_flags, repeats=repeats, told=told)


def _keep(
    spec: ModelSpec,
    spec_text: str,
    examples: Examples,
    learned_from: str,
    *,
    now: datetime,
    by: User | None,
    with_flags: bool,
    repeats: int,
    told: Told,
) -> SilentModel:
    with mapping_problems():
        trained = train(spec, examples, seed=SEED, with_flags=with_flags, repeats=repeats, told=told)
    return keep_model(
        name=spec.name,
        fitted=trained.model,
        card={**trained.card.plain(), "made_with": library_version()},
        spec=spec_text,
        learned_from=learned_from,
        for_silent=trained.card.for_silent,
        now=now,
        by=by,
    )
