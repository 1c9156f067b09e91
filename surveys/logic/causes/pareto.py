"""Which few causes most of the dissatisfied have. An entry may have several, so shares are not parts of a whole."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from surveys.logic.metrics import Share, proportion


@dataclass(frozen=True, slots=True)
class ParetoLine:
    """One cause: its share of all entries with the interval; `reached` entries have it or one that is named more."""

    code: str
    n: int
    share: Share
    reached: int
    reached_share: Share


@dataclass(frozen=True, slots=True)
class Pareto:
    """Causes from the most named down, over `total` entries, of which `unknown` have none."""

    lines: tuple[ParetoLine, ...]
    unknown: int
    unknown_share: Share
    total: int

    @property
    def known(self) -> int:
        return self.total - self.unknown


def ranked(counts: Mapping[str, int]) -> list[str]:
    """Codes from the most named down; by their letters where equally many have them."""
    return sorted(counts, key=lambda code: (-counts[code], code))


def pareto(counts: Mapping[str, int], *, first: Mapping[str, int], total: int, unknown: int) -> Pareto:
    """Shares of `total` entries. `counts` holds how many have each cause, `first` for how many of them
    no cause of theirs is named more.

    What the first causes reach together is counted in entries, each once: a sum of shares would count an entry with
    two causes twice, and go beyond everybody. Raises ValueError for counts that cannot be.
    """
    if sum(first.values()) + unknown != total:
        raise ValueError(f"{sum(first.values())} entries with a cause and {unknown} without are not {total}.")
    lines, reached = [], 0
    for code in ranked(counts):
        reached += first.get(code, 0)
        n = counts[code]
        lines.append(ParetoLine(code, n, proportion(n, total), reached, proportion(reached, total)))
    return Pareto(tuple(lines), unknown, proportion(unknown, total), total)


def tally(groups: Iterable[tuple[Collection[str], int]]) -> Pareto:
    """The same of (causes of an entry, each once, entries that have exactly these); no causes are the unknown."""
    sizes = list(groups)
    counts = Counter[str]()
    for codes, n in sizes:
        counts.update(dict.fromkeys(codes, n))
    place = {code: rank for rank, code in enumerate(ranked(counts))}
    first = Counter[str]()
    for codes, n in sizes:
        if codes:
            first[min(codes, key=place.__getitem__)] += n
    unknown = sum(n for codes, n in sizes if not codes)
    return pareto(counts, first=first, total=sum(n for _codes, n in sizes), unknown=unknown)


def to_figures(counted: Pareto) -> dict[str, Any]:
    """A count as it is kept: shares in 0–1 with their interval, null where there is nobody."""
    causes = [{"code": line.code, "reached": line.reached} | _share(line.n, line.share) for line in counted.lines]
    unknown = _share(counted.unknown, counted.unknown_share)
    return {"total": counted.total, "causes": causes, "unknown": unknown}


def from_figures(figures: Mapping[str, Any]) -> Pareto:
    """The count that `to_figures` told."""
    reached = [0, *(line["reached"] for line in figures["causes"])]
    first = {line["code"]: line["reached"] - before for line, before in zip(figures["causes"], reached, strict=False)}
    counts = {line["code"]: line["n"] for line in figures["causes"]}
    return pareto(counts, first=first, total=figures["total"], unknown=figures["unknown"]["n"])


def _share(n: int, share: Share) -> dict[str, Any]:
    return {"n": n, "share": share.share, "low": share.low, "high": share.high}
