"""Who in the pool has which cause, alone and crossed with another field; those whose cause nobody knows.

The database counts entries by the whole list of their causes: there are a few hundred different lists, however large
the pool is. Everything else follows from these.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any

from django.db.models import CharField, Count, F, Q, QuerySet, Value
from django.db.models.functions import MD5, Cast, Concat, Least

from surveys.enums import RepeatBand
from surveys.logic.causes.pareto import Pareto, tally
from surveys.logic.causes.tree import shown
from surveys.models import PoolEntry
from surveys.selectors.cause_tree import merged_codes
from surveys.selectors.pool import waiting_pool

AXES = ("source", "brand", "region", "channel", "value_tier", "activity_tier", "repeat_band")
"""What causes may be crossed with."""

NO_CAUSE = Q(causes__len=0)


@dataclass(frozen=True, slots=True)
class CausesCrossed:
    """Entries by cause and another field: `every` counts them all; `columns` hold (code, entries, those without a
    cause), the largest first, the unknown one last; `cells` hold (cause, column code) → entries."""

    every: Pareto
    columns: list[tuple[str, int, int]]
    cells: dict[tuple[str, str], int]


def count_causes(entries: QuerySet[PoolEntry], *, top_only: bool = False) -> Pareto:
    """How many of `entries` have which cause, and how many have none."""
    merged = merged_codes()
    groups = entries.values_list("causes").annotate(n=Count("pk")).order_by()
    return tally([(shown(codes, merged, top_only=top_only), n) for codes, n in groups])


def cross_causes(entries: QuerySet[PoolEntry], *, axis: str, top_only: bool = False) -> CausesCrossed:
    """`entries` by cause and by one of AXES; the empty code is the unknown one."""
    merged = merged_codes()
    found = entries.annotate(key=_key(axis)).values_list("causes", "key").annotate(n=Count("pk")).order_by()
    groups = [(shown(codes, merged, top_only=top_only), key, n) for codes, key, n in found]
    columns, unknown, cells = Counter[str](), Counter[str](), Counter[tuple[str, str]]()
    for codes, key, n in groups:
        columns[key] += n
        if not codes:
            unknown[key] += n
        cells.update({(code, key): n for code in codes})
    order = sorted(columns, key=lambda key: (key == "", -columns[key], key))
    every = tally([(codes, n) for codes, _key, n in groups])
    return CausesCrossed(every, [(key, columns[key], unknown[key]) for key in order], dict(cells))


def unknown_sample(*, size: int, seed: str) -> list[PoolEntry]:
    """So many of the waiting entries without a cause, drawn at random: the same seed draws the same of the same pool.

    Each entry's place is a hash of the seed and its number, so a draw needs no state, and whoever joins or leaves the
    pool moves nobody else.
    """
    drawn = waiting_pool().filter(NO_CAUSE).select_related("source")
    place = MD5(Concat(Value(f"{seed}/"), Cast("pk", CharField())))
    return list(drawn.annotate(place=place).order_by("place", "pk")[:size])


def waiting_unknown() -> int:
    """How many wait whose cause nobody knows."""
    return waiting_pool().filter(NO_CAUSE).count()


def _key(axis: str) -> Any:
    if axis == "repeat_band":
        return Cast(Least(F("repeat_count"), max(RepeatBand)), CharField())
    return F("source__code" if axis == "source" else axis)
