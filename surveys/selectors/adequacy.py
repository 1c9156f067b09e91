"""Which adequate level is in force where, and how many of the last 28 days' ratings each would call dissatisfied."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from surveys.enums import AdequateFrom
from surveys.models import AdequateLevel, Source
from surveys.selectors.levels import EVERYBODY, TIERS, Rated

ORDER = (AdequateFrom.SET, AdequateFrom.MAPPED, AdequateFrom.LEARNED, AdequateFrom.SOURCE)
"""Who goes before whom, behind the customer's own word."""


@dataclass(frozen=True, slots=True)
class Standing:
    """One value tier ('' is all of them together) of one dimension of a source.

    `levels` holds the level of each basis where there is one, the tier's own or everybody's; of levels that came with
    files, only one that all files of the last 28 days agree on. `rows` are the levels behind those that were set
    or learned. `ratings` of the last 28 days have no level of the customer's own (`stated` have), and `dissatisfied` of
    them were judged so when they landed; `under` says by basis how many would be, of how many that it has a level for.
    None is not known.
    """

    source: Source
    dimension: str
    tier: str
    levels: Mapping[str, float]
    rows: Mapping[str, AdequateLevel]
    ratings: int | None
    stated: int | None
    dissatisfied: int | None
    under: Mapping[str, tuple[int, int]]

    @property
    def basis(self) -> str:
        """Whose level is in force; empty where nobody's is."""
        return next((basis for basis in ORDER if basis in self.levels), "")

    @property
    def level(self) -> float | None:
        return self.levels.get(self.basis)

    @property
    def own(self) -> bool:
        """Whether a level was set or learned for just this tier."""
        return any(row.value_tier == self.tier for row in self.rows.values())


def standings(
    source: Source, dimension: str, rows: Iterable[AdequateLevel], ratings: Sequence[Rated] | None
) -> list[Standing]:
    """All tiers together, then each: `rows` are the levels of this source, `ratings` those of the last 28 days."""
    found = {(row.value_tier, row.basis): row for row in rows if row.dimension == dimension}
    own = {tier: _rows(tier, found) for tier in TIERS}
    held = {tier: _held(source, own[tier], _given(ratings, tier)) for tier in TIERS}
    standing = []
    for tier in TIERS:
        mine = [rated for rated in ratings or () if tier in (EVERYBODY, rated.tier)]
        judged = [rated for rated in mine if rated.basis != AdequateFrom.STATED]
        known = ratings is not None
        n = sum(rated.n for rated in judged)
        standing.append(
            Standing(
                source=source,
                dimension=dimension,
                tier=tier,
                levels=held[tier],
                rows=own[tier],
                ratings=n if known else None,
                stated=sum(rated.n for rated in mine) - n if known else None,
                dissatisfied=sum(rated.dissatisfied for rated in judged) if known else None,
                under=_under(judged, held) if known else {},
            )
        )
    return standing


def _rows(tier: str, found: Mapping[tuple[str, str], AdequateLevel]) -> dict[str, AdequateLevel]:
    """What was set and learned for a tier, or for everybody where it has none of its own."""
    chosen = {
        basis: found.get((tier, basis), found.get((EVERYBODY, basis)))
        for basis in (AdequateFrom.SET, AdequateFrom.LEARNED)
    }
    return {basis: row for basis, row in chosen.items() if row is not None}


def _held(source: Source, own: Mapping[str, AdequateLevel], given: float | None) -> dict[str, float]:
    levels: dict[str, float] = {basis: row.level for basis, row in own.items()}
    if given is not None:
        levels[AdequateFrom.MAPPED] = given
    if source.adequate is not None:
        levels[AdequateFrom.SOURCE] = float(source.adequate)
    return levels


def _under(judged: Iterable[Rated], held: Mapping[str, Mapping[str, float]]) -> dict[str, tuple[int, int]]:
    """How many ratings lie below the level of each basis, each by its own tier's; scores have two decimals."""
    under = defaultdict[str, tuple[int, int]](lambda: (0, 0))
    for rated in judged:
        for basis, level in held[rated.tier].items():
            below, of = under[basis]
            under[basis] = (below + (rated.n if rated.score < round(level, 2) else 0), of + rated.n)
    return dict(under)


def _given(ratings: Sequence[Rated] | None, tier: str) -> float | None:
    """The level that came with the files lately, where they agree."""
    mapped = [
        rated for rated in ratings or () if rated.basis == AdequateFrom.MAPPED and tier in (EVERYBODY, rated.tier)
    ]
    levels = {level for rated in mapped for level in (rated.lowest, rated.highest)}
    return levels.pop() if len(levels) == 1 else None
