"""The one way of scores into the set-based core: a signal a customer, whom the rule for predictions finds."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime

from surveys.logic.decoding import Decoded, Rating
from surveys.models import SilentModel
from surveys.services.landing import Landed, land
from surveys.services.setup import PREDICTIONS, shipped_source


def enter(
    *,
    model: SilentModel,
    chosen: Sequence[tuple[str, float]],
    day: date,
    now: datetime,
    actor_id: int | None = None,
) -> Landed:
    """Land (reference, score) pairs as predictions of `day`; what landed that day already adds nothing.

    The signal's natural key is (the source of predictions, the reference, the model's name, the day); its raw answer
    is the score with three decimals. Whom nobody knows here is created or dropped, as the source says. Call inside a
    transaction.
    """
    rows = (
        Decoded(row, reference, reference, day, (_signal(model.name, score),))
        for row, (reference, score) in enumerate(chosen, start=1)
    )
    return land(rows=rows, source=shipped_source(PREDICTIONS), now=now, actor_id=actor_id)


def _signal(name: str, score: float) -> Rating:
    """Nobody answered anything: a signal without a level."""
    return Rating(name, f"{score:.3f}", None, None, None, opens=True)
